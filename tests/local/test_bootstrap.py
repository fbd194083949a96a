"""Setup with real virtual environments, and packages of no size from a registry that is a folder."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry with nothing in it yet."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What setup needs of the project, in a folder with a space in its name."""
    root = tmp_path / "a checkout"
    local = root / "headroom" / "local"
    local.mkdir(parents=True)
    for name in ("__init__.py", "bootstrap.py", "locks.py", "processes.py", "progress.py"):
        shutil.copy(PROJECT / "headroom" / "local" / name, local / name)
    (root / "headroom" / "__init__.py").touch()
    shutil.copy(PROJECT / "Makefile", root)
    (root / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['tiny']\nbuild-backend = 'tiny'\n[project]\nname = 'headroom'\nversion = '0'\n"
    )
    (root / "requirements.txt").touch()
    return root


def wheel(folder: Path, name: str, code: str = "") -> str:
    """Put a package into the registry; returns its line for requirements.txt."""
    path = folder / f"{name}-1-py3-none-any.whl"
    info = f"{name}-1.dist-info"
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in files.items():
            archive.writestr(file, content)
        archive.writestr(f"{info}/RECORD", "".join(f"{file},,\n" for file in files))
    return f"{name}==1 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


# A build backend in ten lines: an editable wheel without content.
BACKEND = """
import zipfile, time, os
def build_editable(folder, config_settings=None, metadata_directory=None):
    if "PIP_AT_WORK" in os.environ:
        open(os.environ["PIP_AT_WORK"], "w").close()
        time.sleep(3)
    name = "headroom-0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.writestr("headroom-0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: headroom\\nVersion: 0\\n")
        archive.writestr("headroom-0.dist-info/WHEEL",
                         "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr("headroom-0.dist-info/RECORD", "")
    return name
"""


def make(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", ".venv/.complete", *arguments],
        cwd=checkout,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_setup_is_complete_or_not_there_and_quick_when_nothing_changed(checkout: Path, wheels: Path) -> None:
    (checkout / "requirements.txt").write_text(wheel(wheels, "missing").replace("missing", "absent"))
    failed = make(checkout)
    assert failed.returncode == 2
    errors = failed.stderr.splitlines()
    assert errors[0].startswith("making .venv with Python 3.")
    assert errors[1] == "installing the packages, each with its checksum (about two minutes, the first time)"
    assert errors[2] == (
        "error: installing the packages: the package registry can't be reached: check the network, or point pip to "
        "another index (PIP_INDEX_URL), then run make again. "
        "pip said: ERROR: No matching distribution found for absent==1"
    )
    assert not (checkout / ".venv" / ".complete").exists()

    (checkout / "requirements.txt").write_text(wheel(wheels, "tiny", BACKEND))
    wheel(wheels, "tiny", "tampered = True")
    refused = make(checkout)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[2].startswith(
        "error: installing the packages: a package is not the one that was pinned: ERROR: THESE PACKAGES DO NOT MATCH"
    )
    assert not (checkout / ".venv" / ".complete").exists()

    (checkout / "requirements.txt").write_text(wheel(wheels, "tiny", BACKEND))
    done = make(checkout)
    assert done.returncode == 0, done.stderr
    assert make(checkout).stdout == "make: '.venv/.complete' is up to date.\n"

    # A package more: what is there is brought up to date, not made anew.
    (checkout / ".venv" / "witness").touch()
    (checkout / "requirements.txt").write_text(wheel(wheels, "tiny", BACKEND) + wheel(wheels, "more"))
    again = make(checkout)
    assert again.returncode == 0, again.stderr
    assert "making .venv" not in again.stderr
    assert (checkout / ".venv" / "witness").exists()

    # A copy: its environment would run the other checkout's code.
    copy = checkout.with_name("another checkout")
    shutil.copytree(checkout, copy, symlinks=True)
    copied = make(copy)
    assert copied.returncode == 0, copied.stderr
    assert "making .venv" in copied.stderr
    assert not (copy / ".venv" / "witness").exists()


def test_a_killed_setup_is_waited_for_and_done_again_from_the_beginning(
    checkout: Path, wheels: Path, tmp_path: Path
) -> None:
    (checkout / "requirements.txt").write_text(wheel(wheels, "tiny", BACKEND))
    command = [sys.executable, "-m", "headroom.local.bootstrap", ".venv/.complete"]
    mark = tmp_path / "pip is at work"
    environment = {**os.environ, "PIP_AT_WORK": str(mark)}
    setup = subprocess.Popen(command, cwd=checkout, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not mark.exists():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    setup.kill()
    setup.wait()
    assert not (checkout / ".venv" / ".complete").exists()
    done = make(checkout)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        f"another setup is at work in this checkout (process {setup.pid}): waiting for it",
        f"making .venv with Python {platform.python_version()}",
        "installing the packages, each with its checksum (about two minutes, the first time)",
    ]


def test_without_a_python_that_will_do_the_message_says_what_to_do(checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "make", "head", "rm"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    (programs / "python3").write_text("#!/bin/sh\nexit 1\n")
    (programs / "python3").chmod(0o755)
    done = make(checkout, PATH=str(programs))
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "error: no Python 3.11 or later on PATH: install one, or name it: make PYTHON=/path/to/python3"
    )
