"""scal-not-suspended: autoscaling that is declared isn't switched off."""

from collections.abc import Iterator

from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.rule import DISABLED, Finding, Kind, Rule, unproven

OUT = "suspendedState.dynamicScalingOutSuspended"
SCHEDULED = "suspendedState.scheduledScalingSuspended"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        for target in cluster.scaling_targets:
            for path in (OUT, SCHEDULED):
                suspended = target.read(path, bool)
                if isinstance(suspended, Blank):
                    yield unproven(suspended)
                elif suspended:
                    yield _suspended(cluster, target.urn, path)


def _suspended(cluster: AuroraCluster, urn: str, path: str) -> Finding:
    budget = cluster.budget
    scheduled = path == SCHEDULED
    relies = scheduled and budget is not None and any(event.readers_min for event in budget.stack.events)
    harmless = budget is not None and budget.fits and not relies
    return Finding(
        urn=urn,
        found=(
            f"replica autoscaling of {cluster.name} is suspended for "
            f"{'scheduled actions' if scheduled else 'scaling out'} ({path})"
        ),
        allowed="the events' readers would not come" if relies else "what is declared would not happen",
        remedy="set it to false, or remove the scalable target if the number of readers is to be fixed",
        kind=Kind.ADVICE if harmless else Kind.VIOLATION,
    )


RULE = Rule(
    id="scal-not-suspended",
    title="Replica autoscaling isn't suspended.",
    why="Somebody suspends it during maintenance and forgets; the dashboard still shows the bounds.",
    predicate=(
        "Refuses dynamicScalingOutSuspended and scheduledScalingSuspended. Where the declared budget fits without new"
        " replicas it advises, unless an event asks for readers and the schedule is what is suspended. Scaling in may"
        " be suspended."
    ),
    unknown="An unknown state may be suspended: not proven.",
    remedy="Clear suspendedState.",
    sources=("Application Auto Scaling API Reference, SuspendedState",),
    dev=DISABLED,
    check=check,
)
