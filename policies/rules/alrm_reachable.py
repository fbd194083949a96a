"""alrm-reachable: every alarm can ring, and before it is too late."""

from collections.abc import Iterator

from policies import objections
from policies.reading.alarms import WAIT, unclear, watches
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.reading.supply import ProxyParts
from policies.rule import Finding, Rule, unproven
from policies.spare import advised

TIMEOUT = "connectionPoolConfig.connectionBorrowTimeout"
MICROSECONDS = 1_000_000
DEFAULT_TIMEOUT_SECONDS = 120


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        yield from _windows(cluster)
        yield from advised(cluster, [finding for parts in cluster.proxies for finding in _waits(parts)])
    for parts in reading.lone_proxies:
        yield from _waits(parts)


def _waits(parts: ProxyParts) -> Iterator[Finding]:
    for alarm in parts.alarms:
        yield from map(unproven, unclear(alarm))
        if watches(alarm, WAIT):
            yield from _wait(parts, alarm)


def _windows(cluster: AuroraCluster) -> Iterator[Finding]:
    allowed = "a warning and a critical alarm have to lie between a good day and the limit"
    remedy = "leave more room between the peak and the limit"
    yield from objections.findings(cluster, cluster.budget, RULE.id, allowed, remedy)


def _wait(parts: ProxyParts, alarm: Resource) -> Iterator[Finding]:
    threshold = alarm.read("threshold", float)
    seconds = parts.target_group.read(TIMEOUT, int) if parts.target_group else DEFAULT_TIMEOUT_SECONDS
    for blank in (value for value in (threshold, seconds) if isinstance(value, Blank)):
        yield unproven(blank)
    if isinstance(threshold, float | int) and isinstance(seconds, int) and threshold >= seconds * MICROSECONDS:
        yield Finding(
            urn=alarm.urn,
            found=f"the alarm {alarm.name} rings when clients wait {threshold:,.0f} microseconds",
            allowed=f"the proxy refuses them after {seconds * MICROSECONDS:,} (its borrow timeout of {seconds} s)",
            remedy=f"set it to half of that, {seconds * MICROSECONDS // 2:,}: CloudWatch gives microseconds",
        )


RULE = Rule(
    id="alrm-reachable",
    title="Between a good day's peak and the limit there is room for two alarms, and a proxy's alarms can ring.",
    why="An alarm above what the metric can reach stays silent for ever, and one below the peak is switched off.",
    predicate=(
        "Refuses a budget that leaves no room for a warning and a critical threshold between a role's accepted peak "
        "and its limit, and an alarm on the proxy's borrow latency at or above the borrow timeout (beside another "
        "that can ring, it is advised about). Where the thresholds that are set lie is alrm-connections-threshold's "
        "question."
    ),
    unknown="An unknown threshold or timeout may be out of reach: not proven. A budget that can't be computed is "
    "conn-demand-fits' to report.",
    remedy="Leave room between peak and limit; set latencies in microseconds.",
    sources=("headroom/budget/thresholds.py", "RDS User Guide, rds-proxy.monitoring: microseconds"),
    check=check,
)
