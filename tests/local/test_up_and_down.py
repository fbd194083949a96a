"""The whole of it: this project's stack, the real engine, the real emulator, in a copy with a space in its path."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from headroom.local import emulator as emulators
from headroom.local.checkout import Checkout
from headroom.local.state import read_state

pytestmark = [pytest.mark.engine, pytest.mark.emulator, pytest.mark.clock]

PROJECT = Path(__file__).parents[2]
HEADROOM = str(Path(sys.executable).with_name("headroom"))


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Checkout]:
    """A clean git checkout of this project; whatever a failing test leaves running is ended."""
    root = tmp_path / "my checkout"
    root.mkdir()
    for name in ("components", "policies", "docs/examples"):
        shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [PROJECT / "__main__.py", PROJECT / ".gitignore", *PROJECT.glob("Pulumi*.yaml")]:
        shutil.copy(path, root)
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for arguments in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*git, *arguments], cwd=root, check=True)
    checkout = Checkout(root)
    yield checkout
    headroom(checkout, "down")


def headroom(checkout: Checkout, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [HEADROOM, "local", *arguments]
    return subprocess.run(
        command, cwd=checkout.root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def shell(checkout: Checkout, script: str) -> subprocess.CompletedProcess[str]:
    """A script in a shell that has taken the printed environment."""
    environment = {**os.environ, "PATH": f"{Path(HEADROOM).parent}:{os.environ['PATH']}"}
    script = f'eval "$(headroom local env)" || exit 99\n{script}'
    return subprocess.run(
        ["sh", "-c", script], cwd=checkout.root, env=environment, capture_output=True, text=True, check=False
    )


def counts(output: str) -> list[str]:
    """What the engine says about resources, as in ["+ 70 created"]: the lines after the last "Resources:"."""
    tail = output.rpartition("Resources:\n")[2]
    return [match[0] for match in re.finditer(r"([+~-] )?\d+ [a-z ]+", tail.partition("\n\n")[0])]


def processes(checkout: Checkout) -> list[str]:
    """Every process that stands in the checkout or names it."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            if str(checkout.root) in line or process.cwd().startswith(str(checkout.root)):
                found.append(line)
        except psutil.Error:
            continue
    return found


def is_clean(checkout: Checkout) -> bool:
    return subprocess.check_output(["git", "status", "--porcelain"], cwd=checkout.root) == b""


def test_the_local_stack_comes_up_changes_and_goes_without_a_trace(copy: Checkout) -> None:
    first = headroom(copy, "up")
    assert first.returncode == 0, first.stdout + first.stderr
    made = read_state(copy).resources + 1
    assert counts(first.stdout) == [f"+ {made} created"]

    second = headroom(copy, "up")
    assert (second.returncode, counts(second.stdout)) == (0, [f"{made} unchanged"]), second.stdout

    plain = shell(
        copy,
        "pulumi preview --expect-no-changes && pulumi refresh --yes --skip-preview --expect-no-changes "
        "&& pulumi up --yes --skip-preview --expect-no-changes && pulumi stack output endpoints",
    )
    assert plain.returncode == 0, plain.stdout + plain.stderr
    assert '"writer":"headroom-local.cluster-' in plain.stdout

    settings = copy.stack_file("local")
    before = settings.read_text()
    settings.write_text(before.replace("connection_borrow_timeout_seconds: 2", "connection_borrow_timeout_seconds: 1"))
    assert settings.read_text() != before
    changed = headroom(copy, "up")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert re.search(r"~ connectionBorrowTimeout\s*: 2 => 1", changed.stdout), changed.stdout
    settings.write_text(before)

    gone = shell(copy, "pulumi destroy --yes --skip-preview")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert headroom(copy, "down").returncode == 0
    assert processes(copy) == []
    assert is_clean(copy)


def test_up_recovers_from_a_killed_engine_and_a_killed_emulator(copy: Checkout) -> None:
    up = subprocess.Popen(
        [HEADROOM, "local", "up"], cwd=copy.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while read_state(copy).resources < 5:
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    holder = read_state(copy).holder
    assert holder is not None
    os.kill(up.pid, signal.SIGKILL)
    os.kill(holder, signal.SIGKILL)
    up.wait()

    refused = headroom(copy, "preview", "local")
    doubt = "an earlier run was killed half-way, and what it was making is in doubt"
    assert refused.returncode == 2
    assert refused.stderr == f"error: {doubt}: run `make up`, which rebuilds the stack, or `make down`\n"

    again = headroom(copy, "up")
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stderr.splitlines()[0] == (
        f"{doubt[0].upper()}{doubt[1:]}: rebuilding the stack from nothing (all of it is emulated)."
    )
    made = read_state(copy).resources
    assert counts(again.stdout) == [f"+ {made + 1} created"]

    emulator = emulators.running(copy)
    assert emulator is not None
    os.kill(emulator.pid, signal.SIGKILL)
    plain = shell(copy, "pulumi preview")
    gone = f"the emulator that had the stack's {made} resources is gone"
    assert plain.returncode != 0, "a preview against an emulator that is gone must not look healthy"
    assert f"warning: {gone}: plain pulumi commands can't work until `make up` has rebuilt the stack\n" in plain.stderr
    rebuilt = headroom(copy, "up")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert counts(rebuilt.stdout) == [f"+ {made + 1} created"]

    assert headroom(copy, "down").returncode == 0
    assert processes(copy) == []
    assert is_clean(copy)
