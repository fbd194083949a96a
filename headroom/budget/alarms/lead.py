"""How much time an alarm gives: the steepest rise of the connections that is still heard in time.

A rise of s connections a minute passes the threshold, then takes (limit - threshold) / s minutes to the limit. The
alarm rings when M datapoints are above the threshold: the first is taken at most one period after the crossing, each of
the others one period later, the last one's period has to end, and CloudWatch has to get it:

    (M + 1) x period + publishing <= (limit - threshold) / s - lead

so the steepest rise that is heard `lead` ahead is s = (limit - threshold) / ((M + 1) x period + publishing + lead).
Steeper ones are the budget's to absorb (its pools wait, its slots suffice) or to refuse.
"""

from collections.abc import Callable
from dataclasses import dataclass

from headroom.budget.alarms.model import Alarm, Tier
from headroom.budget.alarms.series import Supply, supply
from headroom.budget.alarms.table import alarm_table
from headroom.budget.model import Role
from headroom.budget.queueing import PERCENTILE, erlang_c, wait_probability
from headroom.budget.result import Budget

LEAD_SECONDS = 300
# RDS sends each minute's metrics within the next (AWS gives the interval of 60 seconds, not the delay).
PUBLISHING_SECONDS = 60
_STEPS = 50  # of a bisection: far finer than one connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """The steepest rise that one warning hears in time.

    Attributes:
        alarm: the warning.
        threshold_connections: wanted connections at which its measure passes the threshold.
        limit_connections: at which the first client is refused, or waits longer than the objective.
        per_minute: connections a minute.
    """

    alarm: Alarm
    threshold_connections: float
    limit_connections: float

    @property
    def per_minute(self) -> float:
        """Connections a minute; 0 where the measure moves at the limit only."""
        return 60 * max(0.0, self.limit_connections - self.threshold_connections) / (self.heard_after + LEAD_SECONDS)

    @property
    def heard_after(self) -> int:
        """Seconds from the crossing to the notification, at most."""
        return (self.alarm.datapoints_to_alarm + 1) * self.alarm.period_seconds + PUBLISHING_SECONDS


def slopes(budget: Budget, role: Role) -> list[Slope]:
    """Of each warning on the role's connections, pool and mean wait, the steepest first.

    The mean wait passes the objective only after its p95 does: that warning confirms, it doesn't lead.
    """
    base = supply(budget, role)
    limit = first_harm(budget, base)
    kinds = {f"{role}-connections": "connections", f"{role}-pool": "pool", f"{role}-borrow-latency": "latency"}
    found = [
        Slope(alarm=alarm, threshold_connections=_crossing(base, alarm, kinds[alarm.key]), limit_connections=limit)
        for alarm in alarm_table(budget).alarms
        if alarm.key in kinds and alarm.tier is Tier.WARNING and alarm.name != f"{role}-borrow-latency-longest-warning"
    ]
    return sorted(found, key=lambda slope: -slope.per_minute)


def first_harm(budget: Budget, base: Supply) -> float:
    """Connections wanted when the first client is refused (no proxy), or p95 of the wait passes the objective."""
    if not base.pool:
        return float(base.limit)
    objective = budget.stack.wait_objective_ms
    in_time = _largest(
        base.pool, lambda load: wait_probability(base.pool, load, base.hold_ms, objective) <= 1 - PERCENTILE
    )
    return base.direct + in_time


def _crossing(base: Supply, alarm: Alarm, kind: str) -> float:
    """Connections wanted, direct ones included, when the alarm's measure is at its threshold."""
    if kind == "connections":
        return alarm.threshold
    if kind == "pool":
        return base.direct + alarm.threshold / 100 * base.pool * base.share_of_mean
    return base.direct + _largest(base.pool, lambda load: _mean_wait_us(base, load) <= alarm.threshold)


def _mean_wait_us(base: Supply, load: float) -> float:
    return erlang_c(base.pool, load) * 1000 * base.hold_ms / (base.pool - load)


def _largest(pool: int, holds: Callable[[float], bool]) -> float:
    """The largest load below the pool for which it holds; it holds for small ones."""
    low, high = 0.0, float(pool)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if middle < pool and holds(middle) else (low, middle)
    return low
