from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.hyg_parameter_group import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER_PARAMETER_GROUP, t.PARAMETER_GROUP)
REMEDY = "set only what `aws rds describe-engine-default-cluster-parameters` lists for the family"
REFUSES, MAY = "AWS refuses the group's deploy", "AWS may refuse the group's deploy"


def group(family: object, *parameters: object) -> Declared:
    return shop().change("parameters", family=family, parameters=list(parameters))


def own(family: str, *parameters: object) -> Declared:
    return group("aurora-postgresql16").add(t.PARAMETER_GROUP, "own", family=family, parameters=list(parameters))


def parameter(name: object, value: object, **more: object) -> dict[str, object]:
    return {"name": name, "value": value, **more}


CASES: Sequence[Case] = [
    Case(
        says="what AWS takes",
        declared=group(
            "aurora-postgresql16", parameter("statement_timeout", "1000"), parameter("log_connections", "on")
        ),
        passes={"parameters"},
    ),
    Case(
        says="a name that a complete list lacks",
        declared=group("aurora-postgresql14", parameter("lock_timeout", "1000")),
        refused={
            "parameters": (
                "parameters[0] of parameters: aurora-postgresql14 has no parameter lock_timeout: AWS's list of it "
                "(2026-11-30) is complete; a setting of PostgreSQL that no group has can be set for a role: ALTER ROLE "
                f"… SET; {REFUSES}; {REMEDY}"
            )
        },
    ),
    Case(
        says="a name that an incomplete list lacks",
        declared=group("aurora-postgresql16", parameter("lock_timeout", "1000")),
        advised={
            "parameters": (
                "parameters[0] of parameters: lock_timeout isn't in the list of aurora-postgresql14's parameters "
                "(2026-11-30), and there is no complete one of aurora-postgresql16: AWS may answer `Could not find "
                "parameter with name: lock_timeout`; a setting of PostgreSQL that no group has can be set for a role: "
                f"ALTER ROLE … SET; {MAY}; {REMEDY}"
            )
        },
    ),
    Case(
        says="static and immediate, by default and as given",
        declared=group(
            "aurora-postgresql16",
            parameter("max_connections", "100"),
            parameter("rds.logical_replication", "1", apply_method="immediate"),
        ),
        refused={
            "parameters": [
                f"parameters[{index}] of parameters: {name} is static: it takes effect after a reboot, and AWS refuses "
                "`immediate` for it, which is what an omitted apply method means; write pending-reboot; "
                f"{REFUSES}; {REMEDY}"
                for index, name in enumerate(("max_connections", "rds.logical_replication"))
            ]
        },
    ),
    Case(
        says="a value outside the range",
        declared=group("aurora-postgresql16", parameter("max_connections", "3", apply_method="pending-reboot")),
        refused={
            "parameters": (
                "parameters[0] of parameters: max_connections takes a whole number from 6 to 262143, got '3'; "
                f"{REFUSES}; {REMEDY}"
            )
        },
    ),
    Case(
        says="a formula",
        declared=group(
            "aurora-postgresql16",
            parameter("max_connections", "LEAST({DBInstanceClassMemory/9531392},5000)", apply_method="pending-reboot"),
        ),
        passes={"parameters"},
    ),
    Case(
        says="a cluster's parameter in an instance's group",
        declared=own("aurora-mysql8.0", parameter("require_secure_transport", "ON")),
        refused={
            "own": (
                "parameters[0] of own: require_secure_transport is a parameter of aurora-mysql8.0's cluster groups, "
                f"not of its instances': set it there; {REFUSES}; {REMEDY}"
            )
        },
        passes={"parameters"},
    ),
    Case(
        says="a family that AWS doesn't have",
        declared=group("aurora-postgresql99"),
        refused={
            "parameters": (
                "family of parameters: AWS has no family 'aurora-postgresql99'; Aurora's are aurora-mysql5.7, "
                "aurora-mysql8.0, aurora-mysql8.4, aurora-postgresql9.6, aurora-postgresql10, aurora-postgresql11, "
                "aurora-postgresql12, aurora-postgresql13, aurora-postgresql14, aurora-postgresql15, "
                f"aurora-postgresql16, aurora-postgresql17, aurora-postgresql18; {REFUSES}; {REMEDY}"
            )
        },
    ),
    Case(
        says="a family newer than the lists",
        declared=group("aurora-postgresql19", parameter("anything", "1")),
        advised={
            "parameters": (
                "family of parameters: aurora-postgresql19 is newer than the lists here, of 2026-11-30: its parameters "
                f"aren't checked; {MAY}; {REMEDY}"
            )
        },
    ),
    Case(
        says="another engine's family",
        declared=own("postgres16", parameter("lock_timeout", "1000")),
        passes={"parameters", "own"},
    ),
    Case(says="an unknown family", declared=group(Ref("shop"), parameter("nonsense", "1")), passes={"parameters"}),
    Case(
        says="an unknown name, value and method",
        declared=group(
            "aurora-postgresql16",
            parameter(Ref("shop"), "1"),
            parameter("log_statement", Ref("shop"), apply_method="immediate"),
            parameter("max_connections", "100", apply_method=Ref("shop")),
        ),
        passes={"parameters"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
