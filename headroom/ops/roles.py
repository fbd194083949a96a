"""What each service's role has in the database, its connection limit and its lock_timeout, against the budget's."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from headroom.budget import Budget
from headroom.budget.model import Engine, Service
from headroom.budget.roles import RoleLimit, quoted, role_limits, set_limit, set_lock_timeout
from headroom.ops import sql
from headroom.ops.database import Database
from headroom.ops.errors import LackError, RefusedError

# PostgreSQL's units of a duration, in milliseconds; without a unit it is milliseconds.
_MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "": 1}


class Verdict(StrEnum):
    """The database's limit, against the budget's."""

    SAME = "as budgeted"
    MISSING = "no such role"
    UNLIMITED = "unlimited"
    LOWER = "lower"
    HIGHER = "higher"


_MEANING = {
    Verdict.MISSING: "create it: each service logs in as its own role",
    Verdict.UNLIMITED: "it may take every slot",
    Verdict.LOWER: "it is refused what the budget grants",
    Verdict.HIGHER: "it may take what the budget grants to others",
}


class LockTimeout(NamedTuple):
    """A role's lock_timeout.

    Attributes:
        milliseconds: how long its new sessions wait for a lock; 0: for ever.
        database: the one database that it is set in, which is stronger than everywhere; None: everywhere.
    """

    milliseconds: float
    database: str | None = None


class Difference(NamedTuple):
    """What the database has that isn't the budget's, and what follows from it."""

    what: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """A service's role: what the budget says, and what the database does.

    Attributes:
        limit: the budget's.
        actual: the database's; None: no such role, -1: unlimited.
        verdict: how the limits compare.
        lock_timeout: the role's in the service's database; None: it has none of its own.
    """

    limit: RoleLimit
    actual: int | None
    verdict: Verdict
    lock_timeout: LockTimeout | None = None

    @property
    def waits_too_long(self) -> bool:
        """Its sessions wait longer for a lock than declared. A shorter wait is well: it ends sooner."""
        wanted, found = self.limit.lock_timeout_ms, self.lock_timeout
        if wanted is None or self.verdict is Verdict.MISSING:
            return False
        return found is None or not 0 < found.milliseconds <= wanted

    @property
    def differences(self) -> list[Difference]:
        """Everything that isn't as budgeted."""
        found = [] if self.verdict is Verdict.SAME else [Difference(self.verdict, _MEANING[self.verdict])]
        if self.waits_too_long and self.limit.lock_timeout_ms is not None:
            found.append(self._wait(self.limit.lock_timeout_ms))
        return found

    def _wait(self, wanted: int) -> Difference:
        here, found = f"declared are {wanted:,} ms", self.lock_timeout
        if found is None or not found.milliseconds:
            return Difference("no lock_timeout", f"nothing ends its waits for a lock; {here}")
        where = f" in {found.database}" if found.database else ""
        return Difference(f"lock_timeout {found.milliseconds:,.0f} ms{where}", here)


def compare(database: Database, budget: Budget) -> list[RoleRow]:
    """Every service's role, in the stack's order.

    Raises:
        LackError: the roles can't be read.
    """
    limits, cluster = role_limits(budget), budget.stack.cluster
    actual = read_limits(database, cluster.engine, [limit.user for limit in limits])
    waits = {} if cluster.lock_timeout_seconds is None else read_lock_timeouts(database, budget.stack.services)
    return [_row(limit, actual.get(limit.user), waits.get(limit.user)) for limit in limits]


def read_limits(database: Database, engine: Engine, users: list[str]) -> dict[str, int]:
    """Each existing role's limit; -1 is none.

    MySQL's accounts have a host, too; the budget's statements are for `user`@`%`, so only that one counts.

    Raises:
        LackError: they can't be read.
    """
    if engine is Engine.MYSQL:
        statement_ = sql.MYSQL_ROLES.format(places=", ".join(["%s"] * len(users)))
        return {user: int(limit) or -1 for user, host, limit in database.rows(statement_, users) if host == "%"}
    return {user: int(limit) for user, limit in database.rows(sql.POSTGRESQL_ROLES, (users,))}


def read_lock_timeouts(database: Database, services: tuple[Service, ...]) -> dict[str, LockTimeout]:
    """Each role's own lock_timeout, as it holds in its service's database; PostgreSQL only.

    Raises:
        LackError: they can't be read.
    """
    connects_to = {service.user: service.database for service in services}
    found: dict[str, LockTimeout] = {}
    for user, where, value in database.rows(sql.POSTGRESQL_LOCK_TIMEOUTS, (list(connects_to),)):
        if where == connects_to[user] or (where is None and user not in found):
            found[user] = LockTimeout(_milliseconds(user, value), where)
    return found


def _milliseconds(user: str, duration: str) -> float:
    """A duration as PostgreSQL's settings have it: `10s`, `500`."""
    parts = re.fullmatch(r"\s*([0-9]+\.?[0-9]*)\s*(us|ms|s|min|h|d|)\s*", duration)
    if parts is None:
        raise LackError(f"{user}: its lock_timeout, {duration!r}, is in no form that this knows")
    return float(parts[1]) * _MILLISECONDS[parts[2]]


def _row(limit: RoleLimit, actual: int | None, lock_timeout: LockTimeout | None) -> RoleRow:
    if actual is None:
        verdict = Verdict.MISSING
    elif actual < 0:
        verdict = Verdict.UNLIMITED
    elif actual == limit.limit_connections:
        verdict = Verdict.SAME
    else:
        verdict = Verdict.LOWER if actual < limit.limit_connections else Verdict.HIGHER
    return RoleRow(limit=limit, actual=actual, verdict=verdict, lock_timeout=lock_timeout)


def changes(rows: list[RoleRow]) -> list[RoleRow]:
    """The roles that aren't as budgeted, and which can be set."""
    return [row for row in rows if row.differences and row.verdict is not Verdict.MISSING]


def statements(budget: Budget, row: RoleRow) -> list[str]:
    """What `apply` sends for a role."""
    found = []
    if row.verdict is not Verdict.SAME:
        found.append(set_limit(budget.stack.cluster.engine, row.limit))
    if row.waits_too_long and row.limit.lock_timeout_ms is not None:
        user = row.limit.user
        found.append(set_lock_timeout(user, row.limit.lock_timeout_ms))
        if row.lock_timeout is not None and row.lock_timeout.database is not None:
            where = quoted(row.lock_timeout.database)
            found.append(f"ALTER ROLE {quoted(user)} IN DATABASE {where} RESET lock_timeout;")
    return found


def check_fits(budget: Budget) -> None:
    """See that the limits are worth setting.

    Raises:
        RefusedError: the budget doesn't fit, so its limits don't, either.
    """
    if not budget.fits:
        reasons = "; ".join(finding.message for finding in budget.errors)
        raise RefusedError(f"no limits are set from a budget that doesn't fit: {reasons}")


def apply(database: Database, budget: Budget, rows: list[RoleRow]) -> list[str]:
    """Set what differs, each in its own transaction; the failures, one line for each role."""
    failed = []
    for row in rows:
        try:
            for statement in statements(budget, row):
                database.rows(statement)
        except LackError as error:
            failed.append(f"{row.limit.user}: not set: {error}")
    return failed
