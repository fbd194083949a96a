"""What CloudWatch would show of a load, minute by minute: for tests, lead times, and pictures labelled as samples.

A fluid model, not a measurement. Connections wanted follow Little's law, waits Erlang C; what the pool can't serve
queues in front of it and is refused after the borrow timeout. Quiet metrics (storage, lag) stay at everyday values.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headroom.budget.alarms import expression
from headroom.budget.alarms.measures import TARGET_ROLES
from headroom.budget.alarms.model import Expression, Measure, Metric
from headroom.budget.alarms.proxy import client_connections
from headroom.budget.capacity import capacity, promotable
from headroom.budget.model import Path, Role, ServiceKind
from headroom.budget.queueing import erlang_c, offered_load
from headroom.budget.result import Budget

_SECONDS = 60
_GIB = 1024**3
_ONE_IN_A_THOUSAND = 0.001  # the longest wait of a minute: one of a thousand transactions waits longer
_RETRIES_PER_MINUTE = 3  # of a client that was refused, as long as it is
_CLIENT_LIFE_MINUTES = 10  # pools renew a client connection about that often


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What is asked for in one minute.

    Attributes:
        traffic: times a normal day's busiest minute.
        hold_factor: times the usual hold time (3: the database is slow).
        readers: how many serve; None: the declared ones.
        more_direct: direct connections that nobody declared.
        absent: declared instances that send nothing, by name.
        silent: CloudWatch gets nothing.
    """

    traffic: float = 1.0
    hold_factor: float = 1.0
    readers: int | None = None
    more_direct: float = 0.0
    absent: tuple[str, ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """A role's busiest instance on a normal day: what is asked of it, and what it carries at the smallest ceiling.

    Attributes:
        direct: connections held open.
        scaling: erlangs that grow with the traffic.
        constant: erlangs of background services.
        busy_scaling: connections at work that grow with the traffic.
        busy_constant: those of background services, and of services whose rate isn't known: all their clients.
        hold_ms: the mean hold time, weighted by load.
        pool: connections that the proxies may lend; 0 without one.
        limit: connections at which clients are refused.
        cpu_cap: busy connections at which the CPU is used up.
        share_of_mean: the busiest instance's load, times the role's mean.
    """

    direct: int
    scaling: float
    constant: float
    busy_scaling: float
    busy_constant: float
    hold_ms: float
    pool: int
    limit: int
    cpu_cap: int
    share_of_mean: float


def supply(budget: Budget, role: Role) -> Supply:
    """The role's, on a normal day."""
    stack = budget.stack
    line = next(line for line in budget.lines if line.role is role and line.accepted)
    margins = stack.margins.burst_factor * stack.margins.traffic_uncertainty_factor
    loads: dict[ServiceKind, float] = dict.fromkeys(ServiceKind, 0.0)
    weighted = busy_scaling = 0.0
    for demand in line.demand:
        if demand.rate is not None and demand.service.kind is not ServiceKind.BACKGROUND:
            busy_scaling += demand.busy
        if demand.pool.path is Path.PROXY and demand.rate is not None:
            erlangs = demand.share * offered_load(demand.rate / margins, demand.hold_ms)
            loads[demand.service.kind] += erlangs
            weighted += erlangs * demand.hold_ms
    total = sum(loads.values())
    smallest = min((capacity(stack, i) for i in promotable(stack)), key=lambda c: c.ceiling.low)
    readers = len(stack.cluster.readers)
    share = min(1.0, stack.margins.reader_skew_factor / readers) if readers > 1 else 1.0
    return Supply(
        direct=line.direct,
        scaling=total - loads[ServiceKind.BACKGROUND],
        constant=loads[ServiceKind.BACKGROUND],
        busy_scaling=busy_scaling / margins,
        busy_constant=line.busy - busy_scaling,
        hold_ms=weighted / total if total else stack.wait_objective_ms,
        pool=smallest.pool,
        limit=smallest.usable,
        cpu_cap=smallest.cpu_cap,
        share_of_mean=share * readers if role is Role.READER and readers else 1.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """One role in one minute."""

    readers: int
    connections: float
    borrowed: float
    mean_borrowed: float  # of all instances in the role: what the proxy's metrics add up to, divided by their number
    pool: int
    mean_wait_us: float
    longest_wait_us: float
    refused: float
    cpu_percent: float
    load: float


class Samples:
    """The metrics of one stack over some minutes."""

    def __init__(self, budget: Budget, minutes: Sequence[Minute]) -> None:
        self._budget = budget
        self._minutes = minutes
        roles = {line.role for line in budget.lines if line.accepted}
        self._states = {role: _states(budget, supply(budget, role), minutes) for role in roles}
        self._values = _values(budget)

    def of(self, measure: Measure) -> list[float | None]:
        """The measure's value in each minute; None where nothing was sent."""
        if isinstance(measure, Expression):
            parts = {name: self.of(metric) for name, metric in measure.metrics}
            return [
                expression.evaluate(measure.expression, {name: parts[name][i] for name in parts})
                for i in range(len(self._minutes))
            ]
        value = self._values[measure.name, measure.statistic]
        instance = dict(measure.dimensions).get("DBInstanceIdentifier", "")
        if instance and measure.statistic == "SampleCount":
            value = _one_sample
        return [
            None if minute.silent or instance in minute.absent else value(state)
            for minute, state in zip(self._minutes, self._states[self._role(measure)], strict=True)
        ]

    def _role(self, metric: Metric) -> Role:
        """Whose metric it is; the cluster's and the whole proxy's are the writer's."""
        named = dict(metric.dimensions)
        if "DBInstanceIdentifier" in named:
            instance = next(i for i in self._budget.stack.cluster.instances if i.name == named["DBInstanceIdentifier"])
            return Role.WRITER if instance.writer else Role.READER
        if "EndpointName" in named:
            return Role.READER
        roles = {role.upper(): role for role in Role} | {target: role for role, target in TARGET_ROLES.items()}
        return roles[named.get("Role") or named.get("TargetRole") or "WRITER"]


def _one_sample(_: _State) -> float:
    return 1.0


def _states(budget: Budget, base: Supply, minutes: Sequence[Minute]) -> list[_State]:
    declared = len(budget.stack.cluster.readers)
    timeout = min((p.connection_borrow_timeout_seconds for p in budget.stack.proxies), default=0)
    executing = budget.stack.margins.executing_percent / 100
    waiting = 0.0  # transactions in the queue
    found = []
    for minute in minutes:
        readers = declared if minute.readers is None else minute.readers
        fewer = declared / readers if base.share_of_mean != 1 and readers else 1.0
        load = (base.scaling * minute.traffic + base.constant) * minute.hold_factor * fewer
        served_per_second = base.pool / (base.hold_ms * minute.hold_factor) * 1000
        waiting = max(0.0, waiting + (load / base.pool - 1) * served_per_second * _SECONDS) if base.pool else 0.0
        most = served_per_second * timeout
        refused, waiting = max(0.0, waiting - most), min(waiting, most)
        mean, longest = _waits(load, base.pool, base.hold_ms * minute.hold_factor)
        queued = 1e6 * waiting / served_per_second if base.pool else 0.0
        borrowed = min(load, base.pool)
        direct = base.direct * fewer + minute.more_direct
        served = borrowed / load if load > base.pool > 0 else 1.0  # who waits for a connection keeps no CPU busy
        busy = (base.busy_scaling * minute.traffic * served + base.busy_constant) * fewer
        found.append(
            _State(
                readers=readers,
                connections=min(direct, base.limit - base.pool) + borrowed,
                borrowed=borrowed,
                mean_borrowed=borrowed / base.share_of_mean,
                pool=base.pool,
                mean_wait_us=min(mean + queued, timeout * 1e6),
                longest_wait_us=min(longest + queued, timeout * 1e6),
                refused=refused + max(0.0, direct - (base.limit - base.pool)),
                cpu_percent=min(100.0, 100 * busy / base.cpu_cap),
                load=executing * busy * minute.hold_factor,
            )
        )
    return found


def _waits(load: float, pool: int, hold_ms: float) -> tuple[float, float]:
    """Microseconds: the mean wait, and the one that is exceeded once in a thousand; 0 where the queue says it all."""
    if not 0 < load < pool:
        return 0.0, 0.0
    waits = erlang_c(pool, load)
    pace_us = 1000 * hold_ms / (pool - load)
    return waits * pace_us, pace_us * math.log(waits / _ONE_IN_A_THOUSAND) if waits > _ONE_IN_A_THOUSAND else 0.0


def _values(budget: Budget) -> Mapping[tuple[str, str], Callable[[_State], float]]:
    """(metric, statistic) -> its value of a state."""
    memory_gib = min(i.instance_class.memory_gib for i in promotable(budget.stack))
    clients = client_connections(budget)
    received = clients / _CLIENT_LIFE_MINUTES
    return {
        ("DatabaseConnections", "Maximum"): lambda s: s.connections,
        ("DatabaseConnections", "Sum"): lambda s: s.mean_borrowed,
        ("DatabaseConnectionsCurrentlyBorrowed", "Sum"): lambda s: s.mean_borrowed,
        ("MaxDatabaseConnectionsAllowed", "Sum"): lambda s: s.pool,
        ("DatabaseConnectionsCurrentlySessionPinned", "Sum"): lambda _: 0.0,
        ("DatabaseConnectionsBorrowLatency", "Average"): lambda s: s.mean_wait_us,
        ("DatabaseConnectionsBorrowLatency", "Maximum"): lambda s: s.longest_wait_us,
        ("DatabaseConnectionsSetupFailed", "Sum"): lambda _: 0.0,
        ("ClientConnectionsSetupFailedAuth", "Sum"): lambda _: 0.0,
        ("ClientConnectionsReceived", "Sum"): lambda s: received + min(s.refused, _RETRIES_PER_MINUTE * clients),
        ("AvailabilityPercentage", "Average"): lambda _: 100.0,
        ("RefusedLogins", "Sum"): lambda s: 0.0 if s.pool else s.refused,
        ("RoleRefusals", "Sum"): lambda _: 0.0,
        ("ConnectionAttempts", "Maximum"): lambda s: s.connections / _CLIENT_LIFE_MINUTES + s.refused,
        ("EngineUptime", "Average"): lambda _: 1e6,
        ("EngineUptime", "SampleCount"): lambda s: s.readers,
        ("AuroraReplicaLag", "Maximum"): lambda s: 15 + s.cpu_percent / 2,
        ("CPUUtilization", "Maximum"): lambda s: s.cpu_percent,
        ("DBLoad", "Average"): lambda s: s.load,
        ("FreeableMemory", "Minimum"): lambda _: 0.25 * memory_gib * _GIB,
        ("Deadlocks", "Maximum"): lambda _: 0.0,
        ("VolumeBytesUsed", "Maximum"): lambda _: 1024 * _GIB,
        ("FreeLocalStorage", "Minimum"): lambda _: 20 * _GIB,
        ("ACUUtilization", "Maximum"): lambda s: s.cpu_percent,
    }
