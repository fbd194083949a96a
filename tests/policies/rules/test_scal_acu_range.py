from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.scal_acu_range import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Ref, serverless, shop

JUDGED = (t.CLUSTER,)
CASES: Sequence[Case] = [
    Case(says="not serverless", declared=shop(), passes={"shop"}),
    Case(says="0.5 to 16", declared=serverless(0.5, 16), passes={"shop"}),
    Case(says="0 to 256", declared=serverless(0, 256), passes={"shop"}),
    Case(says="the least maximum", declared=serverless(0.5, 1), passes={"shop"}),
    Case(
        says="below the least maximum",
        declared=serverless(0.5, 0.5),
        refused={
            "shop": (
                "shop scales from 0.5 to 0.5 ACU; 0 to 256 in steps of 0.5, the minimum not above the "
                "maximum, the maximum at least 1; correct the range; max_connections follows the maximum, and"
                " a new one needs a reboot"
            )
        },
    ),
    Case(says="equal bounds", declared=serverless(8, 8), passes={"shop"}),
    Case(
        says="the wrong way round",
        declared=serverless(8.5, 8),
        refused={
            "shop": (
                "shop scales from 8.5 to 8 ACU; 0 to 256 in steps of 0.5, the minimum not above the maximum, "
                "the maximum at least 1; correct the range; max_connections follows the maximum, and a new "
                "one needs a reboot"
            )
        },
    ),
    Case(
        says="above the highest",
        declared=serverless(1, 256.5),
        refused={
            "shop": (
                "shop scales from 1 to 256.5 ACU; 0 to 256 in steps of 0.5, the minimum not above the "
                "maximum, the maximum at least 1; correct the range; max_connections follows the maximum, and"
                " a new one needs a reboot"
            )
        },
    ),
    Case(
        says="below nothing",
        declared=serverless(-0.5, 8),
        refused={
            "shop": (
                "shop scales from -0.5 to 8 ACU; 0 to 256 in steps of 0.5, the minimum not above the maximum,"
                " the maximum at least 1; correct the range; max_connections follows the maximum, and a new "
                "one needs a reboot"
            )
        },
    ),
    Case(
        says="no step of 0.5",
        declared=serverless(1, 8.25),
        refused={
            "shop": (
                "shop scales from 1 to 8.25 ACU; 0 to 256 in steps of 0.5, the minimum not above the maximum,"
                " the maximum at least 1; correct the range; max_connections follows the maximum, and a new "
                "one needs a reboot"
            )
        },
    ),
    Case(
        says="only a maximum",
        declared=serverless(None, 8),
        unproven={
            "shop": (
                "serverlessv2ScalingConfiguration.minCapacity of shop is not given; so this cannot be proven "
                "safe; give it"
            )
        },
    ),
    Case(
        says="unknown",
        declared=serverless(1, Ref("stack")),
        unproven={
            "shop": (
                "serverlessv2ScalingConfiguration.maxCapacity of shop is known only after the update; so this"
                " cannot be proven safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="not a number",
        declared=serverless("some", 8),
        unproven={
            "shop": (
                "serverlessv2ScalingConfiguration.minCapacity of shop must be a number, got 'some'; so this "
                "cannot be proven safe; give it as a number"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
