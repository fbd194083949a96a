"""The one command, `headroom`.

Each area brings a `typer.Typer` in its own module, mounted below with one line. Those modules stay light: whatever is
slow to import is imported inside the function that needs it (a test watches), so that `headroom --help` is quick.
"""

import signal
import sys
from types import FrameType

import typer

from headroom import clock
from headroom.commands import ops_change, ops_read
from headroom.commands.budget import app as budget
from headroom.commands.policies import app as policies
from headroom.drill.cli import drill
from headroom.errors import UserError
from headroom.local.cli import app as local
from headroom.local.cli import local_state

app = typer.Typer(
    help="A database cluster that can't run out of connections unnoticed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(budget, name="budget")
app.command(name="drill")(drill)
app.add_typer(local, name="local")
ops_read.mount(app)
ops_change.mount(app)
app.add_typer(policies, name="policies", context_settings={"obj": local_state})


@app.callback()
def _root() -> None:
    """A database cluster that can't run out of connections unnoticed."""
    clock.shift_seconds()  # a wrong one ends every command in the same words, before anything starts


def main() -> None:
    """Run the command line. Exit code: 0 all well, 1 the answer is no, 2 a mistake or a lack, 130 interrupted."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except UserError as error:
        typer.secho(f"error: {error}", err=True, fg="red")
        sys.exit(2)
    except OSError as error:  # a full disk, a folder that can't be written: the machine's, not the program's
        typer.secho(f"error: {error.filename or 'this machine'}: {error.strerror or error}", err=True, fg="red")
        sys.exit(2)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)  # unwinds, so that what was started is stopped
