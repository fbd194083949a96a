"""`headroom drill`: the outage on a real PostgreSQL on this machine, and the same sale survived."""

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headroom.drill.passwords import without_password
from headroom.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from headroom.drill.limits import Limits
    from headroom.drill.live import Watcher
    from headroom.drill.results import DrillResult
    from headroom.drill.scenario import Scenario

_REPORT = Path("drill.html")


def say(text: str) -> None:
    """What is going on, on standard error: standard output belongs to the answer."""
    typer.echo(text, err=True)


def drill(
    scenario: Annotated[str, typer.Argument(help="A scenario's name, or a file of yours (*.toml).")] = "flash-sale",
    list_: Annotated[bool, typer.Option("--list", help="List the scenarios and exit.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the results as JSON, raw samples included.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a summary as Markdown.")] = False,
    stack: Annotated[
        str | None,
        typer.Option(help="Whose limits to scale: a stack's name or file (default: local, or the worked example)."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="Of arrivals, work and choices.")] = 1,
    report: Annotated[Path, typer.Option(help="Where the HTML report goes.")] = _REPORT,
    pooler: Annotated[
        str | None, typer.Option(help="pgbouncer or reference (default: PgBouncer where it is installed).")
    ] = None,
    target_dsn: Annotated[
        str | None,
        typer.Option(
            help="A real target instead of a server of the drill's own: postgresql://user@host/db, "
            "its password in PGPASSWORD or a password file (PGPASSFILE, ~/.pgpass)."
        ),
    ] = None,
    proxy_dsn: Annotated[str | None, typer.Option(help="The same database through its proxy: the second side.")] = None,
    error_budget: Annotated[
        int, typer.Option(min=1, help="Failed requests after which a side on a real target stops by itself.")
    ] = 200,
) -> None:
    """Run the outage on a real PostgreSQL, then the same sale through a pooler, side by side.

    Exit code: 0 it came out as the scenario expects, 1 it didn't, 2 a mistake or a lack, 130 interrupted.
    """
    from headroom.drill.needs import check_extra

    check_extra()
    from headroom.drill import scenario as scenarios

    if list_:
        for name in scenarios.names():
            typer.echo(f"{name:16} {scenarios.load(name).title}")
        return
    wrong = []
    if json_ and markdown:
        wrong.append("--json and --markdown: one answer at a time")
    if pooler not in {None, "pgbouncer", "reference"}:
        wrong.append(f"--pooler: must be pgbouncer or reference, got {pooler!r}")
    if proxy_dsn is not None and target_dsn is None:
        wrong.append("--proxy-dsn: needs --target-dsn, the same database without its proxy")
    if target_dsn is not None and pooler:
        wrong.append("--pooler: a real target has its own proxy: leave it out, or name it with --proxy-dsn")
    if unwritable := _unwritable(report):
        wrong.append(f"--report {report}: {unwritable}")
    if wrong:
        raise UserError("\n".join(wrong))
    from headroom.drill.limits import scaled

    chosen, limits = scenarios.load(without_password(scenario)), scaled(stack)
    if target_dsn is not None:
        from headroom.drill.target_run import confirmed, plan, run_plan

        planned = plan(chosen, limits, target_dsn, proxy_dsn, error_budget)
        for line in planned.describe():
            say(line)
        confirmed(planned, sys.stdin)
        result = _watched(limits, lambda w: run_plan(planned, w, seed=seed, command=_command(), on_side=w.done))
    else:
        for line in limits.describe():
            say(line)
        result = _run(chosen, limits, seed, pooler)
    written = _answer(result, report, as_json=json_, as_markdown=markdown)
    whole = written and not result.ended_early and not any(side.broken for side in result.sides)
    raise typer.Exit(2 if not whole else 0 if result.as_expected else 1)


def _run(chosen: "Scenario", limits: "Limits", seed: int, pooler: str | None) -> "DrillResult":
    from headroom.drill.drill import run_drill

    return _watched(
        limits,
        lambda watcher: run_drill(
            chosen,
            limits,
            watcher,
            seed=seed,
            command=_command(),
            pooler=pooler,
            emulator_record=_emulator_record(),
            on_side=watcher.done,
        ),
    )


def _watched(limits: "Limits", work: "Callable[[Watcher], Coroutine[object, object, DrillResult]]") -> "DrillResult":
    """Run it, with the live view beside it."""
    import asyncio

    from headroom.drill.drill import InterruptedDrillError, run_to_its_end
    from headroom.drill.live import Watcher

    watcher = Watcher(limits)

    async def both() -> "DrillResult":
        showing = asyncio.ensure_future(watcher.show())
        try:
            return await work(watcher)
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)

    try:
        return run_to_its_end(both())
    except InterruptedDrillError as interrupted:
        say("interrupted: everything that the drill started is gone")
        raise typer.Exit(interrupted.exit_code) from None


def _answer(result: "DrillResult", path: Path, *, as_json: bool, as_markdown: bool) -> bool:
    """Give it; a disk that is full by now costs the page only. Returns whether the page was written."""
    from headroom.drill import report

    lack = ""
    try:
        report.write(result, path)
    except UserError as error:
        lack = str(error)
    for side in result.sides:
        if side.broken:
            say(f"error: {side.name}: {side.broken}")
        if side.generator_bound:
            late = f"{1000 * side.lag_p95_seconds:.0f} ms late at p95"
            say(f"{side.name}: generator-bound ({late}): latencies say more about this machine than about the database")
        for check in side.checks:
            if check.holds is False:
                measured = "nothing" if check.measured is None else f"{check.measured:.2f}"
                say(f"{side.name}: expected {check.text}, measured {measured}")
    if result.ended_early:
        say(f"error: {result.ended_early}")
    say(f"error: {lack}" if lack else f"report: {path}")
    if as_json:
        typer.echo(report.dumps(result))
    else:
        typer.echo(report.markdown(result) if as_markdown else result.verdict)
    return not lack


def _command() -> str:
    """As it was typed, without passwords: the report is passed around."""
    return " ".join(["headroom", *(without_password(shlex.quote(word)) for word in sys.argv[1:])])


def _unwritable(report: Path) -> str:
    """Why the report can't go there; empty if it can. Asked before the drill, not after it."""
    try:
        if report.is_dir():
            return "is a folder: name a file"
        if not report.parent.is_dir():
            return f"no folder {report.parent}"
        there = os.path.lexists(report)
        with report.open("ab"):
            pass  # only opening it tells: a read-only disk has no permissions, and root has all
        if not there:
            report.unlink()
    except OSError as error:
        return f"can't be written: {error.strerror}"
    return ""


def _emulator_record() -> Path | None:
    """The local stack's record of its emulator, here or above."""
    here = Path.cwd()
    return next((f for d in (here, *here.parents) if (f := d / ".headroom" / "emulator.json").is_file()), None)
