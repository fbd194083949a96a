"""alrm-reachable: every alarm can ring, and before it is too late."""

from collections.abc import Iterator

from headroom.budget.model import Role
from policies import objections
from policies.reading.alarms import ALLOWED, WAIT, connection_alarms, dataless, heard, unclear, watches
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.metrics import REMEDY
from policies.reading.resources import Resource
from policies.reading.supply import ProxyParts
from policies.rule import Finding, Kind, Rule, unproven
from policies.spare import STAGES, advised

TIMEOUT = "connectionPoolConfig.connectionBorrowTimeout"
MICROSECONDS = 1_000_000
DEFAULT_TIMEOUT_SECONDS = 120


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        yield from _windows(cluster)
        yield from advised(cluster, [finding for parts in cluster.proxies for finding in _waits(parts)])
        yield from _never(cluster)
    for parts in reading.lone_proxies:
        yield from _waits(parts)


def _waits(parts: ProxyParts) -> Iterator[Finding]:
    for alarm in parts.alarms:
        yield from map(unproven, unclear(alarm))
        if watches(alarm, WAIT):
            yield from _wait(parts, alarm)


def _never(cluster: AuroraCluster) -> Iterator[Finding]:
    """Alarms without data beside good ones; where one is needed, the rule that asks for it says why it isn't one."""
    alarms = connection_alarms(cluster)
    counts = {role: sum(role in a.roles and not a.silence for a in alarms) for role in Role}
    said = {a.alarm.urn for a in alarms if any(counts[role] < STAGES for role in a.roles)}
    found = [(alarm, dataless(cluster.parts, alarm)) for alarm in cluster.alarms]
    for parts in cluster.proxies:
        doubtful = [(alarm, dataless([parts.proxy], alarm, in_doubt=True)) for alarm in parts.alarms]
        found += doubtful
        silent = [(alarm, why and dataless([parts.proxy], alarm)) for alarm, why in doubtful]
        for metric in (WAIT, ALLOWED):
            if not any(watches(a, metric) and heard(cluster, a) and not why for a, why in silent):
                said |= {a.urn for a, _ in silent if watches(a, metric)}
    for alarm, why in found:
        if why and alarm.urn not in said:
            yield Finding(
                urn=alarm.urn,
                found=f"the alarm {alarm.name} never has data: {why}",
                allowed="one without data doesn't ring",
                remedy=REMEDY,
                kind=Kind.ADVICE,
            )


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
        "that can ring, it is advised about). Advises about an alarm on the cluster or the proxy that never has data, "
        "where others do what is needed (else alrm-connections-required, alrm-two-stage or alrm-proxy-saturation says "
        "why it doesn't count). Where the thresholds that are set lie is alrm-connections-threshold's "
        "question."
    ),
    unknown="An unknown threshold or timeout may be out of reach: not proven. A budget that can't be computed is "
    "conn-demand-fits' to report.",
    remedy="Leave room between peak and limit; set latencies in microseconds.",
    sources=("headroom/budget/thresholds.py", "RDS User Guide, rds-proxy.monitoring: microseconds"),
    check=check,
)
