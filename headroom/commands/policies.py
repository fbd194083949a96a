"""`headroom policies`: the rules of the policy pack, and what they say of a stack that is deployed."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headroom import clock
from headroom.errors import UserError

if TYPE_CHECKING:
    from policies.deployed import Report

app = typer.Typer(help="The rules: list them, read one, apply them to what is deployed.", no_args_is_help=True)


@app.command(name="list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, with everything that a rule says.")] = False,
) -> None:
    """List the rules, with their level in each environment."""
    from policies.documentation import as_json as plain
    from policies.pack import all_rules
    from policies.rule import ENVIRONMENTS

    if as_json:
        typer.echo(json.dumps([plain(rule) for rule in all_rules()], indent=2))
        return
    rows = [[r.id, *(r.level(e).value for e in ENVIRONMENTS), r.title] for r in all_rules()]
    _print_table(["rule", *ENVIRONMENTS, "what must hold"], rows)


@app.command()
def show(
    rule: Annotated[str, typer.Argument(metavar="ID", help="A rule's id, as in `headroom policies list`.")],
) -> None:
    """Print one rule: why, what it refuses, what unknown means, its settings, a bad and a good program."""
    from policies.documentation import page
    from policies.pack import all_rules

    found = next((r for r in all_rules() if r.id == rule), None)
    if found is None:
        raise UserError(f"{rule}: there is no such rule: {_nearest(rule, [r.id for r in all_rules()])}")
    typer.echo(page(found).partition("\n")[2], nl=False)  # without the note for those who edit the page


@app.command(epilog="Exit code: 0 valid, 2 not: each error on a line of its own, with its place.")
def validate(
    path: Annotated[str, typer.Argument(metavar="PATH", help="What --policy-pack-config is given.")],
) -> None:
    """Check a policy config without an engine or a login: rules, levels, numbers, exemptions."""
    from pathlib import Path

    from policies.configuration import read
    from policies.exemptions import Exemptions
    from policies.pack import all_rules

    applied, listed = read(Path(path), all_rules())
    wrong = list(Exemptions(listed, applied, clock.now().date()).objections())
    if wrong:
        raise UserError(
            "\n".join(f"{path}: {exemption} {objection}: {remedy}" for exemption, objection, remedy in wrong)
        )
    levels = [how.level.value for how in applied.values()]
    counts = ", ".join(f"{levels.count(level)} {level}" for level in ("mandatory", "advisory", "disabled"))
    typer.echo(f"{path} is valid: {counts}; {len(listed)} exemption{'s' * (len(listed) != 1)}")


@app.command(
    epilog="Exit code: 0 nothing mandatory, 1 a mandatory violation, 2 bad input. The state is what the last update "
    "or refresh saw: for drift, run `pulumi refresh` first."
)
def check(
    context: typer.Context,
    stack: Annotated[
        str | None,
        typer.Option("--stack", metavar="NAME", help="A stack of the backend that you are logged in to, or `local`."),
    ] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="PATH", help="What `pulumi stack export` wrote; no login is needed.")
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment", metavar="NAME", help="Whose levels and numbers. None: the stack's own, else prod's."
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="PATH", help="A project's own config, in place of an environment's."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Apply the rules to what is deployed."""
    from pathlib import Path

    from headroom.commands.state import exported, from_file

    if (stack is None) == (file is None):
        raise UserError("name what to check: a stack (--stack NAME) or a file (--file PATH), one of them")
    if config is not None and environment is not None:
        raise UserError("name whose levels and numbers count: --environment or --config, one of them")
    state: Any = from_file(file) if file is not None else exported(stack or "", context.obj)

    from policies.deployed import check as judged
    from policies.pack import all_rules

    own = Path(config) if config is not None else None
    report = judged(state, environment, all_rules(), clock.now(), file or f"stack {stack}", own)
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        _print_report(file or stack or "", report)
    raise typer.Exit(1 if report.refused else 0)


def _print_report(name: str, report: "Report") -> None:
    if report.verdicts:
        rows = [
            ["exempt" if v.why == "exempt" else v.level.value, v.rule.id, v.urn.rpartition("::")[2], _text(v.message)]
            for v in report.verdicts
        ]
        _print_table(["level", "rule", "resource", "what"], rows)
        typer.echo()
    exempt = sum(v.why == "exempt" for v in report.verdicts)
    advisory = len(report.verdicts) - report.refused - exempt
    counts = f"{report.refused} mandatory, {advisory} advisory, {exempt} exempt"
    verdict = "refused" if report.refused else "passes"
    typer.echo(
        f"{name} {verdict} as {report.environment}: {counts} ({report.rules} rules, {report.resources} resources)"
    )


def _text(message: str) -> str:
    return message.partition("] ")[2]  # the rule stands in its own column


def _print_table(head: list[str], rows: list[list[str]]) -> None:
    from rich.table import Table

    from headroom.commands.budget_table import console

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in head:
        last = name == head[-1]
        table.add_column(name, no_wrap=not last, overflow="fold")
    for row in rows:
        table.add_row(*row)
    out = console()
    with out.capture() as captured:
        out.print(table)
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _nearest(word: str, known: list[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(word, known, n=3) or [name for name in known if word in name][:3]
    return f"did you mean {', '.join(found)}?" if found else "`headroom policies list` shows all"
