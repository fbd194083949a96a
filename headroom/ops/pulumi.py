"""The engine's own command, the one on PATH: where it is, and what it knows of a stack."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from headroom.errors import UserError


def find_pulumi() -> str | None:
    """Its path; None: it isn't on PATH."""
    return shutil.which("pulumi")


def export_state(pulumi: str, stack: str, project: Path | None = None) -> dict[str, Any]:
    """What Pulumi knows of the stack; secrets stay encrypted.

    Args:
        pulumi: the command's path.
        stack: its name.
        project: the folder of the project; None: the current one.

    Raises:
        UserError: it doesn't know the stack, in its own words; or it answers with something else than a state.
    """
    command = [pulumi, "stack", "export", "--stack", stack, "--non-interactive"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split()).removeprefix("error: ")
        raise UserError(f"stack {stack}: pulumi can't export it: {said}")
    try:
        state = json.loads(done.stdout)
    except ValueError as error:
        raise UserError(f"stack {stack}: what pulumi exports isn't JSON: {error}") from None
    except RecursionError:
        raise UserError(f"stack {stack}: what pulumi exports is nested too deeply for a state") from None
    if not isinstance(state, dict):
        raise UserError(f"stack {stack}: what pulumi exports isn't a stack's state")
    return state
