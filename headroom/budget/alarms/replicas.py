"""Alarms on the readers: too few, as many as there may be, or behind the writer.

Every instance sends EngineUptime once a minute, so the number of samples of a role in a minute is the number of its
instances (our inference: AWS documents the interval, not the count).
"""

from collections.abc import Iterator

from headroom.budget.alarms.measures import SUSTAINED, may_pause, of_role
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
        yield Alarm(
            key="reader-absent",
            name="reader-absent-warning",
            tier=Tier.WARNING,
            measure=of_role("EngineUptime", "SampleCount", Role.READER),
            **SUSTAINED._asdict(),
            comparison=Comparison.BELOW,
            threshold=float(declared),
            unit="readers",
            missing=Missing.MISSING if may_pause(budget) else Missing.BREACHING,
            missing_reason=(
                "the cluster pauses by itself, and a paused one reports nothing"
                if may_pause(budget)
                else "no reader reports: all of them are absent"
            ),
            title="Readers, against the declared",
            text=(
                f"Fewer than the {declared:,} declared readers report. The others carry their reads; without any, "
                "reads through the proxy's read-only endpoint are refused."
            ),
        )
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
