from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from headroom.budget.model import Event
from policies.reading import types as t
from policies.rules.scal_event_prescale import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, Declared, Ref, demand_of, shop

JUDGED = (t.CLUSTER, t.SCALING_TARGET)
SALE = Event(
    name="black-friday",
    starts=datetime(2026, 11, 27, 8, tzinfo=UTC),
    ends=datetime(2026, 11, 28, 2, tzinfo=UTC),
    traffic_factor=1,
    readers_min=3,
)
LEAD = timedelta(minutes=30)


def sale(*actions: tuple[object, object], event: Event = SALE, zone: str | None = None) -> Declared:
    declared = shop().change("budget", demand=demand_of(CHECKOUT, events=(event,)))
    for number, (schedule, readers) in enumerate(actions):
        declared.add(
            t.SCHEDULED_ACTION,
            f"action-{number}",
            resource_id=Ref("readers"),
            scalable_dimension=Ref("readers"),
            schedule=schedule,
            scalable_target_action={"min_capacity": readers},
        )
        if zone is not None:
            declared.change(f"action-{number}", timezone=zone)
    return declared


CASES: Sequence[Case] = [
    Case(says="no event", declared=shop(), passes={"readers", "shop"}),
    Case(
        says="an event that asks for none",
        declared=sale(event=replace(SALE, readers_min=None)),
        passes={"readers", "shop"},
    ),
    Case(
        says="readers that are always there",
        declared=sale().change("readers", min_capacity=3),
        passes={"readers", "shop"},
    ),
    Case(
        says="nothing asks for them",
        declared=sale(),
        refused={
            "readers": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
        passes={"shop"},
    ),
    Case(says="asked for just in time", declared=sale(("at(2026-11-27T07:30:00)", 3)), passes={"readers", "shop"}),
    Case(
        says="a second too late",
        declared=sale(("at(2026-11-27T07:30:01)", 3)),
        refused={
            "readers": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="one too few",
        declared=sale(("at(2026-11-27T07:30:00)", 2)),
        refused={
            "readers": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="raised, and lowered after the end",
        declared=sale(("at(2026-11-27T07:00:00)", 3), ("at(2026-11-28T02:00:00)", 1)),
        passes={"readers", "shop"},
    ),
    Case(
        says="lowered during it",
        declared=sale(("at(2026-11-27T07:00:00)", 3), ("at(2026-11-28T01:59:59)", 1)),
        refused={
            "readers": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="raised and lowered before it",
        declared=sale(("at(2026-11-20T07:00:00)", 3), ("at(2026-11-21T02:00:00)", 1)),
        refused={
            "readers": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="a time zone",
        declared=sale(("at(2026-11-27T08:30:00)", 3), zone="Europe/Berlin"),
        passes={"readers", "shop"},
    ),
    Case(
        says="a time zone, and too late",
        declared=sale(("at(2026-11-27T08:30:01)", 3), zone="Europe/Berlin"),
        refused={
            "readers": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
        passes={"shop"},
    ),
    Case(says="every morning", declared=sale(("cron(0 7 * * ? *)", 3)), passes={"readers", "shop"}),
    Case(
        says="every morning, too few",
        declared=sale(("cron(0 7 * * ? *)", 2)),
        refused={
            "readers": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="an action that sets no minimum",
        declared=sale(("at(2026-11-27T07:00:00)", None)),
        refused={
            "readers": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="once its lead has begun it is scal-in-event-window's",
        declared=sale(),
        now=SALE.starts - LEAD,
        passes={"readers", "shop"},
    ),
    Case(
        says="a moment before",
        declared=sale(),
        now=SALE.starts - LEAD - timedelta(seconds=1),
        refused={
            "readers": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="no autoscaling at all",
        declared=sale().drop("readers", "on-connections", "on-cpu"),
        refused={
            "shop": (
                "black-friday asks for 3 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a scheduled "
                "action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
    ),
    Case(
        says="an unknown schedule",
        declared=sale((Ref("stack"), 3)),
        unproven={
            "action-0": (
                "schedule of action-0 is known only after the update; so this cannot be proven safe; give it "
                "as a value that is known before the update"
            )
        },
        passes={"readers", "shop"},
    ),
    Case(
        says="an unknown number",
        declared=sale(("at(2026-11-27T07:30:00)", Ref("stack"))),
        unproven={
            "action-0": (
                "scalableTargetAction.minCapacity of action-0 is known only after the update; so this cannot "
                "be proven safe; give it as a value that is known before the update"
            )
        },
        passes={"readers", "shop"},
    ),
    Case(
        says="an unknown minimum",
        declared=sale().change("readers", min_capacity=Ref("stack")),
        unproven={
            "readers": (
                "minCapacity of readers is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="no schedule that AWS takes",
        declared=sale(("tomorrow", 3)),
        unproven={
            "action-0": (
                "schedule of action-0 must be at(...), rate(...) or cron(...), got 'tomorrow'; so this cannot"
                " be proven safe; correct it"
            )
        },
        passes={"readers", "shop"},
    ),
    Case(
        says="a date that isn't one",
        declared=sale(("at(2026-13-27T07:30:00)", 3)),
        unproven={
            "action-0": (
                "schedule of action-0 must be at(...), rate(...) or cron(...), got 'at(2026-13-27T07:30:00)';"
                " so this cannot be proven safe; correct it"
            )
        },
        passes={"readers", "shop"},
    ),
    Case(
        says="a time zone that nobody knows",
        declared=sale(("at(2026-11-27T07:30:00)", 3), zone="Mars/Base"),
        unproven={
            "action-0": (
                "timezone of action-0 is 'Mars/Base', which nobody knows here; so this cannot be proven safe;"
                " give the times in UTC"
            )
        },
        passes={"readers", "shop"},
    ),
    Case(
        says="without autoscaling the declared readers are what there is: enough",
        declared=sale(event=replace(SALE, readers_min=1)).drop("readers", "on-connections", "on-cpu"),
        passes={"shop"},
    ),
    Case(
        says="without autoscaling the declared readers are what there is: too few",
        declared=sale(event=replace(SALE, readers_min=2)).drop("readers", "on-connections", "on-cpu"),
        refused={
            "shop": (
                "black-friday asks for 2 readers of shop, and nothing keeps that many; a replica takes "
                "minutes: they have to be asked for by 2026-11-27 07:30 UTC, until it ends; add a "
                "scheduled action that raises minCapacity by then, and one that lowers it after the end"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
