"""dur-deletion-guards: nobody deletes the database by a typing error."""

from collections.abc import Iterator

from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.rule import DISABLED, Finding, Rule, unproven

MADE_TO_BE_DESTROYED = "local"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.demand is not None and cluster.demand.field("environment") == MADE_TO_BE_DESTROYED:
            continue
        guarded = cluster.cluster.read("deletionProtection", bool)
        if isinstance(guarded, Blank):
            yield unproven(guarded)
        elif not guarded:
            yield _finding(cluster, "can be deleted (deletionProtection isn't true)", "set deletionProtection")
        skipped = cluster.cluster.read("skipFinalSnapshot", bool)
        if isinstance(skipped, Blank):
            yield unproven(skipped)
        elif skipped:
            yield _finding(
                cluster, "leaves no snapshot behind (skipFinalSnapshot)", "clear it and set finalSnapshotIdentifier"
            )


def _finding(cluster: AuroraCluster, found: str, remedy: str) -> Finding:
    return Finding(
        urn=cluster.urn,
        found=f"the cluster {cluster.name} {found}",
        allowed="a replacement or a destroy by mistake takes the data with it",
        remedy=remedy,
    )


RULE = Rule(
    id="dur-deletion-guards",
    title="The cluster is protected against deletion and leaves a final snapshot.",
    why="Several changes of a cluster replace it; without a guard the plan that says so is the last chance to notice.",
    predicate=(
        "Refuses deletionProtection that isn't true (unset is false) and skipFinalSnapshot, in production. A stack "
        "that declares itself local (headroom:environment) is made to be destroyed, and so are staging and dev here."
    ),
    unknown="An unknown guard may be off: not proven.",
    remedy="Set deletionProtection and keep the final snapshot.",
    sources=("Checkov CKV_AWS_139", "Security Hub RDS.7", "headroom/settings/profiles.py: deletion_protection"),
    staging=DISABLED,
    dev=DISABLED,
    harmless={"environment": "Anything but the text local is judged like production."},
    check=check,
)
