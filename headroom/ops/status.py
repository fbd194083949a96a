"""Live connections against the budget: each instance, and what the proxy lends, the worst first."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from headroom.budget.alarms.measures import of_endpoint, of_instance, of_target, possessive
from headroom.budget.alarms.model import Metric
from headroom.budget.alarms.proxy import client_connections
from headroom.budget.capacity import Capacity, capacity
from headroom.budget.facts import UnknownClassError
from headroom.budget.model import Instance, Role
from headroom.budget.result import PoolThresholds
from headroom.ops.live import LiveCluster, LiveInstance, Point, Series, read_cluster, read_metrics, unused
from headroom.ops.session import Session


class State(StrEnum):
    """How it stands; the worst first."""

    CRITICAL = "critical"
    ABSENT = "absent"  # a declared instance that isn't a member
    UNKNOWN = "no data"
    WARNING = "warning"
    WELL = "well"
    UNUSED = "not used"  # a proxy that nobody used all day publishes nothing


_ORDER = list(State)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that is counted.

    Attributes:
        what: the instance, or the part of the proxy.
        role: of the instance now, or that the pool leads to.
        unit: connections or milliseconds.
        value: the newest minute's; None without data.
        expected: the most that the budget accepts.
        warning: the alarm's threshold; None where there is none.
        critical: the same.
        limit: at which clients wait or are refused.
        age_seconds: since the minute of `value` began.
        state: how it stands.
        note: a few words more.
    """

    what: str
    role: Role
    unit: str
    value: float | None
    expected: float | None
    warning: float | None
    critical: float | None
    limit: float | None
    age_seconds: float | None
    state: State
    note: str = ""

    @property
    def used(self) -> float | None:
        """The share of the limit."""
        return self.value / self.limit if self.value is not None and self.limit else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All rows, the worst first, and what couldn't be read."""

    rows: tuple[Row, ...]
    lacks: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 something is past a threshold or absent, 2 something can't be told, 0 well."""
        states = {row.state for row in self.rows}
        if states & {State.CRITICAL, State.WARNING, State.ABSENT}:
            return 1
        return 2 if self.lacks or State.UNKNOWN in states else 0


def status(session: Session) -> Status:
    """Read everything once.

    Raises:
        LackError: the cluster can't be read, so there is nothing to answer.
    """
    cluster = read_cluster(session)
    wanted: dict[str, Metric] = {
        f"instance {i.name}": of_instance("DatabaseConnections", "Maximum", i.name) for i in cluster.instances
    }
    of_proxy = pool_metrics(session) if session.proxy else {}
    read = read_metrics(session, wanted | of_proxy)
    rows = [*_instances(session, cluster, read)]
    if session.proxy:
        idle = unused(session, of_proxy, read)
        rows += [row for role in pool_roles(session) for row in _pool(session, role, read, idle)]
        rows.append(_clients(session, read, idle))
    rows.sort(key=lambda row: (_ORDER.index(row.state), -(row.used or 0.0)))
    return Status(rows=tuple(rows), lacks=tuple(session.aws.lacks))


def pool_roles(session: Session) -> list[Role]:
    """The roles that the proxy leads to."""
    return [Role.WRITER, *([Role.READER] if session.settings.database.readers else [])]


def pool_metrics(session: Session) -> dict[str, Metric]:
    """What the proxy does, by role; a gauge is the sum over its nodes, and so only true for a period of a minute."""
    found: dict[str, Metric] = {"clients": of_endpoint("ClientConnections", "Sum", Role.WRITER)}
    for role in pool_roles(session):
        found |= {
            f"{role} borrowed": of_target("DatabaseConnectionsCurrentlyBorrowed", "Sum", role),
            f"{role} allowed": of_target("MaxDatabaseConnectionsAllowed", "Sum", role),
            f"{role} open": of_target("DatabaseConnections", "Sum", role),
            f"{role} pinned": of_target("DatabaseConnectionsCurrentlySessionPinned", "Sum", role),
            f"{role} wait": of_endpoint("DatabaseConnectionsBorrowLatency", "Average", role),
        }
    return found


def latest(read: Mapping[str, Series], key: str) -> Point | None:
    """The newest minute, if it isn't stale."""
    series = read.get(key, ())
    return series[0] if series and not series[0].stale else None


def live_capacity(session: Session, live: LiveInstance) -> Capacity | None:
    """What a running instance carries, by its real class; None for a class that nobody knows."""
    declared = next((i for i in session.budget.stack.cluster.instances if i.name == live.name), None)
    if declared is not None and live.instance_class in {"", declared.instance_class.name}:
        return capacity(session.budget.stack, declared)
    if not live.instance_class:
        return None
    try:
        known = session.settings.instance_class(live.instance_class)
    except UnknownClassError:
        return None
    return capacity(session.budget.stack, Instance(name=live.name, instance_class=known))


def judged(value: float | None, warning: float | None, critical: float | None = None) -> State:
    """Against the alarms' thresholds."""
    if value is None:
        return State.UNKNOWN
    if critical is not None and value >= critical:
        return State.CRITICAL
    return State.WARNING if warning is not None and value >= warning else State.WELL


