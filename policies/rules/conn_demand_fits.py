"""conn-demand-fits: the connection budget adds up."""

from collections.abc import Iterator

from headroom.budget import Budget
from headroom.budget.remedies import remedies
from headroom.budget.result import Finding as Objection
from policies.reading.aurora import AuroraCluster, Reading
from policies.rule import Finding, Rule, unproven

DECLARE = (
    "declare services and events (headroom:services, headroom:events), so that the component headroom:index:Budget "
    "registers them beside the cluster"
)


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.demand is None:
            yield _not_declared(cluster)
            continue
        for blank in cluster.blanks:
            yield unproven(blank)
        if cluster.budget is not None and not cluster.budget.fits:
            ways_out = _ways_out(cluster.budget)
            for objection in cluster.budget.errors:
                yield _objection(cluster, objection, ways_out)


def _not_declared(cluster: AuroraCluster) -> Finding:
    if cluster.several_demands:
        return Finding(
            urn=cluster.urn,
            found=(
                f"a demand is declared, but it can't be told whether it is for the cluster {cluster.name} or for "
                "another one"
            ),
            allowed="each cluster needs a demand of its own",
            remedy=(
                "put each headroom:index:Budget and its cluster under a parent of their own, or let one depend on "
                "the other"
            ),
        )
    return Finding(
        urn=cluster.urn,
        found=f"nobody has declared who connects to the cluster {cluster.name}",
        allowed="without a demand its limits can't be checked against anything",
        remedy=DECLARE,
    )


def _objection(cluster: AuroraCluster, objection: Objection, ways_out: str) -> Finding:
    return Finding(
        urn=cluster.urn_of(objection.instance),
        found=objection.message,
        allowed="the budget has to fit on every instance in every situation",
        remedy=ways_out,
    )


def _ways_out(budget: Budget) -> str:
    """Changes that were applied, evaluated and found to fit; else where to look."""
    ways = [f"{way.title} ({way.cost})" for way in remedies(budget.stack)]
    if not ways:
        return "no single change is enough: `headroom budget` shows every line and what binds it"
    return "checked to be enough: " + ", or ".join(ways)


RULE = Rule(
    id="conn-demand-fits",
    title="The declared demand fits the connections that every instance has, in every situation.",
    why=(
        "On 2023-09-01 the pools of all services added up to more than the database admits, and nobody had added "
        "them up."
    ),
    predicate=(
        "Refuses each error of the connection budget, with the limit that bound it and by how much; a cluster "
        "without a "
        "declared demand; and a demand that can't be told to be for one cluster."
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
