"""scal-bounds: replica autoscaling has bounds that AWS takes, and room where the readers need it."""

from collections.abc import Iterator

from headroom.budget.facts import fact
from headroom.budget.model import Role
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.rule import Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        highest: list[int] = []
        for target in cluster.scaling_targets:
            low, high = target.read("minCapacity", int), target.read("maxCapacity", int)
            blanks = [value for value in (low, high) if isinstance(value, Blank)]
            for blank in blanks:
                yield unproven(blank)
            if blanks:
                highest.append(int(fact("service", "readers_highest").value))  # not proven is said once
            elif isinstance(low, int) and isinstance(high, int):
                highest.append(high)
                yield from _judge(cluster, target, low, high)
        if highest:  # without any autoscaling, scal-target-required says so
            yield from _no_room(cluster, max(highest))


def _judge(cluster: AuroraCluster, target: Resource, low: int, high: int) -> Iterator[Finding]:
    most = int(fact("service", "readers_highest").value)
    found = f"replica autoscaling of {cluster.name} keeps {low} to {high} readers"
    declared = len(cluster.instances) - 1
    if not 0 <= low <= high <= most:
        yield Finding(
            urn=target.urn,
            found=found,
            allowed=f"0 to {most}, and the minimum is not above the maximum",
            remedy=f"set minCapacity and maxCapacity within 0 to {most}",
        )
    elif declared > high:
        yield Finding(
            urn=target.urn,
            found=f"{found}, fewer than the {declared} declared",
            allowed="AWS counts the declared readers too: with a maximum below them it can add none",
            remedy=f"raise maxCapacity to at least {declared}, better by the readers that a sale needs",
        )
    for event in cluster.budget.stack.events if cluster.budget else ():
        if event.readers_min is not None and event.readers_min > high:
            yield Finding(
                urn=target.urn,
                found=f"{found}, and the event {event.name} asks for {event.readers_min}",
                allowed="a scheduled minimum can't be above the maximum",
                remedy=f"raise maxCapacity to at least {event.readers_min}",
            )


def _no_room(cluster: AuroraCluster, highest: int) -> Iterator[Finding]:
    """Bounds that leave no room are legitimate, but not where the readers don't fit."""
    declared = len(cluster.instances) - 1
    if cluster.budget is None or highest > declared:
        return
    objection = next((e for e in cluster.budget.errors if e.role is Role.READER), None)
    if objection is not None:
        yield Finding(
            urn=cluster.scaling_targets[0].urn,
            found=(
                f"the cluster {cluster.name} has {declared} declared reader{'s' * (declared != 1)}, replica "
                f"autoscaling may have at most {highest}, and they don't fit ({objection.message})"
            ),
            allowed="a fixed number of readers is fine where the budget fits",
            remedy=(
                "give replica autoscaling a maximum above the declared readers (headroom:autoscaling), and let events "
                "ask for theirs (readers_min), or declare more"
            ),
        )


RULE = Rule(
    id="scal-bounds",
    title="Replica autoscaling has bounds that AWS takes and that leave the readers room to grow where they need it.",
    why="In the incident the readers were as fixed as the writer, while everything in front of them scaled.",
    predicate=(
        "Refuses bounds outside 0 to 15 or the wrong way round, a maximum below the declared readers or below what "
        "an event asks for; and, where the budget doesn't fit on the readers, autoscaling that can add none "
        "(scal-target-required refuses where it is missing)."
    ),
    unknown="An unknown bound may be any number: not proven.",
    remedy="Set minCapacity and maxCapacity with room above the declared readers.",
    sources=(
        "Aurora User Guide, Aurora.Integrating.AutoScaling: 0 to 15 replicas, declared ones counted",
        "Application Auto Scaling API Reference, RegisterScalableTarget",
    ),
    check=check,
)