def _instances(session: Session, cluster: LiveCluster, read: Mapping[str, Series]) -> Iterator[Row]:
    for live in cluster.instances:
        limits = live_capacity(session, live)
        window = session.budget.thresholds.role(live.role)
        point = latest(read, f"instance {live.name}")
        value = None if point is None else point.value
        limit = None if limits is None else limits.usable
        at_limit = value is not None and limit is not None and value >= limit
        threshold = (window.warning_connections, window.critical_connections) if window else (None, None)
        yield Row(
            what=live.name,
            role=live.role,
            unit="connections",
            value=value,
            expected=window.accepted_peak_connections if window else None,
            warning=threshold[0],
            critical=threshold[1],
            limit=limit,
            age_seconds=None if point is None else point.age_seconds,
            state=State.CRITICAL if at_limit else judged(value, *threshold),
            note=_instance_note(
                live, "" if point else _silent(read, f"instance {live.name}"), known=limits is not None
            ),
        )
    there = {i.name for i in cluster.instances}
    for declared in session.budget.stack.cluster.instances:
        if declared.name not in there:
            yield Row(
                what=declared.name,
                role=Role.WRITER if declared.writer else Role.READER,
                unit="connections",
                value=None,
                expected=None,
                warning=None,
                critical=None,
                limit=capacity(session.budget.stack, declared).usable,
                age_seconds=None,
                state=State.ABSENT,
                note="declared, but no member of the cluster",
            )


def _instance_note(live: LiveInstance, silent: str, *, known: bool) -> str:
    notes = [live.status] if live.status not in {"", "available"} else []
    if live.autoscaled:
        notes.append("autoscaled")
    if silent:
        notes.append(silent)
    if not known:
        notes.append(f"class {live.instance_class or 'unknown'}: no limit known")
    return ", ".join(notes)


def _silent(read: Mapping[str, Series], key: str, idle: Collection[str] = ()) -> str:
    if key in idle:
        return "no datapoint in 24 hours"
    if key not in read:
        return "couldn't be read"
    series = read[key]
    return f"last heard of {series[0].age_seconds / 60:.0f} min ago" if series else "no datapoint in 15 min"


def _pool(session: Session, role: Role, read: Mapping[str, Series], idle: frozenset[str]) -> Iterator[Row]:
    window = session.budget.thresholds.pool(role)
    borrowed, allowed = latest(read, f"{role} borrowed"), latest(read, f"{role} allowed")
    opened, pinned = latest(read, f"{role} open"), latest(read, f"{role} pinned")
    limit = allowed.value if allowed else _pool_by_budget(session, role)
    notes = [f"{p.value:,.0f} {word}" for p, word in ((opened, "open"), (pinned, "pinned")) if p]
    if not allowed:
        notes.append("limit by the budget")
    yield Row(
        what=f"proxy, {possessive(role)} pool",
        role=role,
        unit="connections",
        value=borrowed.value if borrowed else None,
        expected=_of(window, "accepted_peak_percent", limit),
        warning=_of(window, "warning_percent", limit),
        critical=_of(window, "critical_percent", limit),
        limit=limit,
        age_seconds=borrowed.age_seconds if borrowed else None,
        state=State.UNUSED
        if f"{role} borrowed" in idle
        else judged(
            borrowed.value if borrowed else None,
            _of(window, "warning_percent", limit),
            _of(window, "critical_percent", limit),
        ),
        note=", ".join(notes) if borrowed else _silent(read, f"{role} borrowed", idle),
    )
    wait = latest(read, f"{role} wait")
    # While the proxy tells how much it lends, no wait is that nobody borrowed; when that is silent, it means nothing.
    nobody = f"{role} wait" in idle or (read.get(f"{role} wait") == () and borrowed is not None)
    timeout = min(p.connection_borrow_timeout_seconds for p in session.budget.stack.proxies) * 1000
    warning = window.borrow_latency_warning_microseconds / 1000 if window else None
    critical = window.borrow_latency_critical_microseconds / 1000 if window else None
    yield Row(
        what=f"wait for the {possessive(role)} pool",
        role=role,
        unit="ms",
        value=wait.value / 1000 if wait else None,
        expected=session.budget.stack.wait_objective_ms,
        warning=warning,
        critical=critical,
        limit=timeout,
        age_seconds=wait.age_seconds if wait else None,
        state=State.UNUSED if nobody else judged(wait.value / 1000 if wait else None, warning, critical),
        note="on average" if wait else _silent(read, f"{role} wait", idle),
    )


def _pool_by_budget(session: Session, role: Role) -> float | None:
    pools = [line.capacity.pool for line in session.budget.lines if line.role is role]
    return min(pools) if pools else None


def _of(window: PoolThresholds | None, percent: str, limit: float | None) -> float | None:
    return None if window is None or limit is None else getattr(window, percent) * limit / 100


def _clients(session: Session, read: Mapping[str, Series], idle: frozenset[str]) -> Row:
    """Clients may come in any number, the proxy is there for that; more than the whole fleet are undeclared ones."""
    fleet = client_connections(session.budget)
    point = latest(read, "clients")
    value = point.value if point else None
    return Row(
        what="clients of the proxy",
        role=Role.WRITER,
        unit="connections",
        value=value,
        expected=fleet,
        warning=fleet + 1,
        critical=None,
        limit=None,
        age_seconds=point.age_seconds if point else None,
        state=State.UNUSED if "clients" in idle else judged(value, fleet + 1),
        note="expected: the whole declared fleet, with a deploy's surge" if point else _silent(read, "clients", idle),
    )
