import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import alarms as declared
from headroom.budget.model import Role
from headroom.drill import alarms
from headroom.drill.limits import scaled

WORKED = str(Path(__file__).parents[2] / "docs/examples/worked.yaml")


@pytest.mark.parametrize(
    ("values", "m", "n", "expected"),
    [
        ([1, 9, 9, 9], 2, 3, 2),
        ([9, 1, 9], 2, 3, 2),  # one that dips between them doesn't start the count again
        ([9, 9, 9, 9], 5, 5, None),
        ([9, 9, 9, 9, 9], 5, 5, 4),
        ([9, None, 9], 2, 3, 2),
        ([None, None], 1, 1, None),
        ([], 1, 1, None),
        ([5], 1, 1, 0),  # at the threshold is over it, as the deployed comparison has it
    ],
)
def test_an_alarm_fires_at_m_of_n(values: list[float | None], m: int, n: int, expected: int | None) -> None:
    assert alarms.fires(values, 5, m, n) == expected


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 5), st.integers(0, 4))
def test_it_fires_no_earlier_than_after_m_datapoints_and_exactly_there_when_all_breach(
    breaches: list[bool], m: int, more: int
) -> None:
    fired = alarms.fires([9.0 if b else 0.0 for b in breaches], 5, m, m + more)
    if fired is not None:
        assert fired >= m - 1
        assert breaches[fired]
        assert sum(breaches[max(0, fired - m - more + 1) : fired + 1]) == m
    if len(breaches) >= m and all(breaches):
        assert fired == m - 1


def test_a_period_has_its_maximum_and_none_where_nothing_was_sampled() -> None:
    assert alarms.maxima([0.1, 0.9, 2.5, 7.0], [3, 5, 1, 9], 3.2) == [5, None, 1, None]


def test_the_tiers_are_those_that_are_deployed() -> None:
    assert {t.name: (t.breaching_minutes, t.of_minutes) for t in (declared.WARNING, declared.CRITICAL)} == alarms.TIERS
    assert alarms.PERIOD_SECONDS == declared.PERIOD_SECONDS


def test_the_thresholds_are_the_budgets_at_the_drills_scale() -> None:
    limits = scaled(WORKED, cores=2)
    thresholds = limits.budget.thresholds.role(Role.WRITER)
    assert thresholds is not None
    found = {rule.name: rule for rule in alarms.rules_from_budget(limits)}
    assert found["writer-connections-warning"].threshold == pytest.approx(thresholds.warning_connections * 40 / 150)
    assert found["writer-connections-critical"].threshold == pytest.approx(thresholds.critical_connections * 40 / 150)
    assert set(found) == {
        f"writer-{what}-{tier}" for what in ("connections", "pool") for tier in ("warning", "critical")
    }


class CloudWatch:
    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_alarms"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        def alarm(name: str, metric: str, role: str, threshold: float) -> dict[str, Any]:
            return {
                "AlarmName": name,
                "MetricName": metric,
                "Threshold": threshold,
                "EvaluationPeriods": 3,
                "DatapointsToAlarm": 2,
                "Dimensions": [{"Name": "Role", "Value": role}],
            }

        return [
            {"MetricAlarms": [alarm("critical", "DatabaseConnections", "WRITER", 900)]},
            {
                "MetricAlarms": [
                    alarm("warning", "DatabaseConnections", "WRITER", 600),
                    alarm("readers", "DatabaseConnections", "READER", 100),
                    alarm("uptime", "EngineUptime", "WRITER", 0),
                ]
            },
        ]


def test_deployed_alarms_on_the_writers_connections_are_read_from_cloudwatch() -> None:
    found = alarms.deployed_rules(CloudWatch(), 0.04)
    assert [(r.name, r.threshold, r.breaching, r.of) for r in found] == [("warning", 24, 2, 3), ("critical", 36, 2, 3)]


def test_without_a_running_local_stack_the_budgets_alarms_are_taken(tmp_path: Path) -> None:
    limits = scaled(WORKED, cores=2)
    record = tmp_path / "emulator.json"
    assert alarms.rules(limits, record) == alarms.rules_from_budget(limits)
    record.write_text(json.dumps({"pid": 1, "port": 9, "mark": "x"}))  # nobody listens there
    assert alarms.rules(limits, record) == alarms.rules_from_budget(limits)


def test_the_lead_is_counted_from_the_first_refusal() -> None:
    rule = alarms.Rule("r", "connections", 5, 2, 3, "budget")
    assert alarms.Verdict(rule, 2.0, 3.5).lead_seconds == 1.5
    assert alarms.Verdict(rule, 4.0, 3.5).lead_seconds == -0.5
    assert alarms.Verdict(rule, None, 3.5).lead_seconds is None
