from collections.abc import Sequence
from dataclasses import replace

import pytest

from policies.reading import types as t
from policies.rules.conn_cpu_cap import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, GREEDY, Declared, Ref, demand_of, shop

BUSY = replace(CHECKOUT, transactions_per_second_peak=4000)


def limit(value: object) -> Declared:
    return shop().change("parameters", parameters=[{"name": "max_connections", "value": value}])


#: 64 instances with one connection each.
OPEN = replace(
    GREEDY,
    instances_max=64,
    deploy_surge_percent=0,
    orphaned_instances=0,
    pools=(replace(GREEDY.pools[0], connections_max=1),),
)
JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)
CASES: Sequence[Case] = [
    Case(
        says="60 pooled connections on two vCPUs, whose cap is 16", declared=shop(), passes={"shop", "shop-1", "shop-2"}
    ),
    Case(says="exactly four times the cap", declared=limit("214"), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="one more",
        declared=limit("217"),
        refused={
            "shop-1": (
                "shop-1: the proxy may open 65 connections, 4 times the CPU cap of 16 is 64: a pool that size"
                " throttles nothing; what the vCPUs can serve is the limit that counts, whatever else admits "
                "more; checked to be enough: headroom:proxy.max_connections_percent: 30 -> 29 (no cost), or "
                "headroom:database.max_connections: 210 (no cost, a reboot), or "
                "headroom:database.instance_class: db.r6g.large -> db.r6g.xlarge and reader_instance_class with it, "
                "where it is given (+4 vCPUs)"
            )
        },
        passes={"shop", "shop-2"},
    ),
    Case(
        says="without a demand, too",
        declared=limit("1000").drop("budget"),
        refused={
            "shop-1": (
                "shop-1: the proxy may open 300 connections, 4 times the CPU cap of 16 is 64: a pool that "
                "size throttles nothing; what the vCPUs can serve is the limit that counts, whatever else "
                "admits more; lower the pools, connection_pool_config's max_connections_percent, or max_connections"
            )
        },
        passes={"shop", "shop-2"},
    ),
    Case(
        says="more busy connections than the vCPUs serve",
        declared=shop().change("budget", demand=demand_of(BUSY)),
        refused={
            "shop-1": (
                "writer shop-1, normal day, instance lost: 60 connections are busy at once; the vCPUs carry "
                "16: 44 too many; what the vCPUs can serve is the limit that counts, whatever else admits "
                "more; no single change is enough: `headroom budget` shows every line and what binds it"
            ),
            "shop-2": (
                "reader shop-2, normal day: 36 connections are busy at once; the vCPUs carry 16: 20 too many;"
                " what the vCPUs can serve is the limit that counts, whatever else admits more; no single "
                "change is enough: `headroom budget` shows every line and what binds it"
            ),
        },
        passes={"shop"},
    ),
    Case(
        says="65 connections held open by direct pools, of four times the cap",
        declared=shop().change("budget", demand=demand_of(replace(OPEN, orphaned_instances=1))),
        advised={
            "shop-1": (
                "writer shop-1, normal day: direct pools hold 65 connections open, 4 times the CPU cap of 16 is 64: "
                "should all of them be busy, nothing throttles them. Lower the pools, or put a proxy before them; what "
                "the vCPUs can serve is the limit that counts, whatever else admits more; lower the pools, "
                "connection_pool_config's max_connections_percent, or max_connections"
            ),
        },
        passes={"shop", "shop-2"},
    ),
    Case(
        says="64 of them", declared=shop().change("budget", demand=demand_of(OPEN)), passes={"shop", "shop-1", "shop-2"}
    ),
    Case(
        says="an unknown class is conn-demand-fits' to report",
        declared=limit("1000").change("shop-1", instance_class=Ref("stack")),
        passes={"shop", "shop-1", "shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
