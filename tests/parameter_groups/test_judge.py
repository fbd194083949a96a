"""What AWS takes in a group, what it refuses and in which words, and what can't be told."""

import pytest

from headroom.parameter_groups import Given, Problem, problems

COMPLETE, DERIVED, MYSQL = "aurora-postgresql14", "aurora-postgresql16", "aurora-mysql8.0"
REBOOT = "pending-reboot"


def judged(family: str, *given: Given, level: str = "cluster") -> list[Problem]:
    return problems(family, level, given)


def said(family: str, *given: Given, level: str = "cluster") -> list[tuple[str, bool, str]]:
    return [(p.field, p.certain, p.reason) for p in judged(family, *given, level=level)]


@pytest.mark.parametrize(
    ("family", "given"),
    [
        (COMPLETE, Given("max_connections", "6", REBOOT)),
        (COMPLETE, Given("max_connections", "262143", REBOOT)),
        (COMPLETE, Given("max_connections", "LEAST({DBInstanceClassMemory/9531392},5000)", REBOOT)),
        (COMPLETE, Given("max_worker_processes", "GREATEST(${DBInstanceVCPU*2},8)", REBOOT)),
        (COMPLETE, Given("work_mem", "{DBInstanceClassMemory/1048576}")),
        (COMPLETE, Given("autovacuum_vacuum_cost_limit", "GREATEST({log(DBInstanceClassMemory/21474836480)*600},200)")),
        (COMPLETE, Given("log_connections", "1")),
        (COMPLETE, Given("log_connections", "OFF")),
        (COMPLETE, Given("log_connections", "true", REBOOT)),
        (COMPLETE, Given("random_page_cost", "1.1")),
        (COMPLETE, Given("random_page_cost", "1e3")),
        (COMPLETE, Given("autovacuum_vacuum_insert_threshold", "-1")),
        (COMPLETE, Given("shared_preload_libraries", "pg_stat_statements,pgaudit", REBOOT)),
        (COMPLETE, Given("pgaudit.log", "ddl, role")),
        (COMPLETE, Given("log_statement", "ddl")),
        (COMPLETE, Given("pg_stat_statements.track", "all")),
        (COMPLETE, Given("default_transaction_isolation", "read committed")),
        (COMPLETE, Given("timezone", "Europe/Berlin")),
        (COMPLETE, Given("log_line_prefix", "%m:%r:%u@%d:[%p]:")),
        (COMPLETE, Given("aurora_stat_plans.minutes_until_recapture", "5")),
        (COMPLETE, Given(None, "1", None)),
        (COMPLETE, Given("max_connections", None, None)),
        (DERIVED, Given("max_connections", "100", REBOOT)),
        (DERIVED, Given("rds.force_ssl", "1", REBOOT)),
        ("aurora-postgresql18", Given("log_connections", "all")),
        ("aurora-postgresql18", Given("log_connections", "receipt,authentication")),
        ("aurora-postgresql18", Given("autovacuum_max_workers", "5")),
        (MYSQL, Given("max_connections", "16000")),
        (MYSQL, Given("require_secure_transport", "ON")),
        (MYSQL, Given("max_execution_time", "60000")),
        (MYSQL, Given("sql_mode", "STRICT_ALL_TABLES")),
        ("aurora-postgresql11", Given("anything", "1")),
        ("postgres16", Given("lock_timeout", "1")),
        ("mysql8.0", Given("anything", "1")),
        ("sqlserver-ee-15.0", Given("anything", "1")),
    ],
    ids=str,
)
def test_what_aws_takes_passes_without_a_word(family: str, given: Given) -> None:
    assert judged(family, given) == []


def test_a_name_that_a_complete_list_lacks_is_refused_in_aws_s_words() -> None:
    (problem,) = judged(COMPLETE, Given("lock_timeout", "1000"))
    assert problem == Problem(
        0,
        "name",
        "aurora-postgresql14 has no parameter lock_timeout: AWS's list of it (2026-11-30) is complete; a setting of "
        "PostgreSQL that no group has can be set for a role: ALTER ROLE … SET",
        True,
        "InvalidParameterValue",
        "Could not find parameter with name: lock_timeout",
    )


def test_a_misspelt_name_is_refused_with_the_right_one() -> None:
    for name, right in (("max_conections", "max_connections"), ("rds.force_sll", "rds.force_ssl")):
        ((field, certain, reason),) = said(COMPLETE, Given(name, "1"))
        assert (field, certain) == ("name", True)
        assert f"did you mean {right}?" in reason


def test_a_name_of_aws_s_own_that_the_list_lacks_may_be_newer_than_it() -> None:
    assert said(COMPLETE, Given("rds.nonsense", "1")) == [
        (
            "name",
            False,
            "rds.nonsense isn't in the list of aurora-postgresql14's parameters (2026-11-30), which lacks what AWS and "
            "extensions added since: AWS may answer `Could not find parameter with name: rds.nonsense`",
        )
    ]


def test_a_name_that_an_incomplete_list_lacks_is_a_doubt_that_says_so() -> None:
    assert said(DERIVED, Given("reserved_connections", "3", REBOOT))[0][1] is False
    assert said(MYSQL, Given("foo", "1"), level="instance") == [
        (
            "name",
            False,
            "foo isn't in the list of aurora-mysql8.0's parameters (2026-11-30), which isn't complete: AWS may answer "
            "`Could not find parameter with name: foo`",
        )
    ]


def test_a_name_that_a_later_version_dropped_is_a_doubt() -> None:
    assert judged("aurora-postgresql15", Given("rds.rds_superuser_reserved_connections", "2", REBOOT)) == []
    ((_, certain, _),) = said("aurora-postgresql16", Given("rds.rds_superuser_reserved_connections", "2", REBOOT))
    assert not certain


