"""The pool itself, in this process, where the order of two events can be chosen."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from headroom.drill.place import LOOPBACK
from headroom.drill.pooler import server_connection
from headroom.drill.pooler.conversation import Statements
from headroom.drill.pooler.messages import ServerError
from headroom.drill.pooler.pool import Pool
from headroom.drill.pooler.server_connection import Identity, ServerConnection
from headroom.drill.pooler.settings import PoolerSettings
from headroom.drill.server import SUPERUSER, Server

pytestmark = pytest.mark.server

IDENTITY = Identity((("user", SUPERUSER), ("database", "postgres")))


class Client:
    """Somebody who borrows."""

    def __init__(self) -> None:
        self.statements: Statements = {}
        self.server: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    def deliver(self, data: bytes) -> None: ...
    def ready(self) -> None: ...
    def regulate(self) -> None: ...
    def server_lost(self, *, said: bool) -> None: ...

    def granted(self, server: ServerConnection) -> None:
        self.server.set_result(server)

    def refused(self, error: ServerError, *, for_good: bool) -> None:
        raise AssertionError(error)


def with_pool_of_one(server: Server, work: Callable[[Pool], Awaitable[None]]) -> None:
    async def run() -> None:
        settings = PoolerSettings(server_port=server.port, max_connections=1)
        pool = Pool(settings)
        try:
            async with asyncio.timeout(10):
                await work(pool)
        finally:
            await pool.close()

    asyncio.run(run())


def test_nobody_gets_a_connection_while_a_cancel_request_is_on_its_way_to_it(server: Server) -> None:
    async def work(pool: Pool) -> None:
        first, second, passed_on = Client(), Client(), asyncio.Event()
        group = pool.join(IDENTITY)
        assert pool.borrow(group, first) is None
        lent = await first.server
        pool.cancel(lent, passed_on.set)
        pool.give_back(lent)  # its query ended at the same moment
        assert pool.borrow(group, second) is None
        assert await second.server is lent
        assert passed_on.is_set()

    with_pool_of_one(server, work)


def test_a_connection_that_a_lost_cancel_request_may_still_reach_is_not_lent_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_connection, "_CANCEL_SECONDS", 0.05)

    async def work(pool: Pool) -> None:
        first, second, given_up = Client(), Client(), asyncio.Event()
        group = pool.join(IDENTITY)
        assert pool.borrow(group, first) is None
        lent = await first.server
        with socket.create_server((LOOPBACK, 0)) as silent:  # takes the request, and says nothing
            lent._address = silent.getsockname()
            pool.cancel(lent, given_up.set)
            await given_up.wait()
        pool.give_back(lent)
        assert pool.borrow(group, second) is None
        assert await second.server is not lent

    with_pool_of_one(server, work)
