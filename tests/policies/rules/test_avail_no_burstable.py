from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.avail_no_burstable import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, serverless, shop

JUDGED = (t.CLUSTER_INSTANCE,)


def reader(instance_class: object) -> Declared:
    return shop().change("shop-2", instance_class=instance_class)


CASES: Sequence[Case] = [
    Case(says="memory-optimised", declared=shop(), passes={"shop-1", "shop-2"}),
    Case(says="serverless", declared=serverless(1, 16), passes={"shop-1", "shop-2"}),
    Case(
        says="burstable",
        declared=reader("db.t4g.medium"),
        refused={
            "shop-2": (
                "shop-2 is a db.t4g.medium; burstable classes are for development and tests: a sale outlasts "
                "their credits; take a memory-optimised class (db.r6g.large is the smallest), or "
                "db.serverless"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="an older burstable one",
        declared=reader("db.t3.large"),
        refused={
            "shop-2": (
                "shop-2 is a db.t3.large; burstable classes are for development and tests: a sale outlasts "
                "their credits; take a memory-optimised class (db.r6g.large is the smallest), or "
                "db.serverless"
            )
        },
        passes={"shop-1"},
    ),
    Case(says="unset", declared=reader(None), passes={"shop-1", "shop-2"}),
    Case(
        says="unknown",
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
        says="not a class",
        declared=reader(["db.r6g.large"]),
        unproven={
            "shop-2": (
                "instanceClass of shop-2 must be text, got ['db.r6g.large']; so this cannot be proven safe; "
                "give it as text"
            )
        },
        passes={"shop-1"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
