"""Bring the local stack up and down, and preview any stack, through the real engine on emulated AWS."""

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from headroom.errors import UserError
from headroom.local import emulator as emulators
from headroom.local.checkout import Checkout
from headroom.local.diff_view import without_what_stays
from headroom.local.emulator import Emulator
from headroom.local.engine import Engine, ensure_engine, find_engine
from headroom.local.engine_run import run_engine, run_quietly
from headroom.local.environment import STACK, for_engine, variables, write_launchers
from headroom.local.locks import exclusive
from headroom.local.state import State, forget, read_state

Say = Callable[[str], None]


def up(checkout: Checkout, say: Say) -> int:
    """Bring the local stack up, with the policies enforced; returns the engine's exit code.

    Recovers by itself from a killed run and from a dead emulator: everything is emulated, so it is built anew.

    Raises:
        UserError: the settings are refused, or the engine or the emulator is not to be had.
    """
    settings = checkout.stack_file(STACK)
    check_settings(checkout, settings, STACK)
    engine = ensure_engine(say)
    with _alone(checkout, say):
        emulator, state = _matching_pair(checkout, say)
        values = for_engine(prepare(checkout, engine, emulator))
        arguments = ["up", "--yes", "--stack", STACK, "--config-file", str(_copy(settings, checkout.own / "stack"))]
        code = _run(checkout, [*arguments, *_policies(checkout, settings)], values, compare=bool(state.resources))
    if code == 0:
        say(f'The stack is up, on {emulator.url}. For plain pulumi commands: eval "$(.venv/bin/headroom local env)"')
    return code


def down(checkout: Checkout, say: Say) -> int:
    """Destroy the resources, drop the state, stop the emulator; returns the engine's exit code, 0 if it wasn't needed.

    Nothing is left even if destroying fails: all of it was emulated.
    """
    code = 0
    with _alone(checkout, say):
        emulator, state = emulators.running(checkout), read_state(checkout)
        doubt = state.mistrust(emulator)
        if doubt:
            say(f"{doubt[0].upper()}{doubt[1:]}: nothing to destroy, only to forget.")
        elif state.resources and emulator is not None:
            engine = ensure_engine(say)
            values = for_engine(prepare(checkout, engine, emulator))
            settings = checkout.stack_file(STACK)  # gone on another branch, say
            config = ["--config-file", str(_copy(settings, checkout.own / "stack"))] if settings.is_file() else []
            arguments = ["destroy", "--yes", "--skip-preview", "--stack", STACK, *config]
            code = run_engine(checkout.bin / "pulumi", arguments, cwd=checkout.root, env=values)
        forget(checkout)
        stopped = emulators.stop(checkout)
    if code:
        say("Destroying failed (see above); the emulator is stopped and its state dropped all the same.")
    else:
        say("The stack is down, the emulator is stopped." if stopped else "Nothing is running.")
    return code


def preview(checkout: Checkout, stack: str, say: Say) -> int:
    """Preview a stack with the policies enforced, without credentials; returns the engine's exit code.

    The local stack, if it is up, is compared with what is there; any other starts from nothing, in a backend that is
    thrown away.

    Args:
        checkout: where the program is.
        stack: a stack's name, or the path of a stack file.
        say: told what is going on.

    Raises:
        UserError: there is no such stack file, its settings are refused, or the local state can't be believed.
    """
    settings, name = _named(checkout, stack)
    check_settings(checkout, settings, name)
    engine = ensure_engine(say)
    with ExitStack() as until_done:
        emulator = emulators.running(checkout)
        if name == STACK and settings == checkout.stack_file(STACK):
            state = read_state(checkout)
            if doubt := state.mistrust(emulator):
                raise UserError(f"{doubt}: run `make up`, which rebuilds the stack, or `make down`")
            if state.resources and emulator is not None:
                values = for_engine(prepare(checkout, engine, emulator))
                return _preview(checkout, values, name, settings, checkout.own / "stack", compare=True)
        emulator = emulator or until_done.enter_context(emulators.private(checkout))
        scratch = Path(until_done.enter_context(tempfile.TemporaryDirectory(prefix="headroom-preview-")))
        values = for_engine(prepare(checkout, engine, emulator, backend=scratch, stack=name))
        return _preview(checkout, values, name, settings, scratch, compare=False)


def prepare(
    checkout: Checkout, engine: Engine, emulator: Emulator | None, *, backend: Path | None = None, stack: str = STACK
) -> dict[str, str]:
    """Launchers written, the stack known to the backend; returns the variables for commands on it."""
    write_launchers(checkout, engine)
    checkout.home.mkdir(parents=True, exist_ok=True)
    values = {**variables(checkout, emulator, backend=backend), "PULUMI_STACK": stack}
    if backend is not None or not read_state(checkout).exists:
        # In a folder of its own: the engine writes a salt into the stack file next to Pulumi.yaml.
        with tempfile.TemporaryDirectory(prefix="headroom-init-") as folder:
            shutil.copyfile(checkout.root / "Pulumi.yaml", Path(folder, "Pulumi.yaml"))
            run_quietly(
                checkout.bin / "pulumi",
                ["stack", "init", stack, "--no-select"],
                cwd=Path(folder),
                env=for_engine(values),
            )
    return values


