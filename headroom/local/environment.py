"""The environment in which the engine, ours or the user's own `pulumi` command, works on the local stack only."""

import os
import shlex
import sys
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

_MODULES = {LANGUAGE_HOST: "headroom.local.language_host", AWS_PLUGIN: "headroom.local.aws"}


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
        # A plugin that is missing is an error here, not a download.
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
    """Fill `.headroom/bin` with what the engine looks up on PATH; written anew each time, since checkouts move."""
    launchers = {AWS_PLUGIN} if engine.language_host else {AWS_PLUGIN, LANGUAGE_HOST}
    checkout.bin.mkdir(parents=True, exist_ok=True)
    for name, module in _MODULES.items():
        path = checkout.bin / name
        if name not in launchers:
            path.unlink(missing_ok=True)
            continue
        # -P: a folder named headroom where the engine happens to stand is not this package.
        text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m {module} "$@"\n'
        if not path.is_file() or path.read_text() != text:
            new = path.with_suffix(".new")
            new.write_text(text)
            new.chmod(0o755)
            new.replace(path)
    _link(checkout.bin / "pulumi", engine.pulumi)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    new = link.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def _is_users(name: str) -> bool:
    return name.startswith(("AWS_", "PULUMI_"))
