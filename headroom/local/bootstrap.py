"""Make the virtual environment, so that its stamp exists only when all of it does.

Run by make with the system's Python as `python -m headroom.local.bootstrap STAMP`, before anything is installed:
standard library only.
"""

import re
import signal
import sys
from pathlib import Path

from headroom.local.locks import exclusive
from headroom.local.processes import run_lines
from headroom.local.progress import Progress

_NO_SPACE = "No space left on device"
_NO_REGISTRY = re.compile(
    r"Connection|Could not fetch URL|Name or service not known|Temporary failure in name resolution|timed out|"
    r"ProxyError|SSLError|No matching distribution|403 Client Error|50\d Server Error"
)


class SetupError(Exception):
    """Something outside is missing; the message says what to do."""


def main() -> int:
    """Build or update the environment that the stamp (first argument) lies in; returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # unwinds: pip ends with us
    root, stamp = Path.cwd(), Path(sys.argv[1]).absolute()
    try:
        with exclusive(root / ".headroom" / "setup.lock", _say, "another setup is at work in this checkout") as lock:
            _set_up(root, stamp, lock)
    except SetupError as error:
        _say(f"error: {error}")
        return 2
    except OSError as error:
        _say(f"error: {error.filename or root}: {error.strerror}: setup needs to write here; then run make again")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _set_up(root: Path, stamp: Path, lock: int) -> None:
    sources = [root / "requirements.txt", root / "pyproject.toml"]
    venv = stamp.parent
    if stamp.is_file() and all(source.stat().st_mtime <= stamp.stat().st_mtime for source in sources):
        return  # another make has just done it
    python = venv / "bin" / "python"
    whole = stamp.is_file() and stamp.read_text() == _identity(root)
    stamp.unlink(missing_ok=True)
    if not whole:
        _say(f"making {venv.name} with Python {sys.version.split()[0]}")
        _run([sys.executable, "-m", "venv", "--clear", str(venv)], "making the virtual environment", lock)
    _say("installing the packages, each with its checksum (about two minutes, the first time)")
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    _run([*pip, "--require-hashes", "--requirement", str(sources[0])], "installing the packages", lock)
    _run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(root)], "installing the project", lock)
    stamp.write_text(_identity(root))


def _identity(root: Path) -> str:
    """What an environment that is only to be brought up to date must have in common with the wanted one."""
    return f"{root}\n{sys.version}\n{sys.base_prefix}\n"


def _run(command: list[str], step: str, lock: int) -> None:
    progress, begun = Progress(), 0

    def on_line(line: str) -> None:
        nonlocal begun
        begun += line.startswith("Collecting ")
        progress.at(f"setup: {step}" + (f", {begun} found" if begun else ""))

    code, tail = run_lines(command, on_line, pass_fds=[lock])  # a pip that outlives us is waited for
    progress.clear()
    if code == 0:
        return
    said = next((line.strip() for line in reversed(tail) if line.startswith("ERROR: ")), (tail or ["nothing"])[-1])
    text = "\n".join(tail)
    if _NO_SPACE in text:
        raise SetupError(f"{step}: the disk is full: the environment needs about 1 GB; free some, then run make again")
    if "ensurepip is not" in text:
        raise SetupError(
            f"{step}: {sys.executable} has no venv module: install it (Debian, Ubuntu: the package python3-venv), or "
            "name another Python with `make PYTHON=/path/to/python3`, then run make again"
        )
    if "DO NOT MATCH THE HASHES" in text:
        raise SetupError(f"{step}: a package is not the one that was pinned: {said}")
    if _NO_REGISTRY.search(text):
        raise SetupError(
            f"{step}: the package registry can't be reached: check the network, or point pip to another index "
            f"(PIP_INDEX_URL), then run make again. pip said: {said}"
        )
    raise SetupError(f"{step} failed with exit code {code}. It said: {said}")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
