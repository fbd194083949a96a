"""conn-demand-fits: the connection budget adds up."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from policies import objections
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.rule import Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.demand is None:
            continue  # conn-demand-declared says so
        if cluster.blanks:
            yield _not_computed(cluster)
        allowed = "the budget has to fit on every instance in every situation"
        remedy = "`headroom budget` shows every line"
        yield from objections.findings(cluster, cluster.budget, RULE.id, allowed, remedy)


def _not_computed(cluster: AuroraCluster) -> Finding:
    """One finding, whatever the number of values that can't be read: about the resource, or of several the cluster."""
    first, *others = map(unproven, cluster.blanks)
    if not others:
        return first
    remedies = dict.fromkeys(finding.remedy for finding in (first, *others))
    return replace(
        first,
        urn=cluster.urn,
        found=f"the budget of {cluster.name} can't be computed: {_listed(cluster.blanks)}",
        remedy=", and ".join(remedies),
    )


def _listed(blanks: Iterable[Blank]) -> str:
    """What can't be read; several resources with the same trouble are named together."""
    named: dict[tuple[str, str], dict[str, None]] = {}
    for blank in blanks:
        named.setdefault((blank.path, blank.reason), {})[blank.urn.rpartition("::")[2]] = None
    return ", ".join(f"{path} of {' and '.join(names)} {reason}" for (path, reason), names in named.items())


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
        "that can't be read: nothing is proven, and one finding names them all. Identifiers, endpoints and zones don't "
        "matter."
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
