"""The report of results that no server had to make."""

from pathlib import Path

import numpy as np
import pytest

from headroom.drill import report
from headroom.drill import scenario as scenarios
from headroom.drill.limits import scaled
from headroom.drill.outcome import Outcome
from headroom.drill.results import DrillResult, PhaseResult, SideResult
from tests.drill.test_scenario import SMALL

WORKED = str(Path(__file__).parents[2] / "docs/examples/worked.yaml")


def side(name: str, outcome: Outcome, requests: int) -> SideResult:
    names = ("service", "intended", "latency", "work", "outcome", "attempts")
    columns = {column: np.full(requests, 0.01) for column in names}
    columns["outcome"] = np.full(requests, float(outcome))
    phase = PhaseResult(
        name="all",
        start=0,
        seconds=1,
        requests=requests,
        outcomes={outcome.name.lower(): requests},
        refused_connects=0,
        ok_percent=None,
        goodput_per_second=0,
        attempts_per_request=None,
        p50_ms=None,
        p95_ms=None,
        p99_ms=None,
        p95_wait_ms=None,
        open=None,
        busy=None,
        by_service={},
        prediction=None,
    )
    return SideResult(
        name=name,
        path="direct",
        proxy="",
        broken="",
        notes=[],
        role_limits={},
        calibration=None,
        slots=37,
        phases=[phase],
        checks=[],
        verdicts=[],
        recovery_seconds=None,
        reconnect_seconds=None,
        lag_p95_seconds=0,
        lag_max_seconds=0,
        first_refusal_seconds=None,
        columns=columns,
        times=[],
        open=[],
        busy=[],
        clients=[],
        by_role={},
    )


def result(*sides: SideResult) -> DrillResult:
    return DrillResult(
        scenario=scenarios.parse(SMALL, "mine.toml", "mine"),
        limits=scaled(WORKED, cores=2),
        seed=1,
        versions={},
        command="",
        sides=list(sides),
    )


@pytest.mark.parametrize("requests", [0, 3])
@pytest.mark.parametrize("other", [Outcome.LOST, Outcome.REFUSED, Outcome.OK])
def test_a_side_in_which_nothing_succeeded_can_be_drawn_and_told(requests: int, other: Outcome) -> None:
    found = result(side("direct", Outcome.FAILED, requests), side("pooled", other, 2))
    assert report.html(found).count("<svg") == 1
    assert report.html(result(side("alone", Outcome.FAILED, requests))).count("<svg") == 1
    assert report.dumps(found)


def test_a_side_may_be_called_what_its_author_likes() -> None:
    assert "pool of $8 \\x" in report.html(result(side("pool of $8 \\x$", Outcome.OK, 2)))
