"""What a change does to the budget, in absolute slots."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from headroom.budget.model import Role
from headroom.budget.result import Budget, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure of one role before and after; None where it didn't, or doesn't, exist. `delta` in connections."""

    role: Role
    figure: str
    before: int | None
    after: int | None

    @property
    def delta(self) -> int:
        """After less before."""
        return (self.after or 0) - (self.before or 0)


def diff(before: Budget, after: Budget) -> list[Change]:
    """Every figure that differs, role by role; empty where the change moves no limit and no demand."""
    changes: list[Change] = []
    for role in Role:
        old, new = dict(_figures(before, role)), dict(_figures(after, role))
        changes += [
            Change(role=role, figure=figure, before=old.get(figure), after=new.get(figure))
            for figure in [*old, *(f for f in new if f not in old)]
            if old.get(figure) != new.get(figure)
        ]
    return changes


def _figures(budget: Budget, role: Role) -> Iterator[tuple[str, int]]:
    """The role's figures, each at the instance and in the situation where it is worst."""
    lines = [line for line in budget.lines if line.role is role]
    if not lines:
        return
    limits = [line.capacity for line in lines]
    yield "instances", len({line.instance for line in lines})
    yield "ceiling", min(c.ceiling.low for c in limits)
    yield "usable", min(c.usable for c in limits)
    yield "direct pools", max(line.direct for line in lines)
    yield "proxy pool", min(c.pool for c in limits)
    yield "proxied demand", max(line.proxied for line in lines)
    yield "busy", max(math.ceil(round(line.busy, 9)) for line in lines)
    yield "CPU cap", min(c.cpu_cap for c in limits)
    yield "memory cap", min(c.memory_cap for c in limits)
    yield "free slots", min(_free_slots(line) for line in lines)
    thresholds = budget.thresholds.role(role)
    if thresholds is not None:
        yield "warning", thresholds.warning_connections
        yield "critical", thresholds.critical_connections


def _free_slots(line: Line) -> int:
    return line.capacity.usable - line.taken
