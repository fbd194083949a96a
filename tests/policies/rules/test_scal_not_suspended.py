from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from headroom.budget.model import Event
from policies.reading import types as t
from policies.rules.scal_not_suspended import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, GREEDY, Declared, Ref, demand_of, shop

JUDGED = (t.SCALING_TARGET,)
SALE = Event(
    name="black-friday",
    starts=datetime(2026, 11, 27, 8, tzinfo=UTC),
    ends=datetime(2026, 11, 28, 2, tzinfo=UTC),
    traffic_factor=1,
    readers_min=3,
)


def suspended(**state: object) -> Declared:
    return shop().change("readers", suspended_state=state)


CASES: Sequence[Case] = [
    Case(says="nothing is suspended", declared=shop(), passes={"readers"}),
    Case(says="nothing, and it says so", declared=suspended(dynamic_scaling_out_suspended=False), passes={"readers"}),
    Case(says="scaling in may be", declared=suspended(dynamic_scaling_in_suspended=True), passes={"readers"}),
    Case(
        says="scaling out, and the budget fits all the same",
        declared=suspended(dynamic_scaling_out_suspended=True),
        advised={
            "readers": (
                "replica autoscaling of shop is suspended for scaling out "
                "(suspendedState.dynamicScalingOutSuspended); what is declared would not happen; set it to "
                "false, or remove the scalable target if the number of readers is to be fixed"
            )
        },
    ),
    Case(
        says="scaling out, and no demand",
        declared=suspended(dynamic_scaling_out_suspended=True).drop("budget"),
        refused={
            "readers": (
                "replica autoscaling of shop is suspended for scaling out "
                "(suspendedState.dynamicScalingOutSuspended); what is declared would not happen; set it to "
                "false, or remove the scalable target if the number of readers is to be fixed"
            )
        },
    ),
    Case(
        says="scaling out, and the budget doesn't fit",
        declared=suspended(dynamic_scaling_out_suspended=True).change("budget", demand=demand_of(GREEDY)),
        refused={
            "readers": (
                "replica autoscaling of shop is suspended for scaling out "
                "(suspendedState.dynamicScalingOutSuspended); what is declared would not happen; set it to "
                "false, or remove the scalable target if the number of readers is to be fixed"
            )
        },
    ),
    Case(
        says="the calendar, and no event needs it",
        declared=suspended(scheduled_scaling_suspended=True),
        advised={
            "readers": (
                "replica autoscaling of shop is suspended for scheduled actions "
                "(suspendedState.scheduledScalingSuspended); what is declared would not happen; set it to "
                "false, or remove the scalable target if the number of readers is to be fixed"
            )
        },
    ),
    Case(
        says="the calendar, and an event needs it",
        declared=suspended(scheduled_scaling_suspended=True).change(
            "budget", demand=demand_of(CHECKOUT, events=(SALE,))
        ),
        refused={
            "readers": (
                "replica autoscaling of shop is suspended for scheduled actions "
                "(suspendedState.scheduledScalingSuspended); the events' readers would not come; set it to "
                "false, or remove the scalable target if the number of readers is to be fixed"
            )
        },
    ),
    Case(
        says="an event, and only scaling out",
        declared=suspended(dynamic_scaling_out_suspended=True).change(
            "budget", demand=demand_of(CHECKOUT, events=(SALE,))
        ),
        advised={
            "readers": (
                "replica autoscaling of shop is suspended for scaling out "
                "(suspendedState.dynamicScalingOutSuspended); what is declared would not happen; set it to "
                "false, or remove the scalable target if the number of readers is to be fixed"
            )
        },
    ),
    Case(
        says="unknown",
        declared=suspended(dynamic_scaling_out_suspended=Ref("stack")),
        unproven={
            "readers": (
                "suspendedState.dynamicScalingOutSuspended of readers is known only after the update; so this"
                " cannot be proven safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="neither true nor false",
        declared=suspended(dynamic_scaling_out_suspended="maybe"),
        unproven={
            "readers": (
                "suspendedState.dynamicScalingOutSuspended of readers must be true or false, got 'maybe'; so "
                "this cannot be proven safe; give it as true or false"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
