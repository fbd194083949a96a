from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_timeout_order import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)
ALL = {"shop", "shop-1", "shop-2"}
SAYS = (
    "the parameter group of {name} sets lock_timeout; AWS lists no such parameter for Aurora PostgreSQL, and refuses a "
    "name that it doesn't know; set it on each service's role, below statement_timeout: ALTER ROLE ... SET lock_timeout"
)
LOCK = {"name": "lock_timeout", "value": "5000"}
OTHER = {"name": "max_connections", "value": "200"}


def with_(*parameters: object) -> Declared:
    return shop().change("parameters", parameters=[OTHER, *parameters])


def of_an_instance(*parameters: object) -> Declared:
    declared = shop()
    declared.add(t.PARAMETER_GROUP, "own", family="aurora-postgresql16", parameters=list(parameters), parent="stack")
    return declared.change("shop-2", db_parameter_group_name=Ref("own"))


CASES: Sequence[Case] = [
    Case(says="none in the group", declared=shop(), passes=ALL),
    Case(
        says="one in the group", declared=with_(LOCK), refused={"shop": SAYS.format(name="shop")}, passes=ALL - {"shop"}
    ),
    Case(
        says="one that has no end",
        declared=with_({"name": "lock_timeout", "value": "0"}),
        refused={"shop": SAYS.format(name="shop")},
        passes=ALL - {"shop"},
    ),
    Case(
        says="one in an instance's group",
        declared=of_an_instance(LOCK),
        refused={"shop-2": SAYS.format(name="shop-2")},
        passes=ALL - {"shop-2"},
    ),
    Case(says="another in an instance's group", declared=of_an_instance(OTHER), passes=ALL),
    Case(says="MySQL's is another", declared=with_(LOCK).change("shop", engine="aurora-mysql"), passes=ALL),
    Case(says="no group", declared=shop().change("shop", db_cluster_parameter_group_name=None), passes=ALL),
    Case(
        says="AWS's own group",
        declared=shop().change("shop", db_cluster_parameter_group_name="default.aurora-postgresql16"),
        passes=ALL,
    ),
    Case(
        says="a group outside the stack",
        declared=shop().change("shop", db_cluster_parameter_group_name="theirs"),
        passes=ALL,
    ),
    Case(
        says="an instance's group outside the stack",
        declared=shop().change("shop-1", db_parameter_group_name="theirs"),
        passes=ALL,
    ),
    Case(
        says="an unknown name",
        declared=with_({"name": Ref("stack"), "value": "5000"}),
        unproven={
            "parameters": (
                "parameters.1.name of parameters is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes=ALL,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
