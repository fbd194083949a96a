from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_pool_percent_min import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.PROXY_TARGET_GROUP,)


def percent(value: object, instance_class: object = "db.r6g.large") -> Declared:
    return (
        shop()
        .drop("budget")
        .change("pool", connection_pool_config={"max_connections_percent": value, "connection_borrow_timeout": 2})
        .change("shop-1", instance_class=instance_class)
    )


CASES: Sequence[Case] = [
    Case(says="AWS's least", declared=percent(20), passes={"pool"}),
    Case(
        says="less",
        declared=percent(19),
        refused={
            "pool": (
                "the pool pool is 19 % of max_connections, and nobody has declared who uses it; AWS "
                "recommends at least 20 % for the class of shop-1; declare the demand (a low percentage is "
                "fine where it suffices), or raise it"
            )
        },
    ),
    Case(says="the least of a medium burstable class", declared=percent(55, "db.t4g.medium"), passes={"pool"}),
    Case(
        says="less for a medium burstable class",
        declared=percent(54, "db.t4g.medium"),
        refused={
            "pool": (
                "the pool pool is 54 % of max_connections, and nobody has declared who uses it; AWS "
                "recommends at least 55 % for the class of shop-1; declare the demand (a low percentage is "
                "fine where it suffices), or raise it"
            )
        },
    ),
    Case(
        says="less for a large burstable class",
        declared=percent(34, "db.t3.large"),
        refused={
            "pool": (
                "the pool pool is 34 % of max_connections, and nobody has declared who uses it; AWS "
                "recommends at least 35 % for the class of shop-1; declare the demand (a low percentage is "
                "fine where it suffices), or raise it"
            )
        },
    ),
    Case(
        says="less for a small burstable class",
        declared=percent(99, "db.t3.small"),
        refused={
            "pool": (
                "the pool pool is 99 % of max_connections, and nobody has declared who uses it; AWS "
                "recommends at least 100 % for the class of shop-1; declare the demand (a low percentage is "
                "fine where it suffices), or raise it"
            )
        },
    ),
    Case(says="a larger burstable class is like any other", declared=percent(20, "db.t4g.xlarge"), passes={"pool"}),
    Case(
        says="a declared demand knows better",
        declared=shop().change("pool", connection_pool_config={"max_connections_percent": 5}),
        passes={"pool"},
    ),
    Case(says="AWS's default of 100", declared=percent(100).change("pool", connection_pool_config={}), passes={"pool"}),
    Case(says="no instances", declared=percent(1).drop("shop-1", "shop-2"), passes={"pool"}),
    Case(
        says="an unknown percentage",
        declared=percent(Ref("stack")),
        unproven={
            "pool": (
                "connectionPoolConfig.maxConnectionsPercent of pool is known only after the update; so this "
                "cannot be proven safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="an unknown class",
        declared=percent(20, Ref("stack")),
        unproven={
            "shop-1": (
                "instanceClass of shop-1 is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes={"pool"},
    ),
    Case(
        says="not a number",
        declared=percent("some"),
        unproven={
            "pool": (
                "connectionPoolConfig.maxConnectionsPercent of pool must be a whole number, got 'some'; so "
                "this cannot be proven safe; give it as a whole number"
            )
        },
    ),
    Case(
        says="a proxy without a pool of its own",
        declared=shop().drop("pool", "budget").change("target", target_group_name="default"),
    ),
    Case(
        says="no instance",
        declared=shop().drop("budget", "shop-1", "shop-2"),
        passes={"pool"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
