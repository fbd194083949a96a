"""conn-pool-percent-max: the proxy's share leaves the reserved slots free."""

from collections.abc import Iterator

from headroom.budget.capacity import capacity, promotable
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.rule import Finding, Kind, Rule, Setting, unproven

PATH = "connectionPoolConfig.maxConnectionsPercent"
SOME_FREE = "some have to stay free for superusers, AWS's automation and the operators"


def check(reading: Reading, *, note_above_percent: float) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        percents: list[int] = []
        for parts in cluster.proxies:
            # Without a target group of its own, AWS's default of 100 applies.
            percent = parts.target_group.read(PATH, int) if parts.target_group else 100
            if isinstance(percent, Blank):
                yield unproven(percent)
            elif percent is not None:
                percents.append(percent)
        if percents and len(percents) == len(cluster.proxies):
            yield from _judge(cluster, sum(percents), note_above_percent)
    for parts in reading.lone_proxies:
        percent = parts.target_group.read(PATH, int) if parts.target_group else 100
        if isinstance(percent, Blank):
            yield unproven(percent)
        elif percent is not None and percent >= 100:
            yield Finding(
                urn=parts.target_group.urn if parts.target_group else parts.proxy.urn,
                found=f"the proxy {parts.proxy.name} may open {percent} % of its cluster's max_connections",
                allowed=SOME_FREE,
                remedy=f"set {PATH} to what the demand needs",
            )


def _judge(cluster: AuroraCluster, percent: int, note_above: float) -> Iterator[Finding]:
    if percent > 100 and len(cluster.proxies) > 1:
        return  # more than there is: conn-pool-sum says so
    parts = cluster.proxies[0]
    urn = parts.target_group.urn if parts.target_group else parts.proxy.urn
    may_open = f"the cluster {cluster.name}'s proxies may open {percent} % of max_connections"
    remedy = (
        f"set {PATH} so that reserved slots and direct pools stay free; `headroom budget` shows how much the demand "
        "needs"
    )
    if cluster.limits is not None:
        stack = cluster.limits.stack
        limits = [(capacity(stack, instance), instance.name) for instance in promotable(stack)]
        worst, name = min(limits, key=lambda entry: entry[0].usable - entry[0].pool)
        if worst.pool > worst.usable:
            found = f"{may_open}: {worst.pool:,} of {worst.ceiling.low:,} on {name}"
            allowed = f"{worst.usable:,} are usable there, {worst.reserved:,} are reserved"
            yield Finding(urn=urn, found=found, allowed=allowed, remedy=remedy)
            return
    elif percent >= 100:
        yield Finding(urn=urn, found=may_open, allowed=SOME_FREE, remedy=remedy)
        return
    if percent > note_above:
        allowed = f"above {note_above:,.6g} % little is left for people and tools that connect directly"
        yield Finding(urn=urn, found=may_open, allowed=allowed, remedy=remedy, kind=Kind.ADVICE)


RULE = Rule(
    id="conn-pool-percent-max",
    title="The proxies' pools leave the reserved connections free on every instance.",
    why=(
        "AWS's default is 100 %: the proxy may then take every slot, and in the incident nobody could log in any "
        "more to see why."
    ),
    predicate=(
        "Refuses where all proxies of a cluster together may open more than the usable connections of any instance "
        "(unset "
        "counts as 100 %); of a cluster outside the stack, all of them. Advises above `note_above_percent`. Low "
        "percentages are fine: values down to 1 work."
    ),
    unknown="An unknown percentage may be 100: not proven.",
    remedy="Set connectionPoolConfig.maxConnectionsPercent to what the demand needs.",
    sources=(
        "RDS User Guide, 'RDS Proxy connection considerations': default 100, lower it to keep slots for administration",
        "headroom/budget/facts/limits.toml: reserved slots",
    ),
    settings=(
        Setting(
            name="note_above_percent",
            default=90,
            unit="percent of max_connections",
            lowest=1,
            highest=100,
            reason="Our proposal: a tenth is left for people and tools that connect directly.",
        ),
    ),
    check=check,
)
