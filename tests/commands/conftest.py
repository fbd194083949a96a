"""The command line in this process: standard output is no terminal, the folder is the test's own."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from headroom import cli

ROOT = Path(__file__).parents[2]
WORKED = ROOT / "docs" / "examples" / "worked.yaml"


class Ran(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


Headroom = Callable[..., Ran]


@pytest.fixture
def headroom(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Headroom:
    """`headroom("budget", "prod")`."""
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERMINAL_WIDTH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the test process keeps its own

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["headroom", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        return Ran(int(left.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one stack, `prod` (the worked example), as the current folder."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text(WORKED.read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project under git, with one commit on the branch `main`."""
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "somebody")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "somebody@example.com")
    for settings in ("GLOBAL", "SYSTEM"):  # nobody's own hooks, signing or branch names
        monkeypatch.setenv(f"GIT_CONFIG_{settings}", "/dev/null")
    git(project, "init", "--quiet", "--initial-branch=main")
    commit(project, "the worked stack")
    return project


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", message)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
