"""CloudWatch's documented examples, and what follows from them.

The tables: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", "How alarm state is evaluated
when data is missing". Newest datapoint on the right; 0 is not breaching, X breaching, - missing.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.budget.alarms.evaluator import State, first_alarm, next_state, states
from headroom.budget.alarms.model import Missing

OK, ALARM, NO_DATA, RETAIN = State.OK, State.ALARM, State.INSUFFICIENT_DATA, None
COLUMNS = (Missing.MISSING, Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)

THREE_OF_THREE = [
    ("0 - X - X", (OK, OK, OK, OK)),
    ("0 - - - -", (OK, OK, OK, OK)),
    ("- - - - -", (NO_DATA, RETAIN, ALARM, OK)),
    ("0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
    ("- - X - -", (ALARM, RETAIN, ALARM, OK)),
]
TWO_OF_THREE = [
    ("0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
    ("0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
    ("0 - X - -", (OK, OK, ALARM, OK)),
    ("- - - - 0", (OK, OK, ALARM, OK)),
    ("- - - X -", (ALARM, RETAIN, ALARM, OK)),
]
ROWS = [(3, *row) for row in THREE_OF_THREE] + [(2, *row) for row in TWO_OF_THREE]


def points(text: str) -> list[bool | None]:
    return [{"0": False, "X": True, "-": None}[mark] for mark in text.split()]


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize(("needed", "row", "expected"), ROWS, ids=lambda value: value if isinstance(value, str) else "")
def test_cloudwatchs_tables(needed: int, row: str, expected: tuple[State | None, ...], before: State) -> None:
    for missing, state in zip(COLUMNS, expected, strict=True):
        found = next_state(points(row), before, datapoints_to_alarm=needed, evaluation_periods=3, missing=missing)
        assert found is (before if state is RETAIN else state), (row, missing)


@pytest.mark.parametrize("row", ["- - - - X", "- - - X -"])
def test_a_single_young_breach_waits_for_the_next_datapoint(row: str) -> None:
    """The section "Avoiding premature transitions to alarm state", with 3 of 3."""
    found = next_state(points(row), OK, datapoints_to_alarm=3, evaluation_periods=3, missing=Missing.MISSING)
    assert found is OK


def test_datapoints_older_than_needed_are_ignored() -> None:
    found = next_state(
        points("X X 0 0 0"), ALARM, datapoints_to_alarm=2, evaluation_periods=3, missing=Missing.BREACHING
    )
    assert found is OK


def test_an_alarm_rings_at_the_end_of_the_period_that_completes_it() -> None:
    found = states(
        [1, 5, 1, 5, 1, 1],
        lambda value: value >= 5,
        datapoints_to_alarm=2,
        evaluation_periods=3,
        missing=Missing.NOT_BREACHING,
    )
    assert found == [OK, OK, OK, ALARM, OK, OK]
    assert first_alarm(found) == 3
    assert first_alarm([OK, NO_DATA]) is None


@pytest.mark.parametrize("missing", [Missing.IGNORE, Missing.MISSING])
def test_a_gap_in_the_middle_of_an_incident_is_no_all_clear(missing: Missing) -> None:
    found = states(
        [9.0] * 5 + [None] * 30,
        lambda value: value >= 5,
        datapoints_to_alarm=2,
        evaluation_periods=3,
        missing=missing,
    )
    assert OK not in found[3:]


@given(st.lists(st.sampled_from([True, False]), min_size=5, max_size=40), st.integers(1, 5), st.sampled_from(Missing))
def test_with_every_datapoint_there_it_is_m_of_the_last_n_whatever_missing_means(
    breaching: list[bool], needed: int, missing: Missing
) -> None:
    found = next_state(list(breaching), OK, datapoints_to_alarm=needed, evaluation_periods=5, missing=missing)
    assert (found is ALARM) == (sum(breaching[-5:]) >= needed)


@given(st.lists(st.sampled_from([True, False, None]), max_size=7), st.integers(1, 5))
def test_counting_gaps_as_breaching_rings_whenever_not_counting_them_does(
    datapoints: list[bool | None], needed: int
) -> None:
    def of(missing: Missing) -> State:
        return next_state(datapoints, OK, datapoints_to_alarm=needed, evaluation_periods=5, missing=missing)

    if of(Missing.NOT_BREACHING) is ALARM:
        assert of(Missing.IGNORE) is of(Missing.MISSING) is of(Missing.BREACHING) is ALARM
