import asyncio
import random
from types import SimpleNamespace
from typing import Any

import asyncpg
import numpy as np
import pytest

from headroom.drill import fleet as fleets
from headroom.drill import measure
from headroom.drill.fleet import Endpoint, Fleet, Login
from headroom.drill.outcome import Outcome
from headroom.drill.scenario import Service

LOGIN = Login(endpoint=Endpoint("127.0.0.1", 1), user="app", database="shop")


def service(name: str, path: str = "direct") -> Service:
    shape = {"transactions_per_second": [1], "instances": [1], "connections_max": 3}
    return Service.model_validate({"name": name, "path": path, **shape, "hold_ms": 5, "client_timeout_ms": 1000})


@pytest.mark.parametrize(
    ("error", "counted"),
    [(asyncpg.TooManyConnectionsError("no slot"), 3), (OSError("nobody listens"), 0), (TimeoutError(), 0)],
)
def test_a_connection_that_meets_no_free_slot_is_counted_whoever_asked_for_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception, counted: int
) -> None:
    async def refuses(*_: object, **__: object) -> None:
        raise error

    async def run() -> Fleet:
        fleet = Fleet(service("checkout"), LOGIN, random.Random(1))  # noqa: S311 - not secrets
        await fleet.scale_to(1)
        fleet.close()
        return fleet

    monkeypatch.setattr(fleets, "connect", refuses)
    assert len(asyncio.run(run()).refused_at) == counted


def side_run() -> Any:
    """Two fleets on a side that began at 100 s of the loop's time."""
    services = [service("reporting"), service("checkout", "pooled")]
    found = [Fleet(s, LOGIN, random.Random(1)) for s in services]  # noqa: S311 - not secrets
    found[0].refused_at = [99.5, 101.0, 103.0]
    found[1].refused_at = [101.5]
    return SimpleNamespace(fleets=found, services=services, load=SimpleNamespace(began=100.0))


def test_refused_connections_are_counted_by_phase_and_service() -> None:
    run = side_run()
    assert measure._refused_connects(run, [(0, 4)], None) == 4
    assert measure._refused_connects(run, [(0, 1), (1, 2)], "reporting") == 2
    assert measure._refused_connects(run, [(1, 2)], None) == 2


def test_a_refusal_is_the_fleets_or_what_the_pooler_tells_and_none_counts_twice() -> None:
    columns = {
        "service": np.array([0.0, 1.0, 1.0]),
        "outcome": np.array([Outcome.REFUSED, Outcome.REFUSED, Outcome.OK], dtype=float),
        "intended": np.array([0.9, 2.5, 2.6]),
    }
    assert measure._refusals(side_run(), columns) == [0.0, 1.0, 1.5, 2.5, 3.0]


def test_connections_that_were_never_lost_are_back_at_once() -> None:
    assert measure.back_seconds([(0.0, 40), (1.0, 40), (2.0, 38)], since=1.0, until=3.0) == 0.0


def test_connections_are_back_the_first_time_that_95_percent_are_open_again() -> None:
    series = [(0.9, 40), (1.1, 0), (1.9, 37), (2.4, 38), (3.0, 40)]
    assert measure.back_seconds(series, since=1.0, until=4.0) == 2.4 - 1.0


def test_what_a_timeout_closes_later_is_not_the_failovers_doing() -> None:
    series = [(0.9, 40), (1.1, 0), (2.0, 40), (9.9, 36)]
    assert measure.back_seconds(series, since=1.0, until=10.0) == 1.0


def test_connections_that_never_come_back_have_no_time() -> None:
    assert measure.back_seconds([(0.9, 40), (1.1, 0), (9.9, 30), (10.5, 40)], since=1.0, until=10.0) is None


def test_without_a_count_from_before_nothing_is_known() -> None:
    assert measure.back_seconds([(1.1, 40)], since=1.0, until=10.0) is None
