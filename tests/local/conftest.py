"""Stand-ins for the programs that the local stack starts."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headroom.local import emulator as emulators
from headroom.local.checkout import Checkout

TINY_SERVER = Path(__file__).with_name("tiny_server.py")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty per-user cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "headroom"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Puts a shell script on PATH, in front of everything but without hiding sh; no `pulumi` and no `go` beside it."""
    folder = tmp_path / "programs"
    folder.mkdir()
    others = [f for f in os.environ["PATH"].split(":") if not any(Path(f, name).exists() for name in ("go", "pulumi"))]
    monkeypatch.setenv("PATH", ":".join([str(folder), *others]))

    def write(name: str, script: str) -> Path:
        path = folder / name
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout with a space in its path."""
    root = tmp_path / "a checkout"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: headroom\nruntime: python\n")
    return Checkout(root)


@pytest.fixture
def tiny_emulator(monkeypatch: pytest.MonkeyPatch, checkout: Checkout) -> Iterator[None]:
    """The emulator is a stand-in that only knows its mark."""
    monkeypatch.setattr(emulators, "SERVER", [sys.executable, str(TINY_SERVER)])
    yield
    emulators.stop(checkout)


@pytest.fixture
def said() -> list[str]:
    """What was said; pass `said.append`."""
    return []
