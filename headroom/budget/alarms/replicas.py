"""Alarms on the readers: too few, as many as there may be, or behind the writer.

Every instance sends EngineUptime once a minute, so the number of samples of a role in a minute is the number of its
instances (our inference: AWS documents the interval, not the count); a declared instance without one is absent.
"""

from collections.abc import Iterator

from headroom.budget.alarms.measures import SUSTAINED, may_pause, of_instance, of_role, short
from headroom.budget.alarms.model import Alarm, Comparison, Missing, ScaledToMaximum, Tier
from headroom.budget.model import Role
from headroom.budget.result import Budget


def _at_maximum_on_purpose(budget: Budget) -> bool:
    """The sale calendar itself asks for the maximum: then being there is no news."""
    readers_max = budget.stack.cluster.readers_max or 0
    asked_for = max((event.readers_min or 0 for event in budget.stack.events), default=0)
    return max(asked_for, len(budget.stack.cluster.readers)) >= readers_max


def scaled_to_maximum(budget: Budget) -> ScaledToMaximum | None:
    """Application Auto Scaling's own event; the alarm on the count is there because delivery is best effort."""
    if _at_maximum_on_purpose(budget):
        return None
    return ScaledToMaximum(
        key="readers-at-maximum",
        name="readers-at-maximum",
        tier=Tier.WARNING,
        text=f"Replica autoscaling has reached its maximum of {budget.stack.cluster.readers_max:,} readers.",
    )


def replicas(budget: Budget) -> Iterator[Alarm]:
    """All of them; none where there can't be a reader."""
    cluster, margins = budget.stack.cluster, budget.stack.margins
    declared = len(cluster.readers)
    if not _at_maximum_on_purpose(budget):
        yield Alarm(
            key="readers-at-maximum",
            name="readers-at-maximum-warning",
            tier=Tier.WARNING,
            measure=of_role("EngineUptime", "SampleCount", Role.READER),
            **SUSTAINED._asdict(),
            threshold=float(cluster.readers_max or 0),
            unit="readers",
            missing=Missing.MISSING,
            missing_reason="no reader reports: how many there are isn't known, and reader-absent rings",
            title="Readers, against the maximum",
            text=(
                f"{cluster.readers_max:,} readers are there, the most that autoscaling may start. What comes on top is "
                "carried by these; more readers never help the writer."
            ),
        )
    if declared:
        yield from _absent(budget)
    if declared or cluster.readers_max:
        yield Alarm(
            key="replica-lag",
            name="replica-lag-warning",
            tier=Tier.WARNING,
            measure=of_role("AuroraReplicaLag", "Maximum", Role.READER),
            **SUSTAINED._asdict(),
            threshold=margins.replica_lag_ms,
            unit="milliseconds",
            missing=Missing.MISSING,
            missing_reason="without a reader there is no lag; reader-absent rings for that",
            title="Lag of the slowest reader",
            text=(
                f"A reader is {margins.replica_lag_ms:,.0f} ms or more behind the writer. Expected well below 100 ms; "
                "it shows customers what is no longer true, and a lagging reader is slow."
            ),
        )


def _absent(budget: Budget) -> Iterator[Alarm]:
    """Each declared instance by its name: counted, a reader that autoscaling added would stand in for one that is gone.

    The first one, too: after a failover it is a reader, or should be.
    """
    pauses = may_pause(budget)
    for instance in budget.stack.cluster.instances:
        yield Alarm(
            key="reader-absent",
            name=f"{short(budget.stack, instance)}-absent-warning",
            tier=Tier.WARNING,
            measure=of_instance("EngineUptime", "SampleCount", instance.name),
            **SUSTAINED._asdict(),
            comparison=Comparison.BELOW,
            threshold=1.0,
            unit="reports a minute",
            missing=Missing.MISSING if pauses else Missing.BREACHING,
            missing_reason=(
                "the cluster pauses by itself, and a paused instance reports nothing"
                if pauses
                else "a declared instance that doesn't report is absent; autoscaling never takes it away"
            ),
            title=f"{instance.name} reports",
            text=(
                f"{instance.name} is declared, and hasn't reported for five minutes: it is down, deleted, or never "
                "came. The others carry its connections; readers that autoscaling added go again when the load does."
            ),
        )
