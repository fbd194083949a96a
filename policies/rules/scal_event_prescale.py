"""scal-event-prescale: the readers of a declared event are asked for before it starts."""

from collections.abc import Iterator
from datetime import datetime

from headroom.budget.model import Event
from policies.reading import calendar
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.calendar import Entry
from policies.reading.field import Blank
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.budget is None:
            continue
        stack = cluster.budget.stack
        deadlines = {e: calendar.asked_for_from(e, stack) for e in stack.events}
        coming = {event: deadline for event, deadline in deadlines.items() if deadline > reading.now}
        minimums = [target.read("minCapacity", int) for target in cluster.scaling_targets]
        always = max((m for m in minimums if isinstance(m, int)), default=len(cluster.instances) - 1)
        entries, blanks = calendar.read(cluster.scheduled_actions)
        blanks += [value for value in minimums if isinstance(value, Blank)]
        asking = [(e, e.readers_min, by) for e, by in coming.items() if e.readers_min and e.readers_min > always]
        if asking and blanks:
            yield from map(unproven, blanks)
        else:
            yield from (_late(cluster, e, by) for e, asked, by in asking if not _served(e, asked, by, entries))


def _served(event: Event, needed: int, deadline: datetime, entries: list[Entry]) -> bool:
    """The last minimum that is set in time suffices, and none lowers it before the end. Recurring ones may."""
    if any(entry.at is None and entry.readers >= needed for entry in entries):
        return True
    dated = sorted((entry.at, entry.readers) for entry in entries if entry.at is not None)
    before = [readers for at, readers in dated if at <= deadline]
    during = [readers for at, readers in dated if deadline < at < calendar.ends(event)]
    return bool(before) and min([before[-1], *during]) >= needed


def _late(cluster: AuroraCluster, event: Event, deadline: datetime) -> Finding:
    return Finding(
        urn=cluster.scaling_targets[0].urn if cluster.scaling_targets else cluster.urn,
        found=f"{event.name} asks for {event.readers_min} readers of {cluster.name}, and nothing keeps that many",
        allowed=f"a replica takes minutes: they have to be asked for by {deadline:%Y-%m-%d %H:%M} UTC, until it ends",
        remedy="add a scheduled action that raises minCapacity by then, and one that lowers it after the end",
    )


RULE = Rule(
    id="scal-event-prescale",
    title="The readers that a declared event asks for are scheduled before it starts.",
    why="Replicas take 5 to 15 minutes and come one after the other; the flash sale of 2023-09-01 was announced.",
    predicate=(
        "Notes an event with readers_min whose lead (replica_lead_minutes) hasn't begun, where neither the target's "
        "minimum nor a scheduled action (at) keeps that many from the lead on until the end. A recurring action with "
        "enough readers passes: its times aren't judged. Advice: the budget must hold with replicas late, too."
    ),
    unknown="An unknown minimum, schedule or time zone may be too small or too late: not proven.",
    remedy="Add a scheduled action that raises minCapacity before the event.",
    sources=(
        "postmortem.txt",
        "headroom/budget/margins.py: replica_lead_minutes",
        "Application Auto Scaling API Reference, PutScheduledAction",
    ),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
