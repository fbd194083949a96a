"""The drill's fleet as a Locust user class, so that Locust's master and workers spread it over machines.

One user is one app instance: it opens its pool eagerly, and offers its share of the traffic in an open loop (Poisson
arrivals, latency from the intended start). The number of users follows the scenario's phases, as the autoscaler does.

    export HEADROOM_DRILL_DSN=postgresql://user@host/db
    locust -f headroom/drill/locustfile.py --headless --master --expect-workers 2
    locust -f headroom/drill/locustfile.py --worker --master-host MASTER

HEADROOM_DRILL_SCENARIO names the scenario (default: flash-sale; its first service is run, on its first side),
HEADROOM_DRILL_TABLE the table (id, n), default: stock. What looks like production is refused, as by `headroom drill`.
"""

import os
import random
import time
from typing import Any, ClassVar

import gevent  # type: ignore[import-untyped]
import psycopg
from gevent.queue import Empty, LifoQueue  # type: ignore[import-untyped]
from locust import LoadTestShape, User, constant, events, task
from locust.env import Environment

from headroom.drill.load import ROWS, sql
from headroom.drill.scenario import DEFAULT, load
from headroom.drill.target import parse_dsn, refuse_production

_SCENARIO = load(os.environ.get("HEADROOM_DRILL_SCENARIO", DEFAULT))
_SERVICE = _SCENARIO.services_on(_SCENARIO.sides[0])[0]
_TABLE = os.environ.get("HEADROOM_DRILL_TABLE", "stock")
_DSN = os.environ.get("HEADROOM_DRILL_DSN", "")
_REFUSED = ("slots are reserved", "too many connections", "too many clients")
_TIMEOUT_SECONDS = _SERVICE.client_timeout_ms / 1000


@events.init.add_listener  # type: ignore[untyped-decorator]
def _check_target(environment: Environment, **_: Any) -> None:  # noqa: ARG001 - Locust's signature
    refuse_production("HEADROOM_DRILL_DSN", parse_dsn("HEADROOM_DRILL_DSN", _DSN))


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
                    connection.execute(sql(_SERVICE, _TABLE, work, self._chance.randint(1, ROWS)))
                except BaseException:
                    self._discard(connection)
                    raise
                self._idle.put(connection)
        except (psycopg.Error, TimeoutError) as caught:
            error = caught
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
            # Simple protocol, no prepared statements: safe through any pooler.
            return psycopg.connect(
                _DSN, autocommit=True, prepare_threshold=None, cursor_factory=psycopg.ClientCursor, connect_timeout=10
            )
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
