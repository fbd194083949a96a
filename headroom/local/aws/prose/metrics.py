"""CloudWatch: metric alarms."""

import re
from typing import Any

from headroom.local.aws.prose.rule import Given, Rule, api, one_of, read, with_other

_API = "AmazonCloudWatch/latest/APIReference"
_PUT = api(_API, "PutMetricAlarm")
_QUERY = api(_API, "MetricDataQuery")
ALARM = ("aws:cloudwatch/metricAlarm:MetricAlarm",)
BOTH = (*ALARM, "aws:cloudwatch/compositeAlarm:CompositeAlarm")
_SHORT, _HOUR, _DAY, _WEEK = (10, 20, 30), 3600, 86400, 604800
_SIMPLE = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_PERCENT = r"(?:\d{1,2}(?:\.\d+)?|100)"
_EXTENDED = re.compile(
    rf"(?:p|tm|tc|ts|wm){_PERCENT}|IQM|(?:TM|TC|TS|WM)\((?:{_PERCENT}%)?:(?:{_PERCENT}%)?\)"
    r"|(?:TM|TC|TS|WM|PR)\((?:-?[\d.]+)?:(?:-?[\d.]+)?\)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ID = re.compile(r"(?<![\w.])[a-z]\w*\b(?!\s*\()")
ACTION_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:.+")  # EC2's own actions have no account


def _period(value: Any, given: Given) -> bool:
    return value in _SHORT or value % 60 == 0


def _own_metric(value: Any, given: Given) -> bool:
    return value not in _SHORT or not str(given.own("namespace", "")).startswith("AWS/")


def _periods(given: Given) -> list[int]:
    """Each period that the alarm asks for, in seconds."""
    if (period := given("period")) is not None:
        return [period]
    queries = given("metricQueries") or []
    metrics = [read(query, "metric") or {} for query in queries]
    found = [read(item, "period") for item in (*queries, *metrics)]
    return [period for period in found if period is not None]


def _evaluated(value: Any, given: Given) -> bool:
    longest = max(_periods(given), default=0)
    return bool(longest * value <= (_DAY if longest < _HOUR else _WEEK))


def _queries(value: Any, name: str) -> list[Any]:
    return [found for query in value if (found := read(query, name)) is not None]


def _known_ids(value: Any, given: Given) -> bool:
    """Every name in an expression is another query's id. A SELECT is another language, a rule's name has any form."""
    if value.lstrip().upper().startswith("SELECT") or "INSIGHT_RULE" in value:
        return True
    ids = set(_queries(given("metricQueries") or [], "id"))
    return set(_ID.findall(_QUOTED.sub("", value))) <= ids


def _one_result(value: Any, given: Given) -> bool:
    """With a band of expected values, the metric and the band are both returned."""
    results = _queries(value, "returnData").count(True)
    return results == 1 or (results == 2 and given("thresholdMetricId") is not None)


def _statistic(value: Any, given: Given) -> bool:
    return value in _SIMPLE or _EXTENDED.fullmatch(value) is not None


def _some_threshold(value: Any, given: Given) -> bool:
    return value is not None or given("thresholdMetricId") is not None or given("evaluationCriteria") is not None


RULES = (
    *(Rule(ALARM, place, "must be 10, 20 or 30 seconds, or a multiple of 60", page, _period)
      for place, page in (("period", _PUT), ("metricQueries[].period", _QUERY),
                          ("metricQueries[].metric.period", _QUERY))),
    *(Rule(ALARM, place, "below 60 seconds finds nothing: AWS publishes its own metrics once a minute at most", _PUT,
           _own_metric, remark=True) for place in ("period", "metricQueries[].metric.period")),
    Rule(ALARM, "evaluationPeriods",
         "times the period must be at most a day (604,800 seconds for periods of an hour or more)", _PUT, _evaluated),
    Rule(ALARM, "datapointsToAlarm", "must not be greater than evaluationPeriods", _PUT,
         lambda value, given: value <= given("evaluationPeriods", value)),
    Rule(ALARM, "threshold", "or thresholdMetricId is required", _PUT, _some_threshold, absent=True),
    Rule(ALARM, "thresholdMetricId", "must be the id of one of metricQueries", _PUT,
         lambda value, given: value in _queries(given("metricQueries") or [], "id")),
    *(Rule(ALARM, "metricName", f"needs {name}", _PUT, with_other(name)) for name in ("namespace", "period")),
    Rule(ALARM, "metricName", "needs statistic or extendedStatistic", _PUT,
         lambda value, given: given("statistic") is not None or given("extendedStatistic") is not None),
    Rule(ALARM, "extendedStatistic", "must be a percentile such as p99, or tm, tc, ts, wm, IQM, PR(a:b)", _PUT,
         lambda value, given: _EXTENDED.fullmatch(value) is not None),
    Rule(ALARM, "evaluateLowSampleCountPercentiles", "must be evaluate or ignore", _PUT, one_of("evaluate", "ignore")),
    Rule(ALARM, "metricQueries", "must have at most 10 metrics",
         "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html",
         lambda value, given: len(_queries(value, "metric")) <= 10),
    Rule(ALARM, "metricQueries", "must have ids that differ", _QUERY,
         lambda value, given: len(set(_queries(value, "id"))) == len(_queries(value, "id"))),
    Rule(ALARM, "metricQueries", "must have exactly one entry with returnData: true", _QUERY, _one_result),
    Rule(ALARM, "metricQueries[].expression", "must be given, or metric, and not both", _QUERY,
         lambda value, given: (value is None) != (given.own("metric") is None), absent=True),
    Rule(ALARM, "metricQueries[].expression", "names an id that no entry of metricQueries has", _QUERY, _known_ids),
    Rule(ALARM, "metricQueries[].metric.stat", "must be a statistic, such as Average or p99", api(_API, "MetricStat"),
         _statistic),
    *(Rule(BOTH, f"{name}[]", "must be an ARN", _PUT, lambda value, given: ACTION_ARN.fullmatch(value) is not None)
      for name in ("alarmActions", "okActions", "insufficientDataActions")),
)  # fmt: skip
