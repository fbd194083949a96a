"""conn-pool-idle: what the proxy keeps open when nobody asks is less than its pool, and than what scaling waits for."""

from collections.abc import Iterator

from policies import objections
from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

IDLE = "connectionPoolConfig.maxIdleConnectionsPercent"
MOST = "connectionPoolConfig.maxConnectionsPercent"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        groups = [parts.target_group for parts in cluster.proxies if parts.target_group]
        for group in groups:
            yield from _judge(group)
        if any(isinstance(group.read(IDLE, int), Blank) for group in groups):
            continue
        allowed = "a target that idle connections reach is always reached"
        remedy = f"lower {IDLE}"
        yield from objections.findings(cluster, cluster.budget, RULE.id, allowed, remedy)


def _judge(group: Resource) -> Iterator[Finding]:
    idle = group.read(IDLE, int)
    if idle is None:
        return  # AWS's default is half of the maximum
    most = group.read(MOST, int)
    for blank in (value for value in (idle, most) if isinstance(value, Blank)):
        yield unproven(blank)
    if isinstance(idle, int) and isinstance(most, int) and not 0 <= idle <= most:
        yield Finding(
            urn=group.urn,
            found=f"the pool {group.name} keeps up to {idle} % of max_connections open when idle, of at most {most} %",
            allowed="AWS takes 0 to maxConnectionsPercent: both are percent of max_connections",
            remedy=f"set it to {most} or less",
        )


RULE = Rule(
    id="conn-pool-idle",
    title="The proxy keeps no more idle connections than its pool has, and fewer than replica autoscaling waits for.",
    why="MaxIdleConnectionsPercent reads like a share of the pool and is one of max_connections: AWS refuses 50 of 40.",
    predicate=(
        "Refuses maxIdleConnectionsPercent below 0 or above maxConnectionsPercent. Advises where the idle connections "
        "alone reach the scaling target of a reader: its replicas would never be removed."
    ),
    unknown="An unknown share may be above the pool's: not proven. Unset is half of the maximum.",
    remedy="Lower maxIdleConnectionsPercent.",
    sources=(
        "RDS API Reference, ConnectionPoolConfiguration: 0 to MaxConnectionsPercent, default half of it",
        "headroom/budget/thresholds.py: scaling-idle",
    ),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
