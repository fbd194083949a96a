"""Blocking work beside the event loop that never outlives whoever asked for it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(work: Callable[[], T]) -> T:
    """Do it in a thread. A thread can't be stopped, so being cancelled takes until it is through.

    What it starts is then known to those who clean up: asyncio.to_thread would leave the thread alone with it.
    """
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    cancelled: asyncio.CancelledError | None = None
    while not thread.done():
        try:
            await asyncio.wait({thread})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        thread.exception()  # looked at: an error of work that nobody waits for any more is none
        raise cancelled
    return thread.result()
