"""CloudWatch: composite alarms, dashboards, logs."""

import re
from typing import Any

from headroom.local.aws.naming import parse_json
from headroom.local.aws.prose.alarm_rule import children, elements, is_rule
from headroom.local.aws.prose.rule import Given, Rule, api, full

_API, _LOGS = "AmazonCloudWatch/latest/APIReference", "AmazonCloudWatchLogs/latest/APIReference"
COMPOSITE = ("aws:cloudwatch/compositeAlarm:CompositeAlarm",)
DASHBOARD, FILTER = ("aws:cloudwatch/dashboard:Dashboard",), ("aws:cloudwatch/logMetricFilter:LogMetricFilter",)
GROUP = ("aws:cloudwatch/logGroup:LogGroup",)
_COMPOSITE, _BODY = api(_API, "PutCompositeAlarm"), api(_API, "CloudWatch-Dashboard-Body-Structure").replace("API_", "")
_WIDGETS = ("alarm", "custom", "explorer", "log", "metric", "text")
_SIZES = {"x": (0, 23), "y": (0, None), "width": (1, 24), "height": (1, 1000)}


def _widgets(value: Any) -> list[Any]:
    body = parse_json(value)
    widgets = body.get("widgets", []) if isinstance(body, dict) else []
    return widgets if isinstance(widgets, list) else []


def _kinds(value: Any, given: Given) -> bool:
    return all(isinstance(widget, dict) and widget.get("type") in _WIDGETS for widget in _widgets(value))


def _in_the_grid(value: Any, given: Given) -> bool:
    for widget in _widgets(value):
        for name, (low, high) in _SIZES.items():
            size = widget.get(name, low) if isinstance(widget, dict) else low
            if not isinstance(size, int | float) or size < low or (high is not None and size > high):
                return False
    return True


def _has_widgets(value: Any, given: Given) -> bool:
    body = parse_json(value)
    return not isinstance(body, dict) or isinstance(body.get("widgets"), list)


def _closed(value: Any, given: Given) -> bool:
    return re.sub(r"\\.", "", value).count('"') % 2 == 0


RULES = (
    Rule(COMPOSITE, "alarmRule",
         'must join ALARM("name"), OK("name"), INSUFFICIENT_DATA("name"), TRUE and FALSE with AND, OR, NOT and parentheses',
         _COMPOSITE, lambda value, given: is_rule(value)),
    Rule(COMPOSITE, "alarmRule", "must name at most 100 alarms", _COMPOSITE,
         lambda value, given: len(set(children(value))) <= 100),
    Rule(COMPOSITE, "alarmRule", "must have at most 500 alarms, constants and parentheses", _COMPOSITE,
         lambda value, given: elements(value) <= 500),
    Rule(DASHBOARD, "dashboardName", "must have 1 to 255 letters, digits, - and _", api(_API, "PutDashboard"),
         full(r"[A-Za-z0-9_-]{1,255}")),
    Rule(DASHBOARD, "dashboardBody", "needs a list of widgets", _BODY, _has_widgets),
    Rule(DASHBOARD, "dashboardBody", f"has a widget whose type is none of {', '.join(_WIDGETS)}", _BODY, _kinds),
    Rule(DASHBOARD, "dashboardBody",
         "has a widget outside of the grid: x 0 to 23, y from 0, width 1 to 24, height 1 to 1,000", _BODY, _in_the_grid),
    Rule(DASHBOARD, "dashboardBody", "must have at most 500 widgets",
         "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html",
         lambda value, given: len(_widgets(value)) <= 500),
    Rule(FILTER, "pattern", "has a quote that isn't closed",
         "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html", _closed),
    Rule(FILTER, "metricTransformation.namespace", "must not begin with AWS/: those are AWS's own",
         api(_API, "PutMetricData"), lambda value, given: not value.startswith("AWS/")),
    Rule(FILTER, "metricTransformation.defaultValue", "must not be given with dimensions",
         api(_LOGS, "MetricTransformation"), lambda value, given: not given.own("dimensions")),
    Rule(FILTER, "metricTransformation.value", "must be a number or a field such as $.latency or $size",
         api(_LOGS, "MetricTransformation"), full(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|\$.+")),
    Rule(GROUP, "name", "must not begin with aws/: that is AWS's own", api(_LOGS, "CreateLogGroup"),
         lambda value, given: not value.startswith("aws/")),
)  # fmt: skip
