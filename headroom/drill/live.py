"""What is seen while it runs: a small table on a terminal, a line now and then elsewhere. On standard error."""

import asyncio
import time

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from headroom.drill.limits import Limits
from headroom.drill.outcome import Outcome
from headroom.drill.results import SideResult
from headroom.drill.side import SideRun

_REFRESH_SECONDS = 0.5
_LINE_SECONDS = 2.0
_BAR = (11, 30)  # columns, on a terminal narrower than _WIDE and on others
_SIDE = (16, 40)
_PHASE = 12
_WIDE = 110


class Watcher:
    """Shows the sides as they run; a `Watch`."""

    def __init__(self, limits: Limits, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._limits = limits
        self._step = ""
        self._now: SideRun | None = None
        self._done: list[SideResult] = []
        self._live: Live | None = None
        self._last_line = 0.0

    def step(self, text: str) -> None:
        """Something begins."""
        self._step = text
        if not self._console.is_terminal:
            self._console.print(text, highlight=False, markup=False, soft_wrap=True)
        elif self._live:
            self._live.update(self._view(), refresh=True)

    def running(self, side: SideRun) -> None:
        """A side's load begins."""
        self._now = side

    def done(self, result: SideResult) -> None:
        """A side is through."""
        self._done.append(result)
        self._now = None

    async def show(self) -> None:
        """Until it is cancelled."""
        if not self._console.is_terminal:
            while True:
                await asyncio.sleep(_REFRESH_SECONDS)
                self._line()
        with Live(self._view(), console=self._console, auto_refresh=False, transient=True) as self._live:
            while True:
                await asyncio.sleep(_REFRESH_SECONDS)
                self._live.update(self._view(), refresh=True)

    def _line(self) -> None:
        if self._now is None or time.monotonic() - self._last_line < _LINE_SECONDS:
            return
        self._last_line = time.monotonic()
        run = self._now
        opened, busy, ok, refused, other = _latest(run)
        self._console.print(
            f"  {run.side.name} {run.load.now():4.1f} s: {opened} of {self._limits.usable_connections} connections "
            f"open, {busy} at work; {ok} ok, {refused} refused, {other} failed otherwise in the last second",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )

    def _view(self) -> Group:
        wide = self._console.width >= _WIDE
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        # One line for each side, however long its name is: what moves is at the right.
        table.add_column("side", no_wrap=True, max_width=_SIDE[wide])
        table.add_column("phase", no_wrap=True, max_width=_PHASE)
        table.add_column(f"of {self._limits.usable_connections} slots", no_wrap=True)
        for title in ("open", "at work", "ok/s"):
            table.add_column(title, justify="right", no_wrap=True)
        table.add_column("refused/s", justify="right", style="red", no_wrap=True)
        table.add_column("failed/s", justify="right", style="yellow", no_wrap=True)
        for result in self._done:
            phase = max(result.phases, key=lambda p: p.requests / p.seconds)
            refused = phase.outcomes.get("refused", 0) / phase.seconds
            failed = (phase.requests - phase.outcomes.get("ok", 0)) / phase.seconds - refused
            opened, busy = phase.open or 0, phase.busy or 0
            table.add_row(
                Text(result.name),
                phase.name,
                self._bar(opened, busy),
                f"{opened:.0f}",
                f"{busy:.1f}",
                f"{phase.goodput_per_second:.0f}",
                f"{refused:.0f}",
                f"{failed:.0f}",
            )
        if self._now is not None:
            opened, busy, ok, refused_now, other = _latest(self._now)
            table.add_row(
                Text(self._now.side.name),
                f"{self._now.load.now():.1f} s",
                self._bar(opened, busy),
                str(opened),
                str(busy),
                str(ok),
                str(refused_now),
                str(other),
            )
        return Group(table, Text(self._step, style="dim", no_wrap=True, overflow="ellipsis"))

    def _bar(self, opened: float, busy: float) -> Text:
        limit, columns = self._limits.usable_connections, _BAR[self._console.width >= _WIDE]
        full = min(columns, round(columns * opened / limit))
        work = min(full, round(columns * busy / limit))
        bar = Text("█" * work, style="green")
        bar.append("█" * (full - work), style="red" if opened >= limit else "blue")
        bar.append("·" * (columns - full), style="dim")
        return bar


def _latest(run: SideRun) -> tuple[int, int, int, int, int]:
    """Open, at work; ok, refused, failed otherwise in the last full second."""
    sample = run.sampler.samples[-1] if run.sampler.samples else None
    second = int(run.load.now()) - 1
    counts = run.load.seconds[second] if 0 <= second < len(run.load.seconds) else {}
    ok, refused = counts.get(Outcome.OK, 0), counts.get(Outcome.REFUSED, 0)
    total = sum(counts.values())
    return (sample.total if sample else 0, sample.busy if sample else 0, ok, refused, total - ok - refused)
