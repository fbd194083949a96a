from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_demand_declared import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, Ref, demand_of, shop

JUDGED = (t.CLUSTER,)
CASES: Sequence[Case] = [
    Case(says="a declared demand", declared=shop(), passes={"shop"}),
    Case(
        says="none",
        declared=shop().drop("budget"),
        refused={
            "shop": (
                "nobody has declared who connects to the cluster shop; without a demand its limits can't be "
                "checked against anything; declare services and events: in a stack's file (headroom:services, "
                "headroom:events), in a program of your own with components.demand.Demand, which depends on the cluster"
            )
        },
    ),
    Case(
        says="one demand beside two clusters",
        declared=shop().add(t.CLUSTER, "other", parent="stack", engine="aurora-mysql"),
        refused={
            "shop": (
                "a demand is declared, but it can't be told whether it is for the cluster shop or for another"
                " one; each cluster needs a demand of its own; put each headroom:index:Budget and its cluster"
                " under a parent of their own, or let one depend on the other"
            ),
            "other": (
                "a demand is declared, but it can't be told whether it is for the cluster other or for "
                "another one; each cluster needs a demand of its own; put each headroom:index:Budget and its "
                "cluster under a parent of their own, or let one depend on the other"
            ),
        },
    ),
    Case(
        says="two clusters, each with a demand that depends on it",
        declared=shop()
        .add(t.CLUSTER, "other", parent="stack", engine="aurora-mysql")
        .drop("budget")
        .add(t.BUDGET, "budget", parent="stack", demand=demand_of(CHECKOUT), depends_on=["shop"])
        .add(t.BUDGET, "nothing", parent="stack", demand=demand_of(), depends_on=["other"]),
        passes={"other", "shop"},
    ),
    Case(
        says="a demand that can't be read is conn-demand-fits' to report",
        declared=shop().change("budget", demand={"services": Ref("stack")}),
        passes={"shop"},
    ),
    Case(
        says="a proxy that leads to a cluster of another stack",
        declared=shop().change("target", db_cluster_identifier="of-another-stack"),
        advised={
            "proxy": (
                "the proxy proxy leads to a cluster that isn't part of this stack; its pool can be compared neither "
                "with that cluster's limits nor with a demand; declare the proxy and the demand beside the cluster"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="a cluster that isn't Aurora",
        declared=shop().drop("budget").change("shop", engine="postgres"),
        passes={"shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
