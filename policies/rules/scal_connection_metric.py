"""scal-connection-metric: replicas are asked for by connections too, where a number of them says anything."""

from collections.abc import Iterator

from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import UNKNOWN, Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

CONFIG = "targetTrackingScalingPolicyConfiguration"
METRICS = (
    (f"{CONFIG}.predefinedMetricSpecification.predefinedMetricType", "RDSReaderAverageDatabaseConnections"),
    (f"{CONFIG}.customizedMetricSpecification.metricName", "DatabaseConnections"),
)


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        scaling = cluster.limits.thresholds.scaling if cluster.limits else None
        if not cluster.scaling_policies or any(_on_connections(policy) for policy in cluster.scaling_policies):
            continue
        blanks = [blank for policy in cluster.scaling_policies for blank in _blanks(policy)]
        yield from map(unproven, blanks)
        if not blanks and scaling is not None and scaling.connections is not None:
            yield _only_others(cluster, scaling.connections)


def _on_connections(policy: Resource) -> bool:
    return any(policy.field(path) == metric for path, metric in METRICS)


def _blanks(policy: Resource) -> Iterator[Blank]:
    for path, _ in METRICS:
        value = policy.field(path)
        if value is UNKNOWN:
            yield Blank(policy.urn, path, "is known only after the update")
            return
        blank = policy.read(path, str)
        if isinstance(blank, Blank):
            yield blank


def _only_others(cluster: AuroraCluster, target: int) -> Finding:
    return Finding(
        urn=cluster.scaling_policies[0].urn,
        found=f"replica autoscaling of {cluster.name} follows no connections, only other metrics",
        allowed="sessions that wait for a lock fill the readers while their CPU is idle",
        remedy=f"add a policy on RDSReaderAverageDatabaseConnections at {target:,}",
    )


RULE = Rule(
    id="scal-connection-metric",
    title="Replica autoscaling follows connections as well, where a number of connections says that readers are busy.",
    why="In the incident connections ran out first; a CPU that waits for locks is idle.",
    predicate=(
        "Notes replica autoscaling whose policies are all on other metrics, where the budget has a target on "
        "connections. Where it has none (idle pools alone reach it, or the pool ends before it) CPU alone is right."
    ),
    unknown="An unknown metric may be another one: not proven.",
    remedy="Add a policy on RDSReaderAverageDatabaseConnections at the budget's target.",
    sources=("postmortem.txt", "headroom/budget/thresholds.py", "Aurora User Guide, Aurora.Integrating.AutoScaling"),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
