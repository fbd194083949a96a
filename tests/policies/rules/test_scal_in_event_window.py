from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from headroom.budget.model import Event
from policies.reading import types as t
from policies.rules.scal_in_event_window import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, Declared, Ref, demand_of, shop

JUDGED = (t.SCALING_TARGET,)
SALE = Event(
    name="black-friday",
    starts=datetime(2026, 11, 27, 8, tzinfo=UTC),
    ends=datetime(2026, 11, 28, 2, tzinfo=UTC),
    traffic_factor=1,
    readers_min=3,
)
LEAD = timedelta(minutes=30)
SECOND = timedelta(seconds=1)


def least(readers: object, event: Event = SALE, **options: object) -> Declared:
    return (
        shop()
        .change("budget", demand=demand_of(CHECKOUT, events=(event,)))
        .change("readers", min_capacity=readers, **options)
    )


CASES: Sequence[Case] = [
    Case(says="before its lead", declared=least(1), now=SALE.starts - LEAD - SECOND, passes={"readers"}),
    Case(
        says="its lead has begun",
        declared=least(2),
        now=SALE.starts - LEAD,
        refused={
            "readers": (
                "black-friday is on until 2026-11-28 02:00 UTC and asks for 3 readers of shop; this update "
                "declares at least 2; an update now would let AWS remove readers that are serving; declare "
                "the event's minimum while it lasts, ignore changes of minCapacity, or wait for its end"
            )
        },
    ),
    Case(
        says="its last second",
        declared=least(2),
        now=SALE.ends - SECOND,
        refused={
            "readers": (
                "black-friday is on until 2026-11-28 02:00 UTC and asks for 3 readers of shop; this update "
                "declares at least 2; an update now would let AWS remove readers that are serving; declare "
                "the event's minimum while it lasts, ignore changes of minCapacity, or wait for its end"
            )
        },
    ),
    Case(says="it is over", declared=least(2), now=SALE.ends, passes={"readers"}),
    Case(says="as many as it asks for", declared=least(3), now=SALE.starts, passes={"readers"}),
    Case(
        says="an update that leaves the minimum alone",
        declared=least(1, ignore_changes=("min_capacity",)),
        now=SALE.starts,
        passes={"readers"},
    ),
    Case(
        says="an update that leaves something else alone",
        declared=least(1, ignore_changes=("maxCapacity",)),
        now=SALE.starts,
        refused={
            "readers": (
                "black-friday is on until 2026-11-28 02:00 UTC and asks for 3 readers of shop; this update "
                "declares at least 1; an update now would let AWS remove readers that are serving; declare "
                "the event's minimum while it lasts, ignore changes of minCapacity, or wait for its end"
            )
        },
    ),
    Case(
        says="an event that asks for none",
        declared=least(0, event=replace(SALE, readers_min=None)),
        now=SALE.starts,
        passes={"readers"},
    ),
    Case(says="no demand", declared=least(0).drop("budget"), now=SALE.starts, passes={"readers"}),
    Case(
        says="an unknown minimum",
        declared=least(Ref("stack")),
        now=SALE.starts,
        unproven={
            "readers": (
                "minCapacity of readers is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="not a number",
        declared=least("few"),
        now=SALE.starts,
        unproven={
            "readers": (
                "minCapacity of readers must be a whole number, got 'few'; so this cannot be proven safe; "
                "give it as a whole number"
            )
        },
    ),
    Case(
        says="of two events at once the larger counts",
        declared=least(2).change(
            "budget", demand=demand_of(CHECKOUT, events=(SALE, replace(SALE, name="small", readers_min=2)))
        ),
        now=SALE.starts,
        refused={
            "readers": (
                "black-friday is on until 2026-11-28 02:00 UTC and asks for 3 readers of shop; this "
                "update declares at least 2; an update now would let AWS remove readers that are "
                "serving; declare the event's minimum while it lasts, ignore changes of minCapacity, or "
                "wait for its end"
            )
        },
    ),
    Case(
        says="an event in another zone of time",
        declared=least(1, replace(SALE, starts=SALE.starts.astimezone(timezone(timedelta(hours=5))))),
        now=SALE.starts - LEAD - SECOND,
        passes={"readers"},
    ),
    Case(
        says="an event that has begun in another zone of time",
        declared=least(1, replace(SALE, starts=SALE.starts.astimezone(timezone(timedelta(hours=5))))),
        now=SALE.starts,
        refused={
            "readers": (
                "black-friday is on until 2026-11-28 02:00 UTC and asks for 3 readers of shop; this "
                "update declares at least 1; an update now would let AWS remove readers that are "
                "serving; declare the event's minimum while it lasts, ignore changes of minCapacity, or "
                "wait for its end"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
