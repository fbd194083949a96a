"""conn-failover-fits: what is left after a loss carries everything."""

from collections.abc import Iterator

from policies import objections
from policies.reading.aurora import Reading
from policies.rule import ADVISORY, DISABLED, Finding, Rule


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        allowed = "everything else fits; what is left after the loss has to carry all of it"
        remedy = "`headroom budget` shows every line"
        yield from objections.findings(cluster, cluster.budget, RULE.id, allowed, remedy)


RULE = Rule(
    id="conn-failover-fits",
    title="A stack that fits every day still fits when an instance or a zone is lost.",
    why="A failover is when everybody reconnects at once, to fewer instances: the worst moment to find out.",
    predicate=(
        "Refuses a budget whose slots, pool, CPU or memory are exceeded only where an instance or a zone is lost. "
        "Where a day without losses doesn't fit either, conn-demand-fits, conn-cpu-cap and conn-memory say so "
        "instead."
    ),
    unknown="A value that the budget is computed from and that can't be read is conn-demand-fits' to report.",
    remedy="One more reader in another zone, a larger class, or smaller pools.",
    sources=(
        "headroom/budget/situations.py: what is lost, and who is promoted",
        "Security Hub RDS.15 (several zones, but not whether they suffice)",
    ),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
