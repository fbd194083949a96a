"""Child processes that never outlive the command that started them. Standard library only."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

TAIL_LINES = 50


def run_lines(
    command: Sequence[str],
    on_line: Callable[[str], None],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> tuple[int, list[str]]:
    """Run `command` to its end and hand each line of its output (both streams) to `on_line`.

    The child gets a process group of its own; if this process is interrupted, the whole group is ended first.

    Returns:
        The exit code and the last 50 lines.

    Raises:
        OSError: the command can't be started.
    """
    tail: list[str] = []
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
        pass_fds=pass_fds,
    ) as child:
        try:
            for line in child.stdout or ():
                tail.append(line.rstrip("\n"))
                del tail[:-TAIL_LINES]
                on_line(tail[-1])
            code = child.wait()
        except BaseException:
            end_group(child)
            raise
    return code, tail


def end_group(child: subprocess.Popen[str]) -> None:
    """End a child that leads a process group, and the group with it: asked first, killed after five seconds."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
