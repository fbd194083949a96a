"""scal-total-readers: a cluster has at most fifteen readers, and one to measure where it scales."""

from collections.abc import Iterator

from headroom.budget.facts import fact
from policies.reading.aurora import AuroraCluster, Reading
from policies.rule import MANDATORY, Finding, Rule


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    most = int(fact("service", "readers_highest").value)
    for cluster in reading.clusters:
        declared = len(cluster.instances) - 1
        if declared > most:
            yield Finding(
                urn=cluster.urn,
                found=f"the cluster {cluster.name} declares {declared} readers",
                allowed=f"Aurora has at most {most}, and no quota raises that",
                remedy="take a larger class instead of more readers",
            )
        elif declared == 0 and cluster.scaling_targets:
            yield _nothing_to_measure(cluster)


def _nothing_to_measure(cluster: AuroraCluster) -> Finding:
    return Finding(
        urn=cluster.scaling_targets[0].urn,
        found=f"replica autoscaling of {cluster.name} measures readers, and none is declared",
        allowed="with no reader there is no metric: it never starts the first one",
        remedy="declare a reader (a ClusterInstance beside the writer), or remove the autoscaling",
    )


RULE = Rule(
    id="scal-total-readers",
    title="A cluster has at most 15 readers, and at least one declared where they are autoscaled.",
    why="The sixteenth is refused by AWS at the moment it is needed; and without a first one autoscaling never starts.",
    predicate=(
        "Refuses more than 15 declared readers, and a scalable target beside a writer that is alone. A maximum above "
        "15 is scal-bounds': AWS counts declared readers in it."
    ),
    unknown="It reads no value: instances and targets are found by their dependencies.",
    remedy="Declare 1 to 15 readers.",
    sources=(
        "Aurora User Guide, CHAP_Limits: 15 Aurora Replicas",
        "https://github.com/terraform-aws-modules/terraform-aws-rds-aurora/issues/432",
    ),
    dev=MANDATORY,
    check=check,
)
