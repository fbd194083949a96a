"""The pooler: a listener on the loopback interface."""

import asyncio
import errno
from types import TracebackType
from typing import Self

from headroom.drill.pooler.messages import ServerError
from headroom.drill.pooler.pool import Pool
from headroom.drill.pooler.session import Clients, Session
from headroom.drill.pooler.settings import PoolerSettings
from headroom.drill.pooler.stats import PoolStats
from headroom.errors import UserError

HOST = "127.0.0.1"
_BACKLOG = 4096
_GOODBYE = ServerError("57P01", "terminating connection: the reference pooler is shutting down")


class Pooler:
    """A reference pooler: `async with Pooler(PoolerSettings(...)) as pooler: pooler.port`.

    Raises:
        UserError: on entry, if the port can't be had.
    """

    def __init__(self, settings: PoolerSettings) -> None:
        self.settings = settings
        self.port = 0
        self._pool: Pool | None = None
        self._clients: Clients | None = None
        self._listener: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        pool = Pool(self.settings)
        clients = Clients(pool, self.settings.password)
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(
                lambda: Session(clients), HOST, self.settings.port, backlog=_BACKLOG
            )
        except OSError as error:
            await pool.close()
            why = "is in use" if error.errno == errno.EADDRINUSE else f"can't be had: {error.strerror}"
            raise UserError(f"port {self.settings.port} of {HOST} {why}: name another, or 0 for a free one") from None
        self._pool, self._clients = pool, clients
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    def stats(self) -> PoolStats:
        """What it counts, now."""
        if self._pool is None:
            raise RuntimeError("the pooler has not been started")
        return self._pool.stats()

    async def close(self) -> None:
        """Tell the clients, end the server connections, free the port; at most some 1.5 s."""
        if self._listener is None or self._clients is None or self._pool is None:
            return
        listener, self._listener = self._listener, None
        listener.close()
        sessions = list(self._clients.sessions.values())
        for session in sessions:
            session.close(_GOODBYE)
        await self._pool.close()
        for session in sessions:  # whoever doesn't read our last words
            session.transport.abort()
        await asyncio.sleep(0)
