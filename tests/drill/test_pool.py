import asyncio
import random
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from headroom.drill.pool import AppPool


class Wire:
    """A stand-in for a connection."""

    def __init__(self) -> None:
        self.closed = False
        self.listeners: list[Callable[[Any], None]] = []

    def is_closed(self) -> bool:
        return self.closed

    def terminate(self) -> None:
        self.closed = True
        for listener in self.listeners:
            listener(self)

    def add_termination_listener(self, listener: Callable[[Any], None]) -> None:
        self.listeners.append(listener)


class Server:
    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.wires: list[Wire] = []

    async def connect(self) -> Any:
        await asyncio.sleep(0)
        if sum(not w.closed for w in self.wires) >= self.slots:
            raise asyncpg.TooManyConnectionsError("no slot")
        self.wires.append(Wire())
        return self.wires[-1]


def pool(server: Server, size: int) -> AppPool:
    return AppPool(server.connect, size, random.Random(1))  # noqa: S311


def test_an_eager_pool_opens_what_it_may_and_swallows_the_refusals() -> None:
    async def run() -> int:
        mine = pool(Server(3), 8)
        await mine.fill()
        return mine.open

    assert asyncio.run(run()) == 3


def test_the_connection_that_came_back_last_is_handed_out_first() -> None:
    async def run() -> bool:
        mine = pool(Server(8), 2)
        first, second = await mine.acquire(), await mine.acquire()
        mine.release(first)
        mine.release(second)
        return await mine.acquire() is second

    assert asyncio.run(run())


def test_a_request_that_needs_another_connection_is_refused_with_the_servers_error() -> None:
    async def run() -> None:
        mine = pool(Server(1), 8)
        await mine.acquire()
        await mine.acquire()

    with pytest.raises(asyncpg.TooManyConnectionsError):
        asyncio.run(run())


def test_a_full_pool_queues_and_serves_in_order() -> None:
    async def run() -> list[int]:
        mine = pool(Server(8), 1)
        held = await mine.acquire()
        served: list[int] = []

        async def one(number: int) -> None:
            connection = await mine.acquire()
            served.append(number)
            mine.release(connection)

        tasks = [asyncio.create_task(one(n)) for n in range(3)]
        await asyncio.sleep(0)
        mine.release(held)
        await asyncio.gather(*tasks)
        return served

    assert asyncio.run(run()) == [0, 1, 2]


def test_a_waiter_that_gave_up_does_not_take_a_connection_with_it() -> None:
    async def run() -> int:
        mine = pool(Server(8), 1)
        held = await mine.acquire()
        late = asyncio.create_task(mine.acquire())
        await asyncio.sleep(0)
        mine.release(held)  # handed to the waiter, which is cancelled before it runs
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        async with asyncio.timeout(1):
            await mine.acquire()
        return mine.open

    assert asyncio.run(run()) == 1


def test_a_discarded_connection_makes_room_for_the_next_waiter() -> None:
    async def run() -> bool:
        mine = pool(Server(1), 1)
        held = await mine.acquire()
        waiting = asyncio.create_task(mine.acquire())
        await asyncio.sleep(0)
        mine.discard(held)
        async with asyncio.timeout(1):
            return await waiting is not held

    assert asyncio.run(run())


def test_connections_that_the_server_closed_are_opened_again() -> None:
    async def run() -> int:
        server = Server(8)
        mine = pool(server, 4)
        await mine.fill()
        for wire in server.wires:
            wire.terminate()
        assert mine.open == 0
        async with asyncio.timeout(5):
            while mine.open < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        mine.close()
        return sum(not w.closed for w in server.wires)

    assert asyncio.run(run()) == 0  # and a closed pool keeps none


def test_a_connection_that_the_server_closed_under_a_request_is_opened_again_too() -> None:
    async def run() -> int:
        server = Server(8)
        mine = pool(server, 4)
        await mine.fill()
        busy = await mine.acquire()
        server.wires[-1].closed = True  # the request learns of it before the pool does
        assert busy.is_closed()
        mine.discard(busy)
        async with asyncio.timeout(5):
            while mine.open < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        opened = mine.open
        mine.close()
        return opened

    assert asyncio.run(run()) == 4
