"""A service's fleet of app instances: scaled out and in, deployed by replacement, each with a pool of its own."""

import asyncio
import math
import random
from collections.abc import Awaitable
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

import asyncpg

from headroom.drill.outcome import Outcome, classify
from headroom.drill.pool import CONNECT_ERRORS, AppPool, Connection
from headroom.drill.scenario import Service

_SCALE_OUT_SECONDS = 0.8  # from the first to the last new instance


@dataclass
class Endpoint:
    """Where a service connects to, as a DNS name is: it can be pointed elsewhere while clients run."""

    host: str
    port: int


SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
"""libpq's."""


@dataclass(frozen=True, kw_only=True)
class Login:
    """How a service's connections are opened."""

    endpoint: Endpoint
    user: str
    database: str
    password: str | None = field(default=None, repr=False)
    sslmode: SslMode = "disable"
    timeout_seconds: float = 10.0


class AppInstance:
    """One running instance of the app."""

    def __init__(self, pool: AppPool) -> None:
        self.pool = pool
        self.in_flight = 0


class Fleet:
    """The instances of one service, and the load balancer before them (round robin, over those that have started)."""

    def __init__(self, service: Service, login: Login, chance: random.Random) -> None:
        self.service = service
        self._login = login
        self._chance = chance
        self._instances: list[AppInstance] = []
        self._starting: list[AppInstance] = []
        self._leaving: list[AppInstance] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = count()
        self.deploy_seconds: float | None = None
        # When a connection met no free slot, in the event loop's time: also those that no request waits for.
        self.refused_at: list[float] = []

    def like(self, service: Service) -> "Fleet":
        """An empty fleet of another shape that logs in as this one does."""
        return Fleet(service, self._login, self._chance)

    @property
    def open_connections(self) -> int:
        """Client connections that are open now."""
        return sum(i.pool.open for i in (*self._instances, *self._starting, *self._leaving))

    def pick(self) -> AppInstance | None:
        """The instance for the next request; None when none has started."""
        return self._instances[next(self._turn) % len(self._instances)] if self._instances else None

    async def scale_to(self, instances: int, *, over_seconds: float = 0.0) -> None:
        """Start or stop instances until there are that many; returns when the new ones have started."""
        missing = instances - len(self._instances) - len(self._starting)
        if missing < 0:
            for gone in self._instances[missing:]:
                gone.pool.close()
            del self._instances[missing:]
        await asyncio.gather(*(self._start(over_seconds * n / missing) for n in range(max(0, missing))))

    def scale_soon(self, instances: int) -> None:
        """The same in the background: traffic doesn't wait for the autoscaler, whose instances start one by one."""
        self._background(self.scale_to(instances, over_seconds=_SCALE_OUT_SECONDS))

    def deploy_soon(self, surge_percent: float, drain_seconds: float) -> None:
        """Replace all instances in the background, `surge_percent` of them at a time.

        New ones start first; old ones then get no more requests, and keep their connections until they are drained.
        """
        self._background(self._deploy(surge_percent, drain_seconds))

    def close(self) -> None:
        """Stop everything."""
        for task in self._tasks:
            task.cancel()
        for instance in (*self._instances, *self._starting, *self._leaving):
            instance.pool.close()

    async def _start(self, after_seconds: float = 0.0) -> None:
        instance = self._made()
        self._starting.append(instance)
        try:
            await asyncio.sleep(after_seconds)
            if self.service.eager:
                await instance.pool.fill()
            # Started: the load balancer's health check doesn't ask the database.
            self._instances.append(instance)
        finally:
            self._starting.remove(instance)

    async def _deploy(self, surge_percent: float, drain_seconds: float) -> None:
        began = asyncio.get_running_loop().time()
        old = list(self._instances)
        batch = surge(len(old), surge_percent)
        while old:
            leaving, old = old[:batch], old[batch:]
            await asyncio.gather(*(self._start() for _ in leaving))
            self._instances = [i for i in self._instances if i not in leaving]
            self._leaving += leaving
            await asyncio.sleep(drain_seconds)
            for instance in leaving:
                instance.pool.close()
            self._leaving = [i for i in self._leaving if i not in leaving]
        self.deploy_seconds = asyncio.get_running_loop().time() - began

    def _made(self) -> AppInstance:
        return AppInstance(AppPool(self._connect, self.service.connections_max, self._chance))

    async def _connect(self) -> Connection:
        try:
            return await connect(self._login, pins=self.service.pins)
        except CONNECT_ERRORS as error:
            if classify(error) is Outcome.REFUSED:
                self.refused_at.append(asyncio.get_running_loop().time())
            raise

    def _background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def surge(instances: int, surge_percent: float) -> int:
    """How many of a fleet's instances a deploy replaces at a time: so many more are there until the old ones go."""
    return max(min(instances, 1), math.ceil(instances * surge_percent / 100))


async def connect(login: Login, *, pins: bool = False) -> Connection:
    """Open a connection: no TLS on the loopback interface, no prepared statements (poolers before 2023 lose them).

    Raises:
        asyncpg.PostgresError, OSError, TimeoutError: it was refused, or nobody answered.
    """
    connection: Connection = await asyncpg.connect(
        host=login.endpoint.host,
        port=login.endpoint.port,
        user=login.user,
        # Never None: asyncpg would look for a password file, each time.
        password=login.password or "",
        database=login.database,
        ssl=login.sslmode,
        statement_cache_size=0,
        timeout=login.timeout_seconds,
    )
    if pins:
        try:
            await connection.execute("SET statement_timeout = '60s'")  # session state: a proxy pins the connection
        except BaseException:
            connection.terminate()
            raise
    return connection
