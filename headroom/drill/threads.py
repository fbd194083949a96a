"""Work that never outlives whoever asked for it, and that being cancelled doesn't cut short."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(work: Callable[[], T]) -> T:
    """Do it in a thread. A thread can't be stopped, so being cancelled takes until it is through.

    What it starts is then known to those who clean up: asyncio.to_thread would leave the thread alone with it.
    """
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    cancelled = await ended(thread)
    if cancelled is not None:
        thread.exception()  # looked at: an error of work that nobody waits for any more is none
        raise cancelled
    return thread.result()


async def ended(work: asyncio.Future[T]) -> asyncio.CancelledError | None:
    """Wait for its end, through cancellations; returns the last one of these, for the caller to raise."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled
