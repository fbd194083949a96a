from collections.abc import Sequence

import pytest

from headroom.budget.model import Path, Pool, Role
from policies.reading import types as t
from policies.rules.conn_memory import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, GREEDY, Declared, Ref, demand_of, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)
#: A db.r6g.large has memory for 491 connections; its pool here is 30 % of max_connections.
READERS = Pool(endpoint=Role.READER, path=Path.DIRECT, connections_max=1)


def limit(value: str, percent: int) -> Declared:
    pool = {"max_connections_percent": percent, "connection_borrow_timeout": 2}
    parameters = [{"name": "max_connections", "value": value}]
    return shop().change("parameters", parameters=parameters).change("pool", connection_pool_config=pool)


CASES: Sequence[Case] = [
    Case(says="60 connections, and memory for 491", declared=shop(), passes={"shop", "shop-1", "shop-2"}),
    Case(says="exactly as many as fit", declared=limit("982", 50), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="one more",
        declared=limit("984", 50),
        refused={
            "shop-1": (
                "writer shop-1, normal day: up to 492 connections may be open; beside the buffer cache there "
                "is memory for 491: 1 too many; a connection costs memory even when it is idle; checked to be"
                " enough: headroom:proxy.max_connections_percent: 50 -> 6 and "
                "headroom:proxy.max_idle_connections_percent: 25 -> 3 (no cost), or "
                "headroom:database.max_connections: 120 (no cost, a reboot), or "
                "headroom:database.instance_class: db.r6g.large -> db.r6g.4xlarge and reader_instance_class with it, "
                "where it is given (+28 vCPUs)"
            ),
            "shop-2": (
                "reader shop-2, normal day: up to 492 connections may be open; beside the buffer cache there "
                "is memory for 491: 1 too many; a connection costs memory even when it is idle; checked to be"
                " enough: headroom:proxy.max_connections_percent: 50 -> 6 and "
                "headroom:proxy.max_idle_connections_percent: 25 -> 3 (no cost), or "
                "headroom:database.max_connections: 120 (no cost, a reboot), or "
                "headroom:database.instance_class: db.r6g.large -> db.r6g.4xlarge and reader_instance_class with it, "
                "where it is given (+28 vCPUs)"
            ),
        },
        passes={"shop"},
    ),
    Case(
        says="without a demand only the pool counts",
        declared=limit("984", 50).drop("budget"),
        refused={
            "shop-1": (
                "writer shop-1, normal day: up to 492 connections may be open; beside the buffer cache there "
                "is memory for 491: 1 too many; a connection costs memory even when it is idle; lower "
                "connection_pool_config's max_connections_percent, or max_connections"
            ),
            "shop-2": (
                "reader shop-2, normal day: up to 492 connections may be open; beside the buffer cache there "
                "is memory for 491: 1 too many; a connection costs memory even when it is idle; lower "
                "connection_pool_config's max_connections_percent, or max_connections"
            ),
        },
        passes={"shop"},
    ),
    Case(
        says="direct pools",
        declared=shop().change("budget", demand=demand_of(CHECKOUT, GREEDY)),
        refused={
            "shop-2": (
                "writer shop-2, normal day, zone lost: up to 1,560 connections may be open; beside the buffer"
                " cache there is memory for 491: 1,069 too many; a connection costs memory even when it is "
                "idle; checked to be enough: path: proxy for greedy (no cost)"
            )
        },
        passes={"shop", "shop-1"},
    ),
    Case(
        says="an unknown percentage is conn-demand-fits' to report",
        declared=shop().change("pool", connection_pool_config={"max_connections_percent": Ref("stack")}),
        passes={"shop", "shop-1", "shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
