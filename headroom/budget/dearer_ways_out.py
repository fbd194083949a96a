"""Ways out that cost something: a proxy, more readers, a larger class.

As in `ways_out`: edits of the stack file that its own rules accept, with the stack that they make.
"""

from collections.abc import Iterator
from dataclasses import replace

from headroom.budget.capacity import capacity
from headroom.budget.evaluate import evaluate
from headroom.budget.facts import SERVERLESS, fact, family
from headroom.budget.model import Cluster, Event, Path, Proxy, Role, Service, ServiceKind, Stack
from headroom.budget.offers import Offer, instance_class
from headroom.budget.result import Edit, Remedy
from headroom.budget.ways_out import (
    limit_edit,
    limited,
    limits_worth_trying,
    percents_worth_trying,
    pool_key,
    proxy_edits,
)

_ZONES_MOST = 6  # of any region


def through_a_proxy(stack: Stack) -> Iterator[Remedy]:
    """Services and functions borrow from a proxy's pool instead of holding connections of their own."""
    serverless = stack.cluster.serverless
    if len(stack.proxies) > 1 or (serverless is not None and serverless.min_acu == 0):
        return
    moved = tuple(_moved(s, stack) for s in stack.services)
    edits = tuple(
        Edit(pool_key(was, pool, "path"), Path.PROXY.value, was=Path.DIRECT.value)
        for was, now in zip(stack.services, moved, strict=True)
        for pool, other in zip(was.pools, now.pools, strict=True)
        if pool != other
    )
    if not edits:
        return
    borrowing = [s for s in moved if any(p.path is Path.PROXY for p in s.pools)]
    # The proxy gives up before the most impatient client does.
    patience = max(1, min(s.client_timeout_ms for s in borrowing) // 1000 - 1)
    declared = next(iter(stack.proxies), None)
    timeout = min(patience, fact("service", "borrow_timeout_highest_seconds").value)
    if declared is not None:
        timeout = min(timeout, declared.connection_borrow_timeout_seconds)
    proxy = replace(declared or Proxy(), connection_borrow_timeout_seconds=timeout)
    stack = replace(stack, services=moved)
    present = min(capacity(stack, instance).ceiling.low for instance in stack.cluster.instances)
    cost = "no cost" if declared else "a proxy's price"
    for limit in (None, *limits_worth_trying(stack)):
        candidates = percents_worth_trying(stack, proxy, limit or max(1, present))
        for changed in (*([proxy] if declared else []), *candidates):
            yield Remedy(
                edits=(
                    *edits,
                    *([] if limit is None else [limit_edit(limit)]),
                    *(proxy_edits(declared, changed) if declared else [_new_proxy(changed)]),
                ),
                cost=cost if limit is None else f"{cost}, a reboot",
                stack=replace(stack if limit is None else limited(stack, limit), proxies=(changed,)),
            )


def _new_proxy(proxy: Proxy) -> Edit:
    names = ("max_connections_percent", "connection_borrow_timeout_seconds")
    return Edit("headroom:proxy", f"{{{', '.join(f'{name}: {getattr(proxy, name)}' for name in names)}}}")


def _moved(service: Service, stack: Stack) -> Service:
    # What only runs in the background may stay direct: it is small, and a proxy helps it least. A client that gives up
    # within a second does so before any proxy answers.
    if service.kind is ServiceKind.BACKGROUND or service.client_timeout_ms <= 1000:
        return service
    readers = bool(stack.cluster.readers)
    moved = tuple(replace(p, path=Path.PROXY) if readers or p.endpoint is Role.WRITER else p for p in service.pools)
    # A pool each for endpoint and path: two that would meet in one stay as they are.
    return replace(service, pools=moved) if len({p.endpoint for p in moved}) == len(moved) else service


def more_readers(stack: Stack) -> Iterator[Remedy]:
    """Only where every shortage is the readers': nothing that is added to them carries a write."""
    if any(finding.role is not Role.READER for finding in evaluate(stack).errors):
        return
    cluster, declared = stack.cluster, len(stack.cluster.readers)
    reader = cluster.readers[-1].instance_class
    for count in range(declared + 1, fact("service", "readers_highest").value + 1):
        events = tuple(_with_readers_min(event, count) for event in stack.events)
        # Which zones the new ones get isn't known where each of the present ones has its own: it must fit in any.
        in_one, *in_others = (
            replace(stack, cluster=_with_readers(cluster, count, zones), events=events)
            for zones in _possible_zones(cluster)
        )
        if all(evaluate(other).fits for other in in_others):
            yield Remedy(
                edits=(Edit("headroom:database.readers", count, was=declared), *_bounds(stack, count)),
                cost=f"{(count - declared) * reader.vcpus:+g} vCPUs",
                stack=in_one,
            )


def _with_readers(cluster: Cluster, count: int, zones: list[str]) -> Cluster:
    last = cluster.readers[-1]
    taken = {i.name for i in cluster.instances}
    names = (name for number in range(1, 100) if (name := f"reader-{number}") not in taken)
    added = tuple(
        replace(last, name=next(names), zone=zones[number % len(zones)])
        for number in range(len(cluster.instances), count + 1)
    )
    readers_max = None if cluster.readers_max is None else max(cluster.readers_max, count)
    return replace(cluster, instances=(*cluster.instances, *added), readers_max=readers_max)


def _possible_zones(cluster: Cluster) -> Iterator[list[str]]:
    """Instances go around the zones in turn: all zones are seen as soon as one comes again."""
    seen = list(dict.fromkeys(i.zone for i in cluster.instances))
    yield seen
    if len(seen) == len(cluster.instances):
        for more in range(1, _ZONES_MOST + 1 - len(seen)):
            yield [*seen, *(f"zone {number}" for number in range(more))]


def _with_readers_min(event: Event, count: int) -> Event:
    return event if event.readers_min is None else replace(event, readers_min=max(event.readers_min, count))


def _bounds(stack: Stack, count: int) -> Iterator[Edit]:
    """What has to follow the declared readers: both bounds of autoscaling, and the calendar between them."""
    readers_max = stack.cluster.readers_max
    if readers_max is None:
        return
    yield Edit("headroom:autoscaling.readers_min", count, at_least=True)
    if readers_max < count:
        yield Edit("headroom:autoscaling.readers_max", count, was=readers_max)
    for event in stack.events:
        if event.readers_min is not None and event.readers_min < count:
            yield Edit(f"headroom:events[{event.name}].readers_min", count, was=event.readers_min)


def larger_class(stack: Stack) -> Iterator[Remedy]:
    """A larger class of the writer's family, for the writer and for every reader that is smaller."""
    present = stack.cluster.writer.instance_class
    if present.name == SERVERLESS:
        return
    for larger in family(present):
        if larger.memory_gib <= present.memory_gib or _denied(larger.name, stack.cluster):
            continue
        instances = tuple(
            replace(i, instance_class=larger)
            if i.instance_class.memory_gib < larger.memory_gib and i.instance_class.name != SERVERLESS
            else i
            for i in stack.cluster.instances
        )
        edits = [Edit("headroom:database.instance_class", larger.name, was=present.name)]
        # Readers are of the writer's class unless the file says otherwise; it may say the same.
        for reader in [i.instance_class for i in stack.cluster.readers if i not in instances][:1]:
            key, same = "headroom:database.reader_instance_class", reader == present
            edits.append(Edit(key, larger.name, was=None if same else reader.name, where_given=same))
        added = sum(i.instance_class.vcpus for i in instances) - sum(
            i.instance_class.vcpus for i in stack.cluster.instances
        )
        yield Remedy(
            edits=tuple(edits),
            cost=f"{added:+g} vCPUs",
            stack=replace(stack, cluster=replace(stack.cluster, instances=instances)),
        )


def _denied(name: str, cluster: Cluster) -> bool:
    """AWS's lists say that the engine, its version or the region doesn't have the class."""
    answer = instance_class(cluster.engine, name, region=cluster.region, engine_version=cluster.engine_version)
    return answer.offer is Offer.NO
