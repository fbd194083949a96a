"""Open-loop load: requests start when they were meant to, whatever became of the earlier ones.

Arrivals are Poisson, from the seed. Latency counts from the *intended* start, so that a stalled database, pooler or
generator can't hide (coordinated omission). The generator reports how late it was itself.
"""

import asyncio
import random
from array import array
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headroom.drill.fleet import AppInstance, Fleet
from headroom.drill.outcome import Outcome, classify, still_good
from headroom.drill.pool import CONNECT_ERRORS
from headroom.drill.scenario import HIGHEST_IN_FLIGHT, Phase, Retry, Service, Statement

ROWS = 10_000
_BACKOFF_SECONDS = 0.1
_LONGEST_BACKOFF_SECONDS = 2.0
_PAUSE_SECONDS = 0.0005  # an immediate retry still takes a turn of the event loop


@dataclass
class Records:
    """One row for each request, in columns. Times are seconds from the side's start."""

    service: "array[int]" = field(default_factory=lambda: array("b"))
    intended: "array[float]" = field(default_factory=lambda: array("d"))
    latency: "array[float]" = field(default_factory=lambda: array("d"))
    work: "array[float]" = field(default_factory=lambda: array("d"))
    outcome: "array[int]" = field(default_factory=lambda: array("b"))
    attempts: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, service: int, intended: float, latency: float, work: float, outcome: int, attempts: int) -> None:
        """Append a request."""
        self.service.append(service)
        self.intended.append(intended)
        self.latency.append(latency)
        self.work.append(work)
        self.outcome.append(outcome)
        self.attempts.append(attempts)

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """As numpy columns, in order of the intended start."""
        columns = {name: np.asarray(getattr(self, name), dtype=np.float64) for name in self.__dataclass_fields__}
        order = np.argsort(columns["intended"], kind="stable")
        return {name: column[order] for name, column in columns.items()}


