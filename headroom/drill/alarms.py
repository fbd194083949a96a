"""When would the stack's alarms have fired? The alarm table, evaluated by CloudWatch's rule on the drill's series.

The drill compresses time: one second of it stands for one CloudWatch period (a minute), and its first second also for
all that was before: real alarms have watched the steady state for days. Thresholds are the stack's;
those in connections are scaled as the connections are. The ones on connections are read from the local stack's
CloudWatch where it is up, the others (or all) are the budget's.
"""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headroom.budget.alarms import Alarm, alarm_table
from headroom.budget.alarms.evaluator import first_alarm, states
from headroom.budget.alarms.model import Missing
from headroom.drill.limits import Limits

SECONDS_PER_PERIOD = 1.0
"""Of the drill, for one period of CloudWatch."""
# What the drill can measure of the table, by the alarm's key.
_MEASURED = {"writer-connections": "connections", "writer-pool": "pool_percent", "refused-logins": "refusals"}
_CONNECTIONS = "DatabaseConnections"


@dataclass(frozen=True)
class Rule:
    """An alarm: its name, what it watches, its threshold at the drill's size, M of N periods, what silence means."""

    name: str
    metric: str  # "connections", "pool_percent" or "refusals"
    threshold: float
    breaching: int
    of: int
    source: str
    missing: Missing = Missing.IGNORE

    def fires(self, values: Sequence[float | None], steady: float | None = None) -> int | None:
        """The index of the period at whose end it goes off (the value is at least the threshold); None: never.

        `steady` is the value of all the periods before: an alarm has watched them, and may ring since then (-1).
        """
        before = [] if steady is None else [steady] * self.of
        found = states(
            [*before, *values],
            lambda value: value >= self.threshold,
            datapoints_to_alarm=self.breaching,
            evaluation_periods=self.of,
            missing=self.missing,
        )
        index = first_alarm(found)
        return None if index is None else max(-1, index - len(before))


@dataclass(frozen=True)
class Verdict:
    """When it would have fired, in the drill's seconds (0: in the steady state before it; None: never).

    And when the first client was refused.
    """

    rule: Rule
    fired_at: float | None
    first_refusal_at: float | None

    @property
    def lead_seconds(self) -> float | None:
        """None where it didn't fire, or nobody was refused."""
        if self.fired_at is None or self.first_refusal_at is None:
            return None
        return self.first_refusal_at - self.fired_at


def maxima(times: Sequence[float], values: Sequence[float], seconds: float) -> list[float | None]:
    """The largest value of each period (CloudWatch's Maximum); None where there is none."""
    periods: list[float | None] = [None] * max(0, math.ceil(seconds / SECONDS_PER_PERIOD))
    for at, value in zip(times, values, strict=True):
        index = math.floor(at / SECONDS_PER_PERIOD)
        if 0 <= index < len(periods):
            known = periods[index]
            periods[index] = value if known is None else max(known, value)
    return periods


def counts(times: Sequence[float], seconds: float) -> list[float | None]:
    """How many events each period has."""
    periods: list[float | None] = [0.0] * max(0, math.ceil(seconds / SECONDS_PER_PERIOD))
    for at in times:
        index = math.floor(at / SECONDS_PER_PERIOD)
        if 0 <= index < len(periods):
            periods[index] = (periods[index] or 0.0) + 1
    return periods


def rules_from_budget(limits: Limits) -> list[Rule]:
    """What the budget's alarm table says about the writer's connections, its pool, and refused logins."""
    return [_rule(alarm, limits) for alarm in alarm_table(limits.budget).alarms if alarm.key in _MEASURED]


def _rule(alarm: Alarm, limits: Limits) -> Rule:
    metric = _MEASURED[alarm.key]
    return Rule(
        name=alarm.name,
        metric=metric,
        threshold=alarm.threshold * (limits.scale if metric == "connections" else 1),
        breaching=alarm.datapoints_to_alarm,
        of=alarm.evaluation_periods,
        source="budget",
        missing=alarm.missing,
    )


def rules(limits: Limits, emulator_record: Path | None = None) -> list[Rule]:
    """The deployed alarms on the writer's connections, if the local stack answers; the budget's for the rest."""
    of_budget = rules_from_budget(limits)
    deployed = _deployed(emulator_record, limits.scale) if emulator_record else []
    kinds = {rule.metric for rule in deployed}
    return deployed + [rule for rule in of_budget if rule.metric not in kinds]


def _deployed(record: Path, scale: float) -> list[Rule]:
    """From CloudWatch of the emulator that `record` names; none where it isn't up."""
    with suppress(OSError, ValueError, KeyError):
        port = int(json.loads(record.read_text())["port"])
        return deployed_rules(_cloudwatch(f"http://127.0.0.1:{port}"), scale)
    return []


def deployed_rules(cloudwatch: Any, scale: float) -> list[Rule]:
    """The alarms on DatabaseConnections of the writer that a CloudWatch knows; none where it can't be asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: list[Rule] = []
    try:
        for page in cloudwatch.get_paginator("describe_alarms").paginate():
            for alarm in page["MetricAlarms"]:
                role = {d["Name"]: d["Value"] for d in alarm.get("Dimensions", [])}.get("Role")
                if alarm.get("MetricName") == _CONNECTIONS and role == "WRITER":
                    of = int(alarm["EvaluationPeriods"])
                    breaching = int(alarm.get("DatapointsToAlarm", of))
                    found.append(
                        Rule(
                            alarm["AlarmName"],
                            "connections",
                            float(alarm["Threshold"]) * scale,
                            breaching,
                            of,
                            "the local stack's CloudWatch",
                        )
                    )
    except (BotoCoreError, ClientError):
        return []
    return sorted(found, key=lambda rule: rule.threshold)


def _cloudwatch(url: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "cloudwatch",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="drill",
        aws_secret_access_key="drill",  # noqa: S106 - the emulator takes any
        config=Config(connect_timeout=1, read_timeout=5, retries={"max_attempts": 1}),
    )
