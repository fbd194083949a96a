"""A budget as a person likes to read it: the verdict first, then what each instance carries and what is asked of it.

Tables where the terminal is wide enough, the same figures as a list where it isn't. Piped output has no colour and is
as wide as it needs to be.
"""

import math
import os
import sys
from collections.abc import Iterable, Iterator, Sequence

from rich.columns import Columns
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from headroom.budget import Budget
from headroom.budget.capacity import Capacity
from headroom.budget.model import Role
from headroom.budget.result import Finding, Line, Remedy, Term

_BAR_CELLS = 8
_LITTLE = 0.1  # headroom below this is shown in yellow
_ANY_WIDTH = 10_000  # a pipe has no edge: nothing wraps

_LEGEND = """slots      direct pools and the proxy's whole pool, of the usable connections
pool       what the proxied services need, of the proxy's pool
CPU        busy connections, of those that the vCPUs carry
memory     connections that may be open, of those that fit beside the buffer cache
reconnect  to open again, after a failover or a deploy, what is open
headroom   the smallest free share of the four, and which of them binds"""


def console() -> Console:
    """Standard output: colour on a terminal only, and not with NO_COLOR."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _ANY_WIDTH
    return Console(highlight=False, markup=False, emoji=False, width=width)


def percent(share: float) -> str:
    """Whole percent, rounded down: headroom is never shown larger than it is."""
    return f"{math.floor(100 * share + 1e-9):,} %"


def verdict(budget: Budget) -> str:
    """One line: does it fit, how much is free or missing, and which limit binds where."""
    name, worst = budget.stack.name, budget.worst
    free = f"{percent(worst.headroom)} headroom, bound by {worst.binds} on the {worst.role} ({worst.situation})"
    if budget.fits:
        return f"{name} fits: {free}"
    if worst.fits:
        return f"{name} doesn't fit: every limit holds ({free}), but a rule doesn't"
    short = next(f for f in budget.errors if f.code == worst.binds and f.role is worst.role)
    return (
        f"{name} doesn't fit: {short.short_by_connections:,} connections too many, "
        f"bound by {worst.binds} on the {worst.role} ({short.situation})"
    )


def show_verdict(out: Console, budget: Budget) -> None:
    """Print one line."""
    out.print(Text(verdict(budget), style="bold green" if budget.fits else "bold red"))


def show_legend(out: Console) -> None:
    """Print what the columns of the situations count."""
    out.print(Text(_LEGEND, style="dim"))


def show(out: Console, budget: Budget, ways_out: Sequence[Remedy]) -> None:
    """Print one stack's budget."""
    show_verdict(out, budget)
    if not budget.fits:
        _listed(out, "Why it doesn't fit", (_finding(f) for f in budget.errors))
        none = (
            "none was found: no single change of pools, percent, max_connections, proxy, readers or class makes it fit "
            "and harms nobody"
        )
        ways = [f"{way.title} ({way.cost})" for way in ways_out]
        _listed(out, "Ways out, each checked to fit", ways or [none])
    _listed(out, "To know", (_finding(f) for f in budget.findings if f not in budget.errors))
    _capacities(out, budget)
    for role in Role:
        _role(out, budget, role)
    _thresholds(out, budget)


def _listed(out: Console, title: str, entries: Iterable[str]) -> None:
    entries = list(entries)
    if not entries:
        return
    out.print(Text(f"\n{title}", style="bold"))
    for entry in entries:
        out.print(Padding(Text(f"- {entry}"), (0, 0, 0, 2)))


def _finding(finding: Finding) -> str:
    return f"{finding.code}: {finding.message}"


def _capacities(out: Console, budget: Budget) -> None:
    """What the instances can carry; those that carry the same share a row."""
    groups: dict[Capacity, list[str]] = {}
    for line in budget.lines:
        names = groups.setdefault(line.capacity, [])
        if line.instance not in names:
            names.append(line.instance)
    headers = ("Capacity of", "ceiling", "basis", "reserved", "usable", "pool", "CPU cap", "memory cap")
    rows = [
        [
            Text("each instance" if len(groups) == 1 else ", ".join(sorted(names))),
            Text(str(c.ceiling)),
            Text(c.ceiling.basis),
            *(Text(f"{figure:,}") for figure in (c.reserved, c.usable, c.pool, c.cpu_cap, c.memory_cap)),
        ]
        for c, names in groups.items()
    ]
    _table(out, headers, rows)


