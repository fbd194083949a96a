"""What AWS publishes: the file is whole, and our own alarms watch nothing else."""

import csv

import botocore.session
import pytest

from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.model import Alarm, Expression, Metric
from headroom.budget.facts import FOLDER
from headroom.budget.model import Engine
from headroom.budget.published import NAMESPACE, Of, published
from tests.budget.alarms.shops import NAMES, budget

SETS = {
    Of.PROXY: {
        frozenset({"ProxyName"}),
        frozenset({"ProxyName", "EndpointName"}),
        frozenset({"ProxyName", "TargetGroup", "Target"}),
        frozenset({"ProxyName", "TargetGroup", "TargetRole"}),
    },
    Of.DATABASE: {
        frozenset({"DBInstanceIdentifier"}),
        frozenset({"DBClusterIdentifier"}),
        frozenset({"DBClusterIdentifier", "Role"}),
        frozenset({"DbClusterIdentifier", "EngineName"}),
    },
}


def metrics(alarm: Alarm) -> list[Metric]:
    measure = alarm.measure
    return [metric for _, metric in measure.metrics] if isinstance(measure, Expression) else [measure]


def of(metric: Metric) -> Of:
    return Of.PROXY if "ProxyName" in dict(metric.dimensions) else Of.DATABASE


@pytest.mark.parametrize("kind", Of)
def test_the_file_is_read_whole(kind: Of) -> None:
    with (FOLDER / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(line for line in file if not line.startswith("#")) if row["of"] == kind]
    assert set(published(kind)) == {row["name"] for row in rows}
    assert len(rows) == len(published(kind))


@pytest.mark.parametrize("kind", Of)
def test_units_are_cloudwatchs_and_dimension_sets_are_those_of_awss_tables(kind: Of) -> None:
    model = botocore.session.get_session().get_service_model("cloudwatch")
    units = set(model.shape_for("StandardUnit").metadata["enum"])
    for metric in published(kind).values():
        assert metric.unit in {*units, ""}
        assert set(metric.dimensions) <= SETS[kind]
        assert metric.period_seconds == 60
        assert metric.engines


@pytest.mark.parametrize("name", NAMES)
def test_our_own_alarms_watch_what_aws_publishes(name: str) -> None:
    engine = Engine(budget(name).stack.cluster.engine)
    watched = [m for alarm in alarm_table(budget(name)).alarms for m in metrics(alarm) if m.namespace == NAMESPACE]
    assert watched
    for metric in watched:
        known = published(of(metric))[metric.name]
        assert frozenset(dict(metric.dimensions)) in known.dimensions, metric
        assert metric.period_seconds >= known.period_seconds
        assert engine in known.engines
