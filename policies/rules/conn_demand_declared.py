"""conn-demand-declared: somebody has written down who connects."""

from collections.abc import Iterator

from policies.reading.aurora import AuroraCluster, Reading
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule

DECLARE = (
    "declare services and events: in a stack's file (headroom:services, headroom:events), in a program of your own "
    "with components.demand.Demand, which depends on the cluster"
)


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.demand is None:
            yield _ambiguous(cluster) if cluster.several_demands else _not_declared(cluster)
    for parts in reading.lone_proxies:
        yield Finding(
            urn=parts.proxy.urn,
            found=f"the proxy {parts.proxy.name} leads to a cluster that isn't part of this stack",
            allowed="its pool can be compared neither with that cluster's limits nor with a demand",
            remedy="declare the proxy and the demand beside the cluster",
            kind=Kind.ADVICE,
        )


def _ambiguous(cluster: AuroraCluster) -> Finding:
    return Finding(
        urn=cluster.urn,
        found=(
            f"a demand is declared, but it can't be told whether it is for the cluster {cluster.name} or for another "
            "one"
        ),
        allowed="each cluster needs a demand of its own",
        remedy=(
            "put each headroom:index:Budget and its cluster under a parent of their own, or let one depend on the other"
        ),
    )


def _not_declared(cluster: AuroraCluster) -> Finding:
    return Finding(
        urn=cluster.urn,
        found=f"nobody has declared who connects to the cluster {cluster.name}",
        allowed="without a demand its limits can't be checked against anything",
        remedy=DECLARE,
    )


RULE = Rule(
    id="conn-demand-declared",
    title="Who connects to the cluster is declared beside it.",
    why="On 2023-09-01 nobody could say how many connections all services together may open: it was written nowhere.",
    predicate=(
        "Refuses a cluster without a declared demand (the component headroom:index:Budget), and a demand that can't be "
        "told to be for one cluster. Advises about a proxy on a cluster outside the stack, whose pool isn't judged. "
        "Whether the demand fits is conn-demand-fits' question."
    ),
    unknown=(
        "It reads no value: the demand belongs to the cluster by a dependency or a common parent. A demand that can't "
        "be read is conn-demand-fits' to report."
    ),
    remedy="Declare services and events beside the cluster.",
    sources=("postmortem.txt", "headroom/budget/serialize.py: what is registered"),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
