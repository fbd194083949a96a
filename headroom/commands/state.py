"""The state of a deployed stack: from a file, from the engine that the user is logged in with, or the local stack's."""

import json
from collections.abc import Callable
from pathlib import Path

from headroom.errors import UserError
from headroom.ops.pulumi import export_state, find_pulumi

LOCAL = "local"


def from_file(path: str) -> object:
    """What `pulumi stack export` wrote.

    Raises:
        UserError: it can't be read, or isn't JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"{path}: isn't JSON: {error}") from None
    except RecursionError:
        raise UserError(f"{path}: is nested too deeply for a state") from None


def exported(stack: str, local_state: Callable[[], object | None] | None) -> object:
    """The state of a stack: the local one's, else what the engine exports.

    Secrets stay encrypted: no rule reads one.

    Raises:
        UserError: there is no engine, or it doesn't know the stack (the message is the engine's), or exports no state.
    """
    local = local_state() if stack == LOCAL and local_state else None
    if local is not None:
        return local
    pulumi = find_pulumi()
    if pulumi is None:
        raise UserError(
            f"stack {stack}: the command pulumi isn't on PATH: install it, or give --file with what "
            "`pulumi stack export` wrote elsewhere"
        )
    return export_state(pulumi, stack)
