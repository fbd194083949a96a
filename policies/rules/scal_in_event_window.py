"""scal-in-event-window: an update during an event doesn't take its readers away."""

from collections.abc import Iterator

from headroom.budget.model import Event
from policies.reading import calendar
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

PATH = "minCapacity"
#: An update leaves such a property alone; the engine sends the program's spelling or the provider's.
LEFT_ALONE = {PATH, "min_capacity", "*"}


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.budget is None:
            continue
        stack = cluster.budget.stack
        running = {
            e.readers_min: e
            for e in stack.events
            if e.readers_min is not None and calendar.asked_for_from(e, stack) <= reading.now < calendar.ends(e)
        }
        for target in cluster.scaling_targets:
            if running and not LEFT_ALONE.intersection(target.ignore_changes):
                yield from _judge(cluster, target, running[max(running)], max(running))


def _judge(cluster: AuroraCluster, target: Resource, event: Event, asked: int) -> Iterator[Finding]:
    low = target.read(PATH, int)
    if isinstance(low, Blank):
        yield unproven(low)
    elif low is not None and low < asked:
        yield Finding(
            urn=target.urn,
            found=(
                f"{event.name} is on until {calendar.ends(event):%Y-%m-%d %H:%M} UTC and asks for {asked} "
                f"readers of {cluster.name}; this update declares at least {low}"
            ),
            allowed="an update now would let AWS remove readers that are serving",
            remedy="declare the event's minimum while it lasts, ignore changes of minCapacity, or wait for its end",
        )


RULE = Rule(
    id="scal-in-event-window",
    title="No update during a declared event declares fewer readers than the event asks for.",
    why=(
        "A refresh reads the minimum that the calendar raised; the next update would lower it, in the middle of the "
        "sale."
    ),
    predicate=(
        "Refuses, from an event's lead until its end, a scalable target whose minCapacity is below the event's "
        "readers_min, unless the program ignores changes of it."
    ),
    unknown="An unknown minimum may be below the event's: not proven.",
    remedy="Ignore changes of minCapacity during the event, or declare the event's minimum.",
    sources=("docs/decisions/0005-the-minimum-during-a-sale.md", "postmortem.txt"),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
