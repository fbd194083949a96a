"""The arithmetic of a budget, line by line, as a person would write it on paper."""

from collections.abc import Iterator

from headroom.budget.capacity import promotable
from headroom.budget.demand import PoolDemand, wait_allowed_ms
from headroom.budget.facts import connections
from headroom.budget.model import Engine, Path, Role, ServiceKind
from headroom.budget.queueing import offered_load
from headroom.budget.result import Budget, Line
from headroom.budget.situations import Situation, situations

_RESERVED = {
    "superuser_reserved": "superuser",
    "rds_superuser_reserved": "rds_superuser",
    "automation_reserved": "AWS automation",
}


def explain(budget: Budget) -> str:
    """The worst line of each role, every number with where it comes from; then the thresholds."""
    parts = [
        "\n".join(_line(budget, min(lines, key=lambda line: line.tightness)))
        for role in Role
        if (lines := [line for line in budget.lines if line.role is role])
    ]
    return "\n\n".join([*parts, "\n".join(_thresholds(budget))]) + "\n"


def _line(budget: Budget, line: Line) -> Iterator[str]:
    limits, stack = line.capacity, budget.stack
    situation = next(s for s in situations(stack) if s.name == line.situation)
    yield f"{line.role} {line.instance}, {line.situation} (where it has least headroom)"
    yield f"  ceiling    {limits.ceiling} max_connections ({limits.ceiling.basis})"
    yield f"  reserved   {limits.reserved:,} = {_reserved(budget)}"
    yield f"  usable     {limits.usable:,} = {limits.ceiling.low:,} - {limits.reserved:,}"
    if stack.proxies:
        percents = " + ".join(f"{p.max_connections_percent} %" for p in stack.proxies)
        yield f"  pool       {limits.pool:,} = {percents} of {limits.ceiling.low:,}"
    for pool in line.demand:
        yield f"  {pool.service.name}, {pool.pool.endpoint}, {pool.pool.path}"
        yield from (f"    {step}" for step in _pool(budget, situation, pool))
    yield f"  direct     {_sum(line.direct, [pool.open for pool in line.demand])}"
    if stack.proxies:
        yield f"  borrowed   {_sum(line.borrowed, [pool.borrowed for pool in line.demand])}"
        nodes = f"{stack.margins.proxy_node_factor:g} (the proxy's nodes)"
        yield f"  proxied    {line.proxied:,} = {line.borrowed:,} x {nodes}, rounded up"
    yield from _against_the_limits(budget, line)
    yield f"  headroom   {100 * line.headroom:,.1f} %, bound by {line.binds}"


def _reserved(budget: Budget) -> str:
    engine = budget.stack.cluster.engine
    slots = {name: connections(engine, key) for key, name in _RESERVED.items()}
    slots["break-glass"] = budget.stack.break_glass_connections
    return " + ".join(f"{count} {name}" for name, count in slots.items() if count)


def _pool(budget: Budget, situation: Situation, demand: PoolDemand) -> Iterator[str]:
    service, pool, margins = demand.service, demand.pool, budget.stack.margins
    on_this = f" x {demand.share:.4g}" if demand.share < 1 else ""
    if on_this:
        readers = round(margins.reader_skew_factor / demand.share)
        yield f"share      {demand.share:.4g} of the reads = {margins.reader_skew_factor:g} (skew) / {readers} readers"
    yield f"clients    {demand.clients:,} = {_clients(demand)}"
    if pool.path is Path.DIRECT:
        whole = f"{demand.clients:,} + {demand.orphans:,} of dead hosts"
        yield f"held open  {demand.open:,} = {f'({whole}){on_this}' if on_this else whole}"
    if demand.rate is None:
        if pool.path is Path.PROXY:
            yield f"borrowed   {demand.borrowed:,} = all clients{on_this}: no rate is declared"
        yield f"busy       {demand.busy:,.4g} = all clients{on_this}: no rate is declared"
        return
    yield f"rate       {demand.rate:,.5g} a second = {_rate(budget, situation, demand)}"
    if pool.path is Path.PROXY:
        yield from _borrowed(budget, situation, demand, on_this)
    working = f"{demand.rate:,.5g} x {service.hold_ms:g} ms"
    if offered_load(demand.rate, service.hold_ms) > demand.clients:
        working = f"all clients, fewer than {working}"
    yield f"busy       {demand.busy:,.4g} = {working}{on_this}"


def _clients(demand: PoolDemand) -> str:
    service, pool = demand.service, demand.pool
    hosts = demand.clients // (service.processes_per_instance * pool.connections_max)
    surge = hosts - service.instances_max
    instances = f"({service.instances_max:,} + {surge:,} while a deploy rolls)" if surge else f"{hosts:,}"
    return f"{instances} instances x {service.processes_per_instance} x {pool.connections_max}"


