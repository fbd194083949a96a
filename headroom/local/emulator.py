"""The AWS emulator of a checkout: started once, found again by later commands, stopped by `down`.

A process id says little: ids are used again, and another checkout has an emulator too. So an emulator is ours only if
it answers with the mark that our record names, and is stopped only if it is our server, started from this checkout.
"""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from headroom.errors import UserError
from headroom.local.checkout import Checkout

SERVER = [sys.executable, "-P", "-m", "headroom.local.emulator_server"]
START_SECONDS = 60.0
STOP_SECONDS = 5.0
_PREVIEW = "preview-"
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy is not the way to this machine


@dataclass(frozen=True)
class Emulator:
    """A running emulator; `mark` is the text it shares with the engine's state."""

    pid: int
    port: int
    mark: str

    @property
    def url(self) -> str:
        """Its endpoint, on this machine only."""
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Whether the process behind the port is the one that was given the mark."""
        try:
            with _DIRECT.open(f"{self.url}/headroom/mark", timeout=5) as answer:
                return bool(answer.read().decode(errors="replace").strip() == self.mark)
        except (OSError, ValueError):
            return False


def running(checkout: Checkout) -> Emulator | None:
    """The emulator that an earlier command started in this checkout, if it still answers."""
    try:
        emulator = Emulator(**json.loads(checkout.emulator.read_text()))
        # A copied checkout has a copied record: the emulator it names belongs to the other one.
        here = psutil.Process(emulator.pid).cwd() == str(checkout.root)
    except (OSError, ValueError, TypeError, psutil.Error):
        return None
    return emulator if here and emulator.answers() else None


def start(checkout: Checkout, mark: str) -> Emulator:
    """Start the checkout's emulator with `mark`; it outlives this command.

    Raises:
        UserError: it did not come up; the message names its log.
    """
    process, emulator = _launch(checkout, mark, "emulator")
    record = checkout.emulator.with_suffix(".new")
    record.write_text(json.dumps(asdict(emulator)))
    record.replace(checkout.emulator)
    process.returncode = 0  # it is meant to go on: no warning about a child that still runs
    return emulator


@contextmanager
def private(checkout: Checkout) -> Iterator[Emulator]:
    """An emulator for the length of one preview.

    Raises:
        UserError: it did not come up.
    """
    name = f"{_PREVIEW}{os.getpid()}"
    process, emulator = _launch(checkout, f"{name}-{new_mark()}", name)
    try:
        yield emulator
    finally:
        _end([psutil.Process(process.pid)])
        process.wait()
        for leftover in checkout.logs.glob(f"{name}.*"):
            leftover.unlink()


def stop(checkout: Checkout) -> int:
    """Stop every emulator of this checkout, recorded or not; returns how many there were."""
    ours = list(_ours(checkout))
    _end(ours)
    checkout.emulator.unlink(missing_ok=True)
    return len(ours)


def new_mark() -> str:
    """A text that no other emulator has."""
    return secrets.token_hex(8)


def _launch(checkout: Checkout, mark: str, name: str) -> tuple["subprocess.Popen[bytes]", Emulator]:
    checkout.logs.mkdir(parents=True, exist_ok=True)
    out, log = checkout.logs / f"{name}.port", checkout.logs / f"{name}.log"
    # No credentials, profile or endpoint of the user's is anywhere near it.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    with out.open("wb") as stdout, log.open("wb") as stderr:
        process = subprocess.Popen(
            [*SERVER, "--port", "0", "--mark", mark],
            cwd=checkout.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        emulator = Emulator(process.pid, _port(process, out, log), mark)
        if not emulator.answers():
            raise UserError(f"the AWS emulator started, but does not answer with its mark: its log is {log}")
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process, emulator


def _port(process: "subprocess.Popen[bytes]", out: Path, log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        first, newline, _ = out.read_text().partition("\n")
        if newline:
            return int(first)
        if process.poll() is not None:
            said = log.read_text(errors="replace").strip().splitlines() or ["nothing"]
            raise UserError(f"the AWS emulator ended at once (its log is {log}). It said: {said[-1]}")
        time.sleep(0.02)
    raise UserError(f"the AWS emulator did not come up within {START_SECONDS:.0f} s: its log is {log}")


def _ours(checkout: Checkout) -> Iterator[psutil.Process]:
    """Emulators started from this checkout, but for those of previews that are still at work."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = process.cmdline()
            if SERVER[-1] not in command or "--mark" not in command or process.cwd() != str(checkout.root):
                continue
            mark = command[command.index("--mark") + 1]
            owner = mark.removeprefix(_PREVIEW).partition("-")[0]
            if not (mark.startswith(_PREVIEW) and owner.isdigit() and psutil.pid_exists(int(owner))):
                yield process


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    while (alive := [process for process in processes if _alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _alive(process: psutil.Process) -> bool:
    # A container's first process may not collect its dead: those count as gone.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
