from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.scal_cooldown import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.SCALING_POLICY,)


def cooldowns(out: object, in_: object) -> Declared:
    return shop().change(
        "on-cpu",
        target_tracking_scaling_policy_configuration={
            "predefined_metric_specification": {"predefined_metric_type": "RDSReaderAverageCPUUtilization"},
            "target_value": 60,
            "scale_out_cooldown": out,
            "scale_in_cooldown": in_,
        },
    )


CASES: Sequence[Case] = [
    Case(says="AWS's defaults", declared=shop(), passes={"on-connections", "on-cpu"}),
    Case(says="out after 300 s, in after 900 s", declared=cooldowns(300, 900), passes={"on-connections", "on-cpu"}),
    Case(says="both the same", declared=cooldowns(120, 120), passes={"on-connections", "on-cpu"}),
    Case(
        says="out too late",
        declared=cooldowns(301, 900),
        refused={
            "on-cpu": (
                "shop asks for the next replica only 301 s after the last one; at most 300 s: a replica "
                "itself takes 5 to 15 minutes more; set scaleOutCooldown to 300 or less"
            )
        },
        passes={"on-connections"},
    ),
    Case(
        says="in before out",
        declared=cooldowns(120, 119),
        refused={
            "on-cpu": (
                "shop removes a replica after 119 s, sooner than the 120 s after which it adds one; a sale "
                "comes in waves: a replica that goes between two of them is missing at the second; set "
                "scaleInCooldown above 120"
            )
        },
        passes={"on-connections"},
    ),
    Case(
        says="in before the default of out",
        declared=cooldowns(None, 299),
        refused={
            "on-cpu": (
                "shop removes a replica after 299 s, sooner than the 300 s after which it adds one; a sale "
                "comes in waves: a replica that goes between two of them is missing at the second; set "
                "scaleInCooldown above 300"
            )
        },
        passes={"on-connections"},
    ),
    Case(
        says="a config that allows less",
        declared=cooldowns(121, 900),
        numbers={"scale_out_seconds_most": 120},
        refused={
            "on-connections": (
                "shop asks for the next replica only 300 s after the last one; at most 120 s: a replica "
                "itself takes 5 to 15 minutes more; set scaleOutCooldown to 120 or less"
            ),
            "on-cpu": (
                "shop asks for the next replica only 121 s after the last one; at most 120 s: a replica "
                "itself takes 5 to 15 minutes more; set scaleOutCooldown to 120 or less"
            ),
        },
    ),
    Case(
        says="unknown",
        declared=cooldowns(Ref("stack"), Ref("stack")),
        unproven={
            "on-cpu": [
                (
                    "targetTrackingScalingPolicyConfiguration.scaleOutCooldown of on-cpu is known only after the "
                    "update; so this cannot be proven safe; give it as a value that is known before the update"
                ),
                (
                    "targetTrackingScalingPolicyConfiguration.scaleInCooldown of on-cpu is known only after the "
                    "update; so this cannot be proven safe; give it as a value that is known before the update"
                ),
            ]
        },
        passes={"on-connections"},
    ),
    Case(
        says="not a number",
        declared=cooldowns("soon", 900),
        unproven={
            "on-cpu": (
                "targetTrackingScalingPolicyConfiguration.scaleOutCooldown of on-cpu must be a whole number, "
                "got 'soon'; so this cannot be proven safe; give it as a whole number"
            )
        },
        passes={"on-connections"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
