"""conn-max-connections-bounds: an explicit max_connections is one that the engine takes and the memory carries."""

from collections.abc import Iterator

from headroom.budget.capacity import Capacity, capacity
from headroom.budget.ceiling import default
from headroom.budget.facts import SERVERLESS, connections
from headroom.budget.model import Engine, Instance, Stack
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.reading.supply import ENGINES, max_connections
from policies.rule import Finding, Kind, Rule, Setting, unproven


def check(reading: Reading, *, least_connections: int) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        engine = cluster.cluster.field("engine")
        for resource in (cluster.cluster, *cluster.instances):
            value = max_connections(resource, reading.resources)
            if isinstance(value, Blank):
                yield unproven(value)
            elif value is not None and engine in ENGINES:
                yield from _judge(cluster, resource, value, Engine(str(engine)), least_connections)


def _judge(
    cluster: AuroraCluster, resource: Resource, value: int | str, engine: Engine, least: int
) -> Iterator[Finding]:
    lowest, highest = connections(engine, "lowest"), connections(engine, "highest")
    found = f"max_connections of {resource.name} is {f'{value:,}' if isinstance(value, int) else value}"
    if isinstance(value, int) and not lowest <= value <= highest:
        yield Finding(
            urn=resource.urn,
            found=found,
            allowed=f"{engine} takes {lowest:,} to {highest:,}",
            remedy="leave max_connections to the engine, or set what `headroom budget` shows to be needed",
        )
        return
    limits = cluster.limits
    if limits is None:
        return  # conn-demand-fits names what can't be read
    applies = [
        instance
        for declared, instance in zip(cluster.instances, limits.stack.cluster.instances, strict=True)
        if (resource is cluster.cluster and instance.max_connections is None) or declared is resource
    ]
    provisioned = [i for i in applies if i.instance_class.name != SERVERLESS]
    for instance in sorted(provisioned, key=lambda i: i.instance_class.memory_gib)[:1]:
        yield from _judge_on(cluster, resource, found, instance, limits.stack, least)


def _judge_on(
    cluster: AuroraCluster, resource: Resource, found: str, smallest: Instance, stack: Stack, least: int
) -> Iterator[Finding]:
    """One parameter serves every class that uses it: the smallest one decides."""
    limit: Capacity = capacity(stack, smallest)
    usual = default(smallest.instance_class, stack.cluster.engine)
    least = min(least, usual.low)
    on = f"{smallest.name}, {smallest.instance_class.name}"
    found = f"{found} (on {on})" if limit.ceiling.basis == "explicit" else f"{found}, which is {limit.ceiling} on {on}"
    if limit.ceiling.low < least:
        yield Finding(
            urn=resource.urn,
            found=found,
            allowed=f"at least {least:,} are needed for people, tools and failover to connect at all",
            remedy=f"raise it to {least:,} or more; throttle services with the proxy's percentage",
        )
    elif limit.ceiling.high > usual.high and limit.ceiling.high > limit.memory_cap:
        fits = cluster.budget is not None and cluster.budget.fits
        yield Finding(
            urn=resource.urn,
            found=found,
            allowed=(
                f"AWS's default for the class is {usual}, and beside the buffer cache there is memory for "
                f"{limit.memory_cap:,}"
            ),
            remedy=f"lower it to {usual.low:,} or less, or take a larger class: raising the limit adds no memory",
            kind=Kind.ADVICE if fits else Kind.VIOLATION,
        )


RULE = Rule(
    id="conn-max-connections-bounds",
    title="An explicit max_connections lies in the engine's range, and the smallest class that uses it can carry it.",
    why=(
        "Raising max_connections is the first reflex when connections run out; it moves the failure from a clear "
        "refusal to memory."
    ),
    predicate=(
        "Refuses a number outside the engine's range; one below `least_connections` (below the class's default, "
        "where that is smaller); and "
        "one above AWS's default for the smallest class that uses it and above what its memory carries, unless the "
        "declared "
        "budget fits (then it advises). A lower number is a first-class throttle and passes."
    ),
    unknown="An unknown parameter, or a parameter group outside the stack, may set any number: not proven.",
    remedy="Leave max_connections to the engine, lower it, or take a larger class.",
    sources=(
        "Aurora User Guide, AuroraPostgreSQL.Managing and AuroraMySQL.Managing.Performance",
        "headroom/budget/facts: ranges, documented defaults",
        "headroom/budget/margins.py: connection_memory_mib",
    ),
    settings=(
        Setting(
            name="least_connections",
            default=100,
            unit="connections",
            lowest=1,
            highest=16_000,
            reason="Our proposal: people, tools and a failover have to get in at all; small classes need only theirs.",
        ),
    ),
    check=check,
)
