"""`headroom budget`: who may hold how many connections, and what a change does to that."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from headroom.errors import UserError

if TYPE_CHECKING:
    from headroom.budget import Budget


class _ShowUnlessNamed(TyperGroup):
    """`headroom budget prod --json` is `headroom budget show prod --json`: `show` is what the word budget means."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command first, also before `--help`."""
        return super().parse_args(ctx, args if args and args[0] in self.commands else ["show", *args])


class _Unnamed(TyperCommand):
    """A default command: its usage is the group's."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Stand in the group's place."""
        if parent is not None:
            info_name, parent = parent.info_name, parent.parent
        return super().make_context(info_name, args, parent, **extra)


app = typer.Typer(cls=_ShowUnlessNamed)


@app.command(
    cls=_Unnamed,
    epilog="Exit code: 0 fits, 1 doesn't fit, 2 bad input. What a change moves: headroom budget diff --help",
)
def show(
    stacks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STACK",
            help="Names of stacks (prod for Pulumi.prod.yaml) or paths of stack files. None: all of the project.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON; its schema is docs/budget.schema.json.")] = False,
    as_explanation: Annotated[bool, typer.Option("--explain", help="Show the arithmetic, line by line.")] = False,
    as_sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL that limits each service's role, for one stack.")
    ] = False,
) -> None:
    """Print the connection budget of stacks: what each instance carries, what is asked of it, and does it fit."""
    from headroom.commands import stacks as files

    if as_json + as_explanation + as_sql > 1:
        raise UserError("--json, --explain and --sql are different answers: choose one")
    found = [*(stacks or files.all_files())]
    if not found:
        raise UserError(f"{files.project_folder()}: no Pulumi.<stack>.yaml: go to the project, or name a stack file")
    if as_sql and len(found) != 1:
        names = (which if isinstance(which, str) else which.name for which in found)
        raise UserError(f"--sql is for one stack's database: name one of {', '.join(names)}")
    from headroom.budget import evaluate

    budgets = [evaluate(stack) for stack in files.each(files.stack_of, found)]
    if as_json:
        _print_json(budgets)
    elif as_explanation:
        _print_explanations(budgets)
    elif as_sql:
        _print_sql(budgets[0])
    else:
        _print_tables(budgets)
    raise typer.Exit(0 if all(budget.fits for budget in budgets) else 1)


def _print_json(budgets: Sequence["Budget"]) -> None:
    from headroom.budget.serialize import report

    answer = {"fits": all(budget.fits for budget in budgets), "stacks": [report(budget) for budget in budgets]}
    typer.echo(json.dumps(answer, indent=2, allow_nan=False))


def _print_explanations(budgets: Sequence["Budget"]) -> None:
    from headroom.budget.explain import explain
    from headroom.commands.budget_table import verdict

    typer.echo("\n".join(f"{verdict(budget)}\n\n{explain(budget)}" for budget in budgets), nl=False)


def _print_sql(budget: "Budget") -> None:
    from headroom.budget.roles import sql
    from headroom.commands.budget_table import verdict

    if budget.fits:
        typer.echo(sql(budget), nl=False)
    else:  # limits that don't fit must not be piped into a database
        typer.echo(f"no limits: {verdict(budget)}", err=True)


def _print_tables(budgets: Sequence["Budget"]) -> None:
    from headroom.budget.remedies import remedies
    from headroom.commands import budget_table

    out = budget_table.console()
    with out.capture() as captured:
        if len(budgets) > 1:
            for budget in budgets:
                budget_table.show_verdict(out, budget)
            out.print("\n")
        for budget in budgets:
            budget_table.show(out, budget, remedies(budget.stack))
            out.print()
        budget_table.show_legend(out)
    # Tables pad their last column; nobody wants that in a file.
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


@app.command(epilog="Exit code: 0 B fits, 1 B doesn't fit, 2 bad input. Both sides are evaluated by this version.")
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A stack, a stack file, or a git revision (main, HEAD~1).")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same; a file in a revision is main:Pulumi.prod.yaml.")],
    stack: Annotated[
        str | None, typer.Option("--stack", metavar="NAME", help="Between two revisions: this stack only.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON; its schema is docs/budget-diff.schema.json.")
    ] = False,
) -> None:
    """Print what moves between two stacks, files or git revisions, in connections on one instance."""
    from headroom.commands import budget_diff

    comparisons = budget_diff.compare(a, b, stack)
    if as_json:
        typer.echo(json.dumps(budget_diff.as_json(comparisons), indent=2, allow_nan=False))
    else:
        typer.echo("\n".join(line for comparison in comparisons for line in budget_diff.told(comparison)))
    raise typer.Exit(0 if all(comparison.fits for comparison in comparisons) else 1)
