"""An app instance's own connection pool, as the drivers of web applications have it.

It opens fully at the start if it is eager, hands out the connection that came back last, opens another when all are
busy, and queues when it is full. A connection that the server closed is opened again, with backoff and jitter. It never
shrinks.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection  # generic for the type checker only

CONNECT_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
_BACKOFF_SECONDS = (0.1, 2.0)  # first and longest


class AppPool:
    """At most `size` connections, made by `connect`."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], size: int, chance: random.Random) -> None:
        self._connect = connect
        self.size = size
        self._chance = chance
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._opening = 0
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return len(self._all)

    async def fill(self) -> None:
        """Open what is missing, all at once; refusals are not repeated (a request will ask again)."""
        missing = self.size - self.open - self._opening
        await asyncio.gather(*(self._open_idle() for _ in range(missing)))

    async def acquire(self) -> Connection:
        """A connection to use; the caller sets the timeout.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: a new one was needed and could not be opened.
        """
        while True:
            if self._idle:
                found = self._idle.pop()
                if not found.is_closed():
                    return found
            elif self.open + self._opening < self.size and not self._closed:
                return await self._open()
            else:
                waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
                self._waiters.append(waiter)
                try:
                    handed = await waiter
                except asyncio.CancelledError:
                    if waiter.done() and not waiter.cancelled() and (late := waiter.result()) is not None:
                        self.release(late)
                    raise
                if handed is not None and not handed.is_closed():
                    return handed

    def release(self, connection: Connection) -> None:
        """Give it back."""
        if connection.is_closed() or self._closed:
            self.discard(connection)
            return
        if not self._wake(connection):
            self._idle.append(connection)

    def discard(self, connection: Connection) -> None:
        """Close it instead of giving it back; whoever waits next may open a new one.

        One that the server closed under a request is opened again, as an idle one is: the request learns of it first.
        """
        if connection.is_closed():
            self._lost(connection)
        self._all.discard(connection)
        if not connection.is_closed():
            connection.terminate()
        self._wake(None)

    def close(self) -> None:
        """Close everything at once."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        for connection in list(self._all):
            connection.terminate()
        self._all.clear()
        self._idle.clear()

    def _wake(self, connection: Connection | None) -> bool:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    async def _open(self) -> Connection:
        self._opening += 1
        try:
            connection = await self._connect()
        finally:
            self._opening -= 1
        if self._closed:
            connection.terminate()
            raise asyncpg.InterfaceError("the pool was closed meanwhile")
        self._all.add(connection)
        connection.add_termination_listener(self._lost)
        return connection

    async def _open_idle(self) -> bool:
        with suppress(*CONNECT_ERRORS):
            self.release(await self._open())
            return True
        return False

    def _lost(self, connection: object) -> None:
        """Called for every connection that ends; those that we didn't end ourselves are opened again."""
        if self._closed or connection not in self._all:
            return
        self._all.discard(connection)
        task = asyncio.get_running_loop().create_task(self._reopen())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reopen(self) -> None:
        first, longest = _BACKOFF_SECONDS
        pause = first
        while not self._closed and self.open + self._opening < self.size:
            if await self._open_idle():
                return
            await asyncio.sleep(self._chance.uniform(0, pause))
            pause = min(2 * pause, longest)
