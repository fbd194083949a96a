"""conn-memory: all connections that may be open fit beside the buffer cache."""

from collections.abc import Iterator

from policies import objections
from policies.reading.aurora import Reading
from policies.rule import Finding, Rule


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        allowed = "a connection costs memory even when it is idle"
        remedy = "lower connection_pool_config's max_connections_percent, or max_connections"
        yield from objections.findings(cluster, cluster.limits, RULE.id, allowed, remedy)


RULE = Rule(
    id="conn-memory",
    title="The connections that may be open at once fit in the memory beside the buffer cache.",
    why="Raising max_connections adds no memory: the failure moves from a clear refusal to an instance that swaps.",
    predicate=(
        "Refuses direct pools and proxies' pools that together may open more connections on an instance than the "
        "memory carries: on PostgreSQL 30 % of it at 10 MiB a connection (both margins), on MySQL AWS's own line of "
        "12,582,880 bytes each. Without a declared demand only the proxies' pools count."
    ),
    unknown=(
        "An unknown class, limit or percentage leaves nothing to compare: conn-demand-fits, or without a demand "
        "conn-demand-declared, refuses the stack."
    ),
    remedy="Smaller direct pools, a lower percentage for the proxy, a lower max_connections, or a larger class.",
    sources=(
        "headroom/budget/margins.py: connection_memory_mib, connection_memory_percent",
        "headroom/budget/facts/limits.toml: memory_line_bytes",
    ),
    check=check,
)
