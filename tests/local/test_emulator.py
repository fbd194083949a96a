import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from headroom.errors import UserError
from headroom.local import emulator as emulators
from headroom.local.checkout import Checkout

pytestmark = pytest.mark.usefixtures("tiny_emulator")


def test_a_started_emulator_is_found_again_and_stopped(checkout: Checkout) -> None:
    emulator = emulators.start(checkout, "one")
    assert emulator.answers()
    assert emulators.running(checkout) == emulator
    assert emulators.stop(checkout) == 1
    assert emulators.running(checkout) is None
    assert not psutil.pid_exists(emulator.pid) or psutil.Process(emulator.pid).status() == psutil.STATUS_ZOMBIE
    assert emulators.stop(checkout) == 0


def test_the_emulator_outlives_the_command_that_started_it(checkout: Checkout) -> None:
    command = (
        "import sys; from pathlib import Path\n"
        "from headroom.local import emulator; from headroom.local.checkout import Checkout\n"
        f"emulator.SERVER = {emulators.SERVER!r}\n"
        "emulator.start(Checkout(Path(sys.argv[1])), 'one')"
    )
    done = subprocess.run([sys.executable, "-c", command, checkout.root], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    found = emulators.running(checkout)
    assert found is not None
    assert found.mark == "one"


def test_two_checkouts_have_two_emulators_and_stopping_one_leaves_the_other(checkout: Checkout, tmp_path: Path) -> None:
    other = Checkout(tmp_path / "b")
    other.root.mkdir()
    first, second = emulators.start(checkout, "one"), emulators.start(other, "two")
    assert first.port != second.port
    emulators.stop(checkout)
    assert emulators.running(other) == second
    emulators.stop(other)


def test_a_copied_checkout_does_not_take_the_originals_emulator_for_its_own(checkout: Checkout, tmp_path: Path) -> None:
    emulator = emulators.start(checkout, "one")
    copy = Checkout(tmp_path / "copy")
    shutil.copytree(checkout.root, copy.root)
    assert emulators.running(copy) is None
    assert emulators.stop(copy) == 0
    assert emulators.running(checkout) == emulator


def test_an_emulator_that_answers_with_another_mark_is_not_ours(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_SERVER", "another")
    with pytest.raises(UserError) as error:
        emulators.start(checkout, "one")
    log = checkout.logs / "emulator.log"
    assert str(error.value) == f"the AWS emulator started, but does not answer with its mark: its log is {log}"
    assert emulators.stop(checkout) == 0


def test_a_record_whose_process_number_went_to_a_stranger_is_not_trusted(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        checkout.own.mkdir()
        record = {"pid": os.getpid(), "port": nobody.getsockname()[1], "mark": "one"}
        checkout.emulator.write_text(json.dumps(record))
        assert emulators.running(checkout) is None
        assert emulators.stop(checkout) == 0


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"pid": "x", "port": 1, "mark": "one"}'])
def test_a_broken_record_means_that_nothing_is_running(checkout: Checkout, record: str) -> None:
    checkout.own.mkdir()
    checkout.emulator.write_text(record)
    assert emulators.running(checkout) is None


def test_an_emulator_whose_record_was_lost_is_stopped_all_the_same(checkout: Checkout) -> None:
    emulators.start(checkout, "one")
    shutil.rmtree(checkout.own)
    assert emulators.stop(checkout) == 1


def test_an_emulator_that_ignores_the_request_is_killed(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_SERVER", "deaf")
    monkeypatch.setattr(emulators, "STOP_SECONDS", 0.3)
    emulators.start(checkout, "one")
    assert emulators.stop(checkout) == 1
    assert emulators.running(checkout) is None


def test_an_emulator_that_does_not_come_up_is_one_clear_message(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINY_SERVER", "fails")
    with pytest.raises(UserError) as error:
        emulators.start(checkout, "one")
    log = checkout.logs / "emulator.log"
    assert str(error.value) == (
        f"the AWS emulator ended at once (its log is {log}). It said: Address family not supported"
    )
    assert not checkout.emulator.exists()


def test_a_previews_emulator_ends_with_it_and_is_not_the_checkouts(checkout: Checkout) -> None:
    with emulators.private(checkout) as emulator:
        assert emulator.answers()
        assert emulators.running(checkout) is None
        assert emulators.stop(checkout) == 0, "a preview at work keeps its own"
        assert emulator.answers()
    assert not emulator.answers()
    assert list(checkout.logs.iterdir()) == []


def test_a_proxy_in_the_environment_is_not_the_way_to_the_emulator(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert emulators.start(checkout, "one").answers()