class Load:
    """The load of one side.

    Args:
        fleets: whose services get it.
        phases: their lengths; the services have a rate and a number of instances for each.
        rate_factor: on all rates and instances (a machine with one core carries half).
        seed: of arrivals, work and choices.
        table: with the articles.
        failures_max: it stops by itself once so many requests have failed; None: never.
    """

    def __init__(
        self,
        fleets: list[Fleet],
        phases: list[Phase],
        *,
        rate_factor: float,
        seed: int,
        table: str = "stock",
        failures_max: int | None = None,
    ) -> None:
        self.fleets = fleets
        self.records = Records()
        self.lag = array("d")
        self.seconds: list[Counter[Outcome]] = []
        self.slow_factor = 1.0
        self.failures = 0
        self.failures_max = failures_max
        self.stopped_at: float | None = None
        self.stop = asyncio.Event()
        self.in_flight = 0
        self.began = 0.0
        self._starts = [0.0, *accumulate(p.seconds for p in phases)]
        self._factor = rate_factor
        self._table = table
        self._tasks: set[asyncio.Task[None]] = set()
        self._chance = random.Random(seed)  # noqa: S311 - load, not secrets
        self._arrivals = [self._plan(f.service, np.random.default_rng([seed, n])) for n, f in enumerate(fleets)]

    @property
    def length(self) -> float:
        """Seconds from the first to the last phase's end."""
        return self._starts[-1]

    def now(self) -> float:
        """Seconds since the start."""
        return asyncio.get_running_loop().time() - self.began

    async def run(self) -> None:
        """Run all phases, then wait for the last answers (each ends at its client's timeout)."""
        self.began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            scaling = group.create_task(self._scale())
            tasks = [group.create_task(self._offer(n)) for n in range(len(self.fleets))]
            group.create_task(self._until_stopped(tasks, scaling))
        await asyncio.gather(*self._tasks)

    async def _until_stopped(self, tasks: list[asyncio.Task[None]], scaling: asyncio.Task[None]) -> None:
        waiting = asyncio.ensure_future(self.stop.wait())
        done = asyncio.ensure_future(asyncio.wait(tasks))
        both: set[asyncio.Future[Any]] = {waiting, done}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in (*both, *tasks, *([scaling] if self.stop.is_set() else [])):
            task.cancel()

    async def _scale(self) -> None:
        for phase, start in enumerate(self._starts[:-1]):
            await asyncio.sleep(max(0.0, start - self.now()))
            for fleet in self.fleets:
                fleet.scale_soon(fleet.service.instances_in(phase, self._factor))

    def _plan(self, service: Service, chance: np.random.Generator) -> NDArray[np.float64]:
        """Every arrival of the run: Poisson in each phase."""
        parts = []
        for start, end, rate in zip(self._starts, self._starts[1:], service.transactions_per_second, strict=False):
            number = chance.poisson(rate * self._factor * (end - start))
            parts.append(np.sort(chance.uniform(start, end, number)))
        arrivals = np.concatenate(parts)
        work = chance.exponential(service.hold_ms / 1000, len(arrivals))
        rows = chance.integers(1, ROWS, len(arrivals), endpoint=True)
        return np.column_stack([arrivals, work, rows])

    async def _offer(self, number: int) -> None:
        fleet = self.fleets[number]
        for intended, work, row in self._arrivals[number].tolist():
            ahead = intended - self.now()
            if ahead > 0:
                await asyncio.sleep(ahead)
            elif len(self.lag) % 50 == 0:
                await asyncio.sleep(0)  # a generator that is behind still lets the answers in
            self.lag.append(self.now() - intended)
            if self.in_flight >= HIGHEST_IN_FLIGHT:
                self._end(number, intended, work, Outcome.DROPPED, 0)
                continue
            self.in_flight += 1
            task = asyncio.get_running_loop().create_task(self._request(number, fleet, intended, work, int(row)))
            self._keep(task)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _request(self, number: int, fleet: Fleet, intended: float, work: float, row: int) -> None:
        service = fleet.service
        work *= self.slow_factor
        statement = sql(service, self._table, work, row)
        deadline = self.began + intended + service.client_timeout_ms / 1000
        outcome, attempts, pause = Outcome.LOST, 0, _BACKOFF_SECONDS
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    attempts += 1
                    instance = fleet.pick()
                    outcome = (
                        await self._attempt(instance, statement, service.in_flight_max) if instance else Outcome.LOST
                    )
                    if outcome is Outcome.OK or service.retry is Retry.NONE:
                        break
                    if service.retry is Retry.IMMEDIATE:
                        await asyncio.sleep(_PAUSE_SECONDS)
                    else:
                        await asyncio.sleep(self._chance.uniform(0, pause))
                        pause = min(2 * pause, _LONGEST_BACKOFF_SECONDS)
        except TimeoutError:
            outcome = Outcome.TIMEOUT
        finally:
            self.in_flight -= 1
        self._end(number, intended, work, outcome, attempts)

    async def _attempt(self, instance: AppInstance, statement: str, limit: int | None) -> Outcome:
        if limit is not None and instance.in_flight >= limit:
            return Outcome.SHED
        instance.in_flight += 1
        try:
            connection = await instance.pool.acquire()
            try:
                await connection.execute(statement)
            except BaseException as error:
                # After a timeout the answer is still to come: such a connection is closed.
                if still_good(error):
                    instance.pool.release(connection)
                else:
                    instance.pool.discard(connection)
                raise
            instance.pool.release(connection)
        except CONNECT_ERRORS as error:
            return classify(error)
        finally:
            instance.in_flight -= 1
        return Outcome.OK

    def _end(self, number: int, intended: float, work: float, outcome: Outcome, attempts: int) -> None:
        ended = self.now()
        self.records.add(number, intended, ended - intended, work, outcome, attempts)
        second = max(0, int(ended))
        while len(self.seconds) <= second:
            self.seconds.append(Counter())
        self.seconds[second][outcome] += 1
        self.failures += outcome is not Outcome.OK
        if self.failures_max is not None and self.failures >= self.failures_max and not self.stop.is_set():
            self.stopped_at = ended
            self.stop.set()

    def phase_at(self, at: float) -> int:
        """The number of the phase at a time."""
        return min(bisect_right(self._starts, at) - 1, len(self._starts) - 2)


def sql(service: Service, table: str, work: float, row: int) -> str:
    """One transaction in the simple protocol (safe through any pooler); the work is sleep, as if storage were asked."""
    if service.statement is Statement.HOT_ROW:
        # One implicit transaction, so the row stays locked while it works; the lock_timeout is the role's.
        return f"UPDATE {table} SET n = n - 1 WHERE id = 1; SELECT pg_sleep({work:.6f})"  # noqa: S608 - numbers
    if service.statement is Statement.READ:
        return f"SELECT n FROM {table} WHERE id = {row} AND (SELECT pg_sleep({work:.6f})) IS NOT NULL"  # noqa: S608 - numbers
    return f"UPDATE {table} SET n = n - 1 WHERE id = {row} AND (SELECT pg_sleep({work:.6f})) IS NOT NULL"  # noqa: S608 - numbers
