"""CloudWatch's rule, M of N datapoints with missing data, on a series: when would this alarm have rung?

From the CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"; its tables are the tests. Where
its text and its tables differ (a premature alarm beside a datapoint that doesn't breach), the tables win.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

from headroom.budget.alarms.model import Alarm, Missing

# CloudWatch looks further back than N for real datapoints. How far, AWS doesn't say; in its examples two periods more.
EXTRA_PERIODS = 2


class State(StrEnum):
    """An alarm's state, in CloudWatch's words."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


def next_state(
    datapoints: Sequence[bool | None],
    state: State,
    *,
    datapoints_to_alarm: int,
    evaluation_periods: int,
    missing: Missing,
) -> State:
    """The state after one evaluation.

    Args:
        datapoints: the evaluation range, oldest first: breaching, not breaching, or None for a missing one.
        state: the state before.
        datapoints_to_alarm: M.
        evaluation_periods: N.
        missing: what a missing datapoint counts as.
    """
    real = [point for point in datapoints if point is not None]
    if len(real) >= evaluation_periods:
        return _alarm_if(sum(real[-evaluation_periods:]) >= datapoints_to_alarm)
    breaching, filled = sum(real), evaluation_periods - len(real)
    if missing is Missing.BREACHING:
        return _alarm_if(breaching + filled >= datapoints_to_alarm)
    if missing is Missing.NOT_BREACHING or breaching >= datapoints_to_alarm or not all(real):
        return _alarm_if(breaching >= datapoints_to_alarm)
    if missing is Missing.IGNORE:
        return state
    if not real:
        return State.INSUFFICIENT_DATA
    # All that is known breaches, but it is less than M: once it is M periods old, CloudWatch doesn't wait for more.
    recent = datapoints[-evaluation_periods:]
    age = next((len(recent) - place for place, point in enumerate(recent) if point), 0)
    return State.ALARM if age >= datapoints_to_alarm else state


def _alarm_if(breached: bool) -> State:
    return State.ALARM if breached else State.OK


def states(
    values: Sequence[float | None],
    breaches: Callable[[float], bool],
    *,
    datapoints_to_alarm: int,
    evaluation_periods: int,
    missing: Missing,
) -> list[State]:
    """The state at the end of each period; None is a period without data."""
    points = [None if value is None else breaches(value) for value in values]
    found: list[State] = []
    state = State.INSUFFICIENT_DATA
    for end in range(1, len(points) + 1):
        state = next_state(
            points[max(0, end - evaluation_periods - EXTRA_PERIODS) : end],
            state,
            datapoints_to_alarm=datapoints_to_alarm,
            evaluation_periods=evaluation_periods,
            missing=missing,
        )
        found.append(state)
    return found


def alarm_states(alarm: Alarm, values: Sequence[float | None]) -> list[State]:
    """The alarm's state at the end of each of its periods."""
    return states(
        values,
        lambda value: alarm.comparison.breached(value, alarm.threshold),
        datapoints_to_alarm=alarm.datapoints_to_alarm,
        evaluation_periods=alarm.evaluation_periods,
        missing=alarm.missing,
    )


def first_alarm(found: Sequence[State]) -> int | None:
    """The index of the period at whose end it rang; None: never."""
    return next((place for place, state in enumerate(found) if state is State.ALARM), None)
