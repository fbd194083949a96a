import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.budget.queueing import wait_probability
from headroom.drill.prediction import Stretch, p95_wait_ms, predict
from headroom.drill.scenario import Service, SidePath, Statement


def service(path: SidePath, **changes: object) -> Service:
    return Service.model_validate(
        {
            "name": "checkout",
            "transactions_per_second": [600],
            "instances": [40],
            "connections_max": 8,
            "hold_ms": 12,
            "client_timeout_ms": 2000,
            "path": path,
            **changes,
        }
    )


def test_the_pool_carries_what_the_slots_cannot() -> None:
    spike = Stretch(4, (600,), (40,))
    direct = predict([service(SidePath.DIRECT)], spike, overhead_ms=1, usable=37, pool=18)
    pooled = predict([service(SidePath.POOLED)], spike, overhead_ms=1, usable=37, pool=18)
    assert (direct.clients, direct.slots, pooled.slots) == (320, 37, 18)
    assert pooled.load == pytest.approx(7.8)
    assert (pooled.ok_low_percent, pooled.ok_high_percent) == (100, 100)
    assert direct.ok_low_percent < 15
    assert direct.ok_high_percent < 80


def test_a_fleet_that_fits_is_not_refused() -> None:
    found = predict(
        [service(SidePath.DIRECT, connections_max=3)], Stretch(4, (600,), (12,)), overhead_ms=1, usable=37, pool=18
    )
    assert (found.ok_low_percent, found.ok_high_percent) == (100, 100)


def test_a_pool_that_pins_is_shared_like_the_slots() -> None:
    found = predict([service(SidePath.POOLED, pins=True)], Stretch(4, (600,), (40,)), overhead_ms=1, usable=37, pool=18)
    assert found.p95_wait_ms is None
    assert found.ok_high_percent < 60


def test_a_row_serves_one_over_hold_whatever_the_pool() -> None:
    row = service(SidePath.POOLED, statement=Statement.HOT_ROW, hold_ms=20)
    found = predict([row], Stretch(4, (100,), (8,)), overhead_ms=0, usable=37, pool=18)
    assert found.ok_low_percent == pytest.approx(50)
    assert found.p95_wait_ms is None


def test_a_slow_database_multiplies_the_work_not_the_overhead() -> None:
    slow = predict([service(SidePath.POOLED)], Stretch(1, (100,), (4,), 3.0), overhead_ms=2, usable=37, pool=18)
    assert slow.load == pytest.approx(100 * (36 + 2) / 1000)


@given(st.integers(1, 40), st.floats(0.05, 0.98), st.floats(1, 100))
def test_the_p95_wait_is_the_one_that_five_in_a_hundred_exceed(
    connections: int, utilisation: float, hold: float
) -> None:
    load = connections * utilisation
    wait = p95_wait_ms(connections, load, hold)
    late = wait_probability(connections, load, hold, wait)
    assert late == pytest.approx(0.05) if wait else late <= 0.05 + 1e-9


@given(st.floats(0, 2000), st.integers(0, 60), st.integers(1, 20), st.sampled_from(SidePath))
def test_every_prediction_is_ordered_and_within_its_bounds(
    rate: float, instances: int, size: int, path: SidePath
) -> None:
    found = predict(
        [service(path, connections_max=size)], Stretch(3, (rate,), (instances,)), overhead_ms=1, usable=37, pool=18
    )
    assert 0 <= found.ok_low_percent <= found.ok_high_percent <= 100
    assert 0 <= found.busy_low <= found.busy <= found.busy_high + 1e-9
    assert found.busy <= found.slots
