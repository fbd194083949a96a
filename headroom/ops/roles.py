"""Each service's connection limit in the database, against the budget's."""

from dataclasses import dataclass
from enum import StrEnum

from headroom.budget import Budget
from headroom.budget.model import Engine
from headroom.budget.roles import RoleLimit, role_limits, set_limit
from headroom.ops import sql
from headroom.ops.database import Database
from headroom.ops.errors import LackError, RefusedError


class Verdict(StrEnum):
    """The database's limit, against the budget's."""

    SAME = "as budgeted"
    MISSING = "no such role"
    UNLIMITED = "unlimited"
    LOWER = "lower"
    HIGHER = "higher"


_MEANING = {
    Verdict.SAME: "",
    Verdict.MISSING: "create it: each service logs in as its own role",
    Verdict.UNLIMITED: "it may take every slot",
    Verdict.LOWER: "it is refused what the budget grants",
    Verdict.HIGHER: "it may take what the budget grants to others",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRow:
    """A service's role: what the budget says, and what the database does.

    Attributes:
        limit: the budget's.
        actual: the database's; None: no such role, -1: unlimited.
        verdict: how they compare.
    """

    limit: RoleLimit
    actual: int | None
    verdict: Verdict

    @property
    def meaning(self) -> str:
        """What follows from it."""
        return _MEANING[self.verdict]


def compare(database: Database, budget: Budget) -> list[RoleRow]:
    """Every service's role, in the stack's order.

    Raises:
        LackError: the limits can't be read.
    """
    limits = role_limits(budget)
    actual = read_limits(database, budget.stack.cluster.engine, [limit.user for limit in limits])
    return [_row(limit, actual.get(limit.user)) for limit in limits]


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


def _row(limit: RoleLimit, actual: int | None) -> RoleRow:
    if actual is None:
        verdict = Verdict.MISSING
    elif actual < 0:
        verdict = Verdict.UNLIMITED
    elif actual == limit.limit_connections:
        verdict = Verdict.SAME
    else:
        verdict = Verdict.LOWER if actual < limit.limit_connections else Verdict.HIGHER
    return RoleRow(limit=limit, actual=actual, verdict=verdict)


def changes(rows: list[RoleRow]) -> list[RoleRow]:
    """The roles whose limit isn't the budget's, and which can be set."""
    return [row for row in rows if row.verdict not in {Verdict.SAME, Verdict.MISSING}]


def statements(budget: Budget, rows: list[RoleRow]) -> list[str]:
    """What `apply` sends."""
    return [set_limit(budget.stack.cluster.engine, row.limit) for row in rows]


def check_fits(budget: Budget) -> None:
    """See that the limits are worth setting.

    Raises:
        RefusedError: the budget doesn't fit, so its limits don't, either.
    """
    if not budget.fits:
        reasons = "; ".join(finding.message for finding in budget.errors)
        raise RefusedError(f"no limits are set from a budget that doesn't fit: {reasons}")


def apply(database: Database, budget: Budget, rows: list[RoleRow]) -> list[str]:
    """Set the limits, each in its own transaction; the failures, one line each."""
    failed = []
    for row in rows:
        try:
            database.rows(set_limit(budget.stack.cluster.engine, row.limit))
        except LackError as error:
            failed.append(f"{row.limit.user}: not set: {error}")
    return failed
