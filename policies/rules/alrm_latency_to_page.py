"""alrm-latency-to-page: an alarm rings within minutes."""

from collections.abc import Iterator

from policies.reading.alarms import NOT_JUDGED, metrics, on_connections, unclear
from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, Setting, unproven
from policies.spare import advised

SHORT_PERIODS = (10, 20, 30)
MINUTE = 60


def check(reading: Reading, *, seconds_most: int) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        found = [finding for alarm in on_connections(cluster) for finding in _of(alarm, seconds_most)]
        yield from advised(cluster, found)


def _of(alarm: Resource, seconds_most: int) -> Iterator[Finding]:
    yield from map(unproven, unclear(alarm))
    every = [alarm.read(f"{path}period", int) for path in metrics(alarm)]
    points = alarm.read("datapointsToAlarm", int)
    points = alarm.read("evaluationPeriods", int) if points is None else points
    for blank in (value for value in (*every, points) if isinstance(value, Blank)):
        yield unproven(blank)
    periods = [period for period in every if isinstance(period, int)]
    if periods and isinstance(points, int):
        yield from _judge(alarm, max(periods), points, seconds_most)


def _judge(alarm: Resource, period: int, points: int, most: int) -> Iterator[Finding]:
    if period not in SHORT_PERIODS and (period < MINUTE or period % MINUTE):
        yield Finding(
            urn=alarm.urn,
            found=f"the alarm {alarm.name} has a period of {period} s",
            allowed="CloudWatch takes 10, 20, 30 s or a multiple of 60",
            remedy="set it to 60: RDS publishes once a minute",
        )
    elif period * points > most:
        yield Finding(
            urn=alarm.urn,
            found=f"the alarm {alarm.name} rings after {period * points:,} s ({points} x {period} s)",
            allowed=f"at most {most:,} s: connections run out within minutes",
            remedy="set a period of 60 s, and 2 to 5 data points",
        )


RULE = Rule(
    id="alrm-latency-to-page",
    title="Alarms on connections and proxies ring within five minutes.",
    why=(
        "A pool of 200 fills in seconds once a lock is held; who is told after a quarter of an hour hears it from "
        "users."
    ),
    predicate=(
        "Refuses an alarm on a cluster's connections or on a proxy whose period x data points (datapointsToAlarm, else "
        "evaluationPeriods) exceeds `seconds_most`, and a period that CloudWatch doesn't take. An "
        "alarm beside others that ring in time, and that alrm-actions and alrm-connections-threshold don't object to "
        "(two for each role that it sees; beside an alarm by role one on every instance will do), is advised about."
    ),
    unknown="An unknown period or number of data points may be an hour: not proven.",
    remedy="Set a period of 60 s and 2 to 5 data points.",
    sources=("cfn-lint E3615: 10, 20, 30 or a multiple of 60", "CloudWatch API Reference, PutMetricAlarm"),
    settings=(
        Setting(
            name="seconds_most",
            default=300,
            unit="seconds",
            lowest=10,
            highest=86_400,
            reason="Our proposal: five minutes of a breach are what a warning may take, and five periods of RDS.",
        ),
    ),
    staging=ADVISORY,
    dev=DISABLED,
    harmless=NOT_JUDGED,
    check=check,
)
