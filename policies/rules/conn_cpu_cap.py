"""conn-cpu-cap: no more connections are let through than the vCPUs can serve."""

from collections.abc import Iterator

from policies import objections
from policies.reading.aurora import Reading
from policies.rule import Finding, Rule


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        allowed = "what the vCPUs can serve is the limit that counts, whatever else admits more"
        remedy = "lower the pools, connection_pool_config's max_connections_percent, or max_connections"
        yield from objections.findings(cluster, cluster.limits, RULE.id, allowed, remedy)


RULE = Rule(
    id="conn-cpu-cap",
    title="The proxy's pool and the busy connections stay near what the vCPUs can serve.",
    why=(
        "A limit that the CPU never lets anybody reach limits nothing: in NASA-IMPACT/veda-backend#649 two vCPUs died "
        "far below their 1,700 connections."
    ),
    predicate=(
        "Refuses more busy connections than the CPU cap (vCPUs x busy_connections_per_vcpu) in any situation, and a "
        "pool above the cap x pool_over_cpu_cap_factor on any instance; the latter without a declared demand, too. "
        "Advises where direct pools hold more than that open on an accepted day."
    ),
    unknown=(
        "An unknown class, limit or percentage leaves nothing to compare: conn-demand-fits, or without a demand "
        "conn-demand-declared, refuses the stack."
    ),
    remedy="A lower percentage for the proxy, an explicit lower max_connections, or a larger class.",
    sources=(
        "https://github.com/NASA-IMPACT/veda-backend/issues/649",
        "headroom/budget/margins.py: busy_connections_per_vcpu, pool_over_cpu_cap_factor",
    ),
    check=check,
)
