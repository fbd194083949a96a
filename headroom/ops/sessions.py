"""Who holds what inside the database, at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from headroom.budget.model import Engine
from headroom.ops import sql
from headroom.ops.database import Database, NotThereError


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSession:
    """One client's session.

    Attributes:
        pid: the backend's process id, or the connection's id (MySQL).
        user: its role.
        client: application name and address, as far as known.
        state: active, idle, idle in transaction, or empty where it may not be seen.
        state_seconds: since it is in that state.
        waits_for: the wait event, `Lock: tuple` say; empty when it runs.
        blocked_by: the sessions that hold what it waits for.
        query: the current or last statement, shortened.
    """

    pid: int
    user: str
    client: str
    state: str
    state_seconds: float
    waits_for: str
    blocked_by: tuple[int, ...]
    query: str

    @property
    def idle_in_transaction(self) -> bool:
        """It holds locks and a snapshot, and does nothing."""
        return self.state.startswith("idle in transaction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What one connection saw.

    Attributes:
        max_connections: in effect on this instance.
        reserved: slots that services can't have: superusers' and rds_superusers' (PostgreSQL).
        sessions: all clients' but ours.
        lag_ms: of the slowest reader, where the engine tells.
        hidden: sessions whose state this user may not see.
        locks_seen: blocked_by is known.
        replica: this instance can't write.
    """

    max_connections: int
    reserved: int
    sessions: tuple[DatabaseSession, ...]
    lag_ms: float | None
    hidden: int
    locks_seen: bool
    replica: bool

    @property
    def usable(self) -> int:
        """Slots for services."""
        return self.max_connections - self.reserved

    def holders(self) -> list[tuple[str, int]]:
        """Each user's sessions, the most first."""
        count: dict[str, int] = {}
        for one in self.sessions:
            count[one.user] = count.get(one.user, 0) + 1
        return sorted(count.items(), key=lambda item: (-item[1], item[0]))

    def hottest(self) -> tuple[int, int]:
        """The session behind which most others wait, and how many; (0, 0): none."""
        return max(self.behind().items(), key=lambda item: (item[1], -item[0]), default=(0, 0))

    def behind(self) -> dict[int, int]:
        """Who holds a lock -> how many wait for it, directly or one behind the other."""
        blockers = {one.pid: one.blocked_by for one in self.sessions if one.blocked_by}
        behind: dict[int, int] = {}
        for pid in blockers:
            for root in _roots(pid, blockers):
                behind[root] = behind.get(root, 0) + 1
        return behind


def _roots(pid: int, blockers: dict[int, tuple[int, ...]]) -> set[int]:
    """Who holds the lock at the end of the queue; a circle (a deadlock about to be found) has none."""
    seen: set[int] = set()
    open_, roots = [pid], set()
    while open_:
        one = open_.pop()
        if one in seen:
            continue
        seen.add(one)
        if one in blockers:
            open_ += blockers[one]
        elif one != pid:
            roots.add(one)
    return roots


def look_inside(database: Database, engine: Engine) -> Inside:
    """Read it; what this version or this user doesn't have is left out.

    Raises:
        LackError: not even the limit and the sessions can be read.
    """
    return _mysql(database) if engine is Engine.MYSQL else _postgresql(database)


def _postgresql(database: Database) -> Inside:
    ((maximum, reserved, replica),) = database.rows(sql.POSTGRESQL_LIMITS)
    rows = database.rows(sql.POSTGRESQL_SESSIONS)
    sessions = tuple(
        DatabaseSession(
            pid=pid,
            user=user or "",
            client=" ".join(part for part in (application, address) if part),
            state=state or "",
            state_seconds=float(seconds or 0),
            waits_for=f"{kind}: {event}" if kind and kind != "Client" else "",
            blocked_by=tuple(blocked_by or ()),
            query=" ".join((query or "").split())[:80],
        )
        for pid, user, application, address, state, seconds, kind, event, blocked_by, query in rows
    )
    return Inside(
        max_connections=int(maximum),
        reserved=int(reserved),
        sessions=sessions,
        lag_ms=_lag(database, (sql.AURORA_POSTGRESQL_LAG, sql.POSTGRESQL_LAG)),
        hidden=sum(1 for one in sessions if not one.state),
        locks_seen=True,
        replica=bool(replica),
    )


def _mysql(database: Database) -> Inside:
    ((maximum, replica),) = database.rows(sql.MYSQL_LIMITS)
    blocked: dict[int, list[int]] = {}
    locks_seen = True
    try:
        for waiting, holding in database.rows(sql.MYSQL_LOCKS):
            blocked.setdefault(int(waiting), []).append(int(holding))
    except NotThereError:
        locks_seen = False
    sessions = tuple(
        DatabaseSession(
            pid=int(pid),
            user=user or "",
            client=client or "",
            state=state,
            state_seconds=float(seconds or 0),
            waits_for="Lock: row" if int(pid) in blocked else "",
            blocked_by=tuple(blocked.get(int(pid), ())),
            query=" ".join((query or "").split())[:80],
        )
        for pid, user, client, state, seconds, query in database.rows(sql.MYSQL_SESSIONS)
    )
    return Inside(
        max_connections=int(maximum),
        reserved=0,
        sessions=sessions,
        lag_ms=_lag(database, (sql.AURORA_MYSQL_LAG,)),
        hidden=0,
        locks_seen=locks_seen,
        replica=bool(replica),
    )


def _lag(database: Database, statements: Sequence[str]) -> float | None:
    for statement in statements:
        try:
            ((lag,),) = database.rows(statement)
        except NotThereError:
            continue
        if lag is not None:
            return float(lag)
    return None
