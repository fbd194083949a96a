"""Alarm thresholds and scaling targets, derived from the budget's lines; none is typed.

accepted peak < warning < critical < limit: below the accepted peak an alarm would cry on a good day, and at the limit
it would come too late or never. Warning and critical divide the room between them in three.
"""

import math
from collections.abc import Sequence

from headroom.budget.capacity import capacity, idle_connections, promotable
from headroom.budget.model import Path, Role, Stack
from headroom.budget.result import Finding, Line, PoolThresholds, RoleThresholds, ScalingTargets, Severity, Thresholds

_SMALLEST_WINDOW = 3  # connections between the accepted peak and the limit: two thresholds fit strictly between
_COARSE_ENOUGH_PERCENT = 1  # of room: then tenths of a percent, which people read, keep the order


def thresholds(stack: Stack, lines: Sequence[Line]) -> tuple[Thresholds, list[Finding]]:
    """The stack's thresholds, and a finding for each that can't exist."""
    roles: list[RoleThresholds] = []
    pools: list[PoolThresholds] = []
    unreachable: list[Finding] = []
    for role in Role:
        accepted = [line for line in lines if line.role is role and line.accepted]
        if not accepted:
            continue
        window = _role_window(stack, role, accepted)
        if isinstance(window, Finding):
            unreachable.append(window)
        else:
            roles.append(window)
        pool = _pool_window(stack, role, accepted)
        if pool is not None:
            pools.append(pool)
    scaling, idle = _scaling(stack, lines)
    return Thresholds(roles=tuple(roles), pools=tuple(pools), scaling=scaling), unreachable + idle


def _role_window(stack: Stack, role: Role, accepted: Sequence[Line]) -> RoleThresholds | Finding:
    """The window on `DatabaseConnections`: at the smallest ceiling of all instances that may play the role."""
    peak_line = max(accepted, key=lambda line: line.direct + line.proxied)
    peak = peak_line.direct + peak_line.proxied
    direct = max(line.direct for line in accepted)
    limits = [capacity(stack, instance) for instance in promotable(stack)]
    # Behind a proxy the metric can't pass direct + pool: an alarm above that would never ring.
    limit = min(min(c.usable, direct + c.pool) if c.pool else c.usable for c in limits)
    room = limit - peak
    if room < _SMALLEST_WINDOW:
        return Finding(
            code="thresholds",
            severity=Severity.ERROR,
            role=role,
            situation=peak_line.situation,
            instance=peak_line.instance,
            short_by_connections=_SMALLEST_WINDOW - room,
            message=(
                f"{role}: no alarm fits between the accepted peak of {peak:,} connections ({peak_line.situation}) and "
                f"the limit of {limit:,}: {_SMALLEST_WINDOW} connections of room are needed, {max(0, room):,} are there"
            ),
        )
    return RoleThresholds(
        role=role,
        accepted_peak_connections=peak,
        warning_connections=peak + math.ceil(room / 3),
        critical_connections=peak + math.ceil(2 * room / 3),
        limit_connections=limit,
    )


def _pool_window(stack: Stack, role: Role, accepted: Sequence[Line]) -> PoolThresholds | None:
    """The window on the pool's use in percent; none without a pool, or where the pool doesn't hold the peak anyway."""
    used = max((100 * line.borrowed / line.capacity.pool for line in accepted if line.capacity.pool), default=None)
    if used is None or used >= 100:
        return None
    timeout_us = 1_000_000 * min(p.connection_borrow_timeout_seconds for p in stack.proxies)
    critical = timeout_us * stack.margins.borrow_wait_percent / 100
    # Below a millisecond every day would ring, and an objective beyond the timeout would never be reached.
    warning = max(1000, round(min(stack.wait_objective_ms * 1000, critical / 2 if critical else math.inf)))
    room = 100 - used
    digits = 1 if room >= _COARSE_ENOUGH_PERCENT else 6
    return PoolThresholds(
        role=role,
        accepted_peak_percent=used,
        warning_percent=round(used + room / 3, digits),
        critical_percent=round(used + 2 * room / 3, digits),
        borrow_latency_warning_microseconds=warning,
        borrow_latency_critical_microseconds=max(2 * warning, round(critical)),
    )


def _scaling(stack: Stack, lines: Sequence[Line]) -> tuple[ScalingTargets | None, list[Finding]]:
    """Replica autoscaling's targets: below the CPU cap, reachable, and above what idle connections hold open."""
    if stack.cluster.readers_max is None or not stack.cluster.readers:  # without a reader it never scales: a finding
        return None, []
    limits = [capacity(stack, instance) for instance in promotable(stack)]
    everyday = next(line for line in lines if line.role is Role.READER)
    direct = sum(p.clients for p in everyday.demand if p.pool.path is Path.DIRECT) / len(stack.cluster.readers)
    share = stack.margins.scaling_target_percent / 100
    # The metric is the mean over all readers: when the busiest is where it should be, the mean is below by the skew.
    most = max(len(stack.cluster.readers), stack.cluster.readers_max)
    skew = min(most, stack.margins.reader_skew_factor)
    target = min(math.floor(min(c.cpu_cap / skew, direct + share * c.pool / skew)) for c in limits)
    useful = direct < target  # a target that idle direct pools reach would add replicas for ever
    return (
        ScalingTargets(
            connections=target if useful else None,
            cpu_percent=round(stack.margins.reader_cpu_target_percent),
            lead_minutes=math.ceil(stack.margins.replica_lead_minutes),
        ),
        _held_open_by_idle(stack, min(c.ceiling.low for c in limits), direct, target) if useful else [],
    )


def _held_open_by_idle(stack: Stack, max_connections: int, direct: float, target: int) -> list[Finding]:
    """A proxy keeps idle connections open up to MaxIdleConnectionsPercent: above the target, replicas never leave."""
    idle = idle_connections(stack, max_connections)
    if direct + idle < target:
        return []
    return [
        Finding(
            code="scaling-idle",
            severity=Severity.WARNING,
            role=Role.READER,
            message=(
                f"reader: the scaling target is {target:,} connections, but idle ones alone may hold "
                f"{math.ceil(direct + idle):,} open: replicas would never be removed. "
                "Lower max_idle_connections_percent"
            ),
        )
    ]
