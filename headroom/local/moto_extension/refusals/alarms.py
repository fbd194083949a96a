"""CloudWatch's alarms: times that AWS takes, and composites of alarms that are there."""

import re
from collections.abc import Callable
from typing import Any, NoReturn

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.responses import CloudWatchResponse

from headroom.local.moto_extension.wrap import wrap

_REFERENCE = re.compile(r"(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(\"[^\"]*\"|'[^']*'|[^)\"']*?)\s*\)")
_SHORT_PERIODS = (10, 20, 30)
_DAY, _HOUR, _WEEK = 86_400, 3_600, 604_800
_MISSING = ("breaching", "notBreaching", "ignore", "missing")


def install() -> None:
    """Put the checks before the operations. A composite goes through put_metric_alarm as well: both are told apart."""

    def put(original: Callable[..., Any], self: Any) -> Any:
        rule = self._get_param("AlarmRule")
        if rule is None:
            _metric(self)
        else:
            _composite(self, rule)
        return original(self)

    wrap(CloudWatchResponse, "put_metric_alarm", put)


def _composite(request: Any, rule: str) -> None:
    named = [text.strip("\"'").rpartition(":alarm:")[2] for text in _REFERENCE.findall(rule)]
    lost = [name for name in dict.fromkeys(named) if name not in request.cloudwatch_backend.alarms]
    if lost:
        _invalid(f"Could not save the composite alarm as alarms [{', '.join(lost)}] in the alarm rule do not exist")


def _metric(request: Any) -> None:
    periods = [request._get_param("Period")]  # noqa: SLF001  (moto's way to read a request)
    for query in request._get_param("Metrics", []):  # noqa: SLF001
        periods += [query.get("Period"), (query.get("MetricStat") or {}).get("Period")]
    evaluations, enough = request._get_param("EvaluationPeriods"), request._get_param("DatapointsToAlarm")  # noqa: SLF001
    for period in (int(p) for p in periods if p is not None):
        if period not in _SHORT_PERIODS and (period <= 0 or period % 60):
            _invalid(f"Period {period} is not valid: it must be 10, 20, 30 or a multiple of 60 seconds.")
        most = _WEEK if period >= _HOUR else _DAY
        if evaluations and int(evaluations) * period > most:
            _invalid(
                f"Metrics cannot be checked across more than {most // _DAY} days: {evaluations} x {period} seconds."
            )
    if evaluations and enough and int(enough) > int(evaluations):
        _invalid(f"DatapointsToAlarm {enough} is above EvaluationPeriods {evaluations}.")
    missing = request._get_param("TreatMissingData")  # noqa: SLF001
    if missing is not None and missing not in _MISSING:
        _invalid(f"TreatMissingData {missing} is not one of {', '.join(_MISSING)}.")


def _invalid(message: str) -> NoReturn:
    raise ValidationError(message)