def _rate(budget: Budget, situation: Situation, demand: PoolDemand) -> str:
    service, margins = demand.service, budget.stack.margins
    factors = [f"{service.transactions_per_second_peak:g}"]
    if situation.traffic_factor != 1 and service.kind is not ServiceKind.BACKGROUND:
        factors.append(f"{situation.traffic_factor:g} (the event)")
    factors += [f"{margins.burst_factor:g} (bursts)", f"{margins.traffic_uncertainty_factor:g} (uncertainty)"]
    if demand.pool.transactions_percent != 100:
        factors.append(f"{demand.pool.transactions_percent:g} % (this pool)")
    return " x ".join(factors)


def _borrowed(budget: Budget, situation: Situation, demand: PoolDemand, on_this: str) -> Iterator[str]:
    service, rate = demand.service, demand.rate or 0.0
    if service.pins:
        whole = f"({demand.clients:,} + {demand.orphans:,} of dead hosts)"
        yield f"borrowed   {demand.borrowed:,} = {whole}{on_this}: it pins"
        return
    if demand.row_utilisation >= 1:
        asked = f"one row is asked for {demand.row_utilisation:.2g} times as fast as it is released"
        yield f"borrowed   {demand.borrowed:,} = all clients{on_this}: {asked}"
        return
    slow = budget.stack.margins.slow_hold_factor if situation.slow else 1.0
    queue = demand.hold_ms / (service.hold_ms * slow)
    if demand.hold_ms != service.hold_ms:
        factors = (f" x {slow:g} (slow)" if slow != 1 else "") + (f" x {queue:.4g} (hot row)" if queue > 1 else "")
        yield f"hold       {demand.hold_ms:,.4g} ms = {service.hold_ms:g} ms{factors}"
    load = offered_load(rate, demand.hold_ms) * demand.share
    wait = wait_allowed_ms(budget.stack, situation, service)
    yield f"load       {load:,.4g} erlangs = {rate:,.5g} x {demand.hold_ms:,.4g} ms{on_this}"
    yield f"borrowed   {demand.borrowed:,} by Erlang C: p95 of the wait at most {wait:,.4g} ms; or all clients{on_this}"


def _sum(total: int, parts: list[int]) -> str:
    counted = [f"{part:,}" for part in parts if part]
    return f"{total:,} = {' + '.join(counted)}" if len(counted) > 1 else f"{total:,}"


def _against_the_limits(budget: Budget, line: Line) -> Iterator[str]:
    limits, margins = line.capacity, budget.stack.margins
    size = next(i.instance_class for i in promotable(budget.stack) if i.name == line.instance)
    free = limits.usable - line.taken
    yield f"  slots      {free:,} free = {limits.usable:,} - {line.direct:,} direct - {limits.pool:,} pool"
    if budget.stack.proxies:
        yield f"  pool       {limits.pool - line.proxied:,} free = {limits.pool:,} - {line.proxied:,} proxied"
    vcpus = f"{size.vcpus:g} vCPUs"
    yield f"  CPU        {line.busy:,.1f} busy of {limits.cpu_cap:,} = {vcpus} x {margins.busy_connections_per_vcpu:g}"
    memory = f"{size.memory_gib:g} GiB / 12,582,880 bytes (AWS's line)"
    if budget.stack.cluster.engine is Engine.POSTGRESQL:
        share = f"{margins.connection_memory_percent:g} % of {size.memory_gib:g} GiB"
        memory = f"{share} / {margins.connection_memory_mib:g} MiB"
    yield f"  memory     {line.direct + limits.pool_at_most:,} open of {limits.memory_cap:,} = {memory}"
    again = line.direct + min(line.proxied, limits.pool)
    pace = f"{limits.connects_per_second:,.6g} a second ({vcpus} x {margins.connects_per_second_per_vcpu:g})"
    yield f"  reconnect  {line.reconnect_seconds:,.1f} s = {again:,} / {pace}"


def _thresholds(budget: Budget) -> Iterator[str]:
    yield "thresholds"
    for role in budget.thresholds.roles:
        yield (
            f"  {role.role}  accepted peak {role.accepted_peak_connections:,} < warning {role.warning_connections:,} "
            f"< critical {role.critical_connections:,} < limit {role.limit_connections:,} connections"
        )
    for pool in budget.thresholds.pools:
        yield (
            f"  {pool.role} pool  accepted peak {pool.accepted_peak_percent:.1f} % "
            f"< warning {pool.warning_percent:.1f} % < critical {pool.critical_percent:.1f} %"
        )
    scaling = budget.thresholds.scaling
    if scaling is not None:
        connections = (
            "none: it can't be reached" if scaling.connections is None else f"{scaling.connections:,} connections"
        )
        ahead = f"{scaling.lead_minutes} minutes ahead of an event"
        yield f"  replica autoscaling  {connections}; {scaling.cpu_percent} % CPU; means over the readers; {ahead}"
