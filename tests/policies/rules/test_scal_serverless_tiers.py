from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.scal_serverless_tiers import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, serverless, shop

JUDGED = (t.CLUSTER,)


def tier(value: object, instance_class: object = "db.serverless") -> Declared:
    return serverless(1, 16).change("shop-2", promotion_tier=value, instance_class=instance_class)


CASES: Sequence[Case] = [
    Case(says="provisioned", declared=shop().change("shop-2", promotion_tier=15), passes={"shop"}),
    Case(says="tier 1 scales with the writer", declared=tier(1), passes={"shop"}),
    Case(
        says="tier 2 doesn't",
        declared=tier(2),
        refused={
            "shop": (
                "every reader of shop (shop-2) has a promotion tier of 2 or more; serverless readers of tier "
                "0 and 1 scale with the writer, the others by their own load; set promotionTier to 0 or 1 on "
                "the reader that is to take over"
            )
        },
    ),
    Case(says="unset is tier 0", declared=tier(None), passes={"shop"}),
    Case(says="no reader", declared=serverless(1, 16).drop("shop-2"), passes={"shop"}),
    Case(says="a provisioned reader has its size already", declared=tier(2, "db.r6g.large"), passes={"shop"}),
    Case(
        says="an unknown tier",
        declared=tier(Ref("stack")),
        unproven={
            "shop-2": (
                "promotionTier of shop-2 is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="an unknown class",
        declared=tier(2, Ref("stack")),
        unproven={
            "shop-2": (
                "instanceClass of shop-2 is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="not a number",
        declared=tier("last"),
        unproven={
            "shop-2": (
                "promotionTier of shop-2 must be a whole number, got 'last'; so this cannot be proven safe; "
                "give it as a whole number"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="of two readers one follows the writer",
        declared=tier(2).add(
            t.CLUSTER_INSTANCE,
            "shop-3",
            cluster_identifier=Ref("shop"),
            instance_class="db.serverless",
            promotion_tier=1,
            depends_on=["shop-1"],
        ),
        passes={"shop"},
    ),
    Case(
        says="of two readers one is provisioned",
        declared=tier(2).add(
            t.CLUSTER_INSTANCE,
            "shop-3",
            cluster_identifier=Ref("shop"),
            instance_class="db.r6g.large",
            promotion_tier=3,
            depends_on=["shop-1"],
        ),
        passes={"shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
