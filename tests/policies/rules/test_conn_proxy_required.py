from collections.abc import Sequence
from dataclasses import replace

import pytest

from policies.reading import types as t
from policies.rules.conn_proxy_required import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import GREEDY, Declared, Ref, demand_of, shop

JUDGED = (t.CLUSTER,)
PROXY = ("proxy", "pool", "target", "read-only", "pool-use", "borrow-latency")


def without_proxy(prefix: str = "") -> Declared:
    return shop(prefix).drop(*(prefix + name for name in PROXY))


CASES: Sequence[Case] = [
    Case(says="a proxy", declared=shop(), passes={"shop"}),
    Case(says="no proxy, and no demand", declared=without_proxy().drop("budget"), passes={"shop"}),
    Case(
        says="no proxy, and direct pools that fit",
        declared=without_proxy().change("budget", demand=demand_of()),
        passes={"shop"},
    ),
    Case(
        says="no proxy, and direct pools that don't fit",
        declared=without_proxy().change("budget", demand=demand_of(GREEDY)),
        refused={
            "shop": (
                "the cluster shop has no RDS Proxy, and its budget doesn't fit without one (writer shop-2, normal "
                "day, zone lost: direct pools (1,500) and the proxy's pool (0) take 1,500 connections; 187 of 200 "
                "are usable: 1,313 too many); direct pools are fine where they fit at every autoscaler's maximum; "
                "attach an RDS Proxy (ProxyTarget on the cluster) and send the services' pools through it (path: "
                "proxy)"
            )
        },
    ),
    Case(
        says="pools through a proxy that isn't there",
        declared=without_proxy(),
        refused={
            "shop": (
                "the cluster shop has no RDS Proxy, and its budget doesn't fit without one (checkout: pools go "
                "through a proxy, but the cluster has none); direct pools are fine where they fit at every "
                "autoscaler's maximum; attach an RDS Proxy (ProxyTarget on the cluster) and send the services' pools "
                "through it (path: proxy)"
            )
        },
    ),
    Case(
        says="a proxy of the same name whose target is another cluster",
        declared=shop()
        .change("budget", demand=demand_of(GREEDY))
        .add(t.CLUSTER, "elsewhere", engine="aurora-postgresql")
        .change("target", db_cluster_identifier=Ref("elsewhere"))
        .change("proxy", name="shop"),
        refused={
            "shop": (
                "the cluster shop has no RDS Proxy, and its budget doesn't fit without one (writer shop-2, normal "
                "day, zone lost: direct pools (1,500) and the proxy's pool (0) take 1,500 connections; 187 of 200 "
                "are usable: 1,313 too many); direct pools are fine where they fit at every autoscaler's maximum; "
                "attach an RDS Proxy (ProxyTarget on the cluster) and send the services' pools through it (path: "
                "proxy)"
            )
        },
        passes={"elsewhere"},
    ),
    Case(
        says="an unknown target group's settings don't matter to this rule",
        declared=shop().change("pool", connection_pool_config=Ref("stack")),
        passes={"shop"},
    ),
    Case(
        says="an unreadable budget is conn-demand-fits' finding",
        declared=without_proxy().change("shop-1", instance_class=Ref("stack")),
        passes={"shop"},
    ),
    Case(
        says="literal identifiers are compared as AWS does",
        declared=shop()
        .change("budget", demand=demand_of(GREEDY))
        .change("shop", cluster_identifier="the-shop")
        .change("proxy", name="the-proxy")
        .change("target", db_cluster_identifier="the-shop", db_proxy_name="the-proxy"),
        passes={"shop"},
    ),
    Case(
        says="too little CPU is nothing that a proxy could help",
        declared=shop()
        .drop("proxy", "pool", "target", "read-only", "pool-use", "borrow-latency")
        .change(
            "budget",
            demand=demand_of(
                replace(
                    GREEDY,
                    instances_max=2,
                    transactions_per_second_peak=1000,
                    hold_ms=20,
                    pools=(replace(GREEDY.pools[0], connections_max=12),),
                )
            ),
        ),
        passes={"shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
