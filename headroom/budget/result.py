"""What the budget answers: a line for each situation, role and instance, findings, thresholds, and ways out."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from headroom.budget.capacity import Capacity
from headroom.budget.demand import PoolDemand
from headroom.budget.model import Role, Stack


class Term(StrEnum):
    """Which limit leaves least room."""

    SLOTS = "slots"
    POOL = "pool"
    CPU = "cpu"
    MEMORY = "memory"


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"  # the budget doesn't fit
    WARNING = "warning"  # it fits; somebody should know


class Line(NamedTuple):
    """One instance in one role in one situation. All counts are connections on that instance.

    Attributes:
        situation: its name, as in the table.
        role: the role that the instance plays in the situation.
        instance: its identifier (a promoted reader keeps its own).
        capacity: what the instance can carry.
        direct: the direct pools' share of this instance.
        borrowed: connections that the services borrow at once and still meet the wait objective (Erlang C).
        proxied: what the pool must hold for that: borrowed x the proxy's node factor.
        busy: mean connections at work on the CPU (Little's law), direct and proxied.
        reconnect_seconds: to re-open at once, after a failover or a deploy, what is open on the instance.
        headroom: the smallest free share of slots, pool, CPU and memory; below 0 it doesn't fit.
        binds: the term that leaves least.
        accepted: the situation is part of life (alarms stay silent).
        demand: each service's share of it.
    """

    situation: str
    role: Role
    instance: str
    capacity: Capacity
    direct: int
    borrowed: int
    proxied: int
    busy: float
    reconnect_seconds: float
    headroom: float
    binds: Term
    accepted: bool
    demand: tuple[PoolDemand, ...]

    @property
    def fits(self) -> bool:
        """No term is exceeded."""
        return self.headroom >= 0

    @property
    def tightness(self) -> tuple[float, float, float, float]:
        """To sort by, tightest first: the headroom; where that is equal, what is asked of the terms that don't bind."""
        return self.headroom, -self.direct, -self.proxied, -self.busy

    @property
    def taken(self) -> int:
        """Slots that are spoken for: the direct pools, and the whole of the proxies' pools."""
        return self.direct + self.capacity.pool


class Finding(NamedTuple):
    """Something that the budget objects to: a stable code, how bad, and a sentence with numbers and the limit."""

    code: str
    severity: Severity
    message: str
    role: Role | None = None
    situation: str = ""
    instance: str = ""
    short_by_connections: int = 0


class RoleThresholds(NamedTuple):
    """Alarm thresholds on `DatabaseConnections` (Maximum) of a role, in connections on its busiest instance.

    accepted_peak < warning < critical < limit, where limit is min(usable, direct + pools) at the smallest ceiling of
    all instances that may play the role.
    """

    role: Role
    accepted_peak_connections: int
    warning_connections: int
    critical_connections: int
    limit_connections: int


class PoolThresholds(NamedTuple):
    """Alarm thresholds on a role's pool use in percent.

    The metric: 100 x DatabaseConnectionsCurrentlyBorrowed / MaxDatabaseConnectionsAllowed.
    Also the borrow latency, in microseconds as CloudWatch gives it: warning at the wait objective, critical at half the
    borrow timeout (by then clients are about to be refused).
    """

    role: Role
    accepted_peak_percent: float
    warning_percent: float
    critical_percent: float
    borrow_latency_warning_microseconds: int
    borrow_latency_critical_microseconds: int


class ScalingTargets(NamedTuple):
    """Replica autoscaling: targets, and how many minutes before an event its readers are asked for.

    AWS compares them with the mean over all readers: where the busiest reader may have 128 connections, and a skew of
    1.5 puts it that far above the mean, the target is 85.

    `connections` is None where no reader can ever reach a useful target (then CPU alone scales).
    """

    connections: int | None
    cpu_percent: int
    lead_minutes: int


class Thresholds(NamedTuple):
    """All thresholds of a stack. A role without readers, or a stack without a proxy, has none of that kind."""

    roles: tuple[RoleThresholds, ...] = ()
    pools: tuple[PoolThresholds, ...] = ()
    scaling: ScalingTargets | None = None

    def role(self, role: Role) -> RoleThresholds | None:
        """The role's, if it has any."""
        return next((t for t in self.roles if t.role is role), None)

    def pool(self, role: Role) -> PoolThresholds | None:
        """The role's pool's, if it has one."""
        return next((t for t in self.pools if t.role is role), None)


class Edit(NamedTuple):
    """One key of the stack file and its new value.

    Attributes:
        key: its path, items by name: `headroom:services[checkout].pools[writer, direct].connections_max`.
        value: a number or text; a new section as YAML.
        was: what stands there, where that is known.
        at_least: a larger value that stands there already may stay.
        where_given: a key that is left out, and follows the edit before by itself, may stay so.
    """

    key: str
    value: int | str
    was: int | str | None = None
    at_least: bool = False
    where_given: bool = False

    def __str__(self) -> str:
        if self.where_given:
            return f"{self.key.rpartition('.')[2]} with it, where it is given"
        if self.was is not None:
            return f"{self.key}: {self.was} -> {self.value}"
        return f"{self.key}: {'at least ' if self.at_least else ''}{self.value}"


class Remedy(NamedTuple):
    """A change that was checked to fit: the edits of the stack file, what it costs, and the stack with it applied."""

    edits: tuple[Edit, ...]
    cost: str
    stack: Stack

    @property
    def title(self) -> str:
        """The edits in one sentence; pools that move to the proxy by their services' names."""
        moved = [e.key for e in self.edits if e.key.endswith("].path")]
        names = dict.fromkeys(key.removeprefix("headroom:services[").partition("]")[0] for key in moved)
        *first, last = [str(e) for e in self.edits if e.key not in moved] or [""]
        others = f"{', '.join(first)} and {last}" if first else last
        return ", with ".join(part for part in (f"path: proxy for {', '.join(names)}" if names else "", others) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The answer for one stack."""

    stack: Stack
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def fits(self) -> bool:
        """No term is exceeded."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings because of which it doesn't fit."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)

    @property
    def headroom(self) -> float:
        """The smallest headroom of any line, as a share (0.25: a quarter is free)."""
        return min(line.headroom for line in self.lines)

    @property
    def worst(self) -> Line:
        """The line with least headroom."""
        return min(self.lines, key=lambda line: line.tightness)
