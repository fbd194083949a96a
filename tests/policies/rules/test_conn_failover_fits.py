from collections.abc import Sequence
from dataclasses import replace

import pytest

from headroom.budget.model import Path, Pool, Role, Service, ServiceKind
from policies.reading import types as t
from policies.rules.conn_failover_fits import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, GREEDY, Declared, Ref, demand_of, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)
#: 110 connections held open to the readers: two readers share them.
REPORTS = Service(
    name="reports",
    user="reports",
    kind=ServiceKind.BACKGROUND,
    instances_max=10,
    transactions_per_second_peak=10,
    hold_ms=10,
    client_timeout_ms=60_000,
    pools=(Pool(endpoint=Role.READER, path=Path.DIRECT, connections_max=11),),
)
MORE = replace(REPORTS, pools=(replace(REPORTS.pools[0], connections_max=12),))


def three(service: Service) -> Declared:
    return (
        shop()
        .add(
            t.CLUSTER_INSTANCE,
            "shop-3",
            cluster_identifier=Ref("shop"),
            instance_class="db.r6g.large",
            availability_zone="eu-west-1c",
            promotion_tier=2,
            depends_on=["shop-1"],
            parent="stack",
        )
        .change("budget", demand=demand_of(CHECKOUT, service))
    )


CASES: Sequence[Case] = [
    Case(says="a stack that fits whatever is lost", declared=shop(), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="exactly what one reader carries", declared=three(REPORTS), passes={"shop", "shop-1", "shop-2", "shop-3"}
    ),
    Case(
        says="more than one reader carries",
        declared=three(MORE),
        refused={
            "shop-3": (
                "reader shop-3, normal day, instance lost: direct pools (132) and the proxy's pool (60) take "
                "192 connections; 187 of 200 are usable: 5 too many; everything else fits; what is left after"
                " the loss has to carry all of it; checked to be enough: "
                "headroom:services[reports].pools[reader, direct].connections_max: 12 -> 11 (no cost), or "
                "headroom:proxy.max_connections_percent: 30 -> 27 (no cost), or "
                "headroom:database.max_connections: 210 (no cost, a reboot)"
            )
        },
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="what doesn't fit on a normal day is conn-demand-fits' to report",
        declared=shop().change("budget", demand=demand_of(CHECKOUT, GREEDY)),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(says="no demand", declared=three(MORE).drop("budget"), passes={"shop", "shop-1", "shop-2", "shop-3"}),
    Case(
        says="an unknown class is conn-demand-fits' to report",
        declared=three(MORE).change("shop-2", instance_class=Ref("stack")),
        passes={"shop", "shop-1", "shop-2", "shop-3"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
