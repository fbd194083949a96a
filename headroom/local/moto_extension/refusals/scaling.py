"""Replica autoscaling: its target, its policies and its calendar."""

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn
from zoneinfo import available_timezones

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError
from moto.rds.models import rds_backends

from headroom.budget.facts import fact
from headroom.local.moto_extension.wrap import wrap

_SCHEDULE = re.compile(
    r"at\(\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\)"
    r"|rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\)"
    r"|cron\(\S+( \S+){5}\)"
)


def install() -> None:
    """Put the checks before the operations."""
    for operation, check in (
        ("register_scalable_target", _target),
        ("put_scaling_policy", _registered),
        ("put_scheduled_action", _action),
    ):
        wrap(ApplicationAutoScalingResponse, operation, _before(check))


def _before(check: Callable[[Any, dict[str, Any]], None]) -> Callable[..., Any]:
    def around(original: Callable[..., Any], self: Any) -> Any:
        check(self, json.loads(self.body))
        return original(self)

    return around


def _target(request: Any, given: dict[str, Any]) -> None:
    if given["ServiceNamespace"] == "rds":
        name = given["ResourceId"].removeprefix("cluster:")
        if name not in rds_backends[request.current_account][request.region].clusters:
            _invalid(f"RDS cluster does not exist: {given['ResourceId']}")
    known = _found(request, given)
    low = given.get("MinCapacity", known.min_capacity if known else None)
    high = given.get("MaxCapacity", known.max_capacity if known else None)
    if low is None or high is None:
        _invalid("A new scalable target needs MinCapacity and MaxCapacity.")
    _bounds(given, low, high)


def _registered(request: Any, given: dict[str, Any]) -> None:
    if _found(request, given) is None:
        raise JsonRESTError(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {given['ServiceNamespace']}, resource ID: "
            f"{given['ResourceId']}, scalable dimension: {given['ScalableDimension']}",
        )


def _action(request: Any, given: dict[str, Any]) -> None:
    _registered(request, given)
    schedule, zone = given.get("Schedule"), given.get("Timezone")
    if schedule is not None and not _SCHEDULE.fullmatch(schedule):
        _invalid(f"Schedule {schedule} is no at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(six fields).")
    if zone is not None and zone not in available_timezones():
        _invalid(f"Timezone {zone} is not valid.")
    action = given.get("ScalableTargetAction") or {}
    _bounds(given, action.get("MinCapacity"), action.get("MaxCapacity"))


def _bounds(given: dict[str, Any], low: int | None, high: int | None) -> None:
    most = int(fact("service", "readers_highest").value)
    if given["ScalableDimension"] == "rds:cluster:ReadReplicaCount":
        for name, value in (("MinCapacity", low), ("MaxCapacity", high)):
            if value is not None and not 0 <= value <= most:
                _invalid(f"{name} {value} is not between 0 and {most}, what {given['ScalableDimension']} takes.")
    if low is not None and high is not None and low > high:
        _invalid(f"Maximum capacity cannot be less than minimum capacity: {high} < {low}.")


def _found(request: Any, given: dict[str, Any]) -> Any:
    targets = request.applicationautoscaling_backend.targets
    return targets.get(given["ScalableDimension"], {}).get(given["ResourceId"])


def _invalid(message: str) -> NoReturn:
    raise JsonRESTError("ValidationException", message)
