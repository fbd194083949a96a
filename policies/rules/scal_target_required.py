"""scal-target-required: replicas can come where the readers don't fit, and what is declared works."""

from collections.abc import Iterator

from headroom.budget.facts import SERVERLESS
from headroom.budget.model import Role
from policies.reading.aurora import AuroraCluster, Reading
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        errors = cluster.budget.errors if cluster.budget else ()
        objection = next((e for e in errors if e.role is Role.READER), None)
        if not cluster.scaling_targets:
            if objection is not None and not _serverless(cluster):
                yield _missing(cluster, objection.message)
        elif not cluster.scaling_policies and not cluster.scheduled_actions:
            yield _idle(cluster, needed=objection is not None)


def _serverless(cluster: AuroraCluster) -> bool:
    return any(instance.read("instanceClass", str) == SERVERLESS for instance in cluster.instances)


def _missing(cluster: AuroraCluster, objection: str) -> Finding:
    declared = len(cluster.instances) - 1
    return Finding(
        urn=cluster.urn,
        found=(
            f"the cluster {cluster.name} has {declared} declared reader{'s' * (declared != 1)}, none may be added, and "
            f"they don't fit ({objection})"
        ),
        allowed="a fixed number of readers is fine where the budget fits",
        remedy=(
            "let replica autoscaling add some (headroom:autoscaling), and events ask for theirs (readers_min), or "
            "declare more"
        ),
    )


def _idle(cluster: AuroraCluster, *, needed: bool) -> Finding:
    target = cluster.scaling_targets[0]
    return Finding(
        urn=target.urn,
        found=f"replica autoscaling of {cluster.name} ({target.name}) has bounds, and nothing that asks for a replica",
        allowed="a scalable target by itself never scales",
        remedy="add a target-tracking policy (connections, CPU) or a scheduled action, or remove the target",
        kind=Kind.VIOLATION if needed else Kind.ADVICE,
    )


RULE = Rule(
    id="scal-target-required",
    title="A cluster whose readers don't fit has replica autoscaling, and one that has it has something that scales.",
    why="In the incident the readers were as fixed as the writer, while everything in front of them scaled.",
    predicate=(
        "Refuses a provisioned cluster without a scalable target where the budget doesn't fit on the readers, and "
        "there a target without a policy or a schedule; where it fits, such a target is advised about."
    ),
    unknown=(
        "It reads no value of its own but the class: targets, policies and schedules are found by their dependencies. "
        "A budget that can't be computed is conn-demand-fits' to report."
    ),
    remedy="Add replica autoscaling with a policy, or declare more readers.",
    sources=("postmortem.txt", "Aurora User Guide, Aurora.Integrating.AutoScaling"),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
