"""What the services ask of one instance in one situation.

Direct pools open eagerly and stay open: all of them count. Behind a proxy only borrowed connections count: Little's law
on hold time, sized by Erlang C for the wait objective, and never more than the client connections that exist.
"""

import math
from typing import NamedTuple

from headroom.budget.model import Path, Pool, Role, Service, ServiceKind, Stack
from headroom.budget.queueing import connections_for, offered_load
from headroom.budget.situations import Situation, Standing


class PoolDemand(NamedTuple):
    """One service's pool, as the busiest instance of its role sees it. Connections, but for `busy` (erlangs).

    Attributes:
        service: whose pool it is.
        pool: the pool.
        share: of the pool's whole demand that falls on this instance, 0-1.
        clients: client connections that exist, at the autoscaler's maximum.
        orphans: connections of hosts that died without closing; behind a proxy only those of a service that pins (the
            others' are given back).
        rate: transactions per second in the busiest seconds, margins included; None: not declared.
        hold_ms: mean milliseconds from borrow to return, waiting for a slow database or a hot row included.
        open: database connections held open whatever the load (direct pools, orphans included; 0 behind a proxy).
        borrowed: database connections borrowed at once behind a proxy (0 for direct pools).
        busy: mean connections at work on the CPU.
        row_utilisation: of the row that its transactions queue on; 1 or more: no number of connections helps.
        waits_in_its_own_pool: its traffic needs more connections than its own pools have.
    """

    service: Service
    pool: Pool
    share: float
    clients: int
    orphans: int
    rate: float | None
    hold_ms: float
    open: int
    borrowed: int
    busy: float
    row_utilisation: float
    waits_in_its_own_pool: bool


class Demand(NamedTuple):
    """All pools on one instance, summed.

    Attributes:
        pools: each of them.
        direct: connections held open whatever the load.
        borrowed: connections borrowed from the pool at once.
        proxied: what the pool must hold: borrowed x the proxy's node factor.
        busy: mean connections at work on the CPU.
    """

    pools: tuple[PoolDemand, ...]
    direct: int
    borrowed: int
    proxied: int
    busy: float


def demand_on(stack: Stack, situation: Situation, standing: Standing, role: Role) -> Demand:
    """The demand on the busiest instance of a role; the writer also gets the reads when no reader is left."""
    pools = [
        _pool_demand(stack, situation, standing, service, pool)
        for service in stack.services
        for pool in service.pools
        if _served_by(pool, standing) is role
    ]
    borrowed = sum(p.borrowed for p in pools)
    return Demand(
        pools=tuple(pools),
        direct=sum(p.open for p in pools),
        borrowed=borrowed,
        proxied=_shared(borrowed, stack.margins.proxy_node_factor),
        busy=sum(p.busy for p in pools),
    )


def _served_by(pool: Pool, standing: Standing) -> Role:
    return pool.endpoint if standing.readers else Role.WRITER


def _pool_demand(stack: Stack, situation: Situation, standing: Standing, service: Service, pool: Pool) -> PoolDemand:
    share = _share(pool, standing, stack.margins.reader_skew_factor)
    hosts = service.instances_max + _surge(service, situation)
    clients = hosts * service.processes_per_instance * pool.connections_max
    rate = _peak_rate(stack, situation, service, pool.transactions_percent)
    load, hold_ms, row_utilisation = _load(stack, situation, service, pool, rate)
    orphans = _orphans(stack, standing, service) * service.processes_per_instance * pool.connections_max
    open_ = borrowed = 0
    if pool.path is Path.DIRECT:
        open_ = _shared(clients + orphans, share)
    elif service.pins:  # the proxy keeps a database connection for each client connection, busy, idle or dead
        borrowed = _shared(clients + orphans, share)
    else:
        orphans = 0
        borrowed = _shared(clients, share)
        # With an unknown rate, or on a row that is asked for faster than it is released, every client connection is
        # borrowed in the end.
        if not math.isinf(load):
            borrowed = connections_for(load * share, hold_ms, wait_allowed_ms(stack, situation, service), borrowed)
    # A slow database waits for locks and storage; its CPU does no more work than otherwise. A client that waits in its
    # own pool keeps no CPU busy either.
    at_work = clients if rate is None else min(offered_load(rate, service.hold_ms), clients)
    return PoolDemand(
        service=service,
        pool=pool,
        share=share,
        clients=clients,
        orphans=orphans,
        rate=rate,
        hold_ms=hold_ms,
        open=open_,
        borrowed=borrowed,
        busy=at_work * share,
        row_utilisation=row_utilisation,
        waits_in_its_own_pool=rate is not None and load >= clients,
    )


