"""`headroom local`: the engine and AWS on this machine."""

from typing import Annotated

import typer

app = typer.Typer(help="The stack on emulated AWS: no account, no vendor's CLI.", no_args_is_help=True)


def say(text: str) -> None:
    """What is going on, on standard error: standard output belongs to the answer."""
    typer.echo(text, err=True)


def local_state() -> object | None:
    """The local stack's deployment, for commands that look at what is deployed; None where there is none."""
    from headroom.local.checkout import find_checkout
    from headroom.local.state import deployment

    return deployment(find_checkout())


@app.command()
def engine() -> None:
    """Find the Pulumi engine, or build the pinned one; prints its path."""
    from headroom.local.engine import ensure_engine

    found = ensure_engine(say)
    typer.echo(f"{found.pulumi} (version {found.version})")


@app.command()
def up() -> None:
    """Bring the stack `local` up on emulated AWS, with the policies enforced."""
    from headroom.local import stack
    from headroom.local.checkout import find_checkout

    raise typer.Exit(stack.up(find_checkout(), say))


@app.command()
def down() -> None:
    """Destroy the resources, drop the state, stop the emulator; safe to repeat."""
    from headroom.local import stack
    from headroom.local.checkout import find_checkout

    raise typer.Exit(stack.down(find_checkout(), say))


@app.command()
def preview(
    stack_name: Annotated[str, typer.Argument(metavar="STACK", help="A stack's name, or the path of a stack file.")],
) -> None:
    """Preview any stack with the policies enforced: no account, no credentials, nothing is kept."""
    from headroom.local import stack
    from headroom.local.checkout import find_checkout

    raise typer.Exit(stack.preview(find_checkout(), stack_name, say))


@app.command()
def env() -> None:
    """Print the environment for plain pulumi commands: eval "$(headroom local env)"."""
    from headroom.local import stack
    from headroom.local.checkout import find_checkout
    from headroom.local.environment import as_shell

    typer.echo(as_shell(stack.environment(find_checkout(), say)))


@app.command()
def status() -> None:
    """Say which engine, emulator and stack there are, and whether they belong together."""
    from headroom.local import stack
    from headroom.local.checkout import find_checkout

    raise typer.Exit(stack.status(find_checkout(), typer.echo))
