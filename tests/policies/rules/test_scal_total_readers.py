from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.scal_total_readers import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER, t.SCALING_TARGET)


def readers(count: int) -> Declared:
    declared = shop().drop("readers", "on-connections", "on-cpu")
    for number in range(3, count + 2):
        declared.add(
            t.CLUSTER_INSTANCE,
            f"shop-{number}",
            cluster_identifier=Ref("shop"),
            instance_class="db.r6g.large",
            depends_on=["shop-1"],
            parent="stack",
        )
    return declared


CASES: Sequence[Case] = [
    Case(says="one reader", declared=shop(), passes={"readers", "shop"}),
    Case(says="fifteen", declared=readers(15), passes={"shop"}),
    Case(
        says="sixteen",
        declared=readers(16),
        refused={
            "shop": (
                "the cluster shop declares 16 readers; Aurora has at most 15, and no quota raises that; take "
                "a larger class instead of more readers"
            )
        },
    ),
    Case(
        says="none, and none is scaled",
        declared=shop().drop("readers", "on-connections", "on-cpu", "shop-2"),
        passes={"shop"},
    ),
    Case(
        says="none, and autoscaling",
        declared=shop().drop("shop-2"),
        refused={
            "readers": (
                "replica autoscaling of shop measures readers, and none is declared; with no reader there is "
                "no metric: it never starts the first one; declare a reader (a ClusterInstance beside the "
                "writer), or remove the autoscaling"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="a maximum above 15 is scal-bounds'",
        declared=shop().change("readers", max_capacity=16),
        passes={"readers", "shop"},
    ),
    Case(
        says="unknown bounds don't matter",
        declared=shop().change("readers", max_capacity=Ref("stack")),
        passes={"readers", "shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
