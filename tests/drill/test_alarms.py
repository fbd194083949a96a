import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from headroom.budget.alarms.model import Missing
from headroom.budget.model import Role
from headroom.drill import alarms, report
from headroom.drill.limits import scaled

WORKED = str(Path(__file__).parents[2] / "docs/examples/worked.yaml")


def rule(m: int, n: int, threshold: float = 5) -> alarms.Rule:
    return alarms.Rule("r", "connections", threshold, m, n, "budget")


def test_an_alarm_fires_at_the_end_of_the_mth_breaching_period_of_n() -> None:
    assert rule(2, 3).fires([1, 9, 9, 9]) == 2
    assert rule(2, 3).fires([9, 1, 9]) == 2  # one that dips between them doesn't start the count again
    assert rule(5, 5).fires([9, 9, 9, 9]) is None
    assert rule(1, 1).fires([4.9, 5]) == 1  # at the threshold is over it, as the deployed comparison has it
    assert rule(1, 1).fires([]) is None


def test_an_alarm_has_watched_the_steady_state_before_the_drill() -> None:
    assert rule(2, 3).fires([9, 9], steady=1) == 1
    assert rule(2, 3).fires([9, 1], steady=9) == -1  # it rings since before
    assert rule(1, 1).fires([1, 1], steady=1) is None
    # Of 3 periods that must all breach one is known, and not as missing: the ones before were fine.
    early = dataclasses.replace(rule(3, 3), missing=Missing.BREACHING)
    assert early.fires([9, 9, 9]) == 0
    assert early.fires([9, 9, 9], steady=1) == 2


def test_an_alarm_that_rings_in_the_steady_state_is_said_to_do_so() -> None:
    verdict = alarms.Verdict(rule(2, 3), 0.0, 3.5)
    assert report._so(verdict) == "it rings in the steady state already, before anything happens"
    assert report._so(alarms.Verdict(rule(2, 3), 2.0, 3.5)) == "1.5 min before the first refusal"


def test_refusals_are_counted_by_period() -> None:
    assert alarms.counts([0.2, 0.4, 2.9, 8], 3) == [2, 0, 1]


def test_a_period_has_its_maximum_and_none_where_nothing_was_sampled() -> None:
    assert alarms.maxima([0.1, 0.9, 2.5, 7.0], [3, 5, 1, 9], 3.2) == [5, None, 1, None]


def test_the_thresholds_are_the_budgets_at_the_drills_scale() -> None:
    limits = scaled(WORKED, cores=2)
    thresholds = limits.budget.thresholds.role(Role.WRITER)
    assert thresholds is not None
    found = {rule.name: rule for rule in alarms.rules_from_budget(limits)}
    assert found["writer-connections-warning"].threshold == pytest.approx(thresholds.warning_connections * 40 / 150)
    assert found["writer-connections-critical"].threshold == pytest.approx(thresholds.critical_connections * 40 / 150)
    kinds = ("writer-connections", "writer-pool", "refused-logins")
    assert set(found) == {f"{kind}-{tier}" for kind in kinds for tier in ("warning", "critical")}
    assert found["refused-logins-warning"].threshold == 1


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
    assert alarms.Verdict(rule(2, 3), 2.0, 3.5).lead_seconds == 1.5
    assert alarms.Verdict(rule(2, 3), 4.0, 3.5).lead_seconds == -0.5
    assert alarms.Verdict(rule(2, 3), None, 3.5).lead_seconds is None