def test_a_cluster_s_parameter_in_an_instance_s_group_is_refused() -> None:
    for family, name, certain in (
        (COMPLETE, "rds.force_ssl", True),
        (MYSQL, "time_zone", True),
        (DERIVED, "ssl", False),
    ):
        ((field, was, reason),) = said(family, Given(name, None), level="instance")
        assert (field, was) == ("name", certain)
        assert reason == f"{name} is a parameter of {family}'s cluster groups, not of its instances': set it there"


@pytest.mark.parametrize("family", [COMPLETE, DERIVED])
def test_a_static_parameter_can_t_be_changed_at_once(family: str) -> None:
    (problem,) = judged(family, Given("max_connections", "100"))
    assert (problem.field, problem.certain) == ("applyMethod", True)
    assert f"{problem.code}: {problem.message}" == (
        "InvalidParameterCombination: cannot use immediate apply method for static parameter"
    )


def test_what_can_t_be_modified_is_refused() -> None:
    (problem,) = judged(COMPLETE, Given("superuser_reserved_connections", "3", REBOOT))
    assert (problem.field, problem.certain) == ("name", True)
    (problem,) = judged(DERIVED, Given("superuser_reserved_connections", "3", REBOOT))
    assert not problem.certain  # another family's list


@pytest.mark.parametrize(
    ("family", "name", "value", "certain", "takes"),
    [
        (COMPLETE, "max_connections", "3", True, "a whole number from 6 to 262143"),
        (COMPLETE, "max_connections", "262144", True, "a whole number from 6 to 262143"),
        (DERIVED, "max_connections", "3", True, "a whole number from 6 to 262143"),
        (MYSQL, "max_connections", "16001", True, "a whole number from 1 to 16000"),
        (COMPLETE, "max_connections", "banana", True,
         "a whole number from 6 to 262143, or a formula of the instance's class"),
        (COMPLETE, "max_connections", "{Banana/2}", True,
         "a formula of AllocatedStorage, DBInstanceClassMemory, DBInstanceVCPU, EndPointPort, GREATEST, IF, LEAST, "
         "log, SUM, TrueIfReplica"),
        (COMPLETE, "geqo_seed", "2", True, "a number from 0 to 1"),
        (COMPLETE, "statement_timeout", "60s", True,
         "a whole number from 0 to 2147483647, or a formula of the instance's class"),
        (COMPLETE, "statement_timeout", "1.5", True,
         "a whole number from 0 to 2147483647, or a formula of the instance's class"),
        (COMPLETE, "log_connections", "2", True, "0 or 1 (also on, off, true, false)"),
        (DERIVED, "log_connections", "2", True, "0 or 1 (also on, off, true, false)"),
        (COMPLETE, "log_connections", "yes", False, "0 or 1 (also on, off, true, false)"),
        (COMPLETE, "log_statement", "dd", True, "none, ddl, mod, all"),
        (DERIVED, "log_statement", "dd", False, "none, ddl, mod, all"),
        (COMPLETE, "ssl_min_protocol_version", "TLSv1.3", False, "TLSv1, TLSv1.1, TLSv1.2 (and what AWS added since)"),
        ("aurora-postgresql18", "log_connections", "1", True,
         "receipt, authentication, authorization, setup_durations, all"),
    ],
)  # fmt: skip
def test_a_value_outside_what_aws_allows_is_refused_or_doubted(
    family: str, name: str, value: str, certain: bool, takes: str
) -> None:
    assert said(family, Given(name, value, REBOOT)) == [("value", certain, f"{name} takes {takes}, got {value!r}")]


def test_the_answer_to_a_value_is_aws_s() -> None:
    """A real one, of postgres18: "Invalid parameter value: 1 for: log_connections allowed values are: receipt, …"."""
    (problem,) = judged("aurora-postgresql18", Given("log_connections", "1"))
    assert f"{problem.code}: {problem.message}" == (
        "InvalidParameterValue: Invalid parameter value: 1 for: log_connections allowed values are: "
        "receipt,authentication,authorization,setup_durations,all"
    )


def test_an_apply_method_is_one_of_two() -> None:
    assert said("postgres16", Given("anything", "1", "now")) == [
        ("applyMethod", True, "must be immediate or pending-reboot, got 'now'")
    ]


def test_a_parameter_is_given_once() -> None:
    twice = Given("log_statement", "ddl")
    assert said(DERIVED, twice, Given("log_connections", "1"), twice) == [
        ("name", True, "log_statement is given twice: parameters[0] sets it too")
    ]


@pytest.mark.parametrize("family", ["aurora-postgresql99", "aurora-postgresql21", "aurora-postgres16", "banana", ""])
def test_a_family_that_aws_does_not_have_is_refused(family: str) -> None:
    ((field, certain, reason),) = said(family, Given("max_connections", "3"))
    assert (field, certain) == ("family", True)
    assert reason.startswith(f"AWS has no family {family!r}; Aurora's are aurora-mysql5.7, ")


@pytest.mark.parametrize("family", ["aurora-postgresql19", "aurora-postgresql20", "aurora-mysql9.7"])
def test_a_family_newer_than_the_lists_is_a_doubt_that_says_their_date(family: str) -> None:
    assert said(family, Given("max_connections", "3")) == [
        ("family", False, f"{family} is newer than the lists here, of 2026-11-30: its parameters aren't checked")
    ]


def test_everything_is_said_at_once() -> None:
    found = judged(
        COMPLETE, Given("lock_timeout", "1"), Given("max_connections", "3"), Given("log_statement", "x", "now")
    )
    assert [(p.position, p.field) for p in found] == [
        (0, "name"), (1, "applyMethod"), (1, "value"), (2, "applyMethod"), (2, "value"),
    ]  # fmt: skip
