from datetime import UTC, datetime

import pytest

from headroom.budget.model import Event
from headroom.ops.verify.check import Check, Verdict
from headroom.ops.verify.report import Report, report


def sale(name: str, first_hour: int, last_hour: int) -> Event:
    """On the 26th of November 2027."""
    return Event(name=name, starts=at(first_hour), ends=at(last_hour), traffic_factor=2)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 11, 26, hour, minute, tzinfo=UTC)


CALENDAR = (sale("evening", 18, 20), sale("morning", 8, 10), sale("week", 9, 23))


def said(*events: Event, now: datetime, verdict: Verdict = Verdict.YES) -> str:
    found: Report = report([Check(what="a check", verdict=verdict, text="")], events, now)
    return found.headline


@pytest.mark.parametrize(
    ("now", "name", "when"),
    [
        (at(0), "morning", "2027-11-26 08:00 to 2027-11-26 10:00 UTC"),
        (at(9, 59), "morning", "2027-11-26 08:00 to 2027-11-26 10:00 UTC"),
        (at(10), "week", "2027-11-26 09:00 to 2027-11-26 23:00 UTC"),
        (at(22, 59), "week", "2027-11-26 09:00 to 2027-11-26 23:00 UTC"),
    ],
)
def test_the_stack_is_ready_for_the_sale_that_is_on_or_comes_next(now: datetime, name: str, when: str) -> None:
    assert said(*CALENDAR, now=now) == f"ready for the sale {name} ({when}): yes (1 checks)"


@pytest.mark.parametrize(
    ("verdict", "answer"),
    [(Verdict.YES, "yes (1 checks)"), (Verdict.NO, "no (1 of 1 checks failed, 0 couldn't be made)")],
)
def test_when_every_declared_sale_is_over_it_says_so_and_is_ready_for_none(verdict: Verdict, answer: str) -> None:
    assert said(*CALENDAR, now=at(23), verdict=verdict) == (
        f"as declared: {answer}; no sale is declared that is still to come: week ended on 2027-11-26 23:00 UTC"
    )


def test_where_no_sale_is_declared_it_is_ready_for_none() -> None:
    assert said(now=at(8)) == "as declared: yes (1 checks); no sale is declared"
