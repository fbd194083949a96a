import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from components.dashboard import COLUMNS, ROWS
from tests.components.conftest import Ran
from tests.components.program import Program
from tests.components.test_alarms import FILES, name_of, table

SCHEMA = json.loads((Path(__file__).parent / "dashboard.schema.json").read_text(encoding="utf-8"))
METRICS_HIGHEST = 2500  # of a dashboard: CloudWatch User Guide, "CloudWatch service quotas"


def body_of(program: Program) -> dict[str, Any]:
    return dict(json.loads(program.one(":Dashboard")["dashboardBody"]))


def graphs_of(program: Program) -> list[dict[str, Any]]:
    return [w["properties"] for w in body_of(program)["widgets"] if w["type"] == "metric"]


@pytest.mark.parametrize("file", FILES)
def test_it_is_what_cloudwatch_documents(ran: Ran, file: str) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    body = body_of(ran(file))
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(body)] == []
    assert sum(len(graph["metrics"]) for graph in graphs_of(ran(file))) <= METRICS_HIGHEST
    for graph in graphs_of(ran(file)):
        for line in graph["metrics"]:
            assert len(line) == 1 or len(line) % 2 == 1, "namespace, name, pairs of dimensions, properties"
        ids = [line[-1]["id"] for line in graph["metrics"]]
        assert len(set(ids)) == len(ids)


def test_the_schema_notices_what_cloudwatch_would_refuse(prod: Program) -> None:
    spoiled = [body_of(prod) for _ in range(5)]
    spoiled[0]["widgets"][0]["properties"]["alarms"] = []
    spoiled[1]["widgets"][2]["x"] = 24
    del spoiled[2]["widgets"][2]["properties"]["region"]
    spoiled[3]["widgets"][2]["properties"]["metrics"].append([{"label": "no expression"}])
    spoiled[4]["widgets"][2]["properties"]["period"] = 90
    for body in spoiled:
        assert list(Draft202012Validator(SCHEMA).iter_errors(body))


@pytest.mark.parametrize("file", FILES)
def test_nothing_lies_over_anything_else_or_outside_the_grid(ran: Ran, file: str) -> None:
    widgets = body_of(ran(file))["widgets"]
    for widget in widgets:
        assert widget["x"] + widget["width"] <= COLUMNS
    for one, other in combinations(widgets, 2):
        apart_x = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        apart_y = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert apart_x or apart_y, (one["properties"], other["properties"])


@pytest.mark.parametrize("file", FILES)
def test_every_alarm_has_its_state_and_its_threshold_on_it(ran: Ran, file: str) -> None:
    program = ran(file)
    widgets = body_of(program)["widgets"]
    assert len(widgets[0]["properties"]["alarms"]) == len(program.all(":MetricAlarm")) + len(
        program.all(":CompositeAlarm")
    )
    drawn = {mark["value"] for graph in graphs_of(program) for mark in graph["annotations"]["horizontal"]}
    assert {alarm.threshold for alarm in table(file).alarms if alarm.key != "writer-down"} <= drawn  # up, or not
    assert {alarm.key for alarm in table(file).alarms} <= {key for _, keys in ROWS for key in keys} | {"writer-down"}


def test_connections_stand_against_warning_critical_and_limit(prod: Program) -> None:
    graph = graphs_of(prod)[0]
    assert graph["title"] == "Connections of the writer (connections)"
    assert [(mark["label"], mark["value"]) for mark in graph["annotations"]["horizontal"]] == [
        ("warning", 192),
        ("critical", 321),
        ("limit", 450),
    ]


def test_anomaly_bands_are_on_the_dashboard_and_in_no_alarm(prod: Program) -> None:
    assert "ANOMALY_DETECTION_BAND(m0, 2)" in prod.one(":Dashboard")["dashboardBody"]
    for alarm in prod.all(":MetricAlarm").values():
        assert "ANOMALY" not in str(alarm.inputs)


def test_it_is_named_as_the_stack_and_without_alarms_there_is_none(prod: Program, before_the_incident: Program) -> None:
    assert prod.one(":Dashboard")["dashboardName"] == "headroom-prod" == name_of("Pulumi.prod.yaml")
    assert not before_the_incident.all(":Dashboard")
