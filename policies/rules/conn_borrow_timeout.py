"""conn-borrow-timeout: the proxy gives up before its clients do."""

from collections.abc import Iterator

from headroom.budget.facts import fact
from headroom.budget.model import Path
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

PATH = "connectionPoolConfig.connectionBorrowTimeout"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        for parts in cluster.proxies:
            group = parts.target_group
            default = int(fact("service", "borrow_timeout_default_seconds").value)
            seconds = group.read(PATH, int) if group else default
            if isinstance(seconds, Blank):
                yield unproven(seconds)
            else:
                urn = group.urn if group else parts.proxy.urn
                yield from _judge(cluster, urn, parts.proxy.name, default if seconds is None else seconds)


def _judge(cluster: AuroraCluster, urn: str, proxy: str, seconds: int) -> Iterator[Finding]:
    highest = int(fact("service", "borrow_timeout_highest_seconds").value)
    found = f"the proxy {proxy} lets a client wait {seconds} s for a connection"
    if not 0 < seconds <= highest:
        yield Finding(
            urn=urn,
            found=found,
            allowed=f"1 to {highest} s; at 0 it refuses at once whenever no connection happens to be open",
            remedy="set it below the shortest client timeout",
        )
        return
    services = cluster.budget.stack.services if cluster.budget else ()
    proxied = [s for s in services if any(p.path is Path.PROXY for p in s.pools)]
    if not proxied:
        return
    fastest = min(proxied, key=lambda s: s.client_timeout_ms)
    if seconds * 1000 >= fastest.client_timeout_ms:
        yield Finding(
            urn=urn,
            found=f"{found}, and {fastest.name} gives up after {fastest.client_timeout_ms:,} ms",
            allowed=(
                "the proxy has to answer first: who has given up still holds its place in the queue, and comes back "
                "as a retry"
            ),
            remedy=(
                "lower headroom:proxy.connection_borrow_timeout_seconds below the client's timeout, or raise that one "
                "(the trade: during a failover, up to 60 s, clients get errors sooner and have to retry)"
            ),
        )


RULE = Rule(
    id="conn-borrow-timeout",
    title="The proxy's borrow timeout is shorter than the shortest timeout of its clients.",
    why=(
        "AWS's default is 120 s. In the incident clients gave up and retried while their first request still waited: "
        "the queue only grew."
    ),
    predicate=(
        "Refuses a borrow timeout of 0 or above AWS's 300 s, and one that isn't below the client_timeout_ms of every "
        "service "
        "with a pool through the proxy (unset counts as 120 s). Without a declared demand only the range is checked."
    ),
    unknown="An unknown timeout may be the default, 120 s: not proven.",
    remedy="Set connectionPoolConfig.connectionBorrowTimeout below the clients' timeouts.",
    sources=(
        "RDS API Reference, ConnectionPoolConfiguration: 0-300, default 120",
        "RDS User Guide, rds-proxy-best-practices: client limit < proxy < database",
    ),
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
