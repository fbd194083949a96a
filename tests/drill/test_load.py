import asyncio
import random
from typing import Any

import asyncpg
import numpy as np
import pytest

from headroom.drill import fleet as fleets
from headroom.drill.fleet import Endpoint, Fleet, Login
from headroom.drill.load import Load, sql
from headroom.drill.outcome import Outcome, classify, still_good
from headroom.drill.scenario import Phase, Service

LOGIN = Login(endpoint=Endpoint("127.0.0.1", 1), user="checkout", database="shop")


def service(**changes: object) -> Service:
    return Service.model_validate(
        {
            "name": "checkout",
            "transactions_per_second": [200],
            "instances": [2],
            "connections_max": 2,
            "hold_ms": 1,
            "client_timeout_ms": 300,
            **changes,
        }
    )


class Wire:
    """A connection whose every statement takes `seconds`."""

    seconds = 0.001

    def is_closed(self) -> bool:
        return False

    def terminate(self) -> None: ...

    def add_termination_listener(self, listener: object) -> None: ...

    async def execute(self, _statement: str) -> None:
        await asyncio.sleep(self.seconds)


def run(monkeypatch: pytest.MonkeyPatch, wire: Any, seconds: float = 0.5, seed: int = 7, **changes: object) -> Load:
    async def connect(*_args: object, **_kwargs: object) -> Any:
        if isinstance(wire, Exception):
            raise wire
        return wire

    monkeypatch.setattr(fleets, "connect", connect)
    mine = Fleet(service(**changes), LOGIN, random.Random(1))  # noqa: S311

    async def all_of_it() -> Load:
        load = Load([mine], [Phase(name="all", seconds=seconds)], rate_factor=1.0, seed=seed)
        await mine.scale_to(2)
        await load.run()
        return load

    return asyncio.run(all_of_it())


def test_the_same_seed_makes_the_same_arrivals(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, other = (run(monkeypatch, Wire(), seed=s).records.columns()["intended"] for s in (7, 7, 8))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_latency_counts_from_the_intended_start_also_when_the_database_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    stalled = Wire()
    stalled.seconds = 10.0  # a closed loop would send four requests and see nothing of the others' wait
    columns = run(monkeypatch, stalled).records.columns()
    assert len(columns["intended"]) > 60
    assert set(columns["outcome"]) == {float(Outcome.TIMEOUT)}
    assert columns["latency"].min() >= 0.299


def test_a_refusal_is_told_by_its_sqlstate(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = run(monkeypatch, asyncpg.TooManyConnectionsError("any words")).records.columns()
    assert set(columns["outcome"]) == {float(Outcome.REFUSED)}
    assert set(columns["attempts"]) == {1.0}


def test_a_client_that_retries_at_once_goes_on_until_its_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = asyncpg.TooManyConnectionsError("any words")
    columns = run(monkeypatch, refused, seconds=0.1, transactions_per_second=[50], retry="immediate").records.columns()
    assert set(columns["outcome"]) == {float(Outcome.TIMEOUT)}
    assert columns["attempts"].min() > 10


def test_backoff_tries_far_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = asyncpg.TooManyConnectionsError("any words")
    columns = run(monkeypatch, refused, seconds=0.1, transactions_per_second=[50], retry="backoff").records.columns()
    assert columns["attempts"].mean() < 10


def test_an_app_that_sheds_says_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Wire()
    slow.seconds = 0.2
    columns = run(monkeypatch, slow, in_flight_max=1).records.columns()
    shed = columns["latency"][columns["outcome"] == Outcome.SHED]
    assert len(shed) > 50
    assert np.median(shed) < 0.1


def test_a_load_that_only_fails_stops_by_itself_whatever_phases_are_left() -> None:
    nobody = Fleet(service(transactions_per_second=[200, 0], instances=[0, 0]), LOGIN, random.Random(1))  # noqa: S311
    phases = [Phase(name="first", seconds=60), Phase(name="last", seconds=60)]

    async def all_of_it() -> Load:
        load = Load([nobody], phases, rate_factor=1.0, seed=1, failures_max=5)
        async with asyncio.timeout(30):
            await load.run()
        return load

    load = asyncio.run(all_of_it())
    assert load.stopped_at is not None
    assert load.failures >= 5
    assert set(load.records.columns()["outcome"]) == {float(Outcome.LOST)}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (asyncpg.TooManyConnectionsError("remaining connection slots are reserved"), Outcome.REFUSED),
        (asyncpg.ProtocolViolationError("query_wait_timeout"), Outcome.BORROW_TIMEOUT),
        (
            asyncpg.PostgresConnectionError("Timed-out waiting to acquire database connection"),
            Outcome.BORROW_TIMEOUT,
        ),
        (asyncpg.LockNotAvailableError("canceling statement due to lock timeout"), Outcome.LOCK_TIMEOUT),
        (asyncpg.AdminShutdownError("terminating connection"), Outcome.LOST),
        (asyncpg.CannotConnectNowError("the database system is starting up"), Outcome.LOST),
        (ConnectionRefusedError("nobody there"), Outcome.LOST),
        (TimeoutError(), Outcome.TIMEOUT),
        (asyncpg.UndefinedTableError("no such table"), Outcome.FAILED),
    ],
)
def test_errors_are_classified(error: Exception, outcome: Outcome) -> None:
    assert classify(error) is outcome


def test_only_an_error_of_the_statement_leaves_a_good_connection() -> None:
    failed = asyncpg.LockNotAvailableError("x")
    failed.severity = "ERROR"
    ended = asyncpg.AdminShutdownError("x")
    ended.severity = "FATAL"
    assert still_good(failed)
    assert not still_good(ended)
    assert not still_good(ConnectionResetError())


def test_the_hot_row_is_locked_while_it_is_worked_on() -> None:
    assert sql(service(statement="hot-row"), "stock", 0.02, 77) == (
        "UPDATE stock SET n = n - 1 WHERE id = 1; SELECT pg_sleep(0.020000)"
    )
