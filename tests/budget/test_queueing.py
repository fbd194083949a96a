import heapq
import math
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.budget.queueing import PERCENTILE, connections_for, erlang_b, erlang_c, offered_load, wait_probability
from tests.budget import oracle


# The usual Erlang B traffic table: the load in erlangs at which so many lines block 0.1 % and 1 % of the calls.
@pytest.mark.parametrize(
    ("lines", "at_one_per_mille", "at_one_percent"),
    [
        (1, 0.0010, 0.0101),
        (2, 0.0458, 0.1526),
        (5, 0.7621, 1.3608),
        (10, 3.0920, 4.4612),
        (20, 9.4115, 12.031),
        (50, 32.512, 37.901),
        (100, 75.242, 84.064),
    ],
)
def test_erlang_b_gives_the_published_traffic_table(lines: int, at_one_per_mille: float, at_one_percent: float) -> None:
    assert erlang_b(lines, at_one_per_mille) == pytest.approx(0.001, rel=0.02)
    assert erlang_b(lines, at_one_percent) == pytest.approx(0.01, rel=0.01)


def test_erlang_b_gives_the_worked_example_of_a_calculators_manual() -> None:
    """Westbay, erlang.com/calculatormanual/howmuchtrafficcanatrunkgrouphandle.htm: 15 lines, 1 %: 8.108 erlangs."""
    assert erlang_b(15, 8.108) == pytest.approx(0.01, rel=0.001)


def test_erlang_c_gives_the_worked_example_of_the_published_package() -> None:
    """CRAN, package ErlangC 0.1.0, README: 100 calls of 180 s in half an hour, answered within 20 s."""
    load = offered_load(100 / 1800, 180_000)
    assert load == pytest.approx(10)
    assert erlang_c(14, load) == pytest.approx(0.1741319, abs=5e-8)
    assert 1 - wait_probability(14, load, 180_000, 20_000) == pytest.approx(0.88835, abs=5e-6)
    assert erlang_c(11, load) == pytest.approx(0.6821182, abs=5e-8)
    assert 1 - wait_probability(11, load, 180_000, 20_000) == pytest.approx(0.3896138, abs=5e-8)


# Exact in fractions: C(1, a) = a; C(2, 1) = 1/3 (Kleinrock, Queueing Systems I, 3.5: two servers, half used).
@pytest.mark.parametrize(("servers", "load", "waits"), [(1, 0.5, 0.5), (1, 0.9, 0.9), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9)])
def test_erlang_c_gives_the_textbooks_fractions(servers: int, load: float, waits: float) -> None:
    assert erlang_c(servers, load) == pytest.approx(waits, rel=1e-12)


@given(st.integers(1, 400), st.floats(0.01, 0.999))
def test_the_recursion_equals_the_direct_sum(servers: int, utilisation: float) -> None:
    load = servers * utilisation
    assert erlang_c(servers, load) == pytest.approx(oracle.erlang_c(servers, load), rel=1e-7, abs=1e-12)


@given(st.floats(0.01, 300), st.floats(0.1, 1000), st.floats(0, 5000), st.integers(1, 500))
def test_the_fewest_connections_are_those_of_the_direct_sum(load: float, hold: float, wait: float, most: int) -> None:
    assert connections_for(load, hold, wait, most) == oracle.connections_for(load, hold / 1000, wait / 1000, most)


@given(st.floats(0.01, 300), st.floats(0.1, 1000), st.floats(0, 100))
def test_one_connection_fewer_would_miss_the_objective(load: float, hold_ms: float, wait_ms: float) -> None:
    found = connections_for(load, hold_ms, wait_ms, 10_000)
    assert wait_probability(found, load, hold_ms, wait_ms) <= 1 - PERCENTILE + 1e-12
    assert found == 1 or wait_probability(found - 1, load, hold_ms, wait_ms) > 1 - PERCENTILE - 1e-12


@given(st.floats(0, 200), st.floats(1, 5), st.floats(1, 50), st.floats(0, 50), st.integers(0, 300), st.integers(0, 9))
def test_more_load_and_more_clients_never_need_fewer_connections(
    load: float, factor: float, hold_ms: float, wait_ms: float, most: int, more: int
) -> None:
    few = connections_for(load, hold_ms, wait_ms, most)
    assert connections_for(load * factor, hold_ms, wait_ms, most) >= few
    assert connections_for(load, hold_ms, wait_ms, most + more) >= few
    assert few <= most


def test_nothing_is_borrowed_without_load() -> None:
    assert connections_for(0, 10, 10, 50) == 0


def _arrivals(random: Random, rate: float, hold: float, count: int) -> Iterator[tuple[float, float]]:
    now = 0.0
    for _ in range(count):
        now += random.expovariate(rate)
        yield now, random.expovariate(1 / hold)


def _waits(servers: int, jobs: Iterator[tuple[float, float]]) -> list[float]:
    """First come, first served, by servers that are free at the times in a heap."""
    free = [0.0] * servers
    waits = []
    for arrival, hold in jobs:
        starts = max(arrival, heapq.heappop(free))
        waits.append(starts - arrival)
        heapq.heappush(free, starts + hold)
    return waits[len(waits) // 10 :]  # the queue starts empty: leave out the first tenth


# Rows: servers, tps, mean hold in seconds, the wait asked about in seconds.
@pytest.mark.parametrize(
    ("servers", "rate", "hold", "wait"),
    [(1, 70, 0.01, 0.01), (5, 400, 0.01, 0.005), (20, 1400, 0.012, 0.004), (55, 3800, 0.012, 0.002)],
)
def test_a_simulated_queue_waits_as_long_as_erlang_c_says(servers: int, rate: float, hold: float, wait: float) -> None:
    waits = _waits(servers, _arrivals(Random(1917), rate, hold, 200_000))  # noqa: S311
    late = sum(1 for each in waits if each > wait) / len(waits)
    at_all = sum(1 for each in waits if each > 0) / len(waits)
    load = offered_load(rate, hold * 1000)
    assert at_all == pytest.approx(erlang_c(servers, load), abs=0.02)
    assert late == pytest.approx(wait_probability(servers, load, hold * 1000, wait * 1000), abs=0.02)


def test_a_simulated_pool_of_the_computed_size_meets_the_objective_and_a_much_smaller_one_does_not() -> None:
    load, objective_ms = offered_load(2000, 12), 10
    size = connections_for(load, 12, objective_ms, 1000)
    for servers, meets in ((size, True), (math.ceil(load), False)):
        waits = sorted(_waits(servers, _arrivals(Random(7), 2000, 0.012, 200_000)))  # noqa: S311
        assert (waits[int(len(waits) * PERCENTILE)] * 1000 <= objective_ms * 1.1) is meets


def test_a_simulated_hot_row_lengthens_the_hold_as_the_budget_says() -> None:
    """A share s of the transactions queues on one row: the mean hold is hold x (1 + s u / (1 - u))."""
    random, hold, share, rate = Random(15), 0.01, 0.25, 240.0  # noqa: S311
    jobs = list(_arrivals(random, rate, hold, 200_000))
    queueing = [job for job in jobs if random.random() < share]
    waited = sum(_waits(1, iter(queueing))) / (len(queueing) * 0.9)
    used = rate * share * hold
    assert 1 + share * waited / hold == pytest.approx(1 + share * used / (1 - used), rel=0.05)
