"""Run the engine as a child that shares our terminal, and bring an interrupt to it exactly once."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from headroom.errors import UserError

PATIENCE_SECONDS = 30.0


def run_engine(pulumi: Path, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> int:
    """Run it to its end and return its exit code; its output is the user's.

    On Ctrl-C the engine finishes what it has begun, saves its state and ends; then the interrupt goes on. From a
    terminal it gets the signal by itself; elsewhere it is passed on (never both: a second one makes it drop all).
    """
    own_group = not sys.stdin.isatty()
    with subprocess.Popen(
        [str(pulumi), *arguments], cwd=cwd, env=dict(env), process_group=0 if own_group else None
    ) as engine:
        try:
            code = engine.wait()
            return code if code >= 0 else 128 - code  # as a shell counts a signal
        except KeyboardInterrupt:
            if own_group:
                engine.send_signal(signal.SIGINT)
            _await_end(engine)
            raise
        except SystemExit:
            engine.send_signal(signal.SIGINT)
            _await_end(engine)
            raise


def run_quietly(pulumi: Path, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> str:
    """Run a short command of the engine and return its output.

    Raises:
        UserError: it failed; the message is the engine's.
    """
    done = subprocess.run(
        [str(pulumi), *arguments], cwd=cwd, env=dict(env), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split()).removeprefix("error: ")
        raise UserError(f"pulumi {arguments[0]} {arguments[1]} failed: {said}")
    return done.stdout


def _await_end(engine: "subprocess.Popen[bytes]") -> None:
    try:
        engine.wait(PATIENCE_SECONDS)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        with suppress(ProcessLookupError):
            if os.getpgid(engine.pid) == engine.pid:
                os.killpg(engine.pid, signal.SIGKILL)
            else:
                engine.kill()
        engine.wait()
