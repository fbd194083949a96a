"""`headroom status`, `headroom triage`, `headroom verify`: what is, and what is declared. They change nothing."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from headroom import clock
from headroom.commands.ops import EXITS, DsnOption, JsonOption, StackOption, dsn_of, opened, say, tell_lacks
from headroom.errors import UserError

if TYPE_CHECKING:
    from headroom.ops.session import Session
    from headroom.ops.status import Status

_WATCH_SECONDS = 15  # CloudWatch has something new once a minute, at a time of its own


def status(
    stack: StackOption = None,
    watch: Annotated[bool, typer.Option("--watch", help=f"Again every {_WATCH_SECONDS} s, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Live connections against the budget, per instance and proxy, worst first. Read-only."""
    from headroom.ops.status import status as read

    if watch and as_json:
        raise UserError("--watch and --json: one at a time")
    session = opened(stack)
    if watch:
        _watch(session)
        return
    found = read(session)
    if as_json:
        typer.echo(_json(session, **asdict(found)))
    else:
        from headroom.commands.ops_table import show_status

        show_status(session, found)
        tell_lacks(found.lacks)
    raise typer.Exit(found.exit_code)


def _watch(session: "Session") -> None:
    import time

    from headroom.commands.budget_table import console
    from headroom.commands.ops_table import show_status
    from headroom.ops.errors import LackError
    from headroom.ops.status import status as read

    found: Status | None = None
    try:
        while True:
            session.aws.start_again()
            try:
                found = read(session)
            except LackError as error:
                say(f"{clock.now():%H:%M:%S} {error}")
            else:
                console().clear()
                show_status(session, found)
                tell_lacks(found.lacks)
            time.sleep(_WATCH_SECONDS)
    except KeyboardInterrupt:
        say("")
        raise typer.Exit(found.exit_code if found else 2) from None


def triage(stack: StackOption = None, dsn: DsnOption = None, as_json: JsonOption = False) -> None:
    """Is it connections? Ordered checks with verdicts, each with its runbook section. Read-only."""
    from headroom.ops.triage import triage as judge

    session = opened(stack)
    found = judge(session, dsn_of(session, dsn))
    if as_json:
        typer.echo(_json(session, **asdict(found)))
    else:
        from headroom.commands.ops_table import show_triage

        show_triage(found)
        tell_lacks(found.lacks)
    raise typer.Exit(found.exit_code)


def verify(stack: StackOption = None, dsn: DsnOption = None, as_json: JsonOption = False) -> None:
    """Deployed against declared: is it ready for the sale? Read-only."""
    from headroom.ops.verify import verify as check

    session = opened(stack)
    found = check(session, dsn_of(session, dsn))
    if as_json:
        typer.echo(_json(session, ready=found.ready, **asdict(found)))
    else:
        from headroom.commands.ops_table import show_verify

        show_verify(found)
    raise typer.Exit(0 if found.ready else 1)


def _json(session: "Session", **answer: object) -> str:
    place = {"stack": session.stack, "region": session.aws.region, "at": f"{clock.now():%FT%TZ}"}
    return json.dumps({**place, **answer}, indent=2, allow_nan=False, default=str)


def mount(app: typer.Typer) -> None:
    """Put the commands on the command line."""
    for command in (status, triage, verify):
        app.command(epilog=EXITS)(command)
