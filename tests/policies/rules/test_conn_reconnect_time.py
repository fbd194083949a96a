from collections.abc import Sequence

import pytest

from headroom.budget.margins import Margins
from policies.reading import types as t
from policies.rules.conn_reconnect_time import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, Declared, Ref, demand_of, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)


def objective(seconds: float) -> Declared:
    margins = Margins(reconnect_objective_seconds=seconds, connects_per_second_per_vcpu=0.1)
    return shop().change("budget", demand=demand_of(CHECKOUT, margins=margins))


CASES: Sequence[Case] = [
    Case(says="two seconds", declared=shop(), passes={"shop", "shop-1", "shop-2"}),
    Case(says="exactly the objective", declared=objective(40), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="longer than the objective",
        declared=objective(39),
        refused={
            "shop": (
                "reader shop-2, normal day, slow database: re-opening 8 connections takes 40 s; the objective"
                " is 39 s; AWS restores the writer within a minute; re-opening the connections should not "
                "double that; smaller direct pools, or pools through the proxy"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(says="no demand", declared=objective(39).drop("budget"), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="an unknown class is conn-demand-fits' to report",
        declared=objective(39).change("shop-1", instance_class=Ref("stack")),
        passes={"shop", "shop-1", "shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
