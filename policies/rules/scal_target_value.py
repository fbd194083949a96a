"""scal-target-value: replicas are asked for before the readers are full."""

from collections.abc import Iterator

from headroom.budget.result import ScalingTargets
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, Finding, Rule, unproven

CONFIG = "targetTrackingScalingPolicyConfiguration"
METRIC = f"{CONFIG}.predefinedMetricSpecification.predefinedMetricType"
CONNECTIONS = "RDSReaderAverageDatabaseConnections"
CPU = "RDSReaderAverageCPUUtilization"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        scaling = cluster.limits.thresholds.scaling if cluster.limits else None
        for policy in cluster.scaling_policies:
            metric = policy.read(METRIC, str)
            if isinstance(metric, Blank):
                yield unproven(metric)
            if metric not in (CONNECTIONS, CPU):
                continue
            target = policy.read(f"{CONFIG}.targetValue", float)
            if isinstance(target, Blank):
                yield unproven(target)
            elif target is not None and scaling is not None:
                judge = _connections if metric == CONNECTIONS else _cpu
                yield from judge(cluster, policy, target, scaling)


def _connections(cluster: AuroraCluster, policy: Resource, target: float, scaling: ScalingTargets) -> Iterator[Finding]:
    found = f"{cluster.name} asks for a replica at {target:,.4g} connections, the readers' mean"
    if scaling.connections is None:
        yield Finding(
            urn=policy.urn,
            found=found,
            allowed=(
                "no number of connections says that its readers are busy: idle ones alone hold more open, or the "
                "pool has fewer"
            ),
            remedy=f"scale on CPU alone ({CPU} at {scaling.cpu_percent} %)",
        )
    elif not 0 < target <= scaling.connections:
        yield Finding(
            urn=policy.urn,
            found=found,
            allowed=(
                f"1 to {scaling.connections:,}: the smaller of the CPU cap and the share of the pool that leaves time "
                "for a replica, by the skew: the busiest reader is that far above the mean"
            ),
            remedy=f"set targetValue to {scaling.connections:,}",
        )


def _cpu(cluster: AuroraCluster, policy: Resource, target: float, scaling: ScalingTargets) -> Iterator[Finding]:
    if not 0 < target <= scaling.cpu_percent:
        yield Finding(
            urn=policy.urn,
            found=f"{cluster.name} asks for a replica at {target:,.4g} % CPU",
            allowed=f"1 to {scaling.cpu_percent} %: the rest carries the load until the replica serves",
            remedy=f"set targetValue to {scaling.cpu_percent}",
        )


RULE = Rule(
    id="scal-target-value",
    title="Replica autoscaling asks for a replica while the readers still have room.",
    why="A replica takes 5 to 15 minutes. A target near the limit is reached when it is too late, one above it never.",
    predicate=(
        "Refuses a target on connections, which AWS compares with the readers' mean, above min(CPU cap, 70 % of the "
        "pool) of a reader divided by reader_skew_factor, or by the number of readers where that is less (the budget's "
        "scaling target), or where no such target can be reached; and one on CPU above the margin "
        "reader_cpu_target_percent. Own metrics aren't judged."
    ),
    unknown="An unknown target or metric may lie above the limit: not proven.",
    remedy="Set the budget's targets.",
    sources=(
        "headroom/budget/thresholds.py",
        "headroom/budget/margins.py: scaling_target_percent, reader_skew_factor, reader_cpu_target_percent",
        "Aurora User Guide, Aurora.Integrating.AutoScaling",
    ),
    staging=ADVISORY,
    check=check,
)
