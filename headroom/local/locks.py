"""One at a time: a lock on a file, held by a process and gone with it, however it ends."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path, say: Callable[[str], None], what: str) -> Iterator[int]:
    """Hold the lock `path`; while another process has it, wait, and say so once.

    The kernel drops the lock with its process, so a dead one never blocks. Yields the lock's file descriptor: a child
    that must not be overtaken inherits it (`pass_fds`), and then holds the lock even if this process is killed.

    Args:
        path: the lock's file; its folder is made where it is missing.
        say: where the waiting is announced.
        what: what the other process is doing, as in "another checkout is building the engine".
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        announced = False
        while not _taken(handle):
            if not announced:
                owner = os.pread(handle, 32, 0).decode().strip() or "unknown"
                say(f"{what} (process {owner}): waiting for it")
                announced = True
            time.sleep(0.2)
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield handle
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
