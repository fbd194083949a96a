"""conn-demand-fits: the connection budget adds up."""

from collections.abc import Iterator

from policies import objections
from policies.reading.aurora import Reading
from policies.rule import Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.demand is None:
            continue  # conn-demand-declared says so
        for blank in cluster.blanks:
            yield unproven(blank)
        allowed = "the budget has to fit on every instance in every situation"
        remedy = "`headroom budget` shows every line"
        yield from objections.findings(cluster, cluster.budget, RULE.id, allowed, remedy)


RULE = Rule(
    id="conn-demand-fits",
    title="The declared demand fits the connections that every instance has, in every situation.",
    why=(
        "On 2023-09-01 the pools of all services added up to more than the database admits, and nobody had added "
        "them up."
    ),
    predicate=(
        "Refuses what the connection budget calls an error about slots, pools, hot rows or a way that a pool needs (a "
        "proxy, a reader), with the limit that bound it and by how much. CPU, memory, failover and alarms are other "
        "rules' (policies/objections.py), and so is a demand that nobody has declared."
    ),
    unknown=(
        "A value that the budget is computed from (engine, class, max_connections, the proxy's pool, the demand) and "
        "that "
        "can't be read: nothing is proven. Identifiers, endpoints and zones don't matter."
    ),
    remedy=(
        "Smaller pools, a proxy, a lower share for it, an explicit max_connections, more readers, or a larger class."
    ),
    sources=(
        "postmortem.txt",
        "headroom/budget (each formula with its source)",
        "RDS User Guide, 'RDS Proxy connection considerations'",
    ),
    check=check,
)
