"""The budget's model against a real pooler: busy connections and p95 wait, predicted and measured, by utilisation.

Medians of three seeds: run-to-run noise is larger than the model's error, and near utilisation 1 the wait is steep.
"""

import os
import statistics

from rich.console import Console
from rich.table import Table

from headroom.drill.drill import run_drill, run_to_its_end
from headroom.drill.limits import Limits, scaled
from headroom.drill.results import PhaseResult
from headroom.drill.scenario import Scenario, parse
from headroom.drill.side import SideRun

SEEDS = (1, 2, 3)
UTILISATIONS = (0.5, 0.6, 0.75)
HOLD_MS = 18
OVERHEAD_MS = 2  # about what the calibration will find; the table shows the utilisation that it came to
SCENARIO = """
title = "A steady load"
story = "s"
lesson = "l"
[[phases]]
name = "warm"
seconds = 1
[[phases]]
name = "steady"
seconds = 5
[[services]]
name = "checkout"
transactions_per_second = [{rate}, {rate}]
instances = [10, 10]
connections_max = 8
hold_ms = {hold}
client_timeout_ms = 3000
[[sides]]
name = "pooled"
path = "pooled"
"""


class Silent:
    """Nobody watches."""

    def step(self, _text: str) -> None:
        """Nothing."""

    def running(self, _side: SideRun) -> None:
        """Nothing."""


def main() -> None:
    """Measure and print."""
    console = Console(width=160)
    limits = scaled(None)
    console.print(
        f"{os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f} at the start; pool of {limits.pool_connections}"
    )
    table = Table()
    for column in (
        "utilisation",
        "busy predicted",
        "measured",
        "error",
        "p95 wait predicted, ms",
        "measured",
        "within max(2x, 5 ms)",
    ):
        table.add_column(column, justify="right")
    for utilisation in UTILISATIONS:
        rate = utilisation * limits.pool_connections * 1000 / (HOLD_MS + OVERHEAD_MS)
        phases = [
            steady(parse(SCENARIO.format(rate=rate, hold=HOLD_MS), "bench", "steady"), limits, seed) for seed in SEEDS
        ]
        predicted = [phase.prediction for phase in phases if phase.prediction is not None]
        busy, expected = median([p.busy for p in phases]), median([p.busy for p in predicted])
        wait, foreseen = median([p.p95_wait_ms for p in phases]), median([p.p95_wait_ms for p in predicted])
        table.add_row(
            f"{median([p.utilisation for p in predicted]):.2f}",
            f"{expected:.2f}",
            f"{busy:.2f}",
            f"{100 * (expected - busy) / busy:+.0f} %",
            f"{foreseen:.1f}",
            f"{wait:.1f}",
            "yes" if abs(wait - foreseen) <= 5 or 0.5 <= wait / max(foreseen, 1e-9) <= 2 else "no",
        )
    console.print(table)


def steady(scenario: Scenario, limits: Limits, seed: int) -> PhaseResult:
    """The steady phase of one run."""
    result = run_to_its_end(run_drill(scenario, limits, Silent(), seed=seed, command="bench"))
    return result.sides[0].phases[1]


def median(values: list[float | None]) -> float:
    """Of those that are known."""
    return statistics.median(value for value in values if value is not None)


if __name__ == "__main__":
    main()
