"""Role limits: the budget enforced inside the database, one statement for each service's role.

PostgreSQL: `ALTER ROLE ... CONNECTION LIMIT` (counted on each instance by itself). MySQL: `MAX_USER_CONNECTIONS`.
A limit is the most that the service needs on any instance in any situation, and its share of what the pool has left:
the proxy opens connections in the service's name, so a limit below the pool's share would refuse what the budget grants.
"""

import math
from dataclasses import dataclass

from headroom.budget.model import Engine, Role
from headroom.budget.result import Budget, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLimit:
    """One database role's limit, in connections on each instance.

    Attributes:
        service: the service's name.
        user: its database role.
        needed_connections: the most that it needs on any instance, in any situation.
        limit_connections: that, and its share of the pool's free part.
    """

    service: str
    user: str
    needed_connections: int
    limit_connections: int


def role_limits(budget: Budget) -> list[RoleLimit]:
    """A limit for each service, in the stack's order. The budget should fit: the limits of one that doesn't, don't either."""
    limits = []
    for service in budget.stack.services:
        needed = granted = 0
        for role in Role:
            lines = [line for line in budget.lines if line.role is role]
            direct = max((_direct(line, service.name) for line in lines), default=0)
            needed = max(
                needed, *(_direct(line, service.name) + _proxied(budget, line, service.name) for line in lines), 0
            )
            pooled = max((_granted(budget, line, service.name) for line in lines), default=0)
            granted = max(granted, direct + pooled)
        limits.append(
            RoleLimit(
                service=service.name,
                user=service.user,
                needed_connections=needed,
                limit_connections=max(1, needed, granted),
            )
        )
    return limits


def _direct(line: Line, service: str) -> int:
    return sum(p.open for p in line.demand if p.service.name == service)


def _proxied(budget: Budget, line: Line, service: str) -> int:
    borrowed = sum(p.borrowed for p in line.demand if p.service.name == service)
    return math.ceil(round(borrowed * budget.stack.margins.proxy_node_factor, 9))


def _granted(budget: Budget, line: Line, service: str) -> int:
    """The service's share of the whole pool, by its share of what is borrowed."""
    mine = sum(p.borrowed for p in line.demand if p.service.name == service)
    if not mine:
        return 0
    return max(_proxied(budget, line, service), line.capacity.pool * mine // line.borrowed)


def sql(budget: Budget) -> str:
    """The statements, with a comment each; safe to run again. Run them as the master user, on the writer."""
    statements = [f"-- Connection limits of stack {budget.stack.name}: on each instance, for each service's own role."]
    for limit in role_limits(budget):
        statements += [
            f"-- {limit.service}: needs at most {limit.needed_connections}",
            _statement(budget.stack.cluster.engine, limit),
        ]
    return "\n".join(statements) + "\n"


def _statement(engine: Engine, limit: RoleLimit) -> str:
    if engine is Engine.MYSQL:
        user = limit.user.replace("\\", "\\\\").replace("'", "''")
        return f"ALTER USER '{user}'@'%' WITH MAX_USER_CONNECTIONS {limit.limit_connections};"
    user = limit.user.replace('"', '""')
    return f'ALTER ROLE "{user}" CONNECTION LIMIT {limit.limit_connections};'
