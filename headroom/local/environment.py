"""The environment in which the engine, ours or the user's own `pulumi` command, works on the local stack only."""

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from headroom.local.checkout import Checkout
from headroom.local.emulator import Emulator
from headroom.local.engine import LANGUAGE_HOST, Engine

STACK = "local"
PASSPHRASE = "headroom-local"  # noqa: S105 -- see below
"""The engine insists on encrypting secrets in its state. What is emulated has none worth keeping, and a stack that asks
for a passphrase can't come up by itself; so this one is fixed, public, and used for nothing but local state. The
`encryptionsalt` in Pulumi.local.yaml belongs to it: with the salt in place the CLI has nothing to write into that file.
"""
AWS_PLUGIN = "pulumi-resource-aws"


def variables(checkout: Checkout, emulator: Emulator | None, *, backend: Path | None = None) -> dict[str, str]:
    """What to set, beside PATH's launchers, for commands on `backend` (default: the checkout's own state)."""
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder != str(checkout.bin)]
    values = {
        "PATH": os.pathsep.join([str(checkout.bin), *folders]),
        "PULUMI_HOME": str(checkout.home),
        "PULUMI_BACKEND_URL": f"file://{backend or checkout.state}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_STACK": STACK,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # `pulumi import` would ask for a schema and a program writer, which the vendor's plugin and host have.
        "PULUMI_OPTION_GENERATE_CODE": "false",
        # The plugins are the ones put there, never one that lies on PATH; what is missing is an error, not a download.
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # Made up: the emulator takes any, and the plugin serves loopback endpoints only.
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    if emulator is not None:
        values |= {"AWS_ENDPOINT_URL": emulator.url, "HEADROOM_EMULATOR_MARK": emulator.mark}
    return values


def for_engine(values: dict[str, str]) -> dict[str, str]:
    """The whole environment of an engine that we start: nothing of the user's Pulumi or AWS settings reaches it."""
    kept = {name: value for name, value in os.environ.items() if not _is_users(name)}
    return {**kept, **values}


def as_shell(values: dict[str, str]) -> str:
    """Lines for `eval "$(...)"` in any POSIX shell; what the user's own shell has set and could interfere is unset."""
    unset = [f"unset {name}" for name in sorted(os.environ) if _is_users(name) and name not in values]
    return "\n".join([*unset, *(f"export {name}={shlex.quote(value)}" for name, value in values.items())])


def write_launchers(checkout: Checkout, engine: Engine) -> None:
    """Put everything where the engine looks for it; checked each time, since checkouts move.

    The language host stands beside the engine, the AWS plugin in PULUMI_HOME: where the vendor's would be. (On PATH
    instead, each would be announced with several warnings in each run.)
    """
    checkout.bin.mkdir(parents=True, exist_ok=True)
    plugins = checkout.home / "plugins" / f"resource-aws-v{version('pulumi-aws')}"
    plugins.mkdir(parents=True, exist_ok=True)
    _write_launcher(plugins / AWS_PLUGIN, "headroom.local.aws")
    if engine.language_host:
        (checkout.bin / LANGUAGE_HOST).unlink(missing_ok=True)
        _replace(checkout.bin / "pulumi", lambda new: new.symlink_to(engine.pulumi))
    else:
        _write_launcher(checkout.bin / LANGUAGE_HOST, "headroom.local.language_host")
        _place_engine(checkout.bin / "pulumi", engine.pulumi.resolve())


def _place_engine(place: Path, engine: Path) -> None:
    """The engine itself, since it looks beside the file, not the link. Linked hard, or copied from another disk."""
    if place.is_file() and not place.is_symlink():
        there, wanted = place.stat(), engine.stat()
        if (there.st_size, there.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns):
            return

    def link_or_copy(new: Path) -> None:
        try:
            new.hardlink_to(engine)
        except OSError:
            shutil.copy2(engine, new)

    _replace(place, link_or_copy)


def _write_launcher(path: Path, module: str) -> None:
    # -P: a folder named headroom where the engine happens to stand is not this package.
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m {module} "$@"\n'

    def write(new: Path) -> None:
        new.write_text(text)
        new.chmod(0o755)

    if not path.is_file() or path.read_text() != text:
        _replace(path, write)


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    """All or nothing, also with two commands at the same time."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as folder:
        make(Path(folder, path.name))
        Path(folder, path.name).replace(path)


def _is_users(name: str) -> bool:
    return name.startswith(("AWS_", "PULUMI_"))
