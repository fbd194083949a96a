from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.avail_failover_parity import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import GREEDY, Declared, Ref, demand_of, shop

JUDGED = (t.CLUSTER_INSTANCE,)


def reader(instance_class: object, tier: object = 1) -> Declared:
    return (
        shop()
        .change("shop-1", instance_class="db.r6g.xlarge")
        .change("shop-2", instance_class=instance_class, promotion_tier=tier)
    )


def third(instance_class: str, tier: int) -> Declared:
    return (
        reader("db.r6g.large")
        .drop("budget")
        .add(
            t.CLUSTER_INSTANCE,
            "shop-3",
            cluster_identifier=Ref("shop"),
            instance_class=instance_class,
            promotion_tier=tier,
            depends_on=["shop-1"],
        )
    )


CASES: Sequence[Case] = [
    Case(says="the same class", declared=shop(), passes={"shop-1", "shop-2"}),
    Case(says="a larger reader", declared=reader("db.r6g.2xlarge"), passes={"shop-1", "shop-2"}),
    Case(
        says="a smaller one, and no demand",
        declared=reader("db.r6g.large").drop("budget"),
        refused={
            "shop-2": (
                "shop-2 (db.r6g.large) is the first to be promoted, and smaller than the writer shop-1 "
                "(db.r6g.xlarge); after a failover it carries what the writer carried; give it the writer's "
                "class, or a reader that has it a better (lower) promotionTier"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="a smaller one, and the budget fits with it",
        declared=reader("db.r6g.large"),
        advised={
            "shop-2": (
                "shop-2 (db.r6g.large) is the first to be promoted, and smaller than the writer shop-1 "
                "(db.r6g.xlarge); after a failover it carries what the writer carried; give it the writer's "
                "class, or a reader that has it a better (lower) promotionTier"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="fewer vCPUs, and more memory",
        declared=reader("db.x2g.large").drop("budget"),
        refused={
            "shop-2": (
                "shop-2 (db.x2g.large) is the first to be promoted, and smaller than the writer shop-1 "
                "(db.r6g.xlarge); after a failover it carries what the writer carried; give it the writer's "
                "class, or a reader that has it a better (lower) promotionTier"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="a smaller one, and the budget doesn't fit",
        declared=reader("db.r6g.large").change("budget", demand=demand_of(GREEDY)),
        refused={
            "shop-2": (
                "shop-2 (db.r6g.large) is the first to be promoted, and smaller than the writer shop-1 "
                "(db.r6g.xlarge); after a failover it carries what the writer carried; give it the writer's "
                "class, or a reader that has it a better (lower) promotionTier"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="a smaller one of a worse tier", declared=third("db.r6g.xlarge", 0), passes={"shop-1", "shop-2", "shop-3"}
    ),
    Case(
        says="of one tier the largest is promoted",
        declared=third("db.r6g.xlarge", 1),
        passes={"shop-1", "shop-2", "shop-3"},
    ),
    Case(
        says="a larger one of a worse tier doesn't help",
        declared=third("db.r6g.xlarge", 2),
        refused={
            "shop-2": (
                "shop-2 (db.r6g.large) is the first to be promoted, and smaller than the writer shop-1 "
                "(db.r6g.xlarge); after a failover it carries what the writer carried; give it the writer's "
                "class, or a reader that has it a better (lower) promotionTier"
            )
        },
        passes={"shop-1", "shop-3"},
    ),
    Case(says="no reader is avail-multi-az's", declared=shop().drop("shop-2"), passes={"shop-1"}),
    Case(
        says="an unknown class",
        declared=reader(Ref("stack")),
        unproven={
            "shop-2": (
                "instanceClass of shop-2 is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="an unknown tier",
        declared=reader("db.r6g.xlarge", Ref("stack")),
        unproven={
            "shop-2": (
                "promotionTier of shop-2 is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="not a tier",
        declared=reader("db.r6g.xlarge", "first"),
        unproven={
            "shop-2": (
                "promotionTier of shop-2 must be a whole number, got 'first'; so this cannot be proven safe; "
                "give it as a whole number"
            )
        },
        passes={"shop-1"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
