"""Application Auto Scaling, and the schedules that EventBridge has in the same form."""

import re
import zoneinfo
from functools import cache
from typing import Any

from headroom.local.aws.prose.rule import Given, Rule, api

_API = "autoscaling/application/APIReference"
TARGET, POLICY = ("aws:appautoscaling/target:Target",), ("aws:appautoscaling/policy:Policy",)
ACTION = ("aws:appautoscaling/scheduledAction:ScheduledAction",)
_ANY_ZONE = "Europe/London"
_READERS = 15  # of an Aurora cluster
_AT = re.compile(r"at\(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?\)")
_RATE = re.compile(r"rate\((?:1 (?:minute|hour|day)|([2-9]|[1-9]\d+) (?:minutes|hours|days))\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_NUMBER = r"(?:\*|\?|{0}(?:-{0})?)(?:/\d+)?"
_MONTH = r"(?:\d{1,2}|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
_DAY = r"(?:[1-7](?:#[1-5])?|[1-7]?L|SUN|MON|TUE|WED|THU|FRI|SAT)"
_CRON_FIELDS = (r"[0-5]?\d", r"[01]?\d|2[0-3]", r"0?[1-9]W?|[12]\dW?|3[01]W?|LW?", _MONTH, _DAY, r"\d{4}")


def cron(text: str) -> bool:
    """Whether it is a cron expression of AWS: six fields."""
    parts = _CRON.fullmatch(text)
    fields = parts[1].split() if parts else []
    return len(fields) == len(_CRON_FIELDS) and all(
        re.fullmatch(_NUMBER.replace("{0}", f"(?:{kind})"), one, re.IGNORECASE)
        for kind, field in zip(_CRON_FIELDS, fields, strict=True)
        for one in field.split(",")
    )


def rate(text: str) -> bool:
    """Whether it is a rate, such as one hour or five minutes."""
    return _RATE.fullmatch(text) is not None


def _schedule(value: Any, given: Given) -> bool:
    return _AT.fullmatch(value) is not None or rate(value) or cron(value)


@cache
def _zone(name: str) -> bool:
    """True if it is a zone, or if this machine knows none at all."""
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return name != _ANY_ZONE and not _zone(_ANY_ZONE)
    return True


def _ordered(value: Any, given: Given) -> bool:
    low, high = given.own("minCapacity"), given.own("maxCapacity")
    return low is None or high is None or bool(low <= high)


def _readers(value: Any, given: Given) -> bool:
    return given("serviceNamespace") != "rds" or bool(value <= _READERS)


def _resource(value: Any, given: Given) -> bool:
    return (
        given("serviceNamespace") != "rds"
        or re.fullmatch(r"cluster:[a-zA-Z](?:-?[a-zA-Z0-9]){0,62}", value) is not None
    )


def _sensible(value: Any, given: Given) -> bool:
    configuration = given("targetTrackingScalingPolicyConfiguration") or {}
    return "predefinedMetricSpecification" not in configuration or bool(value > 0)


_SPECIFIED = "targetTrackingScalingPolicyConfiguration"
RULES = (
    *(Rule(types, f"{prefix}minCapacity", "must not be negative", api(_API, "RegisterScalableTarget"),
           lambda value, given: value >= 0) for types, prefix in ((TARGET, ""), (ACTION, "scalableTargetAction."))),
    *(Rule(types, f"{prefix}maxCapacity", "must not be lower than minCapacity", api(_API, page), _ordered)
      for types, prefix, page in ((TARGET, "", "RegisterScalableTarget"),
                                  (ACTION, "scalableTargetAction.", "ScalableTargetAction"))),
    *(Rule(types, f"{prefix}maxCapacity", "must be at most 15: an Aurora cluster has no more readers",
           "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Integrating.AutoScaling.html", _readers)
      for types, prefix in ((TARGET, ""), (ACTION, "scalableTargetAction."))),
    Rule((*TARGET, *POLICY, *ACTION), "resourceId", "must be cluster: and the cluster's identifier",
         api(_API, "RegisterScalableTarget"), _resource),
    Rule((*TARGET, *POLICY, *ACTION), "scalableDimension", "must belong to serviceNamespace",
         api(_API, "RegisterScalableTarget"),
         lambda value, given: value.split(":")[0] == given("serviceNamespace")),
    Rule(ACTION, "schedule", "must be at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(with six fields)",
         api(_API, "PutScheduledAction"), _schedule),
    Rule(ACTION, "timezone", "must be the name of an IANA time zone, such as Europe/London",
         api(_API, "PutScheduledAction"), lambda value, given: _zone(value)),
    Rule(ACTION, "scalableTargetAction", "needs minCapacity or maxCapacity", api(_API, "ScalableTargetAction"),
         lambda value, given: "minCapacity" in value or "maxCapacity" in value),
    Rule(ACTION, "endTime", "must be later than startTime", api(_API, "PutScheduledAction"),
         lambda value, given: given("startTime") is None or given("startTime") < value),
    Rule(POLICY, _SPECIFIED, "needs predefinedMetricSpecification or customizedMetricSpecification, and not both",
         api(_API, "TargetTrackingScalingPolicyConfiguration"),
         lambda value, given: len({"predefinedMetricSpecification", "customizedMetricSpecification"} & set(value)) == 1),
    Rule(POLICY, f"{_SPECIFIED}.targetValue", "must be greater than 0 for a predefined metric",
         api(_API, "TargetTrackingScalingPolicyConfiguration"), _sensible),
    *(Rule(POLICY, f"{_SPECIFIED}.{name}", "must not be negative",
           api(_API, "TargetTrackingScalingPolicyConfiguration"), lambda value, given: value >= 0)
      for name in ("scaleInCooldown", "scaleOutCooldown")),
)  # fmt: skip
