"""The orchestration, with stand-ins for the engine and the emulator: what is run, what is said, what is left."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from headroom.errors import UserError
from headroom.local import emulator as emulators
from headroom.local import stack
from headroom.local.checkout import Checkout
from headroom.local.state import read_state

Program = Callable[[str, str], Path]
ROOT = Path(__file__).parents[2]

PULUMI = """
state="${PULUMI_BACKEND_URL#file://}/.pulumi/stacks/headroom"
case "$*" in
    version) echo v3.258.0; exit ;;
    "stack init"*) mkdir -p "$state"; echo 'encryptionsalt: v1' >> Pulumi.$3.yaml
        echo '{"checkpoint": {"latest": {}}}' > "$state/$3.json" ;;
    up*) echo '{"checkpoint": {"latest": {"resources": [{"type": "aws:kms/key:Key"}]}}}' > "$state/local.json" ;;
esac
echo "$AWS_ENDPOINT_URL $*" >> "$ENGINE_LOG"
case "$*" in
    "${ENGINE_FAILS:-nothing}"*) exit 255 ;;
esac
"""


@pytest.fixture(autouse=True)
def settings(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that hold (their checks have tests of their own), and a pack with one environment's severities."""
    monkeypatch.setattr("headroom.settings.load", lambda path, named: None)
    for name in ("local", "prod"):
        checkout.stack_file(name).write_text(f"config:\n  headroom:environment: {name}\n")
    (checkout.root / "policies" / "config").mkdir(parents=True)
    (checkout.root / "policies" / "config" / "prod.json").write_text("{}")


@pytest.fixture
def calls(
    program: Program, tiny_emulator: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], list[str]]:
    """What the engine was called with since the last look; each with the endpoint it was given."""
    monkeypatch.setenv("ENGINE_LOG", str(tmp_path / "calls"))
    program("pulumi", PULUMI)

    def read() -> list[str]:
        log = tmp_path / "calls"
        lines = log.read_text().splitlines() if log.is_file() else []
        log.unlink(missing_ok=True)
        return lines

    return read


@pytest.fixture
def running(checkout: Checkout) -> Iterator[Callable[[], emulators.Emulator]]:
    def find() -> emulators.Emulator:
        emulator = emulators.running(checkout)
        assert emulator is not None
        return emulator

    yield find
    emulators.stop(checkout)


Calls = Callable[[], list[str]]
Running = Callable[[], emulators.Emulator]


def up_call(checkout: Checkout, url: str, *more: str) -> str:
    pack = f"--policy-pack policies --policy-pack-config {checkout.root}/policies/config/prod.json"
    return " ".join([f"{url} up --yes --stack local --config-file {checkout.own}/stack/Pulumi.local.yaml", pack, *more])


