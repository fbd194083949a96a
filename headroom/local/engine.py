"""Find the Pulumi engine: the vendor's if it is installed and new enough, else the pinned one, built once per user."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headroom.errors import UserError

PINNED = "3.258.0"
"""The version that is built; the Python SDK in requirements.txt is the same."""
OLDEST = (3, 250)
NEWEST_MAJOR = 3
LANGUAGE_HOST = "pulumi-language-python"


@dataclass(frozen=True)
class Engine:
    """A `pulumi` that can be used, and its Python language host if it brings one."""

    pulumi: Path
    version: str
    language_host: Path | None

    @property
    def built_here(self) -> bool:
        """Whether it is the one from the per-user cache."""
        return self.pulumi == cached_engine()


def cache_dir() -> Path:
    """The per-user folder that all checkouts share: $XDG_CACHE_HOME/headroom, else ~/.cache/headroom."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "headroom"


def cached_engine() -> Path:
    """Where the pinned engine is, or will be, for this kind of machine (a home folder can be shared between kinds)."""
    return cache_dir() / "engine" / f"v{PINNED}-{sys.platform}-{platform.machine()}" / "pulumi"


def find_engine(say: Callable[[str], None] = lambda _: None) -> Engine:
    """The engine to use.

    Args:
        say: told why a `pulumi` on PATH is passed over.

    Raises:
        UserError: there is none yet.
    """
    engine = _on_path(say) or _in_cache()
    if engine is None:
        raise UserError("the Pulumi engine is not there yet: run `make setup`, which builds it once")
    return engine


def ensure_engine(say: Callable[[str], None]) -> Engine:
    """The engine to use, built first where there is none.

    Raises:
        UserError: it can't be built; the message says what is missing.
    """
    engine = _on_path(say) or _in_cache()
    if engine is None:
        from headroom.local.engine_build import build  # only the first run ever needs it

        build(cached_engine(), PINNED, say)
        engine = Engine(cached_engine(), PINNED, None)
    return engine


def _in_cache() -> Engine | None:
    path = cached_engine()
    return Engine(path, PINNED, None) if path.is_file() else None


def _on_path(say: Callable[[str], None]) -> Engine | None:
    # Our own launchers are on PATH after `eval "$(headroom local env)"`: what they stand for is what we look for here.
    folders = [
        folder for folder in os.environ.get("PATH", "").split(os.pathsep) if not folder.endswith(".headroom/bin")
    ]
    found = shutil.which("pulumi", path=os.pathsep.join(folders))
    if found is None:
        return None
    # Next to the name on PATH, or next to what it links to (package managers link).
    hosts = [p.with_name(LANGUAGE_HOST) for p in (Path(found).absolute(), Path(found).resolve())]
    version = engine_version(found)
    if version is None:
        say(f"{found}: does not say its version: not used")
        return None
    number = tuple(int(part) for part in version.split(".")[:2])
    if number < OLDEST or number[0] > NEWEST_MAJOR:
        say(f"{found}: is version {version}; Headroom needs 3.250 or later, below 4: not used")
        return None
    return Engine(Path(found).absolute(), version, next((host for host in hosts if host.is_file()), None))


def engine_version(pulumi: str | Path) -> str | None:
    """What `pulumi version` answers, as in `3.258.0`; None if it doesn't."""
    # A home of its own: the question must not leave logs in the user's.
    with tempfile.TemporaryDirectory(prefix="headroom-") as home:
        environment = {**os.environ, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        try:
            answer = subprocess.run(
                [str(pulumi), "version"], capture_output=True, text=True, timeout=60, env=environment, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    match = re.match(r"v?(\d+\.\d+\.\d+)", answer.stdout.strip())
    return match[1] if match and answer.returncode == 0 else None
