"""`headroom local`: the engine and AWS on this machine."""

import typer

app = typer.Typer(help="The stack on emulated AWS: no account, no vendor's CLI.", no_args_is_help=True)


def say(text: str) -> None:
    """What is going on, on standard error: standard output belongs to the answer."""
    typer.echo(text, err=True)


@app.command()
def engine() -> None:
    """Find the Pulumi engine, or build the pinned one; prints its path."""
    from headroom.local.engine import ensure_engine

    found = ensure_engine(say)
    typer.echo(f"{found.pulumi} (version {found.version})")
