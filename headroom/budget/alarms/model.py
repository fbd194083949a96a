"""What an alarm is: plain values that `components` declares, the runbook explains and the tests run on series.

Names of AWS resources are symbolic (`Symbol`); whoever declares the alarm fills them in.
"""

from dataclasses import dataclass
from enum import StrEnum

RUNBOOK = "docs/runbook.md"


class Tier(StrEnum):
    """How urgent. Each tier has its own topic, and so its own people."""

    WARNING = "warning"  # somebody looks at it in working hours, or while watching a sale
    CRITICAL = "critical"  # somebody is paged


class Missing(StrEnum):
    """What a minute without data counts as; CloudWatch's words."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"  # the state stays what it was
    MISSING = "missing"  # with nothing at all the state becomes INSUFFICIENT_DATA


class Comparison(StrEnum):
    """When a datapoint breaches; CloudWatch's words."""

    AT_LEAST = "GreaterThanOrEqualToThreshold"
    AT_MOST = "LessThanOrEqualToThreshold"
    BELOW = "LessThanThreshold"

    def breached(self, value: float, threshold: float) -> bool:
        """This value, against this threshold."""
        if self is Comparison.AT_LEAST:
            return value >= threshold
        return value <= threshold if self is Comparison.AT_MOST else value < threshold


class Symbol(StrEnum):
    """A name that is known where the resources are declared."""

    CLUSTER = "<cluster>"
    PROXY = "<proxy>"
    READER_ENDPOINT = "<the proxy's read-only endpoint>"
    NAMESPACE = "<the stack's own namespace>"  # of the metric that is made from the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric, and how the datapoints of one period become one.

    Attributes:
        namespace: AWS/RDS, or the stack's own.
        name: CloudWatch's name.
        statistic: Average, Maximum, Minimum, Sum or SampleCount.
        dimensions: (name, value), the value literal or a `Symbol`.
        period_seconds: RDS publishes once a minute, so a minute but where a metric comes more rarely.
    """

    namespace: str = "AWS/RDS"
    name: str
    statistic: str
    dimensions: tuple[tuple[str, str], ...] = ()
    period_seconds: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """Metric math over named metrics of the same period."""

    expression: str
    label: str
    metrics: tuple[tuple[str, Metric], ...]

    @property
    def period_seconds(self) -> int:
        """The metrics' common period."""
        return self.metrics[0][1].period_seconds


Measure = Metric | Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm on a measure.

    Attributes:
        key: the runbook section's anchor; the same for the tiers of one kind.
        name: unique in the stack, without the stack's name: `writer-connections-warning`.
        tier: who is told.
        measure: what is compared.
        datapoints_to_alarm: M: how many of the last N periods must breach.
        evaluation_periods: N.
        comparison: how.
        threshold: with what, in the measure's unit.
        unit: of the measure and the threshold, for people.
        missing: what a period without data counts as.
        missing_reason: why.
        title: a few words, for the dashboard.
        text: what is seen, what is expected, what the limit is.
        limit: where harm begins, in the unit, if that is a number; the dashboard draws it as a line.
        exhaustion: critical and about connections: the composite alarm pages for it, once for all of them.
    """

    key: str
    name: str
    tier: Tier
    measure: Measure
    datapoints_to_alarm: int
    evaluation_periods: int
    comparison: Comparison = Comparison.AT_LEAST
    threshold: float
    unit: str
    missing: Missing
    missing_reason: str
    title: str
    text: str
    limit: float | None = None
    exhaustion: bool = False

    @property
    def period_seconds(self) -> int:
        """Of one datapoint."""
        return self.measure.period_seconds

    @property
    def notifies(self) -> Tier:
        """Whose topic it tells. A child of the composite alarm leaves the pager to it, and is recorded as a warning."""
        return Tier.WARNING if self.exhaustion else self.tier

    def description(self, stack: str) -> str:
        """What the notification says: the stack, the numbers, the limit, and the runbook's section."""
        return described(stack, self.tier, self.text, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """An alarm that rings while any of its children does."""

    key: str
    name: str
    tier: Tier
    children: tuple[str, ...]
    title: str
    text: str

    def description(self, stack: str) -> str:
        """As an alarm's."""
        return described(stack, self.tier, self.text, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """RDS's own events, by source and category (Aurora User Guide, USER_Events.Messages).

    Attributes:
        key: the runbook section's anchor.
        name: unique in the stack.
        tier: who is told.
        source: RDS's source type: db-cluster, db-instance or db-proxy.
        categories: RDS's words.
    """

    key: str
    name: str
    tier: Tier
    source: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledToMaximum:
    """The event that replica autoscaling sends when it has reached its maximum; delivered at best effort."""

    key: str
    name: str
    tier: Tier
    text: str

    def description(self, stack: str) -> str:
        """As an alarm's."""
        return described(stack, self.tier, self.text, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMetric:
    """A metric that counts the lines of a log that contain any of the phrases.

    Attributes:
        key: of the alarms on it.
        name: the metric's, and the filter's behind the stack's name.
        log: RDS's name of it.
        phrases: as the engine writes them.
    """

    key: str
    name: str
    log: str
    phrases: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """CloudWatch Logs' filter for lines with any of the phrases."""
        return " ".join(f'?"{phrase}"' for phrase in self.phrases)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmTable:
    """Everything that watches one stack."""

    alarms: tuple[Alarm, ...]
    composite: Composite | None
    events: tuple[Events, ...]
    scaled_to_maximum: ScaledToMaximum | None
    log_metrics: tuple[LogMetric, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key once, in the table's order: the runbook's sections."""
        extra = [one.key for one in (self.scaled_to_maximum, *self.events) if one is not None]
        first = [self.composite.key] if self.composite else []
        return tuple(dict.fromkeys([*first, *(alarm.key for alarm in self.alarms), *extra]))


def runbook_link(key: str) -> str:
    """Where the section of that key is."""
    return f"{RUNBOOK}#{key}"


def described(stack: str, tier: Tier, text: str, key: str) -> str:
    """One sentence or two, and where to read on."""
    return f"{stack} {tier}: {text} What to do: {runbook_link(key)}"
