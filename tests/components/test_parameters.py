from typing import Any

import pytest

from components.parameters import cluster_parameters, family, instance_parameters, log_exports
from headroom import parameter_groups
from headroom.settings import load
from headroom.settings.supply import Database
from tests.components.program import ROOT


def database(file: str, **changes: Any) -> Database:
    return load(ROOT / file).database.model_copy(update=changes)


def postgresql(**changes: Any) -> Database:
    return database("Pulumi.prod.yaml", **changes)


def mysql(**changes: Any) -> Database:
    return database("docs/examples/mysql.yaml", **changes)


def test_postgresql_has_limit_timeouts_and_tls_on_the_cluster() -> None:
    assert {(p.name, p.value, p.apply_method) for p in cluster_parameters(postgresql())} == {
        ("max_connections", "1000", "pending-reboot"),
        ("idle_in_transaction_session_timeout", "60000", "immediate"),
        ("statement_timeout", "60000", "immediate"),
        ("tcp_keepalives_idle", "60", "immediate"),
        ("tcp_keepalives_interval", "10", "immediate"),
        ("tcp_keepalives_count", "6", "immediate"),
        ("log_connections", "1", "immediate"),
        ("log_disconnections", "1", "immediate"),
        ("log_lock_waits", "1", "immediate"),
        ("log_min_duration_statement", "1000", "immediate"),
        ("log_parameter_max_length", "0", "immediate"),
        ("rds.force_ssl", "1", "pending-reboot"),
    }
    assert instance_parameters(postgresql()) == []


def test_mysql_has_tls_on_the_cluster_and_the_limit_on_each_instance() -> None:
    assert {(p.name, p.value, p.apply_method) for p in cluster_parameters(mysql())} == {
        ("require_secure_transport", "ON", "immediate")
    }
    assert {(p.name, p.value, p.apply_method) for p in instance_parameters(mysql())} == {
        ("max_connections", "300", "immediate"),
        ("wait_timeout", "1800", "immediate"),
        ("interactive_timeout", "1800", "immediate"),
        ("innodb_lock_wait_timeout", "10", "immediate"),
        ("max_execution_time", "60000", "immediate"),
        ("slow_query_log", "1", "immediate"),
        ("long_query_time", "1", "immediate"),
    }


def test_postgresql_18_logs_connections_by_a_list() -> None:
    """AWS to the old switch: "Invalid parameter value: 1 for: log_connections allowed values are: receipt, …"."""
    values = {p.name: p.value for p in cluster_parameters(postgresql(engine_version="18.1"))}
    assert (values["log_connections"], values["log_disconnections"]) == ("all", "1")


@pytest.mark.parametrize("version", ["14.18", "15.13", "16.15", "17.9", "18.1"])
def test_aws_takes_every_parameter_of_postgresql(version: str) -> None:
    assert _problems(postgresql(engine_version=version)) == []


@pytest.mark.parametrize("version", ["8.0.mysql_aurora.3.08.0", "8.4.mysql_aurora.8.4.7"])
def test_aws_takes_every_parameter_of_mysql(version: str) -> None:
    assert _problems(mysql(engine_version=version)) == []


def _problems(settings: Database) -> list[str]:
    """What AWS's lists say against them, doubts too."""
    groups = {"cluster": cluster_parameters(settings), "instance": instance_parameters(settings)}
    return [
        problem.reason
        for level, parameters in groups.items()
        for problem in parameter_groups.problems(
            family(settings), level, [parameter_groups.Given(*parameter) for parameter in parameters]
        )
    ]


def test_without_a_number_the_engines_own_limit_stands() -> None:
    names = [p.name for p in cluster_parameters(postgresql(max_connections=None))]
    names += [p.name for p in instance_parameters(mysql(max_connections=None))]
    assert "max_connections" not in names


def test_a_formula_goes_to_aws_as_it_is_written() -> None:
    formula = "LEAST({DBInstanceClassMemory/9531392},1000)"
    assert formula in [p.value for p in cluster_parameters(postgresql(max_connections=formula))]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (postgresql(), "aurora-postgresql16"),
        (postgresql(engine_version="17.4"), "aurora-postgresql17"),
        (mysql(), "aurora-mysql8.0"),
        (mysql(engine_version="8.4.mysql_aurora.8.4.7"), "aurora-mysql8.4"),
    ],
)
def test_the_family_follows_from_engine_and_version(settings: Database, name: str) -> None:
    assert family(settings) == name


def test_the_logs_that_show_refusals_and_waits_are_exported() -> None:
    assert log_exports(postgresql()) == ["postgresql"]
    assert log_exports(mysql()) == ["error", "slowquery"]
