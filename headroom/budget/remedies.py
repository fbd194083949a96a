"""Ways out of a budget that doesn't fit: each was applied, evaluated, and found to fit.

Cheapest first: settings cost nothing, a proxy and readers cost vCPUs, a larger class costs most. Where no single change
is enough there may be none; then that is the answer.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice

from headroom.budget.capacity import capacity
from headroom.budget.evaluate import evaluate
from headroom.budget.facts import SERVERLESS, connections, fact, family
from headroom.budget.model import Engine, Instance, Path, Pool, Proxy, Role, Service, ServiceKind, Stack
from headroom.budget.result import Remedy

MOST = 3
_PERCENTS = range(1, 101)


def remedies(stack: Stack) -> list[Remedy]:
    """Up to three changes that make the stack fit, cheapest first; none where it fits, or where nothing was found."""
    if evaluate(stack).fits:
        return []
    # One of each kind, in the order of their cost: three ways to say the same thing are one way out.
    one_change = [_first_that_fits(kind(stack)) for kind in (_lower_a_pool, _other_percent, _other_max_connections)]
    settings = [way for way in one_change if way is not None]
    if not settings:
        settings = [way for way in [_first_that_fits(_other_percent_and_limit(stack))] if way is not None]
    dearer = (_first_that_fits(kind(stack)) for kind in (_through_a_proxy, _more_readers, _larger_class))
    return list(islice((way for way in chain(settings, dearer) if way is not None), MOST))


def _first_that_fits(ways: Iterator[Remedy]) -> Remedy | None:
    return next((way for way in ways if evaluate(way.stack).fits), None)


def _lower_a_pool(stack: Stack) -> Iterator[Remedy]:
    """The largest connections_max of one pool that fits; the pool that holds most first."""
    pools = [(service, pool) for service in stack.services for pool in service.pools if pool.connections_max > 1]
    for service, pool in sorted(pools, key=lambda sp: -_held(*sp)):
        fitting = _largest_that_fits(stack, service, pool)
        if fitting is not None:
            yield Remedy(
                title=(
                    f"headroom:services[{service.name}].pools[{pool.endpoint}, {pool.path}].connections_max: "
                    f"{pool.connections_max} -> {fitting}"
                ),
                cost="no cost",
                stack=_with_pool(stack, service, pool, replace(pool, connections_max=fitting)),
            )


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
    return _with_service(stack, service, replace(service, pools=pools))


def _with_service(stack: Stack, service: Service, changed: Service) -> Stack:
    return replace(stack, services=tuple(changed if s is service else s for s in stack.services))


def _other_percent(stack: Stack) -> Iterator[Remedy]:
    """The percent nearest to the declared one; only where there is one proxy."""
    if len(stack.proxies) != 1:
        return
    proxy = stack.proxies[0]
    for percent in sorted(_PERCENTS, key=lambda p: abs(p - proxy.max_connections_percent)):
        yield Remedy(
            title=f"headroom:proxy.max_connections_percent: {proxy.max_connections_percent} -> {percent}",
            cost="no cost",
            stack=replace(stack, proxies=(_with_percent(proxy, percent),)),
        )


def _with_percent(proxy: Proxy, percent: int) -> Proxy:
    return replace(
        proxy,
        max_connections_percent=percent,
        max_idle_connections_percent=min(proxy.max_idle_connections_percent, percent),
    )


def _limits_worth_trying(stack: Stack) -> Iterable[int]:
    """Values of max_connections, nearest to the present ceiling first: a tenth apart, up to what memory carries."""
    if stack.cluster.engine is Engine.MYSQL and stack.cluster.readers_max is not None:
        return []  # AWS doesn't say which parameter group an autoscaled replica gets
    limits = [capacity(stack, instance) for instance in stack.cluster.instances]
    present = max(1, min(c.ceiling.low for c in limits))
    highest = min(connections(stack.cluster.engine, "highest"), *(c.memory_cap for c in limits))
    lowest = max(connections(stack.cluster.engine, "lowest"), 20)
    steps = max(1, math.ceil(math.log(max(highest, lowest) / lowest, 1.1)))
    values = {_readable(round(lowest * 1.1**step)) for step in range(steps + 1)}
    return sorted((v for v in values if lowest <= v <= highest), key=lambda v: (abs(math.log(v / present)), v))


def _readable(value: int) -> int:
    """Two significant digits: nobody wants to write 1,039."""
    grain: int = 10 ** max(0, len(str(value)) - 2)
    return value - value % grain


def _limited(stack: Stack, limit: int) -> Stack:
    instances = tuple(replace(i, max_connections=None) for i in stack.cluster.instances)
    return replace(stack, cluster=replace(stack.cluster, max_connections=limit, instances=instances))


def _other_max_connections(stack: Stack) -> Iterator[Remedy]:
    for limit in _limits_worth_trying(stack):
        yield Remedy(
            title=f"headroom:database.max_connections: {limit}", cost="no cost, a reboot", stack=_limited(stack, limit)
        )


def _other_percent_and_limit(stack: Stack) -> Iterator[Remedy]:
    """Both at once: the pool between the demand and the CPU cap, the rest of the slots for the direct pools."""
    if len(stack.proxies) != 1:
        return
    yield from _limit_and_percent(stack, stack.proxies[0], "")


def _limit_and_percent(stack: Stack, proxy: Proxy, prefix: str) -> Iterator[Remedy]:
    throttled = replace(stack, proxies=(proxy,))
    needed = max(line.proxied for line in evaluate(throttled).lines)
    for limit in _limits_worth_trying(throttled):
        limited = _limited(throttled, limit)
        # The demand with a fifth of room, then twice that; the check decides.
        for wanted in (needed * 1.2, needed * 2.4):
            percent = min(100, max(1, math.ceil(100 * wanted / limit)))
            yield Remedy(
                title=(
                    f"{prefix}headroom:database.max_connections: {limit} and "
                    f"headroom:proxy.max_connections_percent: {percent}"
                ),
                cost="no cost, a reboot" if not prefix else "a proxy's price, a reboot",
                stack=replace(limited, proxies=(_with_percent(proxy, percent),)),
            )


def _through_a_proxy(stack: Stack) -> Iterator[Remedy]:
    """Services and functions borrow from a proxy's pool instead of holding connections of their own."""
    if len(stack.proxies) > 1 or not any(p.path is Path.DIRECT for s in stack.services for p in s.pools):
        return
    fastest_client_seconds = min((s.client_timeout_ms for s in stack.services), default=1000) // 1000
    proxy = (
        stack.proxies[0]
        if stack.proxies
        else Proxy(connection_borrow_timeout_seconds=max(1, fastest_client_seconds - 1))
    )
    # What only runs in the background may stay direct: it is small, and a proxy helps it least.
    services = tuple(
        s if s.kind is ServiceKind.BACKGROUND else replace(s, pools=_proxied(s, stack)) for s in stack.services
    )
    names = ", ".join(s.name for s, was in zip(services, stack.services, strict=True) if s != was)
    if not names:
        return
    moved = replace(stack, services=services, proxies=(proxy,))
    yield from _limit_and_percent(moved, proxy, f"path: proxy for {names}, with ")


