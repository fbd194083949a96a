"""Replica autoscaling's calendar: which minimum it sets, and when."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from headroom.budget.model import Event, Stack
from policies.reading.field import Blank
from policies.reading.resources import Resource

MINIMUM = "scalableTargetAction.minCapacity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """From `at` on (None: again and again, by a rate or a cron expression) at least `readers` are kept."""

    at: datetime | None
    readers: int


def asked_for_from(event: Event, stack: Stack) -> datetime:
    """When an event's readers have to be asked for at the latest, so that they serve when it starts."""
    return _utc(event.starts) - timedelta(minutes=ceil(stack.margins.replica_lead_minutes))


def ends(event: Event) -> datetime:
    """When it ends."""
    return _utc(event.ends)


def _utc(at: datetime) -> datetime:
    """Who gives no zone means UTC, as AWS does."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def read(actions: Iterable[Resource]) -> tuple[list[Entry], list[Blank]]:
    """The actions that set a minimum, and what can't be read of them."""
    entries: list[Entry] = []
    blanks: list[Blank] = []
    for action in actions:
        readers, when = action.read(MINIMUM, int), _when(action)
        if isinstance(readers, int) and not isinstance(when, Blank):
            entries.append(Entry(at=when, readers=readers))
        else:
            blanks += [value for value in (readers, when) if isinstance(value, Blank)]
    return entries, blanks


def _when(action: Resource) -> datetime | Blank | None:
    schedule, zone = action.read("schedule", str), action.read("timezone", str)
    for blank in (schedule, zone):
        if isinstance(blank, Blank):
            return blank
    if re.match(r"\s*(rate|cron)\(", str(schedule)):
        return None
    match = re.fullmatch(r"\s*at\((.+)\)\s*", str(schedule))
    try:
        local = datetime.fromisoformat(match[1] if match else "")
        return local.replace(tzinfo=ZoneInfo(str(zone))).astimezone(UTC)
    except ZoneInfoNotFoundError:
        return Blank(action.urn, "timezone", f"is {zone!r}, which nobody knows here", "give the times in UTC")
    except (ValueError, OverflowError, OSError):
        return Blank(action.urn, "schedule", f"must be at(...), rate(...) or cron(...), got {schedule!r}", "correct it")
