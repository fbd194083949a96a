"""avail-failover-parity: who is promoted is as large as who is replaced."""

from collections.abc import Iterator

from headroom.budget.model import Instance
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if len(cluster.instances) < 2:
            continue  # avail-multi-az says so
        supply = cluster.supply.cluster
        if supply is None:
            blanks = [
                blank
                for instance in cluster.instances
                for blank in (instance.read("instanceClass", str), instance.read("promotionTier", int))
                if isinstance(blank, Blank)
            ]
            yield from map(unproven, blanks)
            continue
        first = min(supply.readers, key=lambda reader: (reader.promotion_tier, *(-size for size in _size(reader))))
        if any(mine < writers for mine, writers in zip(_size(first), _size(supply.writer), strict=True)):
            yield _smaller(cluster, supply.writer, first)


def _size(instance: Instance) -> tuple[float, float]:
    return instance.instance_class.memory_gib, instance.instance_class.vcpus


def _smaller(cluster: AuroraCluster, writer: Instance, first: Instance) -> Finding:
    return Finding(
        urn=cluster.urn_of(first.name),
        found=(
            f"{first.name} ({first.instance_class.name}) is the first to be promoted, and smaller than the writer "
            f"{writer.name} ({writer.instance_class.name})"
        ),
        allowed="after a failover it carries what the writer carried",
        remedy="give it the writer's class, or a reader that has it a better (lower) promotionTier",
        kind=Kind.ADVICE if cluster.budget is not None and cluster.budget.fits else Kind.VIOLATION,
    )


RULE = Rule(
    id="avail-failover-parity",
    title="The reader that is promoted first is as large as the writer.",
    why="A failover that ends on half the memory is a second incident, with fewer connections than the first.",
    predicate=(
        "Refuses a cluster whose reader of the best promotion tier (the largest of them, as AWS chooses) has less "
        "memory or fewer vCPUs than the writer. Where the declared budget fits with it as the writer, it advises."
    ),
    unknown="An unknown class or tier may make it the smaller one: not proven.",
    remedy="Give the reader of the best tier the writer's class.",
    sources=("Aurora User Guide, Concepts.AuroraHighAvailability: tier, then size",),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
