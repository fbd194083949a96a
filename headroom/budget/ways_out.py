"""Ways out that cost nothing: numbers in the stack file. Each as its edits, with the stack that they make.

Every edit is one that the file's own rules accept (`headroom/settings`): values in range, no idle share above the
proxy's, no constant with serverless, no client that gives up before the proxy, no minimum below the declared readers.
Whether a change helps is for `remedies` to check.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from headroom.budget.capacity import capacity
from headroom.budget.evaluate import evaluate
from headroom.budget.facts import SERVERLESS, connections
from headroom.budget.model import Engine, Pool, Proxy, Service, Stack
from headroom.budget.queueing import connections_for, offered_load
from headroom.budget.result import Edit, Remedy

_PERCENTS = range(1, 101)
_NO_COST = "no cost"
_NO_COST_BUT_A_REBOOT = "no cost, a reboot"  # max_connections is static


def lower_a_pool(stack: Stack) -> Iterator[Remedy]:
    """The largest connections_max of one pool that fits; the pool that holds most first.

    Only where it still holds what its traffic needs: a pool that is too small moves the queue into the application.
    """
    pools = [(service, pool) for service in stack.services for pool in service.pools if pool.connections_max > 1]
    for service, pool in sorted(pools, key=lambda sp: -_held(*sp)):
        fitting = _largest_that_fits(stack, service, pool)
        if fitting is None:
            continue
        changed = replace(pool, connections_max=fitting)
        lowered = _with_pool(stack, service, pool, changed)
        if not _starves(lowered, service.name, changed):
            edit = Edit(pool_key(service, pool, "connections_max"), fitting, was=pool.connections_max)
            yield Remedy(edits=(edit,), cost=_NO_COST, stack=lowered)


def pool_key(service: Service, pool: Pool, name: str) -> str:
    """The path of one key of a pool."""
    return f"headroom:services[{service.name}].pools[{pool.endpoint}, {pool.path}].{name}"


def _held(service: Service, pool: Pool) -> int:
    return service.instances_max * service.processes_per_instance * pool.connections_max


def _largest_that_fits(stack: Stack, service: Service, pool: Pool) -> int | None:
    """By bisection: a smaller pool never needs more connections."""
    low, high = 0, pool.connections_max
    while high - low > 1:
        middle = (low + high) // 2
        if evaluate(_with_pool(stack, service, pool, replace(pool, connections_max=middle))).fits:
            low = middle
        else:
            high = middle
    return low or None


def _with_pool(stack: Stack, service: Service, pool: Pool, changed: Pool) -> Stack:
    pools = tuple(changed if p is pool else p for p in service.pools)
    return replace(stack, services=tuple(replace(s, pools=pools) if s is service else s for s in stack.services))


def _starves(stack: Stack, service: str, pool: Pool) -> bool:
    """On some accepted day its clients would wait in their own pool, longer than the objective; or nobody knows."""
    return any(
        demand.rate is None
        or demand.clients
        < connections_for(
            offered_load(demand.rate, demand.hold_ms), demand.hold_ms, stack.wait_objective_ms, demand.clients + 1
        )
        for line in evaluate(stack).lines
        for demand in line.demand
        if line.accepted and demand.service.name == service and demand.pool == pool
    )


def other_percent(stack: Stack) -> Iterator[Remedy]:
    """The percent nearest to the declared one; only where there is one proxy."""
    if len(stack.proxies) != 1:
        return
    proxy = stack.proxies[0]
    for percent in sorted(_PERCENTS, key=lambda p: abs(p - proxy.max_connections_percent)):
        changed = _with_percent(proxy, percent)
        yield Remedy(edits=proxy_edits(proxy, changed), cost=_NO_COST, stack=replace(stack, proxies=(changed,)))


def _with_percent(proxy: Proxy, percent: int) -> Proxy:
    """Left out, the idle share is half of the percent. Whether it is isn't known here, so the larger one is judged."""
    idle, half = proxy.max_idle_connections_percent, percent // 2
    if idle > percent:
        idle = half
    elif idle == proxy.max_connections_percent // 2:
        idle = max(idle, half)
    return replace(proxy, max_connections_percent=percent, max_idle_connections_percent=idle)


