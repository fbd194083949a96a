"""conn-reconnect-time: after a failover everybody is back within the objective."""

from collections.abc import Iterator

from policies import objections
from policies.reading.aurora import Reading
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        allowed = "AWS restores the writer within a minute; re-opening the connections should not double that"
        remedy = "smaller direct pools, or pools through the proxy"
        yield from objections.findings(cluster, cluster.budget, RULE.id, allowed, remedy, warning=Kind.VIOLATION)


RULE = Rule(
    id="conn-reconnect-time",
    title="After a failover all connections are open again within the objective.",
    why="A storm of reconnects keeps the new writer busy with handshakes, each of them a new process on PostgreSQL.",
    predicate=(
        "Notes a budget in which re-opening an instance's connections takes longer than the margin "
        "reconnect_objective_seconds, at connects_per_second_per_vcpu. Advice everywhere: it delays, it refuses nobody."
    ),
    unknown="A value that the budget is computed from and that can't be read is conn-demand-fits' to report.",
    remedy="Smaller direct pools, pools through the proxy (it re-opens only what it needs), or a larger class.",
    sources=(
        "headroom/budget/margins.py: connects_per_second_per_vcpu (measured), reconnect_objective_seconds",
        "Aurora User Guide, Concepts.AuroraHighAvailability: restored in less than 60 s, often 30 s",
    ),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
