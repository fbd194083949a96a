"""When would the stack's alarms have fired? M of N datapoints, evaluated on the drill's series.

The drill compresses time: one second of it stands for one CloudWatch period (a minute). Thresholds are the stack's,
scaled as the connections are. They are read from the local stack's CloudWatch where it is up, else from the budget.
"""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headroom.budget.model import Role
from headroom.drill.limits import Limits

PERIOD_SECONDS = 60
SECONDS_PER_PERIOD = 1.0
"""Of the drill, for one period of CloudWatch."""
# What components/alarms.py declares (tests hold the two together): warnings wait five minutes, pages two of three.
TIERS = {"warning": (5, 5), "critical": (2, 3)}
_CONNECTIONS = "DatabaseConnections"


@dataclass(frozen=True)
class Rule:
    """An alarm: its name, what it watches, the threshold at the drill's size, and M of N periods."""

    name: str
    metric: str  # "connections" or "pool_percent"
    threshold: float
    breaching: int
    of: int
    source: str


@dataclass(frozen=True)
class Verdict:
    """When it would have fired, in the drill's seconds (None: never), and when the first client was refused."""

    rule: Rule
    fired_at: float | None
    first_refusal_at: float | None

    @property
    def lead_seconds(self) -> float | None:
        """None where it didn't fire, or nobody was refused."""
        if self.fired_at is None or self.first_refusal_at is None:
            return None
        return self.first_refusal_at - self.fired_at


def fires(values: Sequence[float | None], threshold: float, breaching: int, of: int) -> int | None:
    """The index of the datapoint at which an alarm (>= threshold, `breaching` of the last `of`) goes off; None: never.

    A missing datapoint doesn't breach.
    """
    over = [value is not None and value >= threshold for value in values]
    for end in range(len(over)):
        if sum(over[max(0, end - of + 1) : end + 1]) >= breaching:
            return end
    return None


def maxima(times: Sequence[float], values: Sequence[float], seconds: float) -> list[float | None]:
    """The largest value of each period (CloudWatch's Maximum); None where there is none."""
    periods: list[float | None] = [None] * max(0, math.ceil(seconds / SECONDS_PER_PERIOD))
    for at, value in zip(times, values, strict=True):
        index = math.floor(at / SECONDS_PER_PERIOD)
        if 0 <= index < len(periods):
            known = periods[index]
            periods[index] = value if known is None else max(known, value)
    return periods


def rules_from_budget(limits: Limits) -> list[Rule]:
    """The writer's alarms as the budget sets them."""
    found: list[Rule] = []
    thresholds = limits.budget.thresholds
    if (role := thresholds.role(Role.WRITER)) is not None:
        for tier, value in (("warning", role.warning_connections), ("critical", role.critical_connections)):
            found.append(
                Rule(f"writer-connections-{tier}", "connections", value * limits.scale, *TIERS[tier], "budget")
            )
    if (pool := thresholds.pool(Role.WRITER)) is not None:
        for tier, percent in (("warning", pool.warning_percent), ("critical", pool.critical_percent)):
            found.append(Rule(f"writer-pool-{tier}", "pool_percent", percent, *TIERS[tier], "budget"))
    return found


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
