import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from headroom.drill.limits import scaled
from headroom.drill.live import Watcher
from headroom.drill.outcome import Outcome

WORKED = str(Path(__file__).parents[2] / "docs/examples/worked.yaml")
LONG = "pooled, [/b] lock_timeout and shedding"


def watcher(console: Console) -> Watcher:
    """With one side done and one that runs, both with long names."""
    found = Watcher(scaled(WORKED, cores=2), console)
    phase = SimpleNamespace(
        name="checkout-grows-and-grows",
        requests=168_000,
        seconds=4,
        outcomes={"ok": 400, "refused": 90_000},
        open=36.8,
        busy=12.6,
        goodput_per_second=10_000,
    )
    done: Any = SimpleNamespace(name=LONG, phases=[phase])
    seconds = [{}, {}, {Outcome.OK: 400, Outcome.REFUSED: 12_345}]
    running: Any = SimpleNamespace(
        side=SimpleNamespace(name=LONG),
        load=SimpleNamespace(now=lambda: 3.4, seconds=seconds),
        sampler=SimpleNamespace(samples=[SimpleNamespace(total=37, busy=12)]),
    )
    found.done(done)
    found.step(f"{LONG}: measuring the hold time at a low rate on db.staging.example.com/shop")
    found.running(running)
    return found


@pytest.mark.parametrize("width", [40, 80, 200])
def test_on_a_terminal_each_side_has_one_line(width: int) -> None:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system=None)
    console.print(watcher(console)._view())
    lines = out.getvalue().splitlines()
    assert len(lines) == 4  # titles, two sides, what is going on
    assert max(map(len, lines)) <= width


def test_eighty_columns_hide_no_number() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None)
    console.print(watcher(console)._view())
    titles, done, running, _ = out.getvalue().splitlines()
    assert " ".join(titles.split()) == "side phase of 37 slots open at work ok/s refused/s failed/s"
    assert done.split()[-5:] == ["37", "12.6", "10000", "22500", "19400"]
    assert running.split()[-5:] == ["37", "12", "400", "12345", "0"]


def test_in_a_log_a_line_stays_a_line() -> None:
    out = io.StringIO()
    watcher(Console(file=out, width=80))._line()
    assert out.getvalue().splitlines() == [
        f"{LONG}: measuring the hold time at a low rate on db.staging.example.com/shop",
        f"  {LONG}  3.4 s: 37 of 37 connections open, 12 at work; 400 ok, 12345 refused, 0 failed otherwise "
        "in the last second",
    ]
