"""The arithmetic of a budget, line by line, as a person would write it on paper."""

from collections.abc import Iterator

from headroom.budget.demand import PoolDemand
from headroom.budget.model import Engine, Path, Role
from headroom.budget.result import Budget, Line


def explain(budget: Budget) -> str:
    """The worst line of each role, every number with where it comes from; then the thresholds."""
    parts = [
        "\n".join(_line(budget, min(lines, key=lambda line: line.headroom)))
        for role in Role
        if (lines := [line for line in budget.lines if line.role is role])
    ]
    return "\n\n".join([*parts, "\n".join(_thresholds(budget))]) + "\n"


def _line(budget: Budget, line: Line) -> Iterator[str]:
    limits, stack = line.capacity, budget.stack
    yield f"{line.role} {line.instance}, {line.situation} (where it has least headroom)"
    yield f"  ceiling    {limits.ceiling} max_connections ({limits.ceiling.basis})"
    yield f"  reserved   {limits.reserved:,} = {_reserved(budget)}"
    yield f"  usable     {limits.usable:,} = {limits.ceiling.low:,} - {limits.reserved:,}"
    if stack.proxies:
        percents = " + ".join(f"{p.max_connections_percent} %" for p in stack.proxies)
        yield f"  pool       {limits.pool:,} = {percents} of {limits.ceiling.low:,}"
    for pool in line.demand:
        yield from _pool(budget, pool)
    yield f"  direct     {line.direct:,}"
    if stack.proxies:
        yield f"  proxied    {line.proxied:,} = {line.borrowed:,} borrowed x {stack.margins.proxy_node_factor:g} (the proxy's nodes)"
    yield f"  slots      {limits.usable - line.taken:,} free = {limits.usable:,} - {line.direct:,} direct - {limits.pool:,} pool"
    yield f"  CPU        {line.busy:,.1f} busy of {limits.cpu_cap:,} that the vCPUs carry"
    yield f"  memory     {line.direct + limits.pool_at_most:,} open of {limits.memory_cap:,} that fit beside the buffer cache"
    yield f"  reconnect  {line.reconnect_seconds:,.1f} s at {limits.connects_per_second:,.0f} connections a second"
    yield f"  headroom   {100 * line.headroom:,.1f} %, bound by {line.binds}"


def _reserved(budget: Budget) -> str:
    share = f"{budget.stack.break_glass_connections} break-glass"
    if budget.stack.cluster.engine is Engine.MYSQL:
        return f"3 AWS automation + {share}"
    return f"3 superuser + 2 rds_superuser + 3 AWS automation + {share}"


def _pool(budget: Budget, demand: PoolDemand) -> Iterator[str]:
    service, pool, margins = demand.service, demand.pool, budget.stack.margins
    name = f"{service.name}, {pool.endpoint}, {pool.path}"
    clients = f"{demand.clients:,} client connections ({service.processes_per_instance} x {pool.connections_max} on each instance)"
    if pool.path is Path.DIRECT:
        yield f"  + {demand.open:,} held open: {name}: {clients}, dead hosts' included, this instance's share"
    elif service.pins:
        yield f"  + {demand.borrowed:,} borrowed: {name}: it pins, so all of its {clients}"
    elif service.transactions_per_second_peak is None:
        yield f"  + {demand.borrowed:,} borrowed: {name}: no rate is declared, so all of its {clients}"
    else:
        yield (
            f"  + {demand.borrowed:,} borrowed: {name}: {service.transactions_per_second_peak:g} tps x {pool.transactions_percent:g} % "
            f"x {margins.burst_factor:g} (bursts) x {margins.traffic_uncertainty_factor:g} (uncertainty), held {service.hold_ms:g} ms, "
            f"of {clients}"
        )


def _thresholds(budget: Budget) -> Iterator[str]:
    yield "thresholds"
    for role in budget.thresholds.roles:
        yield (
            f"  {role.role}  accepted peak {role.accepted_peak_connections:,} < warning {role.warning_connections:,} "
            f"< critical {role.critical_connections:,} < limit {role.limit_connections:,} connections"
        )
    for pool in budget.thresholds.pools:
        yield (
            f"  {pool.role} pool  accepted peak {pool.accepted_peak_percent:.1f} % < warning {pool.warning_percent:.1f} % "
            f"< critical {pool.critical_percent:.1f} %"
        )
    scaling = budget.thresholds.scaling
    if scaling is not None:
        connections = (
            "none: it can't be reached" if scaling.connections is None else f"{scaling.connections:,} connections"
        )
        yield f"  replica autoscaling  {connections}; {scaling.cpu_percent} % CPU; {scaling.lead_minutes} minutes ahead of an event"
