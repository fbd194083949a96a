"""The drill's fleet as a Locust user class, so that Locust's master and workers spread it over machines.

One user is one app instance: it opens its pool eagerly, and offers its share of the traffic in an open loop (Poisson
arrivals, latency from the intended start). The number of users follows the scenario's phases, as the autoscaler does.

    export HEADROOM_DRILL_DSN=postgresql://user@host/db
    locust -f headroom/drill/locustfile.py --headless --master --expect-workers 2
    locust -f headroom/drill/locustfile.py --worker --master-host MASTER

HEADROOM_DRILL_SCENARIO names the scenario (default: flash-sale; its first service is run, on its first side). Passwords
may come from PGPASSWORD or a password file, and what looks like production is refused, as by `headroom drill`. A run
stops by itself after HEADROOM_DRILL_ERROR_BUDGET failed requests (default: 200), of all workers together. The master
makes a table of the run's own, and drops it at the end.
"""

import logging
import random
import signal
import sys
import time
from collections import Counter
from typing import Any, ClassVar

import gevent  # type: ignore[import-untyped]
import psycopg
from gevent.queue import Empty, LifoQueue  # type: ignore[import-untyped]
from locust import LoadTestShape, User, constant, events, task
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from headroom.drill.load import ROWS, sql
from headroom.drill.locust_run import OwnTable, connect, settings
from headroom.errors import UserError

try:
    _SETTINGS = settings()
except UserError as lack:  # before a single connection, on every machine
    sys.stderr.write(f"error: {lack}\n")
    raise SystemExit(2) from None
_SCENARIO = _SETTINGS.scenario
_SERVICE = _SCENARIO.services_on(_SCENARIO.sides[0])[0]
_TABLE = OwnTable(_SETTINGS.target)
_REFUSED = ("slots are reserved", "too many connections", "too many clients")
_TIMEOUT_SECONDS = _SERVICE.client_timeout_ms / 1000
_CHECK_SECONDS = 0.1
_FAILURES = "headroom-drill-failures"
_LOG = logging.getLogger("headroom.drill")
_failed: Counter[str] = Counter()  # requests, by node; this process is ""


@events.init.add_listener  # type: ignore[untyped-decorator]
def _begin(environment: Environment, **_: Any) -> None:
    runner = environment.runner
    if isinstance(runner, MasterRunner):
        runner.register_message(_FAILURES, _told)
    if isinstance(runner, WorkerRunner):
        gevent.spawn(_tell, environment)
        return
    gevent.spawn(_watch_budget, environment)
    if environment.parsed_options and environment.parsed_options.headless:
        # Locust's own handler comes after a headless run.
        gevent.signal_handler(signal.SIGTERM, _stop, environment, 128 + signal.SIGTERM)


def _told(msg: Any, **_: Any) -> None:
    _failed[msg.node_id] = msg.data


def _tell(environment: Environment) -> None:
    """A worker's: the statistics come only every three seconds."""
    told = 0
    while True:
        if _failed[""] != told and isinstance(environment.runner, WorkerRunner):
            told = _failed[""]
            environment.runner.send_message(_FAILURES, told)  # type: ignore[arg-type]
        gevent.sleep(_CHECK_SECONDS)


def _watch_budget(environment: Environment) -> None:
    """The master's."""
    while True:
        gevent.sleep(_CHECK_SECONDS)
        if _failed.total() >= _SETTINGS.error_budget and _TABLE.name:
            _LOG.error("stopped: %d requests had failed: the error budget is spent", _failed.total())
            _failed.clear()
            _stop(environment)


def _stop(environment: Environment, exit_code: int = 2) -> None:
    environment.process_exit_code = exit_code
    if environment.runner is None:
        return
    if environment.parsed_options and environment.parsed_options.headless:
        environment.runner.quit()
    else:
        environment.runner.stop()


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def _make_table(environment: Environment, **_: Any) -> None:
    """On the master, which hands its options to the workers with every order to start users."""
    _failed.clear()
    AppInstance.began = 0.0
    if isinstance(environment.runner, WorkerRunner):
        return
    table = ""
    try:
        table = _TABLE.make()
    except UserError as error:
        _LOG.error("%s", error)
        gevent.spawn(_stop, environment)  # not from within the start
    environment.parsed_options.headroom_table = table  # type: ignore[union-attr]


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def _drop_when_idle(environment: Environment, **_: Any) -> None:
    """A master without the web page says so before it tells its workers: then the end drops the table."""
    if environment.runner is not None and environment.runner.user_count == 0:
        _drop()