def environment(checkout: Checkout, say: Say) -> dict[str, str]:
    """The variables for plain `pulumi` commands on the local stack; an emulator is started where none is needed yet.

    Raises:
        UserError: the engine is not there, or the emulator does not come up.
    """
    engine = find_engine(say)
    with _alone(checkout, say):
        doubt = read_state(checkout).mistrust(emulators.running(checkout))
        if doubt:
            say(f"warning: {doubt}: plain pulumi commands can't work until `make up` has rebuilt the stack")
            return prepare(checkout, engine, None)
        emulator, _ = _matching_pair(checkout, say)
        return prepare(checkout, engine, emulator)


def status(checkout: Checkout, say: Say) -> int:
    """Say what there is; returns 0, or 1 if state and emulator can't be believed."""
    engine, emulator, state = find_engine(say), emulators.running(checkout), read_state(checkout)
    say(f"engine    {engine.pulumi} (version {engine.version})")
    say(f"emulator  {emulator.url} (process {emulator.pid})" if emulator else "emulator  not running")
    say(f"stack     {state.resources} resources" if state.exists else "stack     not there")
    doubt = state.mistrust(emulator)
    if doubt:
        say(f"but       {doubt}: run `make up`, which rebuilds the stack, or `make down`")
    return 1 if doubt else 0


def check_settings(checkout: Checkout, path: Path, stack: str) -> None:
    """Refuse settings in our own words, all mistakes at once, before the engine says something about the first.

    Raises:
        UserError: the file is missing, unreadable, or holds values that can't be.
    """
    from headroom.settings import Named, load

    if not path.is_file():
        raise UserError(f"{path.name}: no such stack file: the stacks are {', '.join(_stacks(path.parent)) or 'none'}")
    load(path, Named(checkout.project, stack))


def _preview(
    checkout: Checkout, values: dict[str, str], name: str, settings: Path, folder: Path, *, compare: bool
) -> int:
    arguments = ["preview", "--stack", name, "--config-file", str(_copy(settings, folder))]
    return _run(checkout, [*arguments, *_policies(checkout, settings)], values, compare=compare)


def _run(checkout: Checkout, arguments: list[str], values: dict[str, str], *, compare: bool) -> int:
    """Run the engine; with the numbers that change, where there is something to compare with."""
    pulumi = checkout.bin / "pulumi"
    if not compare:
        return run_engine(pulumi, arguments, cwd=checkout.root, env=values)
    return run_engine(pulumi, [*arguments, "--diff"], cwd=checkout.root, env=values, show=without_what_stays)


def _matching_pair(checkout: Checkout, say: Say) -> tuple[Emulator, State]:
    """An emulator and a state with the same mark: the ones that are there, else new ones."""
    emulator, state = emulators.running(checkout), read_state(checkout)
    doubt = state.mistrust(emulator)
    if doubt:
        say(f"{doubt[0].upper()}{doubt[1:]}: rebuilding the stack from nothing (all of it is emulated).")
    elif emulator is not None and emulator.mark == state.mark:
        return emulator, state
    emulators.stop(checkout)
    mark = emulators.new_mark()
    forget(checkout, mark)
    return emulators.start(checkout, mark), read_state(checkout)


@contextmanager
def _alone(checkout: Checkout, say: Say) -> Iterator[None]:
    """Only one of our commands, and no engine that someone else started, works on the state."""
    with exclusive(checkout.lock, say, "another command is at work in this checkout"):
        holder = read_state(checkout).holder
        if holder is not None:
            say(f"an engine is still at work on the stack (process {holder}): waiting for it")
        while read_state(checkout).holder is not None:
            time.sleep(0.5)
        yield


def _named(checkout: Checkout, stack: str) -> tuple[Path, str]:
    """The stack file and the stack's name."""
    if not stack.endswith((".yaml", ".yml")):
        return checkout.stack_file(stack), stack
    path = Path(stack)
    return path.resolve(), re.sub(r"[^\w.-]", "-", path.stem.removeprefix("Pulumi."))


def _stacks(folder: Path) -> list[str]:
    return sorted(path.stem.removeprefix("Pulumi.") for path in folder.glob("Pulumi.*.yaml"))


def _copy(settings: Path, folder: Path) -> Path:
    """A copy for the engine, which rewrites stack files."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(settings, folder / settings.name))


def _policies(checkout: Checkout, settings: Path) -> list[str]:
    """The pack, with its severities for the stack's environment: local takes prod's, and so does one without any."""
    content: Any = yaml.safe_load(settings.read_text())
    environment = str(((content or {}).get("config") or {}).get("headroom:environment"))
    config = checkout.root / "policies" / "config" / f"{'prod' if environment == STACK else environment}.json"
    return ["--policy-pack", "policies", *(["--policy-pack-config", str(config)] if config.is_file() else [])]
