"""Alarms on connections: by role, by instance where instances differ, and the waits in front of a proxy's pool."""

import math
from collections.abc import Iterator

from headroom.budget.alarms.measures import (
    EARLY,
    SILENT_PROXY,
    busiest,
    of_endpoint,
    of_instance,
    of_role,
    of_target,
    percent,
    possessive,
    short,
)
from headroom.budget.alarms.model import Alarm, Missing, Tier
from headroom.budget.capacity import capacity
from headroom.budget.model import Instance, Role
from headroom.budget.result import Budget, PoolThresholds, RoleThresholds

_CONNECTIONS = "DatabaseConnections"
_SILENT_WRITER = (
    "the writer always reports; its silence is a fault of its own, which writer-down rings for. Until then the last "
    "known state stands, so that no all-clear is sent in the middle of an outage"
)
_SILENT_READER = (
    "readers come and go on purpose, and reader-absent watches them; a gap in the middle of an incident is no all-clear"
)
_SILENT = {Role.WRITER: _SILENT_WRITER, Role.READER: _SILENT_READER}


def role_connections(thresholds: RoleThresholds, *, proxied: bool) -> Iterator[Alarm]:
    """The busiest instance of a role, against the smallest ceiling that may play it. A mean would hide it."""
    role = thresholds.role
    for tier, connections in (
        (Tier.WARNING, thresholds.warning_connections),
        (Tier.CRITICAL, thresholds.critical_connections),
    ):
        yield Alarm(
            key=f"{role}-connections",
            name=f"{role}-connections-{tier}",
            tier=tier,
            measure=of_role(_CONNECTIONS, "Maximum", role),
            **EARLY._asdict(),
            threshold=connections,
            unit="connections",
            missing=Missing.IGNORE,
            missing_reason=_SILENT[role],
            title=f"Connections of the {busiest(role)}",
            text=(
                f"The {busiest(role)} has {connections:,} or more connections. Expected at most "
                f"{thresholds.accepted_peak_connections:,}; {_at_the_limit(thresholds.limit_connections, proxied)}."
            ),
            limit=thresholds.limit_connections,
            exhaustion=tier is Tier.CRITICAL,
        )


def _at_the_limit(limit: int, proxied: bool) -> str:
    return f"clients wait or are refused at {limit:,}" if proxied else f"clients are refused at {limit:,}"


def instance_connections(budget: Budget) -> Iterator[Alarm]:
    """Where declared instances differ, the role's alarm stands at the smallest: these say which one it is."""
    declared = budget.stack.cluster.instances
    if len({capacity(budget.stack, instance).ceiling for instance in declared}) < 2:
        return
    for instance in declared:
        window = _window(budget, instance)
        if window is None:
            continue
        peak, threshold, limit = window
        yield Alarm(
            key="instance-connections",
            name=f"{short(budget.stack, instance)}-connections-warning",
            tier=Tier.WARNING,
            measure=of_instance(_CONNECTIONS, "Maximum", instance.name),
            **EARLY._asdict(),
            threshold=threshold,
            unit="connections",
            missing=Missing.MISSING,
            missing_reason="an instance may be stopped or replaced on purpose; its role's alarm goes on watching",
            title=f"Connections of {instance.name}",
            text=(
                f"{instance.name} has {threshold:,} or more connections. Expected at most {peak:,}; "
                f"{_at_the_limit(limit, bool(budget.stack.proxies))}."
            ),
            limit=limit,
        )


def _window(budget: Budget, instance: Instance) -> tuple[int, int, int] | None:
    """(accepted peak, threshold, limit) of one instance in whatever role; None where nothing fits between."""
    lines = [line for line in budget.lines if line.accepted and line.instance == instance.name]
    if not lines:
        return None
    limits = capacity(budget.stack, instance)
    peak = max(line.direct + line.proxied for line in lines)
    limit = min(limits.usable, max(line.direct for line in lines) + limits.pool) if limits.pool else limits.usable
    return (peak, peak + math.ceil((limit - peak) / 3), limit) if limit - peak >= 3 else None


def pool_use(thresholds: PoolThresholds) -> Iterator[Alarm]:
    """What the proxy lends of what it may. Each of its nodes publishes its own part: the proxy's is their sum."""
    role = thresholds.role
    borrowed = of_target("DatabaseConnectionsCurrentlyBorrowed", "Sum", role)
    allowed = of_target("MaxDatabaseConnectionsAllowed", "Sum", role)
    for tier, used in ((Tier.WARNING, thresholds.warning_percent), (Tier.CRITICAL, thresholds.critical_percent)):
        yield Alarm(
            key=f"{role}-pool",
            name=f"{role}-pool-{tier}",
            tier=tier,
            measure=percent(borrowed, allowed),
            **EARLY._asdict(),
            threshold=used,
            unit="percent",
            missing=Missing.IGNORE,
            missing_reason=SILENT_PROXY,
            title=f"Use of the {possessive(role)} pool",
            text=(
                f"The proxy lends {used:g} % or more of the {possessive(role)} pool. Expected at most "
                f"{thresholds.accepted_peak_percent:.0f} %; clients wait at 100 %."
            ),
            limit=100,
            exhaustion=tier is Tier.CRITICAL,
        )


def borrow_latency(thresholds: PoolThresholds, timeout_seconds: int) -> Iterator[Alarm]:
    """The wait for a connection from the pool: on average, and the longest that any node saw."""
    role = thresholds.role
    objective, half = (
        thresholds.borrow_latency_warning_microseconds,
        thresholds.borrow_latency_critical_microseconds,
    )
    whose = "readers'" if role is Role.READER else "proxy's"
    for suffix, tier, statistic, microseconds, text in (
        ("warning", Tier.WARNING, "Average", objective, "wait {ms:,.0f} ms or longer, on average,"),
        ("longest-warning", Tier.WARNING, "Maximum", half, "wait up to {ms:,.0f} ms or longer"),
        ("critical", Tier.CRITICAL, "Average", half, "wait {ms:,.0f} ms or longer, on average,"),
    ):
        yield Alarm(
            key=f"{role}-borrow-latency",
            name=f"{role}-borrow-latency-{suffix}",
            tier=tier,
            measure=of_endpoint("DatabaseConnectionsBorrowLatency", statistic, role),
            **EARLY._asdict(),
            threshold=microseconds,
            unit="microseconds",
            missing=Missing.IGNORE,
            missing_reason=SILENT_PROXY,
            title=f"Wait for a connection, {whose} endpoint" + ("" if role is Role.READER else "s"),
            text=(
                f"Clients of the {whose} endpoint{'' if role is Role.READER else 's'} "
                f"{text.format(ms=microseconds / 1000)} for a database connection. Expected at most "
                f"{objective / 1000:,.0f} ms for 19 of 20; they are refused after {timeout_seconds:,} s."
            ),
            limit=1e6 * timeout_seconds,
            exhaustion=tier is Tier.CRITICAL,
        )