def _share(pool: Pool, standing: Standing, skew: float) -> float:
    """The busiest reader's share of the reads: `skew` times the mean; all of them where one or none is left."""
    if pool.endpoint is Role.WRITER or len(standing.readers) <= 1:
        return 1.0
    return min(1.0, skew / len(standing.readers))


def _shared(count: int, share: float) -> int:
    """That share of the connections, rounded up."""
    return math.ceil(round(count * share, 9))  # round first: 3 x (1/3) is 1, not 1.0000000000000002


def _surge(service: Service, situation: Situation) -> int:
    if not situation.deploying or service.kind is ServiceKind.BACKGROUND:
        return 0
    return _shared(service.instances_max, service.deploy_surge_percent / 100)


def _orphans(stack: Stack, standing: Standing, service: Service) -> int:
    """Hosts that are gone while the database still holds their connections; with a zone, its share of the fleet."""
    if not standing.lost_zone or service.kind is ServiceKind.BACKGROUND:
        return service.orphaned_instances
    zones = max(2, len({i.zone for i in stack.cluster.instances}))
    return max(service.orphaned_instances, math.ceil(service.instances_max / zones))


def _writing_percent(service: Service) -> float:
    """The share of its transactions that reaches the writer; pools that each declare all of them count once."""
    return min(100.0, sum(p.transactions_percent for p in service.pools if p.endpoint is Role.WRITER))


def _peak_rate(stack: Stack, situation: Situation, service: Service, percent: float) -> float | None:
    """That percent of its transactions per second in the busiest seconds, margins included; None: not known."""
    if service.transactions_per_second_peak is None:
        return None
    factor = 1.0 if service.kind is ServiceKind.BACKGROUND else situation.traffic_factor
    margins = stack.margins.burst_factor * stack.margins.traffic_uncertainty_factor
    return service.transactions_per_second_peak * factor * margins * percent / 100


def _load(
    stack: Stack, situation: Situation, service: Service, pool: Pool, rate: float | None
) -> tuple[float, float, float]:
    """Erlangs, the hold time in milliseconds, and the hot row's utilisation.

    Transactions that queue on one row hold their connection while they wait: an M/M/1 queue inside the hold time,
    whose throughput is 1 / hold whatever the pool. Rows are locked on the writer only, and all of the service's pools
    there meet at the same one.
    """
    hold_ms = service.hold_ms * (stack.margins.slow_hold_factor if situation.slow else 1.0)
    if rate is None:
        return math.inf, hold_ms, 0.0
    serialized = service.serialized_percent / 100 if pool.endpoint is Role.WRITER else 0.0
    at_the_row = _peak_rate(stack, situation, service, _writing_percent(service)) or 0.0
    row_utilisation = offered_load(at_the_row * serialized, hold_ms)
    if row_utilisation >= 1:
        return math.inf, hold_ms, row_utilisation
    hold_ms *= 1 + serialized * row_utilisation / (1 - row_utilisation)
    return offered_load(rate, hold_ms), hold_ms, row_utilisation


def wait_allowed_ms(stack: Stack, situation: Situation, service: Service) -> float:
    """p95 of the wait: the objective in everyday situations; when something is broken, half the time until it gives up.

    Whoever gives up first: the proxy after its borrow timeout, or the service's client after its own.
    """
    if situation.accepted or not stack.proxies:
        return stack.wait_objective_ms
    timeout_ms = min(service.client_timeout_ms, *(1000 * p.connection_borrow_timeout_seconds for p in stack.proxies))
    return max(stack.wait_objective_ms, timeout_ms * stack.margins.borrow_wait_percent / 100)
