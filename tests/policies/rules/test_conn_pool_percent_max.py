from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_pool_percent_max import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, second_proxy, shop

JUDGED = (t.PROXY_TARGET_GROUP,)


def percent(value: object) -> Declared:
    return shop().change("pool", connection_pool_config={"max_connections_percent": value})


def lone(value: object) -> Declared:
    """The shop's proxy on the cluster of another stack."""
    return percent(value).change("target", db_cluster_identifier="of-another-stack")


def all_of_them(value: int) -> str:
    return (
        f"the proxy proxy may open {value} % of its cluster's max_connections; some have to stay free for superusers, "
        "AWS's automation and the operators; set connectionPoolConfig.maxConnectionsPercent to what the demand needs"
    )


CASES: Sequence[Case] = [
    Case(says="99 % of a cluster that can't be seen", declared=lone(99), passes={"pool"}),
    Case(says="100 % of a cluster that can't be seen", declared=lone(100), refused={"pool": all_of_them(100)}),
    Case(says="unset, of a cluster that can't be seen", declared=lone(None), refused={"pool": all_of_them(100)}),
    Case(
        says="no pool, of a cluster that can't be seen",
        declared=lone(30).change("target", target_group_name="default").drop("pool"),
        refused={"proxy": all_of_them(100)},
    ),
    Case(
        says="unknown, of a cluster that can't be seen",
        declared=lone(Ref("stack")),
        unproven={
            "pool": (
                "connectionPoolConfig.maxConnectionsPercent of pool is known only after the update; so this cannot be "
                "proven safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(says="30 %", declared=shop(), passes={"pool"}),
    Case(says="1 %", declared=percent(1), passes={"pool"}),
    Case(
        says="exactly what is usable: 187 of 200",
        declared=percent(93),
        advised={
            "pool": (
                "the cluster shop's proxies may open 93 % of max_connections; above 90 % little is left for people "
                "and tools that connect directly; set connectionPoolConfig.maxConnectionsPercent so that reserved "
                "slots and direct pools stay free; `headroom budget` shows how much the demand needs"
            )
        },
    ),
    Case(
        says="93 % where the config says so", declared=percent(93), numbers={"note_above_percent": 93}, passes={"pool"}
    ),
    Case(
        says="one above what the config says",
        declared=percent(31),
        numbers={"note_above_percent": 30},
        advised={
            "pool": (
                "the cluster shop's proxies may open 31 % of max_connections; above 30 % little is left for people "
                "and tools that connect directly; set connectionPoolConfig.maxConnectionsPercent so that reserved "
                "slots and direct pools stay free; `headroom budget` shows how much the demand needs"
            )
        },
    ),
    Case(
        says="one per cent more",
        declared=percent(94),
        refused={
            "pool": (
                "the cluster shop's proxies may open 94 % of max_connections: 188 of 200 on shop-1; 187 are usable "
                "there, 13 are reserved; set connectionPoolConfig.maxConnectionsPercent so that reserved slots and "
                "direct pools stay free; `headroom budget` shows how much the demand needs"
            )
        },
    ),
    Case(
        says="unset counts as 100 %",
        declared=shop().change("pool", connection_pool_config=None),
        refused={
            "pool": (
                "the cluster shop's proxies may open 100 % of max_connections: 200 of 200 on shop-1; 187 are usable "
                "there, 13 are reserved; set connectionPoolConfig.maxConnectionsPercent so that reserved slots and "
                "direct pools stay free; `headroom budget` shows how much the demand needs"
            )
        },
    ),
    Case(
        says="no target group counts as 100 %",
        declared=shop().drop("pool").change("target", target_group_name="default"),
        refused={
            "proxy": (
                "the cluster shop's proxies may open 100 % of max_connections: 200 of 200 on shop-1; 187 are usable "
                "there, 13 are reserved; set connectionPoolConfig.maxConnectionsPercent so that reserved slots and "
                "direct pools stay free; `headroom budget` shows how much the demand needs"
            )
        },
    ),
    Case(
        says="two proxies on one cluster add up",
        declared=shop()
        .add(t.PROXY, "second", engine_family="POSTGRESQL")
        .add(
            t.PROXY_TARGET_GROUP,
            "second-pool",
            db_proxy_name=Ref("second"),
            connection_pool_config={"max_connections_percent": 64},
        )
        .add(
            t.PROXY_TARGET,
            "second-target",
            db_proxy_name=Ref("second"),
            target_group_name=Ref("second-pool"),
            db_cluster_identifier=Ref("shop"),
        ),
        refused={
            "pool": (
                "the cluster shop's proxies may open 94 % of max_connections: 188 of 200 on shop-1; 187 are usable "
                "there, 13 are reserved; set connectionPoolConfig.maxConnectionsPercent so that reserved slots and "
                "direct pools stay free; `headroom budget` shows how much the demand needs"
            )
        },
        passes={"second-pool"},
    ),
    Case(
        says="unknown",
        declared=percent(Ref("stack")),
        unproven={
            "pool": (
                "connectionPoolConfig.maxConnectionsPercent of pool is known only after the update; so this cannot "
                "be proven safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="not a number",
        declared=percent("most"),
        unproven={
            "pool": (
                "connectionPoolConfig.maxConnectionsPercent of pool must be a whole number, got 'most'; so this "
                "cannot be proven safe; give it as a whole number"
            )
        },
    ),
    Case(
        says="100 % needs no demand and no known class to be refused",
        declared=percent(100).drop("budget").change("shop-1", instance_class=Ref("stack")),
        refused={
            "pool": (
                "the cluster shop's proxies may open 100 % of max_connections; some have to stay free for "
                "superusers, AWS's automation and the operators; set connectionPoolConfig.maxConnectionsPercent so "
                "that reserved slots and direct pools stay free; `headroom budget` shows how much the demand needs"
            )
        },
    ),
    Case(
        says="a small class without a demand: 90 connections of a db.t3.medium on MySQL",
        declared=percent(93)
        .drop("budget")
        .change("shop", engine="aurora-mysql", db_cluster_parameter_group_name=None)
        .change("shop-1", instance_class="db.t3.medium")
        .change("shop-2", instance_class="db.t3.medium"),
        refused={
            "pool": (
                "the cluster shop's proxies may open 93 % of max_connections: 83 of 90 on shop-1; 82 are usable "
                "there, 8 are reserved; set connectionPoolConfig.maxConnectionsPercent so that reserved slots and "
                "direct pools stay free; `headroom budget` shows how much the demand needs"
            )
        },
    ),
    Case(
        says="no proxy",
        declared=shop().drop("proxy", "pool", "target", "read-only", "pool-use", "borrow-latency"),
    ),
    Case(
        says="one of two is unknown",
        declared=second_proxy(Ref("stack")).change("pool", connection_pool_config={"max_connections_percent": 95}),
        unproven={
            "second-pool": (
                "connectionPoolConfig.maxConnectionsPercent of second-pool is known only after the "
                "update; so this cannot be proven safe; give it as a value that is known before the "
                "update"
            )
        },
        passes={"pool"},
    ),
    Case(
        says="two proxies with exactly all",
        declared=second_proxy(70),
        refused={
            "pool": (
                "the cluster shop's proxies may open 100 % of max_connections: 200 of 200 on shop-1; 187 "
                "are usable there, 13 are reserved; set connectionPoolConfig.maxConnectionsPercent so "
                "that reserved slots and direct pools stay free; `headroom budget` shows how much the "
                "demand needs"
            )
        },
        passes={"second-pool"},
    ),
    Case(
        says="two proxies with more than all are conn-pool-sum's",
        declared=second_proxy(71),
        passes={"pool", "second-pool"},
    ),
    Case(
        says="more than all, of one proxy",
        declared=percent(101),
        refused={
            "pool": (
                "the cluster shop's proxies may open 101 % of max_connections: 202 of 200 on shop-1; 187 "
                "are usable there, 13 are reserved; set connectionPoolConfig.maxConnectionsPercent so "
                "that reserved slots and direct pools stay free; `headroom budget` shows how much the "
                "demand needs"
            )
        },
    ),
    Case(
        says="exactly what is usable: 87 of 100",
        declared=percent(87).change("parameters", parameters=[{"name": "max_connections", "value": "100"}]),
        passes={"pool"},
    ),
    Case(
        says="the smallest instance decides",
        declared=percent(90)
        .add(
            t.PARAMETER_GROUP,
            "small",
            family="aurora-postgresql16",
            parameters=[{"name": "max_connections", "value": "60"}],
        )
        .change("shop-2", db_parameter_group_name=Ref("small")),
        refused={
            "pool": (
                "the cluster shop's proxies may open 90 % of max_connections: 54 of 60 on shop-2; 47 are "
                "usable there, 13 are reserved; set connectionPoolConfig.maxConnectionsPercent so that "
                "reserved slots and direct pools stay free; `headroom budget` shows how much the demand "
                "needs"
            )
        },
    ),
    Case(
        says="99 % of nobody knows how many",
        declared=percent(99).change("shop-1", instance_class="db.z9.large"),
        advised={
            "pool": (
                "the cluster shop's proxies may open 99 % of max_connections; above 90 % little is left "
                "for people and tools that connect directly; set "
                "connectionPoolConfig.maxConnectionsPercent so that reserved slots and direct pools stay "
                "free; `headroom budget` shows how much the demand needs"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
