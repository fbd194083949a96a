"""alrm-statistic: the busiest instance rings, not the mean of all."""

from collections.abc import Iterator

from policies.reading.alarms import METRIC, NOT_JUDGED, connection_alarms, metrics
from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

BUSIEST = "Maximum"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        for alarm in connection_alarms(cluster):
            if alarm.blank:
                yield unproven(alarm.blank)
            elif alarm.roles:  # one instance sends one value a minute: there every statistic is the same
                yield from _judge(alarm.alarm)


def _judge(alarm: Resource) -> Iterator[Finding]:
    for path in metrics(alarm):
        if alarm.field(f"{path}metricName") != METRIC:
            continue
        statistic = alarm.read(f"{path}stat" if path else "statistic", str)
        if isinstance(statistic, Blank):
            yield unproven(statistic)
        elif statistic is not None and statistic != BUSIEST:
            yield Finding(
                urn=alarm.urn,
                found=f"the alarm {alarm.name} looks at the {statistic} of {METRIC}",
                allowed="a limit is each instance's own: the mean hides a full reader, a sum has no limit",
                remedy=f"use {BUSIEST}: by role it is the busiest instance",
            )


RULE = Rule(
    id="alrm-statistic",
    title="Alarms on a role's connections look at the maximum.",
    why="AWS's recommended alarm takes the average; of four readers the full one then rings when all are full.",
    predicate=(
        "Notes an alarm on DatabaseConnections of a cluster or role with another statistic than Maximum. Alarms on "
        "one instance and percentiles (extendedStatistic) aren't judged; a proxy's metrics are sums and have rules of"
        " their own."
    ),
    unknown="An unknown statistic may be the average: not proven.",
    remedy="Use Maximum.",
    sources=("CloudWatch User Guide, recommended alarms: DatabaseConnections, Average", "headroom/budget/result.py"),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    harmless={
        **NOT_JUDGED,
        **dict.fromkeys(
            (
                "metricQueries",
                "metricQueries.*.metric",
                "metricQueries.*.metric.metricName",
                "metricQueries.*.returnData",
            ),
            NOT_JUDGED["metricName"],
        ),
    },
    check=check,
)