def _proxied(service: Service, stack: Stack) -> tuple[Pool, ...]:
    readers = bool(stack.cluster.readers)
    moved = tuple(replace(p, path=Path.PROXY) if readers or p.endpoint is Role.WRITER else p for p in service.pools)
    # A pool each for endpoint and path: two that would meet in one stay as they are.
    return moved if len({(p.endpoint, p.path) for p in moved}) == len(moved) else service.pools


def _more_readers(stack: Stack) -> Iterator[Remedy]:
    """Only where every shortage is the readers': nothing that is added to them carries a write."""
    if any(finding.role is not Role.READER for finding in evaluate(stack).errors):
        return
    cluster = stack.cluster
    zones = sorted({i.zone for i in cluster.instances})
    most = fact("service", "readers_highest").value
    taken = {i.name for i in cluster.instances}
    free = [name for number in range(1, 2 * most) if (name := f"reader-{number}") not in taken]
    for count in range(len(cluster.readers) + 1, most + 1):
        added = tuple(
            Instance(
                name=free[number - len(cluster.readers) - 1],
                instance_class=cluster.writer.instance_class,
                zone=zones[number % len(zones)],
                max_connections=cluster.writer.max_connections,
            )
            for number in range(len(cluster.readers) + 1, count + 1)
        )
        readers_max = None if cluster.readers_max is None else max(cluster.readers_max, count)
        changed = replace(cluster, instances=(*cluster.instances, *added), readers_max=readers_max)
        yield Remedy(
            title=f"headroom:database.readers: {len(cluster.readers)} -> {count}",
            cost=f"{len(added) * cluster.writer.instance_class.vcpus:+g} vCPUs",
            stack=replace(stack, cluster=changed),
        )


def _larger_class(stack: Stack) -> Iterator[Remedy]:
    present = stack.cluster.writer.instance_class
    if present.name == SERVERLESS:
        return
    for larger in (c for c in family(present) if c.memory_gib > present.memory_gib):
        instances = tuple(
            replace(i, instance_class=larger) if i.instance_class.memory_gib < larger.memory_gib else i
            for i in stack.cluster.instances
        )
        added = sum(i.instance_class.vcpus for i in instances) - sum(
            i.instance_class.vcpus for i in stack.cluster.instances
        )
        yield Remedy(
            title=f"headroom:database.instance_class: {present.name} -> {larger.name}",
            cost=f"{added:+g} vCPUs",
            stack=replace(stack, cluster=replace(stack.cluster, instances=instances)),
        )
