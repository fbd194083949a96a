"""A service's fleet of app instances: scaled out and in, deployed by replacement, each with a pool of its own."""

import asyncio
import math
import random
from collections.abc import Awaitable
from dataclasses import dataclass
from itertools import count

import asyncpg

from headroom.drill.pool import AppPool, Connection
from headroom.drill.scenario import Service

_READY_AGAIN_SECONDS = 0.5  # between two tries of an instance that could not open a single connection


@dataclass
class Endpoint:
    """Where a service connects to, as a DNS name is: it can be pointed elsewhere while clients run."""

    host: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Login:
    """How a service's connections are opened."""

    endpoint: Endpoint
    user: str
    database: str
    password: str | None = None
    tls: bool = False
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
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = count()
        self.deploy_seconds: float | None = None

    def like(self, service: Service) -> "Fleet":
        """An empty fleet of another shape that logs in as this one does."""
        return Fleet(service, self._login, self._chance)

    @property
    def open_connections(self) -> int:
        """Client connections that are open now."""
        return sum(i.pool.open for i in (*self._instances, *self._starting))

    @property
    def wanted_connections(self) -> int:
        """What the pools of all instances add up to."""
        return (len(self._instances) + len(self._starting)) * self.service.connections_max

    def pick(self) -> AppInstance | None:
        """The instance for the next request; None when none has started."""
        return self._instances[next(self._turn) % len(self._instances)] if self._instances else None

    async def scale_to(self, instances: int) -> None:
        """Start or stop instances until there are that many; returns when the new ones have started."""
        missing = instances - len(self._instances) - len(self._starting)
        if missing < 0:
            for gone in self._instances[missing:]:
                self._stop(gone)
            del self._instances[missing:]
        await asyncio.gather(*(self._start() for _ in range(max(0, missing))))

    def scale_soon(self, instances: int) -> None:
        """The same in the background: traffic doesn't wait for the autoscaler."""
        self._background(self.scale_to(instances))

    def deploy_soon(self, surge_percent: float) -> None:
        """Replace all instances in the background, `surge_percent` of them at a time: new ones first, then old ones go."""
        self._background(self._deploy(surge_percent))

    def close(self) -> None:
        """Stop everything."""
        for task in self._tasks:
            task.cancel()
        for instance in (*self._instances, *self._starting):
            instance.pool.close()

    async def _start(self) -> None:
        instance = self._made()
        self._starting.append(instance)
        try:
            if self.service.eager:
                await instance.pool.fill()
            # Started: the load balancer's health check doesn't ask the database.
            self._instances.append(instance)
        finally:
            self._starting.remove(instance)

    async def _deploy(self, surge_percent: float) -> None:
        """A rolling deploy: a new instance must reach the database before an old one goes (a readiness probe asks)."""
        began = asyncio.get_running_loop().time()
        old = list(self._instances)
        batch = max(1, math.ceil(len(old) * surge_percent / 100))
        while old:
            leaving, old = old[:batch], old[batch:]
            await asyncio.gather(*(self._replace(instance) for instance in leaving))
        self.deploy_seconds = asyncio.get_running_loop().time() - began

    async def _replace(self, old: AppInstance) -> None:
        new = self._made()
        self._starting.append(new)
        try:
            await new.pool.fill()
            while new.pool.open == 0:
                await asyncio.sleep(_READY_AGAIN_SECONDS)
                await new.pool.fill()
            self._instances.append(new)
        finally:
            self._starting.remove(new)
        self._instances.remove(old)
        while old.in_flight:
            await asyncio.sleep(0.01)
        self._stop(old)

    def _stop(self, instance: AppInstance) -> None:
        instance.pool.close()

    def _made(self) -> AppInstance:
        return AppInstance(AppPool(self._connect, self.service.connections_max, self._chance))

    def _connect(self) -> Awaitable[Connection]:
        return connect(self._login, pins=self.service.pins)

    def _background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # type: ignore[arg-type]
        task.add_done_callback(self._tasks.discard)


async def connect(login: Login, *, pins: bool = False) -> Connection:
    """Open a connection: no TLS on the loopback interface, no prepared statements (poolers before 2023 lose them).

    Raises:
        asyncpg.PostgresError, OSError, TimeoutError: it was refused, or nobody answered.
    """
    connection: Connection = await asyncpg.connect(
        host=login.endpoint.host,
        port=login.endpoint.port,
        user=login.user,
        password=login.password,
        database=login.database,
        ssl="require" if login.tls else False,
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