def _role(out: Console, budget: Budget, role: Role) -> None:
    """The role's situations, each at the instance where it is worst."""
    worst: dict[str, Line] = {}
    for line in budget.lines:
        if line.role is role and (line.situation not in worst or line.headroom < worst[line.situation].headroom):
            worst[line.situation] = line
    figures = ("direct", "slots", "pool", "CPU", "memory", "reconnect", "headroom", "")
    headers = (role.value.capitalize(), "worst on", *figures, "bound by")
    rows = [_situation(out, name, line) for name, line in _ordered(worst)]
    _table(out, headers, rows, [line.situation for _, line in _ordered(worst)])


def _ordered(worst: dict[str, Line]) -> Iterator[tuple[str, Line]]:
    """Each day, then what may go wrong during it, indented."""
    days = [name for name in worst if not any(name.startswith(f"{other}, ") for other in worst)]
    for day in days:
        yield day, worst[day]
        for name, line in worst.items():
            if name.startswith(f"{day}, "):
                yield f"  {name.removeprefix(f'{day}, ')}", line


def _situation(out: Console, name: str, line: Line) -> list[Text]:
    limits = line.capacity
    of_limit = {
        Term.SLOTS: f"{line.taken:,}/{limits.usable:,}",
        Term.POOL: f"{line.proxied:,}/{limits.pool:,}" if limits.pool or line.proxied else "-",
        Term.CPU: f"{line.busy:,.0f}/{limits.cpu_cap:,}",
        Term.MEMORY: f"{line.direct + limits.pool_at_most:,}/{limits.memory_cap:,}",
    }
    colour = _colour(line.headroom)
    return [
        Text(name),
        Text(line.instance.removeprefix("an ")),
        Text(f"{line.direct:,}"),
        *(Text(text, style=f"bold {colour}" if term is line.binds else "") for term, text in of_limit.items()),
        Text(f"{line.reconnect_seconds:,.1f} s"),
        Text(percent(line.headroom)),
        Text(_bar(out, line.headroom), style=colour),
        Text(line.binds.value, style=colour),
    ]


def _colour(headroom: float) -> str:
    return "red" if headroom < 0 else "yellow" if headroom < _LITTLE else "green"


def _bar(out: Console, share: float) -> str:
    """The free share; not empty while anything is free, not full while anything is used."""
    full, empty = "█░" if out.encoding.lower().startswith("utf") else "#."
    cells = min(_BAR_CELLS, max(0, math.ceil(_BAR_CELLS * share)))
    if share < 1:
        cells = min(cells, _BAR_CELLS - 1)
    return full * cells + empty * (_BAR_CELLS - cells)


def _thresholds(out: Console, budget: Budget) -> None:
    found = budget.thresholds
    rows = [
        [
            f"{t.role}, connections",
            f"{t.accepted_peak_connections:,}",
            f"{t.warning_connections:,}",
            f"{t.critical_connections:,}",
            f"{t.limit_connections:,}",
        ]
        for t in found.roles
    ]
    for t in found.pools:
        used = (t.accepted_peak_percent, t.warning_percent, t.critical_percent, 100.0)
        rows.append([f"{t.role}, pool borrowed", *(f"{share:.1f} %" for share in used)])
    for t in found.pools[:1]:  # one proxy, one wait objective: the same for both roles
        waits = (t.borrow_latency_warning_microseconds, t.borrow_latency_critical_microseconds)
        rows.append(["wait for the pool", "", *(f"{us / 1000:,.0f} ms" for us in waits), ""])
    headers = ("Thresholds", "accepted peak", "warning", "critical", "limit")
    _table(out, headers, [[Text(cell) for cell in row] for row in rows])
    if found.scaling is not None:
        target = found.scaling
        by = "" if target.connections is None else f"{target.connections:,} connections or "
        out.print(
            Text(
                f"Replica autoscaling keeps the readers' mean below {by}{target.cpu_percent} % CPU, "
                f"and starts {target.lead_minutes} minutes ahead of an event."
            )
        )


def _table(
    out: Console, headers: Sequence[str], rows: Sequence[Sequence[Text]], titles: Sequence[str] | None = None
) -> None:
    """A table; where it would be wider than the terminal, a list (of `titles`, else of the first column)."""
    if not rows:
        return
    out.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for position, header in enumerate(headers):
        words = position == 0 or header in ("basis", "worst on", "bound by")
        table.add_column(header, justify="left" if words else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    if Measurement.get(out, out.options.update(width=_ANY_WIDTH), table).maximum <= out.width:
        out.print(table)
        return
    for title, row in zip(titles or [row[0].plain for row in rows], rows, strict=True):
        named = [(header, cell) for header, cell in zip(headers[1:], row[1:], strict=True) if header and cell.plain]
        out.print(Text(f"{headers[0]}: {title}", style="bold"))
        figures = [Text.assemble(f"{header} ", cell) for header, cell in named]
        out.print(Padding(Columns(figures, padding=(0, 2)), (0, 0, 0, 2)))