@events.quit.add_listener  # type: ignore[untyped-decorator]
def _drop(**_: Any) -> None:
    try:
        _TABLE.drop()
    except UserError as error:
        _LOG.error("%s", error)


class Phases(LoadTestShape):
    """The scenario's phases: how many instances there are when."""

    def tick(self) -> tuple[int, float] | None:
        """Locust's question once a second: users and how many to start a second; None ends the run."""
        at = float(self.get_run_time())  # type: ignore[no-untyped-call]
        for number, phase in enumerate(_SCENARIO.phases):
            if at < phase.seconds:
                return max(1, _SERVICE.instances[number]), 100.0
            at -= phase.seconds
        return None


class AppInstance(User):
    """One app instance."""

    began: ClassVar[float] = 0.0
    wait_time = constant(0.5)

    @task
    def stay(self) -> None:
        """Locust's own loop has nothing to do: the offer runs beside it."""

    def on_start(self) -> None:
        """Open the pool, all of it at once; what is refused is reported, and asked for again by a request."""
        AppInstance.began = AppInstance.began or time.monotonic()
        self._chance = random.Random()  # noqa: S311 - load, not secrets
        self._idle: LifoQueue[Any] = LifoQueue()
        self._open = 0
        self._stopped = False
        self._table: str = self.environment.parsed_options.headroom_table
        if not self._table:
            return
        gevent.joinall([gevent.spawn(self._fill) for _ in range(_SERVICE.connections_max)])
        gevent.spawn(self._offer)

    def on_stop(self) -> None:
        """Close the pool."""
        self._stopped = True
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _offer(self) -> None:
        """Requests at their intended times, whatever became of the earlier ones."""
        intended = time.monotonic()
        while not self._stopped and (rate := self._rate()) > 0:
            intended += self._chance.expovariate(rate)
            gevent.sleep(max(0.0, intended - time.monotonic()))
            gevent.spawn(self._request, intended)

    def _rate(self) -> float:
        """This instance's share of the traffic in the phase that it is."""
        at = time.monotonic() - AppInstance.began
        for number, phase in enumerate(_SCENARIO.phases):
            if at < phase.seconds:
                return _SERVICE.transactions_per_second[number] / max(1, _SERVICE.instances[number])
            at -= phase.seconds
        return 0.0

    def _request(self, intended: float) -> None:
        work = self._chance.expovariate(1000 / _SERVICE.hold_ms)
        error: Exception | None = None
        try:
            with gevent.Timeout(intended + _TIMEOUT_SECONDS - time.monotonic(), TimeoutError("client timeout")):
                connection = self._acquire()
                try:
                    connection.execute(sql(_SERVICE, self._table, work, self._chance.randint(1, ROWS)))
                except BaseException:
                    self._discard(connection)
                    raise
                if self._stopped:
                    self._discard(connection)
                else:
                    self._idle.put(connection)
        except (psycopg.Error, TimeoutError) as caught:
            error = caught
            _failed[""] += 1
        self.environment.events.request.fire(
            request_type="SQL",
            name=_SERVICE.name if error is None else f"{_SERVICE.name}: {_kind(error)}",
            response_time=1000 * (time.monotonic() - intended),
            response_length=0,
            exception=error,
            context={},
        )

    def _acquire(self) -> "psycopg.Connection[Any]":
        try:
            return self._idle.get_nowait()  # type: ignore[no-any-return]
        except Empty:
            if self._open < _SERVICE.connections_max:
                return self._connect()
            return self._idle.get()  # type: ignore[no-any-return]

    def _connect(self) -> "psycopg.Connection[Any]":
        self._open += 1
        try:
            return connect(_SETTINGS.target)
        except BaseException:
            self._open -= 1
            raise

    def _fill(self) -> None:
        try:
            self._idle.put(self._connect())
        except psycopg.Error as refused:
            self.environment.events.request.fire(
                request_type="SQL",
                name=f"connect: {_kind(refused)}",
                response_time=0,
                response_length=0,
                exception=refused,
                context={},
            )

    def _discard(self, connection: "psycopg.Connection[Any]") -> None:
        self._open -= 1
        connection.close()


def _kind(error: Exception) -> str:
    """The SQLSTATE; of a refused connect libpq gives none away, so there the server's words decide."""
    state = getattr(error, "sqlstate", None)
    if state is None and any(words in str(error) for words in _REFUSED):
        state = "53300"
    return state or type(error).__name__
