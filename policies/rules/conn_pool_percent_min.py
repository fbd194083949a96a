"""conn-pool-percent-min: where nobody has declared who connects, the proxy's pool has AWS's least."""

import re
from collections.abc import Iterator

from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

PATH = "connectionPoolConfig.maxConnectionsPercent"
#: RDS User Guide, 'RDS Proxy connection considerations': the least percent, by class.
LEAST_PERCENT = {"small": 100, "medium": 55, "large": 35}
LEAST_PERCENT_ELSE = 20


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.demand is not None:
            continue  # the budget says what the pool has to be
        classes = [(instance, instance.read("instanceClass", str)) for instance in cluster.instances]
        for group in (parts.target_group for parts in cluster.proxies if parts.target_group):
            percent = group.read(PATH, int)
            for blank in (value for value in (percent, *(c for _, c in classes)) if isinstance(value, Blank)):
                yield unproven(blank)
            if isinstance(percent, int) and classes:
                known = [(_least(name), instance) for instance, name in classes if isinstance(name, str)]
                yield from _judge(group, percent, known)


def _least(name: str) -> int:
    burstable = re.match(r"db\.t\d\w*\.(\w+)", name)
    return LEAST_PERCENT.get(burstable[1], LEAST_PERCENT_ELSE) if burstable else LEAST_PERCENT_ELSE


def _judge(group: Resource, percent: int, known: list[tuple[int, Resource]]) -> Iterator[Finding]:
    least, instance = max(known, key=lambda entry: entry[0])
    if percent < least:
        yield Finding(
            urn=group.urn,
            found=f"the pool {group.name} is {percent} % of max_connections, and nobody has declared who uses it",
            allowed=f"AWS recommends at least {least} % for the class of {instance.name}",
            remedy="declare the demand (a low percentage is fine where it suffices), or raise it",
        )


RULE = Rule(
    id="conn-pool-percent-min",
    title="A pool that was sized for no declared demand has the percentage that AWS recommends at least.",
    why="A pool that is too small makes every client wait, long before the database has anything to do.",
    predicate=(
        "Notes a maxConnectionsPercent below AWS's least for the smallest class (t: small 100, medium 55, large 35; "
        "else 20), only where no demand is declared: with one, the budget knows what the pool needs, and 1 % may do."
    ),
    unknown="An unknown percentage or class may be too small: not proven.",
    remedy="Declare the demand, or raise maxConnectionsPercent.",
    sources=(
        "RDS User Guide, 'RDS Proxy connection considerations': minimum recommended values",
        "docs/decisions/0004-a-pool-that-throttles-nothing-is-refused.md",
    ),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
