"""headroom:index:Dashboard - the alarm table as graphs: what is measured, with its thresholds as lines.

For an incident: the alarms' states first, then connections against their limits, the proxy, waits and storms, the
readers, and what the instances consume. Anomaly bands are here and nowhere else: a sale would set an alarm on one off.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.measures import Names
from headroom.budget.alarms import Alarm, AlarmTable, Tier
from headroom.budget.alarms.model import Comparison, Expression, Metric, runbook_link

COLUMNS = 24  # of CloudWatch's grid
_WIDTH, _HEIGHT = 8, 6
_COLOURS = {Tier.WARNING: "#ff9900", Tier.CRITICAL: "#d13212"}
_LIMIT = "#000000"
_FROM_ZERO = {"left": {"min": 0}}
# Two standard deviations: CloudWatch's own default.
_BAND = "ANOMALY_DETECTION_BAND({metric}, 2)"

# The rows, top to bottom: title, and the runbook's keys of its graphs.
ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Is it connections?",
        (
            "writer-connections",
            "reader-connections",
            "instance-connections",
            "refused-logins",
            "role-refusals",
            "connection-attempts",
        ),
    ),
    (
        "The proxy",
        (
            "writer-pool",
            "reader-pool",
            "client-storm",
            "writer-borrow-latency",
            "reader-borrow-latency",
            "writer-pinned",
            "reader-pinned",
            "proxy-setup-failures",
            "proxy-login-failures",
            "proxy-availability",
        ),
    ),
    ("The readers", ("reader-absent", "readers-at-maximum", "replica-lag")),
    (
        "What holds the connections up",
        (
            "writer-cpu",
            "reader-cpu",
            "db-load",
            "deadlocks",
            "memory",
            "storage",
            "local-storage",
            "serverless-capacity",
        ),
    ),
)
_BANDS = {"writer-connections", "reader-connections"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardArgs:
    """What is drawn.

    Attributes:
        table: the alarms.
        names: what the table's symbols stand for.
        alarm_arns: the alarms whose states stand at the top, the most urgent first.
    """

    table: AlarmTable
    names: Names
    alarm_arns: Sequence[pulumi.Output[str]]


class Dashboard(pulumi.ComponentResource):
    """One CloudWatch dashboard, named as the stack.

    Attributes:
        dashboard: the dashboard.
    """

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("headroom:index:Dashboard", name, {}, opts)
        region = Account.of(self).region
        drawn = pulumi.Output.all(
            arns=list(args.alarm_arns), symbols=args.names.symbols, instances=args.names.instances
        )
        self.dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=name,
            dashboard_body=drawn.apply(
                lambda known: json.dumps(
                    body(
                        args.table,
                        Names(symbols=known["symbols"], instances=known["instances"]),
                        known["arns"],
                        region,
                    )
                )
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"dashboardName": self.dashboard.dashboard_name})


def body(table: AlarmTable, names: Names, alarm_arns: Sequence[str], region: str) -> dict[str, Any]:
    """The dashboard as CloudWatch reads it (CloudWatch User Guide, "Dashboard body structure and syntax").

    Args:
        table: the alarms.
        names: what the symbols stand for, as plain strings.
        alarm_arns: at most 100.
        region: of the metrics.
    """
    widgets: list[dict[str, Any]] = [
        _widget(
            "alarm",
            0,
            0,
            COLUMNS,
            4,
            {"title": "Alarms", "alarms": list(alarm_arns), "sortBy": "stateUpdatedTimestamp"},
        )
    ]
    y = 4
    for title, keys in ROWS:
        graphs = [_graph(kind, names, region) for kind in _kinds(table, keys)]
        if not graphs:
            continue
        links = " | ".join(f"`{key}`" for key in keys if any(a.key == key for a in table.alarms))
        widgets.append(
            _widget("text", 0, y, COLUMNS, 1, {"markdown": f"**{title}** - {runbook_link('')[:-1]}: {links}"})
        )
        y += 1
        for number, graph in enumerate(graphs):
            x = number % (COLUMNS // _WIDTH) * _WIDTH
            widgets.append(_widget("metric", x, y + number // (COLUMNS // _WIDTH) * _HEIGHT, _WIDTH, _HEIGHT, graph))
        y += -(-len(graphs) // (COLUMNS // _WIDTH)) * _HEIGHT
    return {"start": "-PT3H", "periodOverride": "inherit", "widgets": widgets}


def _widget(kind: str, x: int, y: int, width: int, height: int, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def _kinds(table: AlarmTable, keys: Sequence[str]) -> Iterator[list[Alarm]]:
    """The alarms of one graph: same key, same unit. Those of several instances are its several lines."""
    for key in keys:
        found = [alarm for alarm in table.alarms if alarm.key == key]
        if found:
            yield found


def _graph(alarms: Sequence[Alarm], names: Names, region: str) -> dict[str, Any]:
    """The measures of these alarms, their thresholds and the limit as lines, an anomaly band where it helps."""
    first = alarms[0]
    lines: list[list[Any]] = []
    for number, measure in enumerate(dict.fromkeys(alarm.measure for alarm in alarms)):
        alarm = next(a for a in alarms if a.measure == measure)
        if isinstance(measure, Expression):
            lines += _expression(measure, alarm, number, names)
        else:
            label = f"{alarm.title}, {measure.statistic}"
            lines.append(_metric(measure, names, {"id": f"m{number}", "label": label, "stat": measure.statistic}))
    if first.key in _BANDS:
        lines.append([{"expression": _BAND.format(metric="m0"), "label": "usual for the hour", "id": "band"}])
    return {
        "title": f"{_title(alarms)} ({first.unit})",
        "view": "timeSeries",
        "region": region,
        "period": first.period_seconds,
        "metrics": lines,
        "yAxis": _FROM_ZERO,
        "annotations": {"horizontal": _annotations(alarms)},
    }


def _title(alarms: Sequence[Alarm]) -> str:
    titles = dict.fromkeys(alarm.title for alarm in alarms)
    return next(iter(titles)) if len(titles) == 1 else alarms[0].key.replace("-", " ").capitalize().replace("Db", "DB")


def _metric(metric: Metric, names: Names, properties: dict[str, Any]) -> list[Any]:
    dimensions = [part for pair in names.dimensions(metric).items() for part in pair]
    return [names.namespace(metric), metric.name, *dimensions, properties]


def _expression(measure: Expression, alarm: Alarm, number: int, names: Names) -> list[list[Any]]:
    """CloudWatch shows what the expression makes; its parts stay hidden. Ids are the graph's, so parts get numbers."""
    text = measure.expression
    parts = []
    for name, metric in measure.metrics:
        text = text.replace(name, f"{name}{number}")
        parts.append(_metric(metric, names, {"id": f"{name}{number}", "stat": metric.statistic, "visible": False}))
    return [[{"expression": text, "label": alarm.title, "id": f"e{number}"}], *parts]


def _annotations(alarms: Sequence[Alarm]) -> list[dict[str, Any]]:
    """Each threshold once, the critical one with the side on which it breaches; and where harm begins."""
    tiers: dict[float, list[Tier]] = {}
    for alarm in alarms:
        at_this_value = tiers.setdefault(alarm.threshold, [])
        if alarm.tier not in at_this_value:
            at_this_value.append(alarm.tier)
    rising = all(alarm.comparison is Comparison.AT_LEAST for alarm in alarms)
    found: list[dict[str, Any]] = [
        {
            "label": ", ".join(here),
            "value": value,
            "color": _COLOURS[Tier.CRITICAL if Tier.CRITICAL in here else Tier.WARNING],
            "fill": "above" if rising and Tier.CRITICAL in here else "none",
        }
        for value, here in tiers.items()
    ]
    limits = {alarm.limit for alarm in alarms if alarm.limit is not None}
    return found + [{"label": "limit", "value": limit, "color": _LIMIT, "fill": "none"} for limit in sorted(limits)]
