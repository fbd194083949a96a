"""The operations' answers as a person likes to read them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.table import Table
from rich.text import Text

from headroom.budget.alarms.model import runbook_link
from headroom.commands.budget_table import console
from headroom.ops.roles import RoleRow
from headroom.ops.roles import Verdict as RoleVerdict
from headroom.ops.status import Row, State, Status
from headroom.ops.triage import Triage, Verdict

if TYPE_CHECKING:
    from headroom.ops.session import Session
    from headroom.ops.verify import Report

_STATES = {
    State.CRITICAL: "bold red",
    State.ABSENT: "bold red",
    State.UNKNOWN: "yellow",
    State.WARNING: "yellow",
    State.WELL: "green",
    State.UNUSED: "dim",
}
_VERDICTS = {Verdict.YES: "bold red", Verdict.NO: "green", Verdict.UNKNOWN: "yellow"}


def show_status(session: "Session", status: Status) -> None:
    """Print it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("", "role"):
        table.add_column(heading)
    for heading in ("now", "expected", "warning", "critical", "limit", "used", "age"):
        table.add_column(heading, justify="right")
    table.add_column("state")
    table.add_column("", overflow="fold")
    for row in status.rows:
        table.add_row(
            row.what,
            str(row.role),
            _count(row.value, row),
            *(_count(number, row) for number in (row.expected, row.warning, row.critical, row.limit)),
            "-" if row.used is None else f"{100 * row.used:,.0f} %",
            "-" if row.age_seconds is None else f"{row.age_seconds:,.0f} s",
            Text(row.state, style=_STATES[row.state]),
            row.note,
        )
    _print(Text(f"{session.name} in {session.aws.region}: connections, the worst first", style="bold"), table)


def _count(number: float | None, row: Row) -> str:
    if number is None:
        return "-"
    digits = 1 if row.unit == "ms" and number < 10 and number != int(number) else 0
    return f"{number:,.{digits}f}" + (" ms" if row.unit == "ms" else "")


def show_triage(triage: Triage) -> None:
    """Print it; the first line is the answer."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for number, check in enumerate(triage.checks, 1):
        table.add_row(f"{number}. {check.question}", Text(check.verdict, style=_VERDICTS[check.verdict]))
        table.add_row("", f"{check.text} ({runbook_link(check.section)})")
    _print(Text(triage.headline, style=_VERDICTS[triage.verdict]), Text(), table)


def show_roles(rows: Sequence[RoleRow]) -> None:
    """Print them."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("service", "role"):
        table.add_column(heading)
    for heading in ("needs", "budget", "database"):
        table.add_column(heading, justify="right")
    waits = any(row.limit.lock_timeout_ms is not None for row in rows)
    if waits:
        table.add_column("lock_timeout", justify="right")
    table.add_column("verdict", overflow="fold")
    for row in rows:
        actual = "-" if row.actual is None else "unlimited" if row.actual < 0 else f"{row.actual:,}"
        found = row.differences
        told = "; ".join(f"{what}: {meaning}" for what, meaning in found) or str(RoleVerdict.SAME)
        needed, granted = row.limit.needed_connections, row.limit.limit_connections
        table.add_row(
            row.limit.service,
            row.limit.user,
            f"{needed:,}",
            f"{granted:,}",
            actual,
            *(["-" if row.lock_timeout is None else f"{row.lock_timeout.milliseconds:,.0f} ms"] if waits else []),
            Text(told, style="yellow" if found else "green"),
        )
    _print(table)


def show_verify(report: "Report") -> None:
    """Print it; the last line is the answer."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    styles = {"yes": "green", "no": "bold red", "can't tell": "yellow", "not asked": "dim"}
    for check in report.checks:
        table.add_row(Text(check.verdict, style=styles[check.verdict]), check.what, check.text)
    _print(table, Text(report.headline, style="bold green" if report.ready else "bold red"))


def _print(*parts: Table | Text) -> None:
    out = console()
    with out.capture() as captured:
        for part in parts:
            out.print(part)
    # Tables pad their last column; nobody wants that in a file.
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))