def proxy_edits(was: Proxy, now: Proxy) -> tuple[Edit, ...]:
    """The keys that must change. An idle share that was left out follows the percent by itself."""
    names = ["max_connections_percent", "connection_borrow_timeout_seconds"]
    if was.max_idle_connections_percent > now.max_connections_percent:
        names.insert(1, "max_idle_connections_percent")
    return tuple(
        Edit(f"headroom:proxy.{name}", getattr(now, name), was=getattr(was, name))
        for name in names
        if getattr(now, name) != getattr(was, name)
    )


def other_max_connections(stack: Stack) -> Iterator[Remedy]:
    """Every value that is worth trying."""
    for limit in limits_worth_trying(stack):
        yield Remedy(edits=(limit_edit(limit),), cost=_NO_COST_BUT_A_REBOOT, stack=limited(stack, limit))


def limits_worth_trying(stack: Stack) -> Iterable[int]:
    """Values of max_connections, nearest to the present ceiling first: a tenth apart, up to what memory carries."""
    cluster = stack.cluster
    if cluster.engine is Engine.MYSQL and cluster.readers_max is not None:
        return []  # AWS doesn't say which parameter group an autoscaled replica gets
    if any(instance.instance_class.name == SERVERLESS for instance in cluster.instances):
        return []  # AWS warns of a constant: the limit follows the capacity
    limits = [capacity(stack, instance) for instance in cluster.instances]
    present = max(1, min(c.ceiling.low for c in limits))
    highest = min(connections(cluster.engine, "highest"), *(c.memory_cap for c in limits))
    lowest = max(connections(cluster.engine, "lowest"), 20)
    steps = max(1, math.ceil(math.log(max(highest, lowest) / lowest, 1.1)))
    values = {_readable(round(lowest * 1.1**step)) for step in range(steps + 1)}
    return sorted((v for v in values if lowest <= v <= highest), key=lambda v: (abs(math.log(v / present)), v))


def _readable(value: int) -> int:
    """Two significant digits: nobody wants to write 1,039."""
    grain: int = 10 ** max(0, len(str(value)) - 2)
    return value - value % grain


def limit_edit(limit: int) -> Edit:
    """Set max_connections."""
    return Edit("headroom:database.max_connections", limit)


def limited(stack: Stack, limit: int) -> Stack:
    """The stack with that max_connections on every instance."""
    instances = tuple(replace(i, max_connections=None) for i in stack.cluster.instances)
    return replace(stack, cluster=replace(stack.cluster, max_connections=limit, instances=instances))


def other_percent_and_limit(stack: Stack) -> Iterator[Remedy]:
    """Both at once: the pool between the demand and the CPU cap, the rest of the slots for the direct pools."""
    if len(stack.proxies) != 1:
        return
    proxy = stack.proxies[0]
    for limit in limits_worth_trying(stack):
        for changed in percents_worth_trying(stack, proxy, limit):
            yield Remedy(
                edits=(limit_edit(limit), *proxy_edits(proxy, changed)),
                cost=_NO_COST_BUT_A_REBOOT,
                stack=replace(limited(stack, limit), proxies=(changed,)),
            )


def percents_worth_trying(stack: Stack, proxy: Proxy, limit: int) -> Iterator[Proxy]:
    """A pool for the demand with a fifth of room, then twice that; the check decides."""
    needed = max(line.proxied for line in evaluate(replace(stack, proxies=(proxy,))).lines)
    for wanted in (needed * 1.2, needed * 2.4):
        yield _with_percent(proxy, min(100, max(1, math.ceil(100 * wanted / limit))))
