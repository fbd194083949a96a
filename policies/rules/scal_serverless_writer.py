"""scal-serverless-writer: nobody relies on replica autoscaling where it doesn't exist."""

from collections.abc import Iterator

from headroom.budget.facts import SERVERLESS
from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.rule import Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if not cluster.scaling_targets:
            continue
        classes = [(instance, instance.read("instanceClass", str)) for instance in cluster.instances]
        serverless = [instance.name for instance, name in classes if name == SERVERLESS]
        if serverless:
            yield Finding(
                urn=cluster.scaling_targets[0].urn,
                found=f"{cluster.name} has replica autoscaling, and serverless instances ({', '.join(serverless)})",
                allowed="AWS supports replica autoscaling for provisioned instances only: a replica copies the writer",
                remedy="declare the readers that a sale needs (an idle one scales down by itself), and remove it",
            )
        else:
            yield from (unproven(name) for _, name in classes if isinstance(name, Blank))


RULE = Rule(
    id="scal-serverless-writer",
    title="Replica autoscaling isn't declared for a cluster with serverless instances.",
    why="It is accepted and then does nothing: the readers that somebody counts on never come.",
    predicate=(
        "Refuses a scalable target on a cluster with an instance of class db.serverless. AWS says it of a serverless "
        "writer; of a provisioned one with serverless readers its pages say nothing, so that is refused as well."
    ),
    unknown="An unknown class may be db.serverless: not proven.",
    remedy="Declare the readers, and remove the scalable target.",
    sources=("Aurora User Guide, aurora-serverless-v2.requirements: Aurora Auto Scaling isn't supported",),
    check=check,
)
