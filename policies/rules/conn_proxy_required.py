"""conn-proxy-required: a proxy where the budget doesn't fit without one."""

from collections.abc import Iterator

from policies.reading.aurora import Reading
from policies.rule import Finding, Rule

#: Errors of the budget that are about connections held open, which a proxy shares out. It adds no CPU and no reader.
ABOUT_OPEN_CONNECTIONS = frozenset({"no-proxy", "slots", "memory", "thresholds"})


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.proxies or cluster.budget is None:
            continue
        objection = next((e for e in cluster.budget.errors if e.code in ABOUT_OPEN_CONNECTIONS), None)
        if objection is not None:
            yield Finding(
                urn=cluster.urn,
                found=(
                    f"the cluster {cluster.name} has no RDS Proxy, and its budget doesn't fit without one "
                    f"({objection.message})"
                ),
                allowed="direct pools are fine where they fit at every autoscaler's maximum",
                remedy=(
                    "attach an RDS Proxy (ProxyTarget on the cluster) and send the services' pools through it (path: "
                    "proxy)"
                ),
            )


RULE = Rule(
    id="conn-proxy-required",
    title="A cluster whose direct pools don't fit has an RDS Proxy.",
    why=(
        "In the incident every instance of every service held its own connections; the autoscaler doubled them. A "
        "proxy "
        "queues for a moment where the database refuses at once."
    ),
    predicate=(
        "Refuses a cluster that no ProxyTarget refers to, if its budget has an error about connections held open. A "
        "cluster "
        "whose direct pools fit needs none; whether a demand is declared at all is conn-demand-fits' question."
    ),
    unknown=(
        "It reads no value of its own: the link is a dependency. Where the budget can't be computed, "
        "conn-demand-fits says so."
    ),
    remedy="Attach an RDS Proxy and send the pools through it.",
    sources=("postmortem.txt", "RDS User Guide, 'Using Amazon RDS Proxy for Aurora'"),
    check=check,
)
