"""`headroom relieve`, `headroom roles`, `headroom teardown`: levers. Without --apply they change nothing."""

from typing import Annotated

import typer

from headroom.commands.ops import (
    EXITS,
    ApplyOption,
    DsnOption,
    StackOption,
    YesOption,
    carried_out,
    confirm,
    dsn_of,
    needed_dsn,
    opened,
    refused,
    say,
    tell_lacks,
)
from headroom.errors import UserError

relieve = typer.Typer(
    help="The levers of docs/runbook.md#levers: each shows its change and effect; --apply does it.",
    no_args_is_help=True,
    epilog=EXITS,
)


@relieve.command("limit-role", epilog=EXITS)
def limit_role(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The service, as in the stack file.")],
    connections: Annotated[int, typer.Option(min=1, help="Its limit on each instance.")],
    stack: StackOption = None,
    dsn: DsnOption = None,
    apply: ApplyOption = False,
    yes: YesOption = False,
) -> None:
    """Lower one service's connection limit in the database, so that the others live."""
    from headroom.ops import relieve as levers
    from headroom.ops.database import connected

    session = opened(stack)
    if dsn_of(session, dsn) is None and not apply:
        carried_out(lambda: levers.limit_role(session, None, service, connections), apply=apply, yes=yes)
        return
    with connected(needed_dsn(session, dsn), change=apply) as database:
        carried_out(lambda: levers.limit_role(session, database, service, connections), apply=apply, yes=yes)


@relieve.command("terminate-idle-in-transaction", epilog=EXITS)
def terminate_idle_in_transaction(
    older_than_seconds: Annotated[float, typer.Option(min=1, help="Idle for so long, or longer.")] = 60,
    stack: StackOption = None,
    dsn: DsnOption = None,
    apply: ApplyOption = False,
    yes: YesOption = False,
) -> None:
    """End sessions that are idle inside a transaction, and only those: they hold locks, and do nothing."""
    from headroom.ops import relieve as levers
    from headroom.ops.database import connected

    session = opened(stack)
    with connected(needed_dsn(session, dsn), change=apply) as database:
        carried_out(
            lambda: levers.terminate_idle_in_transaction(session, database, older_than_seconds), apply=apply, yes=yes
        )


@relieve.command("raise-percent", epilog=EXITS)
def raise_percent(
    percent: Annotated[int, typer.Argument(metavar="N", min=1, max=100, help="max_connections_percent.")],
    stack: StackOption = None,
    apply: ApplyOption = False,
    yes: YesOption = False,
) -> None:
    """Raise the proxy's share of max_connections; refused unless slots and CPU are free by the budget, and now."""
    from headroom.ops import relieve as levers

    session = opened(stack)
    try:
        carried_out(lambda: levers.raise_percent(session, percent), apply=apply, yes=yes)
    finally:
        tell_lacks(session.aws.lacks)


@relieve.command("add-readers", epilog=EXITS)
def add_readers(
    readers: Annotated[int, typer.Argument(metavar="N", min=1, max=15, help="So many beyond the declared ones.")],
    stack: StackOption = None,
    apply: ApplyOption = False,
    yes: YesOption = False,
) -> None:
    """Raise replica autoscaling's minimum to the declared readers and N more; for reads only, and in minutes."""
    from headroom.ops import relieve as levers

    session = opened(stack)
    carried_out(lambda: levers.add_readers(session, readers), apply=apply, yes=yes)


def roles(stack: StackOption = None, dsn: DsnOption = None, apply: ApplyOption = False, yes: YesOption = False) -> None:
    """Each service's limit and lock_timeout in the database, against the budget; --apply sets what differs."""
    from headroom.commands.ops_table import show_roles
    from headroom.ops import roles as limits
    from headroom.ops.database import connected
    from headroom.ops.errors import RefusedError

    if yes and not apply:
        raise UserError("--yes is for --apply")
    session = opened(stack)
    with connected(needed_dsn(session, dsn), change=apply) as database:
        rows = limits.compare(database, session.budget)
        show_roles(rows)
        todo = limits.changes(rows)
        if apply and todo:
            try:
                limits.check_fits(session.budget)
            except RefusedError as error:
                raise refused(error) from None
            for statement in (each for row in todo for each in limits.statements(session.budget, row)):
                typer.echo(f"Change: {statement}")
            if not yes:
                confirm("yes", "Type yes to do it: ")
            for failed in limits.apply(database, session.budget, todo):
                say(failed)
            rows = limits.compare(database, session.budget)
            show_roles(rows)
    raise typer.Exit(1 if any(row.differences for row in rows) else 0)


def teardown(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack's name.")],
) -> None:
    """Drain the autoscaled replicas, then destroy the stack; asks for its name."""
    from headroom.commands.stacks import project_folder
    from headroom.ops import teardown as steps
    from headroom.ops.errors import RefusedError

    session = opened(stack)
    try:
        steps.check_account(session, project_folder())
        cluster = steps.check_allowed(session)
    except RefusedError as error:
        raise refused(error) from None
    names = ", ".join(i.name for i in cluster.instances) if cluster else "no cluster any more"
    typer.echo(f"{session.name} in {session.aws.region}: {names}. All of it is destroyed, with all data.")
    confirm(session.stack, f"Type the stack's name, {session.stack}, to do it: ")
    if cluster is not None:
        steps.drain(session, cluster, say)
    raise typer.Exit(2 if steps.destroy(session, project_folder()) else 0)


def mount(app: typer.Typer) -> None:
    """Put the commands on the command line."""
    app.add_typer(relieve, name="relieve")
    app.command(epilog=EXITS)(roles)
    app.command(epilog=EXITS)(teardown)
