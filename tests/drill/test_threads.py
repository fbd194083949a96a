import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from headroom.drill import side
from headroom.drill.scenario import Happening
from headroom.drill.threads import to_its_end
from headroom.errors import UserError

PATIENCE_SECONDS = 60


class Slow:
    """Work in a thread that ends when it is told to."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.ended = False
        self.port = 1

    def __call__(self) -> None:
        self.begun.set()
        assert self.may_end.wait(PATIENCE_SECONDS)
        self.ended = True

    def kill(self) -> None: ...

    def promote(self, port: int) -> None:
        self()


async def cancelled_in_the_middle(task: "asyncio.Task[Any]", slow: Slow) -> None:
    assert await asyncio.to_thread(slow.begun.wait, PATIENCE_SECONDS)
    for _ in range(2):  # the second one comes from the task group that ends
        task.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
    assert not task.done()
    slow.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.ended


def test_work_in_a_thread_is_waited_for_when_its_caller_is_cancelled() -> None:
    async def run() -> None:
        slow = Slow()
        await cancelled_in_the_middle(asyncio.ensure_future(to_its_end(slow)), slow)

    asyncio.run(run())


def test_a_promotion_is_through_before_an_interrupted_drill_cleans_up() -> None:
    async def run() -> None:
        server: Any = Slow()
        load: Any = SimpleNamespace(load=SimpleNamespace(now=lambda: 5.0))
        happening = Happening(at_seconds=0, what="kill-writer", seconds=0.01)
        work = side._happen(happening, load, server, server, {})
        await cancelled_in_the_middle(asyncio.ensure_future(work), server)

    asyncio.run(run())


def test_its_result_and_its_error_are_the_callers() -> None:
    def fails() -> None:
        raise UserError("pg_ctl failed")

    assert asyncio.run(to_its_end(lambda: 7)) == 7
    with pytest.raises(UserError, match="pg_ctl failed"):
        asyncio.run(to_its_end(fails))
