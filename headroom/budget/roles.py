"""Role limits: the budget enforced inside the database, for each service's role.

PostgreSQL: `ALTER ROLE ... CONNECTION LIMIT`; MySQL: `MAX_USER_CONNECTIONS`; each instance counts for itself. The proxy
opens connections in the service's name, so a limit below the service's part of the pool would refuse what the budget
grants: a service is granted, on each line of the budget, its direct pools and its part of the whole pool, by its share
of what is borrowed. Its limit is the largest of these grants.

What holds where the budget fits: each limit covers what its service needs. On each line the grants add up to no more
than the usable slots, but for rounding, one connection for each service behind the proxy. The limits may add up to more
than one instance's slots: a role has one limit for all instances, and one service is largest on the writer, another on
a reader. So a service that runs wild is stopped at its own limit; it is not promised that all may run wild at once.

On PostgreSQL a role's lock_timeout is set with it: Aurora's parameter groups have none (docs/decisions/0013). It is a
default of new sessions, which a session may change; operators and the master user, whose roles are no service's, have
none.
"""

import math
from dataclasses import dataclass

from headroom.budget.capacity import idle_connections
from headroom.budget.model import Engine
from headroom.budget.result import Budget, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLimit:
    """One database role's limit, in connections on each instance.

    Attributes:
        service: the service's name.
        user: its database role.
        needed_connections: the most that it needs on any instance, in any situation.
        limit_connections: what it is granted: that, and its share of the pool's free part.
        lock_timeout_ms: the longest that its sessions wait for a lock, in milliseconds; None: not set by role.
    """

    service: str
    user: str
    needed_connections: int
    limit_connections: int
    lock_timeout_ms: int | None = None


def role_limits(budget: Budget) -> list[RoleLimit]:
    """A limit for each service, in the stack's order. Limits from a budget that doesn't fit don't fit, either."""
    seconds = budget.stack.cluster.lock_timeout_seconds
    return [
        RoleLimit(
            service=service.name,
            user=service.user,
            needed_connections=max(_need(budget, line, service.name) for line in budget.lines),
            limit_connections=max(1, *(granted(budget, line, service.name) for line in budget.lines)),
            lock_timeout_ms=None if seconds is None else 1000 * seconds,
        )
        for service in budget.stack.services
    ]


def granted(budget: Budget, line: Line, service: str) -> int:
    """What the service may hold on the line's instance: its need, or its share of the whole pool where that is more."""
    mine = _borrowed(line, service)
    part = line.capacity.pool * mine // line.borrowed if mine else 0
    return max(_need(budget, line, service), _direct(line, service) + part)


def standing_connections(budget: Budget, service: str) -> int:
    """The most that the service may hold on an instance for long while nothing is wrong with the service itself.

    Its direct pools are open whatever the load; a lost instance moves them all to another one, and dead hosts are none
    of its own. Behind a proxy it is what an accepted day borrows, or what the proxy keeps open while nobody borrows.
    """
    direct = max(_direct(line, service) - _dead(line, service) for line in budget.lines)
    return direct + max(_pooled(budget, line, service) for line in budget.lines if line.accepted)


def _dead(line: Line, service: str) -> int:
    return sum(math.floor(p.orphans * p.share) for p in line.demand if p.service.name == service and p.open)


def _pooled(budget: Budget, line: Line, service: str) -> int:
    if not _borrowed(line, service):
        return 0
    kept = idle_connections(budget.stack, line.capacity.ceiling.low)
    return max(_need(budget, line, service) - _direct(line, service), kept)


def _need(budget: Budget, line: Line, service: str) -> int:
    nodes = budget.stack.margins.proxy_node_factor
    return _direct(line, service) + math.ceil(round(_borrowed(line, service) * nodes, 9))


def _direct(line: Line, service: str) -> int:
    return sum(p.open for p in line.demand if p.service.name == service)


def _borrowed(line: Line, service: str) -> int:
    return sum(p.borrowed for p in line.demand if p.service.name == service)


def sql(budget: Budget) -> str:
    """The statements, with a comment each; safe to run again. Run them as the master user, on the writer."""
    name, engine = _on_one_line(budget.stack.name), budget.stack.cluster.engine
    lines = [f"-- Connection limits of stack {name}: on each instance, for each service's own role."]
    if budget.stack.cluster.lock_timeout_seconds is not None:
        lines.append("-- A lock_timeout holds in sessions that begin afterwards, the proxy's own connections included.")
    for limit in role_limits(budget):
        lines += [
            f"-- {_on_one_line(limit.service)}: needs at most {limit.needed_connections}",
            set_limit(engine, limit),
        ]
        if limit.lock_timeout_ms is not None:
            lines.append(set_lock_timeout(limit.user, limit.lock_timeout_ms))
    return "\n".join(lines) + "\n"


def _on_one_line(text: str) -> str:
    """A name inside a comment must not end it."""
    return " ".join(text.split())


def set_limit(engine: Engine, limit: RoleLimit) -> str:
    """The one statement that sets a role's limit; safe to run again."""
    if engine is Engine.MYSQL:
        # As an identifier: only the backtick needs care, whatever sql_mode says about backslashes and quotes.
        user = limit.user.replace("`", "``")
        return f"ALTER USER `{user}`@`%` WITH MAX_USER_CONNECTIONS {limit.limit_connections};"
    return f"ALTER ROLE {quoted(limit.user)} CONNECTION LIMIT {limit.limit_connections};"


def set_lock_timeout(user: str, milliseconds: int) -> str:
    """PostgreSQL's statement that sets a role's lock_timeout, for its new sessions; safe to run again."""
    return f"ALTER ROLE {quoted(user)} SET lock_timeout = '{milliseconds}ms';"


def quoted(name: str) -> str:
    """A name as a PostgreSQL identifier."""
    return '"' + name.replace('"', '""') + '"'
