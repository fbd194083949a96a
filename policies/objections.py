"""Who reports what the budget objects to: each code is one rule's, so that nothing is said twice.

What fits until an instance or a zone is lost is conn-failover-fits', whatever the limit: the remedy is another one.
"""

from collections.abc import Iterator
from functools import lru_cache

from headroom.budget import Budget
from headroom.budget.model import Stack
from headroom.budget.remedies import remedies
from headroom.budget.result import Finding as Objection
from headroom.budget.result import Severity
from headroom.budget.situations import situations
from policies.reading.aurora import AuroraCluster
from policies.rule import Finding, Kind

#: The budget's code -> the rule that reports it.
OWNERS = {
    "slots": "conn-demand-fits",
    "pool": "conn-demand-fits",
    "hot-row": "conn-demand-fits",
    "no-proxy": "conn-demand-fits",
    "no-reader": "conn-demand-fits",
    "no-reader-endpoint": "conn-demand-fits",
    "own-pool": "conn-demand-fits",
    "client-timeout": "conn-demand-fits",
    "several-proxies": "conn-demand-fits",
    "cpu": "conn-cpu-cap",
    "throttle": "conn-cpu-cap",
    "direct-throttle": "conn-cpu-cap",
    "memory": "conn-memory",
    "proxy-percent-sum": "conn-pool-sum",
    "scaling-idle": "conn-pool-idle",
    "reconnect": "conn-reconnect-time",
    "undocumented-class": "conn-explicit-limit",
    "mysql-explicit-autoscaled": "conn-explicit-limit",
    "serverless-cap": "conn-serverless-min-acu",
    "serverless-memory": "conn-serverless-min-acu",
    "serverless-reconnect": "conn-serverless-min-acu",
    "serverless-never-pauses": "conn-serverless-autopause",
    "reader-count": "scal-total-readers",
    "no-reader-to-scale": "scal-total-readers",
    "serverless-autoscaling": "scal-serverless-writer",
    "thresholds": "alrm-reachable",
    "no-failover-target": "avail-multi-az",
    "engine-version": "avail-engine-version",
    "instance-class": "avail-instance-class",
}
FAILOVER = "conn-failover-fits"
CAPACITY = ("slots", "pool", "cpu", "memory")


def owner(budget: Budget, objection: Objection) -> str:
    """The id of the rule that reports it."""
    if objection.code in CAPACITY and _fits_until_something_is_lost(budget):
        return FAILOVER
    return OWNERS[objection.code]


def _fits_until_something_is_lost(budget: Budget) -> bool:
    losses = {situation.name for situation in situations(budget.stack) if situation.losing}
    return all(line.fits for line in budget.lines if line.situation not in losses)


def of(budget: Budget | None, rule: str) -> list[Objection]:
    """What this rule reports of a budget; nothing where there is none."""
    return [o for o in budget.findings if owner(budget, o) == rule] if budget else []


def findings(
    cluster: AuroraCluster,
    budget: Budget | None,
    rule: str,
    allowed: str,
    remedy: str,
    warning: Kind = Kind.ADVICE,
    own_words: str = "",
) -> Iterator[Finding]:
    """The rule's objections, each with the ways out that were checked to fit, or with the `remedy`.

    What fits all the same is a `warning`. The code `own_words` the rule says by itself, since it needs no budget.
    """
    for objection in of(budget, rule):
        if objection.code == own_words:
            continue
        error = objection.severity is Severity.ERROR
        yield Finding(
            urn=cluster.urn_of(objection.instance),
            found=objection.message,
            allowed=allowed,
            remedy=ways_out(cluster.budget.stack) if error and cluster.budget else remedy,
            kind=Kind.VIOLATION if error else warning,
        )


@lru_cache(maxsize=64)
def ways_out(stack: Stack) -> str:
    """Changes that were applied, evaluated and found to fit; else where to look."""
    ways = [f"{way.title} ({way.cost})" for way in remedies(stack)]
    if not ways:
        return "no single change is enough: `headroom budget` shows every line and what binds it"
    return "checked to be enough: " + ", or ".join(ways)
