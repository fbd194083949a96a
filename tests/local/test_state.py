import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headroom.local.checkout import Checkout
from headroom.local.emulator import Emulator
from headroom.local.state import forget, read_state

EMULATOR = Emulator(1, 2, "one")
KILLED = "an earlier run was killed half-way, and what it was making is in doubt"


def write(checkout: Checkout, mark: str = "one", **latest: Any) -> None:
    forget(checkout, mark)
    stacks = checkout.state / ".pulumi" / "stacks" / "headroom"
    stacks.mkdir(parents=True)
    (stacks / "local.json").write_text(json.dumps({"checkpoint": {"latest": latest}}))


def lock(checkout: Checkout, pid: int) -> None:
    folder = checkout.state / ".pulumi" / "locks" / "organization" / "headroom" / "local"
    folder.mkdir(parents=True)
    (folder / "1.json").write_text(json.dumps({"pid": pid}))


RESOURCES = [{"type": "pulumi:pulumi:Stack"}, {"type": "aws:ec2/vpc:Vpc"}, {"type": "aws:kms/key:Key"}]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process whose name is pulumi."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    pulumi = shutil.copy(Path(sleep).resolve(), tmp_path / "pulumi")
    process = subprocess.Popen([pulumi, "60"])
    yield process
    process.kill()
    process.wait()


def test_no_state_at_all_is_nothing_to_mistrust(checkout: Checkout) -> None:
    state = read_state(checkout)
    assert (state.exists, state.resources, state.mark) == (False, 0, None)
    assert state.mistrust(None) is None
    assert state.mistrust(EMULATOR) is None


def test_state_and_emulator_with_the_same_mark_belong_together(checkout: Checkout) -> None:
    write(checkout, resources=RESOURCES)
    state = read_state(checkout)
    assert (state.exists, state.resources, state.mark) == (True, 2, "one")
    assert state.mistrust(EMULATOR) is None


def test_resources_without_their_emulator_are_mistrusted(checkout: Checkout) -> None:
    write(checkout, resources=RESOURCES)
    assert read_state(checkout).mistrust(None) == "the emulator that had the stack's 2 resources is gone"


def test_resources_of_another_emulator_are_mistrusted(checkout: Checkout) -> None:
    write(checkout, "two", resources=RESOURCES)
    assert read_state(checkout).mistrust(EMULATOR) == (
        "the running emulator is not the one that had the stack's 2 resources"
    )


def test_a_stack_without_resources_needs_no_emulator(checkout: Checkout) -> None:
    write(checkout, resources=RESOURCES[:1])
    assert read_state(checkout).mistrust(None) is None


def test_pending_operations_are_mistrusted(checkout: Checkout) -> None:
    write(checkout, resources=RESOURCES, pending_operations=[{"type": "creating"}])
    assert read_state(checkout).mistrust(EMULATOR) == KILLED


def test_the_lock_of_a_dead_engine_is_mistrusted(checkout: Checkout) -> None:
    write(checkout, resources=[])
    dead = subprocess.Popen(["/bin/true"])
    dead.wait()
    lock(checkout, dead.pid)
    assert read_state(checkout).mistrust(EMULATOR) == KILLED


def test_a_lock_whose_number_went_to_a_process_that_is_no_engine_is_a_dead_engines(checkout: Checkout) -> None:
    write(checkout, resources=[])
    lock(checkout, os.getpid())
    assert read_state(checkout).abandoned


def test_the_lock_of_an_engine_at_work_is_not(checkout: Checkout, engine: "subprocess.Popen[bytes]") -> None:
    write(checkout, resources=[], pending_operations=[{"type": "creating"}])
    lock(checkout, engine.pid)
    state = read_state(checkout)
    assert state.holder == engine.pid
    assert not state.abandoned
    assert state.mistrust(EMULATOR) is None


@pytest.mark.parametrize("content", ["", "{}", '{"checkpoint": null}', "[1]"])
def test_half_a_state_file_is_mistrusted(checkout: Checkout, content: str) -> None:
    write(checkout)
    (checkout.state / ".pulumi" / "stacks" / "headroom" / "local.json").write_text(content)
    assert read_state(checkout).mistrust(EMULATOR) == KILLED
