"""Who gives up while the database is slow: clients whose transactions outlast their own timeout.

Giving up helps nobody: the database finishes the work, and the client tries again.
"""

import math
from collections.abc import Iterable, Sequence

from headroom.budget.demand import PoolDemand
from headroom.budget.model import Path, Stack
from headroom.budget.queueing import PERCENTILE, offered_load, wait_probability
from headroom.budget.result import Finding, Line, Severity
from headroom.budget.situations import situations


def impatient_clients(stack: Stack, lines: Sequence[Line]) -> Iterable[Finding]:
    """One finding for each service that more than 1 in 20 clients of give up on, in the first situation where they do.

    Not where another finding says it already: a hot row that is overrun, or a pool of its own that is too small on an
    accepted day.
    """
    slow = {situation.name for situation in situations(stack) if situation.slow}
    told = {d.service.name for line in lines for d in line.demand if line.accepted and d.waits_in_its_own_pool}
    for line in lines:
        for demand in line.demand if line.situation in slow else ():
            service = demand.service
            if service.name in told or demand.row_utilisation >= 1 or not _gives_up(stack, line, demand):
                continue
            told.add(service.name)
            yield Finding(
                code="client-timeout",
                severity=Severity.WARNING,
                role=line.role,
                situation=line.situation,
                instance=line.instance,
                message=(
                    f"{service.name}, {line.situation}: a transaction holds its connection for {demand.hold_ms:,.4g} "
                    f"ms, and with the wait for one of {_servers(stack, line, demand):,} more than 1 in 20 outlast "
                    f"their clients' timeout of {service.client_timeout_ms:,} ms: clients give up, and try again"
                ),
            )


def _gives_up(stack: Stack, line: Line, demand: PoolDemand) -> bool:
    """The mean hold and the p95 of the wait pass the clients' timeout; False without a rate, or with none."""
    if not demand.rate:
        return False
    left_ms = demand.service.client_timeout_ms - demand.hold_ms
    # A pool of its own is the fleet's, wherever it leads; what the proxy lends is this instance's.
    share = 1.0 if demand.pool.path is Path.DIRECT else demand.share
    load = offered_load(demand.rate, demand.hold_ms) * share
    servers = _servers(stack, line, demand)
    if left_ms <= 0 or load >= servers:
        return True
    # Most fleets are so large that it would be short even if everybody waited: no recursion over all of them.
    if math.exp(-(servers - load) * left_ms / demand.hold_ms) <= 1 - PERCENTILE:
        return False
    return wait_probability(servers, load, demand.hold_ms, left_ms) > 1 - PERCENTILE


def _servers(stack: Stack, line: Line, demand: PoolDemand) -> int:
    """Connections that its clients may have at once: all of their own, or the part of them that the proxy lends."""
    if demand.pool.path is Path.DIRECT:
        return demand.clients
    own = math.ceil(round(demand.clients * demand.share, 9))
    if demand.service.pins or not line.borrowed:
        return own
    lent = line.capacity.pool / stack.margins.proxy_node_factor * demand.borrowed / line.borrowed
    return min(own, max(demand.borrowed, int(lent)))
