from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_serverless_autopause import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Ref, serverless, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)
CASES: Sequence[Case] = [
    Case(says="no serverless instance", declared=shop(), passes={"shop", "shop-1", "shop-2"}),
    Case(says="a minimum of 0.5 never pauses", declared=serverless(0.5, 16), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="a proxy keeps it awake",
        declared=serverless(0, 16),
        refused={
            "shop": (
                "shop may pause (0 ACU), but its proxy (proxy) keeps a connection to each instance; AWS "
                "raises no error: no instance behind a proxy ever pauses; set minCapacity to 0.5 or more (on "
                "PostgreSQL 1), or do without the proxy"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="without a proxy it pauses",
        declared=serverless(0, 16).drop("proxy", "pool", "target", "read-only", "pool-use", "borrow-latency"),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="a capacity that no instance uses",
        declared=serverless(0, 16)
        .change("shop-1", instance_class="db.r6g.large")
        .change("shop-2", instance_class="db.r6g.large"),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="an unknown minimum",
        declared=serverless(Ref("stack"), 16),
        unproven={
            "shop": (
                "serverlessv2ScalingConfiguration.minCapacity of shop is known only after the update; so this"
                " cannot be proven safe; give it as a value that is known before the update"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="an unknown class",
        declared=serverless(0, 16)
        .change("shop-1", instance_class=Ref("stack"))
        .change("shop-2", instance_class="db.r6g.large"),
        unproven={
            "shop-1": (
                "instanceClass of shop-1 is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes={"shop", "shop-2"},
    ),
    Case(
        says="not a number",
        declared=serverless("none", 16),
        unproven={
            "shop": (
                "serverlessv2ScalingConfiguration.minCapacity of shop must be a number, got 'none'; so this "
                "cannot be proven safe; give it as a number"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
