"""A drill's results: a table for each phase, prediction beside measurement, alarms, expectations, the verdict."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headroom.drill import alarms
from headroom.drill.limits import Limits
from headroom.drill.prediction import Prediction
from headroom.drill.scenario import Scenario

SCHEMA_VERSION = 1
GENERATOR_BOUND_SECONDS = 0.1

Columns = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class PhaseResult:
    """One phase of one side; latencies in milliseconds of the requests that succeeded, connections as means.

    `refused_connects` counts attempts to connect that met no free slot, with those that no request waits for.
    `p95_wait_ms` is p95 of what a request takes beyond its work, above the same at a low rate (the calibration's).
    """

    name: str
    start: float
    seconds: float
    requests: int
    outcomes: dict[str, int]
    refused_connects: int
    ok_percent: float | None
    goodput_per_second: float
    attempts_per_request: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    p95_wait_ms: float | None
    open: float | None
    busy: float | None
    by_service: dict[str, float | None]
    prediction: Prediction | None

    @property
    def active_percent(self) -> float | None:
        """Active connections in percent of the open ones."""
        return 100 * self.busy / self.open if self.busy is not None and self.open else None


@dataclass(frozen=True)
class Check:
    """An expectation, what was measured, and whether it holds (None: not judged, as the generator was late itself)."""

    text: str
    measured: float | None
    holds: bool | None


@dataclass(frozen=True, kw_only=True)
class SideResult:
    """One side, ready for the report; `columns` and the series are the raw data."""

    name: str
    path: str
    proxy: str
    broken: str
    notes: list[str]
    role_limits: dict[str, int]
    calibration: dict[str, Any] | None
    slots: int
    phases: list[PhaseResult]
    checks: list[Check]
    verdicts: list[alarms.Verdict]
    recovery_seconds: float | None
    reconnect_seconds: float | None
    lag_p95_seconds: float
    lag_max_seconds: float
    first_refusal_seconds: float | None
    columns: Columns = field(repr=False)
    times: list[float] = field(repr=False)
    open: list[int] = field(repr=False)
    busy: list[int] = field(repr=False)
    clients: list[tuple[float, int]] = field(repr=False)
    by_role: dict[str, list[int]] = field(repr=False)

    @property
    def generator_bound(self) -> bool:
        """The generator itself was late: its latencies say more about it than about the database."""
        return self.lag_p95_seconds > GENERATOR_BOUND_SECONDS

    @property
    def as_expected(self) -> bool:
        """Every expectation holds and nothing broke."""
        return not self.broken and all(check.holds is not False for check in self.checks)


@dataclass(frozen=True, kw_only=True)
class DrillResult:
    """All sides of one drill, and all that is needed to run it again.

    `ended_early` is one line: which side could not be set up, and why; those before it are kept.
    """

    scenario: Scenario
    limits: Limits
    seed: int
    versions: dict[str, str]
    command: str
    sides: list[SideResult]
    ended_early: str = ""

    @property
    def as_expected(self) -> bool:
        """Every side came out as the scenario says, and none is missing."""
        return len(self.sides) == len(self.scenario.sides) and all(side.as_expected for side in self.sides)

    @property
    def telling_phase(self) -> int:
        """The phase that tells the story: the one with most traffic; of equals, where the first side did worst."""
        phases = range(len(self.scenario.phases))
        rates = [sum(s.transactions_per_second[n] for s in self.scenario.services) for n in phases]
        first = self.sides[0].phases if self.sides else []
        return max(phases, key=lambda n: (rates[n], -(first[n].ok_percent or 0) if first else 0, -n))

    @property
    def verdict(self) -> str:
        """One line: each side's success in the telling phase."""
        parts = []
        for side in self.sides:
            phase = side.phases[self.telling_phase]
            ok = "no request" if phase.ok_percent is None else f"{phase.ok_percent:.1f} % ok"
            parts.append(
                f"{side.name}: {ok} in the {phase.name!r} phase, "
                f"with {phase.busy or 0:.1f} of {phase.open or 0:.0f} open connections at work"
            )
        tail = "As expected" if self.as_expected else "NOT as expected"
        return f"{self.scenario.name}: {'; '.join(parts)}. {tail}."