def test_up_makes_the_stack_on_an_emulator_of_its_own_with_prods_policies(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    assert stack.up(checkout, said.append) == 0
    emulator = running()
    assert calls() == [f"{emulator.url} stack init local --no-select", up_call(checkout, emulator.url)]
    assert said == [
        f'The stack is up, on {emulator.url}. For plain pulumi commands: eval "$(.venv/bin/headroom local env)"'
    ]
    assert read_state(checkout).mark == emulator.mark


def test_a_second_up_keeps_the_pair_and_shows_the_differences(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    emulator = running()
    calls()
    assert stack.up(checkout, said.append) == 0
    assert running() == emulator
    assert calls() == [up_call(checkout, emulator.url, "--diff")]


def test_up_leaves_the_stack_file_as_it_was(checkout: Checkout, calls: Calls, said: list[str]) -> None:
    before = checkout.stack_file("local").read_text()
    stack.up(checkout, said.append)
    assert checkout.stack_file("local").read_text() == before


def test_up_after_the_emulator_died_says_so_and_rebuilds(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    dead = running()
    psutil.Process(dead.pid).kill()
    said.clear()
    calls()
    assert stack.up(checkout, said.append) == 0
    assert said[0] == (
        "The emulator that had the stack's 1 resources is gone: rebuilding the stack from nothing "
        "(all of it is emulated)."
    )
    assert running().mark != dead.mark
    assert calls() == [f"{running().url} stack init local --no-select", up_call(checkout, running().url)]


def test_up_after_a_killed_up_says_so_and_rebuilds(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    before = running()
    state = checkout.state / ".pulumi" / "stacks" / "headroom" / "local.json"
    state.write_text(json.dumps({"checkpoint": {"latest": {"pending_operations": [{"type": "creating"}]}}}))
    said.clear()
    assert stack.up(checkout, said.append) == 0
    assert said[0] == (
        "An earlier run was killed half-way, and what it was making is in doubt: rebuilding the stack from nothing "
        "(all of it is emulated)."
    )
    assert not before.answers(), "half-made resources went with their emulator"


def test_up_without_a_state_does_not_build_upon_an_emulator_that_is_not_empty(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    before = running()
    subprocess.run(["rm", "-r", checkout.state], check=True)
    stack.up(checkout, said.append)
    assert running().mark != before.mark


def test_a_failed_up_passes_the_engines_exit_code_on(
    checkout: Checkout, calls: Calls, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_FAILS", "up")
    assert stack.up(checkout, said.append) == 255
    assert said == []


def test_a_stack_that_cannot_be_made_is_one_clear_message(
    checkout: Checkout, calls: Calls, program: Program, said: list[str]
) -> None:
    program("pulumi", "[ $1 = version ] && echo v3.258.0 && exit; echo 'error: no\n  luck' >&2; exit 255")
    with pytest.raises(UserError) as error:
        stack.up(checkout, said.append)
    assert str(error.value) == "pulumi stack init failed: no luck"


def test_refused_settings_stop_up_before_anything_is_started(
    checkout: Checkout, calls: Calls, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, named: object) -> None:
        raise UserError(f"{path.name}: no good")

    monkeypatch.setattr("headroom.settings.load", refuse)
    with pytest.raises(UserError, match=r"^Pulumi\.local\.yaml: no good$"):
        stack.up(checkout, said.append)
    assert calls() == []
    assert emulators.running(checkout) is None


def test_down_destroys_forgets_and_stops_and_may_be_repeated(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    emulator = running()
    calls()
    said.clear()
    assert stack.down(checkout, said.append) == 0
    config = f"--config-file {checkout.own}/stack/Pulumi.local.yaml"
    assert calls() == [f"{emulator.url} destroy --yes --skip-preview --stack local {config}"]
    assert not checkout.state.exists()
    assert not emulator.answers()
    assert stack.down(checkout, said.append) == 0
    assert calls() == []
    assert said == ["The stack is down, the emulator is stopped.", "Nothing is running."]


def test_down_needs_no_stack_file(checkout: Checkout, calls: Calls, running: Running, said: list[str]) -> None:
    stack.up(checkout, said.append)
    emulator = running()
    calls()
    checkout.stack_file("local").unlink()  # another branch is checked out
    assert stack.down(checkout, said.append) == 0
    assert calls() == [f"{emulator.url} destroy --yes --skip-preview --stack local"]
    assert not emulator.answers()


def test_down_with_a_dead_emulator_has_nothing_to_destroy(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    psutil.Process(running().pid).kill()
    calls()
    said.clear()
    assert stack.down(checkout, said.append) == 0
    assert calls() == []
    assert said == [
        "The emulator that had the stack's 1 resources is gone: nothing to destroy, only to forget.",
        "Nothing is running.",
    ]


def test_down_leaves_nothing_even_if_destroying_fails(
    checkout: Checkout, calls: Calls, running: Running, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up(checkout, said.append)
    emulator = running()
    monkeypatch.setenv("ENGINE_FAILS", "destroy")
    said.clear()
    assert stack.down(checkout, said.append) == 255
    assert said == ["Destroying failed (see above); the emulator is stopped and its state dropped all the same."]
    assert not checkout.state.exists()
    assert not emulator.answers()


def test_preview_uses_a_backend_that_is_thrown_away_and_an_emulator_that_ends_with_it(
    checkout: Checkout, calls: Calls, said: list[str]
) -> None:
    assert stack.preview(checkout, "prod", said.append) == 0
    init, preview = calls()
    url = init.split()[0]
    assert init == f"{url} stack init prod --no-select"
    words = preview.split(" ")
    copy = Path(words[words.index("--config-file") + 1])
    pack = f"--policy-pack policies --policy-pack-config {checkout.root}/policies/config/prod.json"
    assert preview == f"{url} preview --stack prod --config-file {copy} {pack}"
    assert not copy.parent.exists()
    assert not checkout.state.exists()
    assert emulators.running(checkout) is None
    assert list(checkout.logs.iterdir()) == []


def test_preview_of_another_stack_uses_the_running_emulator(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    calls()
    stack.preview(checkout, "prod", said.append)
    assert {call.split()[0] for call in calls()} == {running().url}


def test_preview_of_the_local_stack_compares_with_what_is_there(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    calls()
    stack.preview(checkout, "local", said.append)
    assert calls() == [
        up_call(checkout, running().url, "--diff").replace("up --yes", "preview"),
    ]


def test_preview_of_a_local_stack_that_cannot_be_believed_says_what_to_do(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    psutil.Process(running().pid).kill()
    with pytest.raises(UserError) as error:
        stack.preview(checkout, "local", said.append)
    assert str(error.value) == (
        "the emulator that had the stack's 1 resources is gone: run `make up`, which rebuilds the stack, or `make down`"
    )


def test_preview_takes_a_stack_files_path_and_passes_the_engines_exit_code_on(
    checkout: Checkout, calls: Calls, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE_FAILS", "preview")
    path = tmp_path / "before the incident.yaml"
    path.write_text("config: {headroom:environment: elsewhere}\n")
    assert stack.preview(checkout, str(path), said.append) == 255
    _, preview = calls()
    assert " preview --stack before-the-incident --config-file " in preview
    assert preview.endswith(" --policy-pack policies"), "an environment without severities gets the strict ones"
    assert path.read_text() == "config: {headroom:environment: elsewhere}\n"


def test_a_stack_whose_name_aws_wont_take_is_refused_before_anything_is_started(
    checkout: Checkout, calls: Calls, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the settings are really read
    checkout.stack_file("prod_eu").write_text((ROOT / "Pulumi.prod.yaml").read_text())
    for stack_or_file in ("prod_eu", str(checkout.stack_file("prod_eu"))):
        with pytest.raises(UserError) as error:
            stack.preview(checkout, stack_or_file, said.append)
        assert str(error.value).startswith(
            "Pulumi.prod_eu.yaml: the stack's name: is 'prod_eu', so the cluster would be "
        )


def test_preview_of_a_stack_that_is_not_there_names_those_that_are(
    checkout: Checkout, calls: Calls, said: list[str]
) -> None:
    with pytest.raises(UserError) as error:
        stack.preview(checkout, "production", said.append)
    assert str(error.value) == "Pulumi.production.yaml: no such stack file: the stacks are local, prod"


def test_the_environment_starts_an_emulator_and_makes_the_stack(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    values = stack.environment(checkout, said.append)
    assert values["AWS_ENDPOINT_URL"] == running().url
    assert values["HEADROOM_EMULATOR_MARK"] == read_state(checkout).mark
    assert calls() == [f"{running().url} stack init local --no-select"]
    assert said == []


def test_the_environment_of_a_stale_pair_warns_and_names_no_emulator(
    checkout: Checkout, calls: Calls, running: Running, said: list[str]
) -> None:
    stack.up(checkout, said.append)
    psutil.Process(running().pid).kill()
    said.clear()
    assert "AWS_ENDPOINT_URL" not in stack.environment(checkout, said.append)
    assert said == [
        "warning: the emulator that had the stack's 1 resources is gone: plain pulumi commands can't work until "
        "`make up` has rebuilt the stack"
    ]


def test_status_says_what_there_is_and_whether_it_belongs_together(
    checkout: Checkout, calls: Calls, running: Running, said: list[str], tmp_path: Path
) -> None:
    engine = f"engine    {tmp_path}/programs/pulumi (version 3.258.0)"
    assert stack.status(checkout, said.append) == 0
    assert said == [engine, "emulator  not running", "stack     not there"]
    stack.up(checkout, said.append)
    emulator = running()
    said.clear()
    assert stack.status(checkout, said.append) == 0
    assert said == [engine, f"emulator  {emulator.url} (process {emulator.pid})", "stack     1 resources"]
    psutil.Process(emulator.pid).kill()
    said.clear()
    assert stack.status(checkout, said.append) == 1
    assert said[-1] == (
        "but       the emulator that had the stack's 1 resources is gone: run `make up`, which rebuilds the stack, or "
        "`make down`"
    )
