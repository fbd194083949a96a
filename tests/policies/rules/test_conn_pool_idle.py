from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_pool_idle import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.PROXY_TARGET_GROUP, t.CLUSTER)


def idle(value: object, most: object = 30) -> Declared:
    pool = {"max_connections_percent": most, "max_idle_connections_percent": value, "connection_borrow_timeout": 2}
    return shop().change("pool", connection_pool_config=pool)


CASES: Sequence[Case] = [
    Case(says="4 of 30", declared=shop(), passes={"pool", "shop"}),
    Case(says="all of it may stay open", declared=idle(30).drop("budget"), passes={"pool", "shop"}),
    Case(
        says="more than the pool",
        declared=idle(31).drop("budget"),
        refused={
            "pool": (
                "the pool pool keeps up to 31 % of max_connections open when idle, of at most 30 %; AWS takes"
                " 0 to maxConnectionsPercent: both are percent of max_connections; set it to 30 or less"
            )
        },
        passes={"shop"},
    ),
    Case(says="none", declared=idle(0), passes={"pool", "shop"}),
    Case(
        says="below nothing",
        declared=idle(-1),
        refused={
            "pool": (
                "the pool pool keeps up to -1 % of max_connections open when idle, of at most 30 %; AWS takes"
                " 0 to maxConnectionsPercent: both are percent of max_connections; set it to 30 or less"
            )
        },
        passes={"shop"},
    ),
    Case(says="unset is half of the maximum", declared=idle(None).drop("budget"), passes={"pool", "shop"}),
    Case(says="just below the scaling target of 10", declared=idle(4), passes={"pool", "shop"}),
    Case(
        says="idle connections reach the scaling target",
        declared=idle(5),
        advised={
            "shop": (
                "reader: the scaling target is 10 connections, but idle ones alone may hold 10 open: replicas"
                " would never be removed. Lower max_idle_connections_percent; a target that idle connections "
                "reach is always reached; lower connectionPoolConfig.maxIdleConnectionsPercent"
            )
        },
        passes={"pool"},
    ),
    Case(
        says="without autoscaling they may",
        declared=idle(8).drop("readers", "on-connections", "on-cpu"),
        passes={"pool", "shop"},
    ),
    Case(says="the maximum's default is 100", declared=idle(100, None).drop("budget"), passes={"pool", "shop"}),
    Case(
        says="an unknown share",
        declared=idle(Ref("stack")),
        unproven={
            "pool": (
                "connectionPoolConfig.maxIdleConnectionsPercent of pool is known only after the update; so "
                "this cannot be proven safe; give it as a value that is known before the update"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="an unknown maximum",
        declared=idle(20, Ref("stack")),
        unproven={
            "pool": (
                "connectionPoolConfig.maxConnectionsPercent of pool is known only after the update; so this "
                "cannot be proven safe; give it as a value that is known before the update"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="not a number",
        declared=idle("half"),
        unproven={
            "pool": (
                "connectionPoolConfig.maxIdleConnectionsPercent of pool must be a whole number, got 'half'; "
                "so this cannot be proven safe; give it as a whole number"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="a proxy without a pool of its own",
        declared=shop().drop("pool").change("target", target_group_name="default"),
        advised={
            "shop": (
                "reader: the scaling target is 10 connections, but idle ones alone may hold 100 open: "
                "replicas would never be removed. Lower max_idle_connections_percent; a target that idle "
                "connections reach is always reached; lower "
                "connectionPoolConfig.maxIdleConnectionsPercent"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
