"""A drill's own folder: everything that it starts and writes lies there, and goes with it."""

import ctypes
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from headroom.drill.binaries import Account
from headroom.errors import UserError

LOOPBACK = "127.0.0.1"
_PREFIX = "headroom-drill-"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@contextmanager
def drill_folder(account: Account) -> Iterator[Path]:
    """A new folder under the system's temporary one, removed at the end whatever happened.

    Raises:
        UserError: it can't be made, or the servers' account can't get there.
    """
    try:
        place = Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError as error:
        raise UserError(f"no temporary folder for the drill: {error.strerror}: {error.filename}") from None
    try:
        place.chmod(0o711)  # its servers may pass through, nobody else can look around
        account.own(place)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago; who takes it must be ready to lose it."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """What a server gets: nothing of the user's PG* variables, and messages in English."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def die_with_us() -> None:
    """In a new child on Linux: end it when we are killed without a chance to do so (PR_SET_PDEATHSIG)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def start(command: Sequence[str], account: Account, place: Path, log: Path) -> "subprocess.Popen[bytes]":
    """Start a server as a child that leads its own process group: Ctrl-C reaches us first, and we stop it.

    Raises:
        UserError: it can't be started.
    """
    try:
        with log.open("ab") as output:
            child: subprocess.Popen[bytes] = subprocess.Popen(
                list(command),
                cwd=place,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=die_with_us,  # noqa: PLW1509 - one system call, nothing that a lock could hold up
                **account.popen(),  # type: ignore[call-overload]
            )
            return child
    except OSError as error:
        raise UserError(f"{command[0]} can't be started: {error.strerror}") from None


def end(child: "subprocess.Popen[bytes]", first: signal.Signals, *, patience_seconds: float = 5.0) -> None:
    """End a child and all its descendants: asked first, killed when that takes too long.

    PostgreSQL's backends lead groups of their own, so the tree is followed by parent, not by group.
    """
    family = descendants(child)
    if child.poll() is None:
        child.send_signal(first)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience_seconds)
    if child.poll() is None:
        child.kill()
        child.wait()
    kill_all(family)


def descendants(child: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """All that the child has started, at this moment."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(child.pid).children(recursive=True)
    return []


def kill_all(family: list[psutil.Process], *, patience_seconds: float = 5.0) -> None:
    """Kill them, and wait until they are gone (a zombie is: its new parent reaps it when it likes)."""
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + patience_seconds
    while any(_alive(process) for process in family) and time.monotonic() < deadline:
        time.sleep(0.01)


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def tail(log: Path, lines: int = 3) -> str:
    """The last words of a log, in one line; of a full disk only that, since whatever follows it is its consequence."""
    try:
        said = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        said = []
    full = [line for line in said if os.strerror(errno.ENOSPC) in line]
    if full:
        return full[-1]
    return " | ".join(said[-lines:]) or f"it said nothing, perhaps for want of disk: {_free_mib(log)} MiB are free"


def _free_mib(path: Path) -> int:
    with suppress(OSError):
        return shutil.disk_usage(path.parent).free >> 20
    return 0
