"""The days on which every test that can know the time is run, and the guard that none is forgotten.

A test that reads the clock, in its own process or in one that it starts, is marked `clock`. For all others the clock's
variable leads out of its range: whatever reads it fails, in every process that inherits the environment.
"""

import calendar
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from headroom import clock

OUT_OF_RANGE = "99999999999"  # seconds: a well-formed number, so that only reading the clock fails


@dataclass(frozen=True, slots=True)
class Day:
    """A moment at which a test begins.

    Attributes:
        name: for the test's id.
        begins: aware; None: now.
        zone: the machine's zone then (TZ); None: its own.
    """

    name: str
    begins: datetime | None = None
    zone: str | None = None


def days(today: datetime) -> list[Day]:
    """Today, and the days ahead of it.

    The last three begin just after the date has changed, an hour was skipped, or an hour has begun for the second time:
    what tests put into the last minutes lies before it.
    """
    return [
        Day("today"),
        Day("a-day-ahead", today + timedelta(days=1)),
        Day("a-year-ahead", today + timedelta(days=365)),
        Day("ten-years-ahead", today + timedelta(days=3653)),
        Day("29-february", _next_29_february(today)),
        Day("summer-time-begins", _next_change(today, 3), "Europe/Berlin"),
        Day("summer-time-ends", _next_change(today, 10), "Europe/Berlin"),
    ]


def _next_29_february(today: datetime) -> datetime:
    leap = (datetime(y, 2, 29, 0, 0, 20, tzinfo=UTC) for y in range(today.year, today.year + 9) if calendar.isleap(y))
    return next(at for at in leap if at > today)


def _next_change(today: datetime, month: int) -> datetime:
    """In the European Union: the month's last Sunday, 01:00 UTC (directive 2000/84/EC); twenty seconds later."""
    sundays = (max(week[calendar.SUNDAY] for week in calendar.monthcalendar(today.year + n, month)) for n in (0, 1))
    changes = (datetime(today.year + n, month, day, 1, 0, 20, tzinfo=UTC) for n, day in enumerate(sundays))
    return next(at for at in changes if at > today)


def chosen_days(test: Any, every_day: Sequence[Day], *, every: bool) -> list[Day]:
    """The days of a test: all of them, but for the slow ones.

    A slow test (`emulator`, `server`) runs today and on one other day, dealt by its name, so that every day has its
    share; one that runs the engine only today. Any may name its days besides today, or say that it takes them all:
    `@pytest.mark.clock("29-february")`, `@pytest.mark.clock("every")`.
    """
    today, *others = every_day
    names = set(test.get_closest_marker("clock").args)
    slow = [kind for kind in ("engine", "emulator", "server", "alone") if test.get_closest_marker(kind)]
    assert names <= {"every", *(day.name for day in others)}, names
    if every or "every" in names or not (slow or names):
        return list(every_day)
    if names or "engine" in slow or "alone" in slow:
        return [today, *(day for day in others if day.name in names)]
    return [today, others[zlib.crc32(test.nodeid.encode()) % len(others)]]


def on_that_day(environment: dict[str, str]) -> dict[str, str]:
    """An environment that a fixture of a wider scope has made, with the test's own clock."""
    return {**environment, clock.VARIABLE: os.environ[clock.VARIABLE]}


@contextmanager
def clock_at(day: Day, shift_seconds: int) -> Iterator[None]:
    """The clock, for this process and those that it starts.

    Args:
        day: when it begins.
        shift_seconds: that of the whole run, for today.
    """
    if day.begins is not None:
        shift_seconds = ceil((day.begins - datetime.now(UTC)).total_seconds())
    kept = {name: os.environ.get(name) for name in (clock.VARIABLE, "TZ")}
    os.environ[clock.VARIABLE] = str(shift_seconds)
    if day.zone is not None:
        os.environ["TZ"] = day.zone
    time.tzset()
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        time.tzset()
