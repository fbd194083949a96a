"""Alarms on what an instance consumes: causes, not symptoms, so they warn and don't page. And the writer's silence."""

from collections.abc import Iterator

from headroom.budget.alarms.measures import (
    AT_ONCE,
    EARLY,
    LONG,
    SUSTAINED,
    busiest,
    may_pause,
    of_cluster,
    of_instance,
    of_role,
    short,
)
from headroom.budget.alarms.model import Alarm, Comparison, Missing, Tier
from headroom.budget.capacity import promotable
from headroom.budget.facts import fact
from headroom.budget.model import Role
from headroom.budget.result import Budget

_GIB = 1024**3
_ROLE_MAY_BE_EMPTY = "instances come and go; whether a role is there at all, writer-down and reader-absent watch"


def writer_down(budget: Budget) -> Alarm:
    """The alarm that silence itself sets off, but where the cluster may pause."""
    return Alarm(
        key="writer-down",
        name="writer-down-critical",
        tier=Tier.CRITICAL,
        measure=of_role("EngineUptime", "Average", Role.WRITER),
        **EARLY._asdict(),
        comparison=Comparison.AT_MOST,
        threshold=0,
        unit="seconds",
        missing=Missing.MISSING if may_pause(budget) else Missing.BREACHING,
        missing_reason=(
            "the cluster pauses by itself, and a paused one reports nothing"
            if may_pause(budget)
            else "a writer that doesn't report is down, or nobody can tell"
        ),
        title="The writer is up",
        text="The writer is down or doesn't report: its connections can't be counted.",
    )


def of_a_role(budget: Budget, role: Role) -> Iterator[Alarm]:
    """CPU and memory of the busiest instance in a role, whichever it is."""
    margins = budget.stack.margins
    yield Alarm(
        key=f"{role}-cpu",
        name=f"{role}-cpu-warning",
        tier=Tier.WARNING,
        measure=of_role("CPUUtilization", "Maximum", role),
        **SUSTAINED._asdict(),
        threshold=margins.cpu_warning_percent,
        unit="percent",
        missing=Missing.MISSING,
        missing_reason=_ROLE_MAY_BE_EMPTY,
        title=f"CPU of the {busiest(role)}",
        text=(
            f"The {busiest(role)} uses {margins.cpu_warning_percent:.0f} % or more of its CPU for five minutes. Above "
            "that every connection waits for the others, and holds its slot longer."
        ),
    )
    smallest = min(instance.instance_class.memory_gib for instance in promotable(budget.stack))
    free_gib = smallest * margins.freeable_memory_percent / 100
    yield Alarm(
        key="memory",
        name=f"{role}-memory-warning",
        tier=Tier.WARNING,
        measure=of_role("FreeableMemory", "Minimum", role),
        **LONG._asdict(),
        comparison=Comparison.BELOW,
        threshold=round(free_gib * _GIB),
        unit="bytes",
        missing=Missing.MISSING,
        missing_reason=_ROLE_MAY_BE_EMPTY,
        title=f"Freeable memory, {role}",
        text=(
            f"A {role} has less than {free_gib:,.1f} GiB of freeable memory, {margins.freeable_memory_percent:.0f} % "
            f"of {smallest:,.0f} GiB. Each connection takes some, idle ones, too."
        ),
    )


def load(budget: Budget) -> Iterator[Alarm]:
    """Sessions that work or wait, against the vCPUs. Performance Insights publishes them by instance only."""
    for instance in budget.stack.cluster.instances:
        vcpus = instance.instance_class.vcpus
        expected = max(
            (line.busy for line in budget.lines if line.accepted and line.instance == instance.name), default=0.0
        )
        executing = expected * budget.stack.margins.executing_percent / 100
        threshold = max(1.0, vcpus, executing)
        yield Alarm(
            key="db-load",
            name=f"{short(budget.stack, instance)}-load-warning",
            tier=Tier.WARNING,
            measure=of_instance("DBLoad", "Average", instance.name),
            **LONG._asdict(),
            threshold=round(threshold, 1),
            unit="sessions",
            missing=Missing.MISSING,
            missing_reason="an instance may be stopped or replaced on purpose",
            title=f"Load of {instance.name}",
            text=(
                f"{threshold:,.3g} or more sessions work or wait at once on {instance.name}, which has {vcpus:,g} "
                f"vCPUs. Expected at most {executing:,.1f}; what waits holds its connection."
            ),
        )


def of_the_cluster(budget: Budget) -> Iterator[Alarm]:
    """Deadlocks, storage, and a serverless cluster's capacity."""
    margins = budget.stack.margins
    yield Alarm(
        key="deadlocks",
        name="deadlocks-warning",
        tier=Tier.WARNING,
        measure=of_role("Deadlocks", "Maximum", Role.WRITER),
        **SUSTAINED._asdict(),
        threshold=margins.deadlocks_per_second,
        unit="deadlocks a second",
        missing=Missing.MISSING,
        missing_reason="the writer counts them, also when there are none; its silence is writer-down's",
        title="Deadlocks",
        text=(
            f"{margins.deadlocks_per_second:g} or more deadlocks a second for five minutes. Each one held two "
            "connections until it was broken."
        ),
    )
    volume_tib = fact("service", "cluster_volume_highest_tib").value
    used_tib = volume_tib * margins.volume_used_percent / 100
    yield Alarm(
        key="storage",
        name="storage-warning",
        tier=Tier.WARNING,
        # Both engines have it; AuroraVolumeBytesLeftTotal is Aurora MySQL's only.
        measure=of_cluster("VolumeBytesUsed", "Maximum", period_seconds=3600),
        **AT_ONCE._asdict(),  # it comes rarely, and one datapoint doesn't lie
        threshold=round(used_tib * 1024 * _GIB),
        unit="bytes",
        missing=Missing.IGNORE,
        missing_reason="it is published rarely, and storage doesn't shrink between two datapoints",
        title="Storage of the cluster",
        text=f"The cluster's volume holds {used_tib:,.0f} TiB or more of {volume_tib:,} TiB: then no write succeeds.",
    )
    serverless = budget.stack.cluster.serverless
    if serverless is None:
        free_gib = margins.local_storage_free_gib
        yield Alarm(
            key="local-storage",
            name="local-storage-warning",
            tier=Tier.WARNING,
            measure=of_cluster("FreeLocalStorage", "Minimum"),
            **SUSTAINED._asdict(),
            comparison=Comparison.BELOW,
            threshold=round(free_gib * _GIB),
            unit="bytes",
            missing=Missing.MISSING,
            missing_reason="the metric describes instances, and whether they are there, others watch",
            title="Local storage of the fullest instance",
            text=f"An instance has less than {free_gib:g} GiB of local storage for sorts, temporary tables and logs.",
        )
        return
    yield Alarm(
        key="serverless-capacity",
        name="serverless-capacity-warning",
        tier=Tier.WARNING,
        measure=of_cluster("ACUUtilization", "Maximum"),
        **SUSTAINED._asdict(),
        threshold=margins.serverless_capacity_percent,
        unit="percent",
        missing=Missing.MISSING,
        missing_reason="a stopped cluster has no capacity, and writer-down rings for it",
        title="Capacity in use, of the maximum",
        text=(
            f"An instance uses {margins.serverless_capacity_percent:.0f} % or more of the cluster's maximum of "
            f"{serverless.max_acu:g} ACU: it can't grow any more."
        ),
    )
