"""What the operations' commands have in common: which stack, which database, what is said, and who is asked."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from headroom.errors import UserError

if TYPE_CHECKING:
    from headroom.ops.dsn import Dsn
    from headroom.ops.relieve import Plan
    from headroom.ops.session import Session

EXITS = "Exit code: 0 well, 1 the answer is no, 2 bad input or something is lacking."
StackOption = Annotated[
    str | None,
    typer.Option("--stack", metavar="NAME", help="The stack (default: PULUMI_STACK, or the only one there is)."),
]
DsnOption = Annotated[
    str | None,
    typer.Option(
        "--dsn",
        metavar="DSN",
        help="The database, such as postgresql://user@host/database (default: HEADROOM_DSN); its password is never "
        "shown.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Do it; shows the change and its effect first, and asks.")]
YesOption = Annotated[bool, typer.Option("--yes", help="With --apply: don't ask (for scripts).")]


def say(text: str) -> None:
    """What is going on, on standard error: standard output belongs to the answer."""
    typer.echo(text, err=True)


def opened(stack: str | None) -> "Session":
    """The stack that is meant; says so where the caller's own region is another.

    Raises:
        UserError: it isn't clear which, or its file can't be used.
    """
    from headroom.commands import stacks
    from headroom.ops.session import open_session

    file = stacks.named(stack or _the_stack())
    session = open_session(file.name, file.folder / file.path, stacks.project_folder())
    other = session.aws.other_region()
    if other is not None:
        say(f"note: your AWS region is {other}; {session.name} is in {session.aws.region}, which is asked")
    return session


def _the_stack() -> str:
    if named := os.environ.get("PULUMI_STACK"):
        return named.rsplit("/", 1)[-1]  # pulumi takes organization/project/stack, too
    from headroom.commands import stacks

    names = [file.name for file in stacks.all_files()]
    if len(names) == 1:
        return names[0]
    if not names:
        raise UserError(f"{stacks.project_folder()}: no Pulumi.<stack>.yaml: go to the project, or name a stack file")
    raise UserError(f"which stack? --stack {' or '.join(names)}, or set PULUMI_STACK")


def dsn_of(session: "Session", option: str | None) -> "Dsn | None":
    """The database to ask, if any.

    Raises:
        UserError: it is no DSN, or another engine's.
    """
    from headroom.ops.dsn import read_dsn

    return read_dsn(option, session.budget.stack.cluster.engine)


def needed_dsn(session: "Session", option: str | None) -> "Dsn":
    """The database to ask.

    Raises:
        UserError: there is none.
    """
    dsn = dsn_of(session, option)
    if dsn is None:
        raise UserError("this looks into the database: give --dsn, or set HEADROOM_DSN")
    return dsn


def tell_lacks(lacks: Sequence[str]) -> None:
    """What couldn't be read, a line each."""
    for lack in lacks:
        say(f"couldn't be read: {lack}")


def refused(reason: object) -> typer.Exit:
    """The answer is no."""
    typer.echo(f"refused: {reason}")
    return typer.Exit(1)


def carried_out(plan: Callable[[], "Plan"], *, apply: bool, yes: bool) -> None:
    """Show a plan, and with `apply` ask and do it.

    Raises:
        typer.Exit: refused, or not confirmed.
        LackError: it couldn't be planned or done.
    """
    from headroom.ops.errors import RefusedError

    if yes and not apply:
        raise UserError("--yes is for --apply")
    try:
        planned = plan()
    except RefusedError as error:
        raise refused(error) from None
    for line in planned.effect:
        typer.echo(line)
    if not planned.change:
        typer.echo("Nothing to do: it is so already.")
        return
    typer.echo(f"Change: {planned.change}")
    if not apply:
        typer.echo("Nothing was changed: --apply does it.")
        return
    if not yes:
        confirm("yes", "Type yes to do it: ")
    try:
        done = planned.apply()
    except RefusedError as error:
        raise refused(error) from None
    for line in done:
        typer.echo(line)


def confirm(word: str, question: str) -> None:
    """Go on only if somebody types the word.

    Raises:
        typer.Exit: something else was typed, or nothing (exit code 1).
    """
    typer.echo(question, nl=False, err=True)
    typed = sys.stdin.readline()
    if not sys.stdin.isatty():
        typer.echo(err=True)
    if typed.strip() != word:
        say("Nothing was changed.")
        raise typer.Exit(1)
