"""The local stack's state as it lies on disk: what it holds, and whether it can be believed."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from headroom.local.checkout import Checkout
from headroom.local.emulator import Emulator
from headroom.local.environment import STACK


@dataclass(frozen=True)
class State:
    """One look at the state.

    Attributes:
        exists: the engine knows the stack.
        resources: how many resources it records, the stack itself not counted.
        pending: operations that were begun and not finished.
        abandoned: an engine that is no more left its lock, or half a file, behind.
        holder: the engine that holds the lock and is alive.
        mark: the mark of the emulator that has the resources.
    """

    exists: bool
    resources: int
    pending: int
    abandoned: bool
    holder: int | None
    mark: str | None

    def mistrust(self, emulator: Emulator | None) -> str | None:
        """Why this state must not be built upon together with `emulator`; None if it may."""
        if self.holder is not None:  # half-way is what a state at work looks like
            return None
        if self.pending or self.abandoned:
            return "an earlier run was killed half-way, and what it was making is in doubt"
        if not self.resources:
            return None
        if emulator is None:
            return f"the emulator that had the stack's {self.resources} resources is gone"
        if emulator.mark != self.mark:
            return f"the running emulator is not the one that had the stack's {self.resources} resources"
        return None


def read_state(checkout: Checkout) -> State:
    """Look at the state; what is not there counts as nothing, what can't be read as left behind by a killed engine."""
    path = _checkpoint_file(checkout)
    latest = _checkpoint(path)
    resources = (latest or {}).get("resources") or []
    locks = list((checkout.state / ".pulumi" / "locks" / "organization" / checkout.project / STACK).glob("*.json"))
    holder = next((pid for lock in locks if (pid := _alive(lock))), None)
    return State(
        exists=path.is_file(),
        resources=sum(1 for resource in resources if resource.get("type") != "pulumi:pulumi:Stack"),
        pending=len((latest or {}).get("pending_operations") or []),
        abandoned=holder is None and (bool(locks) or (path.is_file() and latest is None)),
        holder=holder,
        mark=checkout.mark.read_text().strip() if checkout.mark.is_file() else None,
    )


def deployment(checkout: Checkout) -> dict[str, Any] | None:
    """What the state holds, as `pulumi stack export` would write it; None if there is none to read."""
    latest = _checkpoint(_checkpoint_file(checkout))
    return None if latest is None else {"deployment": latest}


def forget(checkout: Checkout, mark: str | None = None) -> None:
    """Drop the state; with `mark`, begin an empty one that belongs to the emulator with that mark."""
    shutil.rmtree(checkout.state, ignore_errors=True)
    if mark is not None:
        checkout.state.mkdir(parents=True)
        checkout.mark.write_text(mark + "\n")


def _checkpoint_file(checkout: Checkout) -> Path:
    return checkout.state / ".pulumi" / "stacks" / checkout.project / f"{STACK}.json"


def _checkpoint(path: Path) -> dict[str, Any] | None:
    try:
        latest = json.loads(path.read_text())["checkpoint"]["latest"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return latest if isinstance(latest, dict) else None


def _alive(lock: Path) -> int | None:
    """The process named in a lock, unless it is gone or its number has gone to something that is no engine."""
    try:
        process = psutil.Process(int(json.loads(lock.read_text())["pid"]))
        older = process.create_time() <= lock.stat().st_mtime + 1
        return (
            process.pid if older and "pulumi" in process.name() and process.status() != psutil.STATUS_ZOMBIE else None
        )
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None
