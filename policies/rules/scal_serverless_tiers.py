"""scal-serverless-tiers: the reader that is promoted is as warm as the writer was."""

from collections.abc import Iterator

from headroom.budget.facts import SERVERLESS
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

WITH_THE_WRITER = 1  # the highest promotion tier whose readers scale with the writer


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        readers = cluster.instances[1:]
        tiers = [(reader, reader.read("promotionTier", int)) for reader in readers]
        classes = [reader.read("instanceClass", str) for reader in readers]
        if any(isinstance(tier, int) and tier <= WITH_THE_WRITER for _, tier in tiers):
            continue
        blanks = [value for value in (*(tier for _, tier in tiers), *classes) if isinstance(value, Blank)]
        yield from map(unproven, blanks)
        if not blanks and classes and all(name == SERVERLESS for name in classes):
            yield _cold(cluster)


def _cold(cluster: AuroraCluster) -> Finding:
    names = ", ".join(reader.name for reader in cluster.instances[1:])
    return Finding(
        urn=cluster.urn,
        found=f"every reader of {cluster.name} ({names}) has a promotion tier of 2 or more",
        allowed="serverless readers of tier 0 and 1 scale with the writer, the others by their own load",
        remedy="set promotionTier to 0 or 1 on the reader that is to take over",
    )


RULE = Rule(
    id="scal-serverless-tiers",
    title="At least one serverless reader scales with the writer, so that a failover finds it warm.",
    why="After a failover everybody reconnects at once; a reader that was idle has half an ACU to meet them with.",
    predicate=(
        "Notes a cluster whose readers are all serverless and all of promotion tier 2 to 15: none of them scales with "
        "the writer. Unset is tier 0. Advice: the limit of connections follows the maximum and doesn't change."
    ),
    unknown="An unknown tier may be 2 or more, an unknown class db.serverless: not proven.",
    remedy="Set promotionTier to 0 or 1 on one reader.",
    sources=("Aurora User Guide, aurora-serverless-v2.how-it-works: promotion tiers 0-1 scale with the writer",),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
