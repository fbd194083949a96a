"""avail-multi-az: the loss of a zone leaves an instance that takes over."""

from collections.abc import Iterator

from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        zones = [instance.read("availabilityZone", str) for instance in cluster.instances]
        if len(cluster.instances) < 2:
            yield _alone(cluster)
            continue
        known = {zone for zone in zones if isinstance(zone, str)}
        # Without a zone AWS picks one, and spreads the instances of a cluster.
        if len(known) > 1 or None in zones:
            continue
        blanks = [zone for zone in zones if isinstance(zone, Blank)]
        yield from map(unproven, blanks)
        if not blanks:
            yield _together(cluster, known.pop())


def _alone(cluster: AuroraCluster) -> Finding:
    count = len(cluster.instances)
    return Finding(
        urn=cluster.urn,
        found=f"the cluster {cluster.name} has {count} instance{'s' * (count != 1)}",
        allowed="with the writer alone, its failure is an outage of ten minutes and more",
        remedy="declare a reader in another zone: failover then takes less than a minute",
    )


def _together(cluster: AuroraCluster, zone: str) -> Finding:
    return Finding(
        urn=cluster.urn,
        found=f"all {len(cluster.instances)} instances of {cluster.name} are in {zone}",
        allowed="the loss of that zone is the loss of the database",
        remedy="spread them over zones, or leave availabilityZone to AWS",
    )


RULE = Rule(
    id="avail-multi-az",
    title="A cluster has instances in at least two zones.",
    why="The storage spans three zones by itself; who connects needs an instance that is still there.",
    predicate=(
        "Refuses a cluster with fewer than two instances, and one whose instances all name one zone. Instances without "
        "a zone are spread by AWS. Subnet groups and proxies in a single zone are refused by AWS itself."
    ),
    unknown="An unknown zone may be the others' own: not proven.",
    remedy="Declare a reader in another zone.",
    sources=("Security Hub RDS.15", "Aurora User Guide, Concepts.AuroraHighAvailability"),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
