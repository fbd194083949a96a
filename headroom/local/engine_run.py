"""Run the engine as a child that shares our terminal, and bring an interrupt to it exactly once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from headroom.errors import UserError

PATIENCE_SECONDS = 30.0
Show = Callable[[Iterable[str]], Iterator[str]]


def run_engine(
    pulumi: Path, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], show: Show | None = None
) -> int:
    """Run it to its end and return its exit code; its output is the user's, passed through `show` if that is given.

    On Ctrl-C the engine finishes what it has begun, saves its state and ends; then the interrupt goes on. From a
    terminal it gets the signal by itself; elsewhere it is passed on (never both: a second one makes it drop all).
    """
    own_group = not sys.stdin.isatty()
    colour = ["--color", "always"] if show and sys.stdout.isatty() else []  # to the engine, it's a pipe
    with subprocess.Popen(
        [str(pulumi), *arguments, *colour],
        cwd=cwd,
        env=dict(env),
        process_group=0 if own_group else None,
        stdout=subprocess.PIPE if show else None,
        text=True,
    ) as engine:
        try:
            if show and engine.stdout:
                for line in show(engine.stdout):
                    print(line, end="", flush=True)
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


def _await_end(engine: "subprocess.Popen[str]") -> None:
    try:
        said, _ = engine.communicate(timeout=PATIENCE_SECONDS)  # an engine whose pipe is full would never end
        if said:
            print(said, end="", flush=True)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        with suppress(ProcessLookupError):
            if os.getpgid(engine.pid) == engine.pid:
                os.killpg(engine.pid, signal.SIGKILL)
            else:
                engine.kill()
        engine.wait()
