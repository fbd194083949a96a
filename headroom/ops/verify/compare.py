"""A deployed alarm against the one of the table: everything that decides when it rings, and who hears it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from headroom.budget.alarms.model import Alarm, Composite, Expression, Metric, Tier
from headroom.ops.session import Session

_TELLS = {"AlarmActions": "tell", "OKActions": "tell that it is over to"}
# What would change an alarm, and the table never sets: each must be absent.
_NEVER = ("Unit", "ExtendedStatistic", "ThresholdMetricId", "EvaluateLowSampleCountPercentile")


def metric_alarm(session: Session, alarm: Alarm, there: Mapping[str, Any]) -> Iterator[str]:
    """Each difference, a line of it.

    Args:
        session: the stack.
        alarm: the table's.
        there: what DescribeAlarms says of it.
    """
    wanted = {
        "Threshold": alarm.threshold,
        "ComparisonOperator": str(alarm.comparison),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "TreatMissingData": str(alarm.missing),
        **dict.fromkeys(_NEVER),
    }
    found: dict[str, object] = {key: there.get(key) for key in wanted}
    if isinstance(alarm.measure, Expression):
        wanted |= _queries(session, alarm.measure)
        found |= _queries_there(there.get("Metrics") or [])
    else:
        wanted |= _metric(session.metric(alarm.measure), "")
        found |= _metric_there(there, "")
        found |= dict.fromkeys(_queries_there(there.get("Metrics") or []), "there")
    for key in dict.fromkeys([*wanted, *found]):
        if not _same(found.get(key), wanted.get(key)):
            yield f"{alarm.name}: {key} is {_shown(found.get(key))}, by the budget {_shown(wanted.get(key))}"
    yield from _silent(session, alarm.name, there, alarm.notifies)


def composite_alarm(session: Session, composite: Composite, there: Mapping[str, Any]) -> Iterator[str]:
    """Each difference: its children, whether something keeps it back, and whom it tells."""
    rule = " ".join(str(there.get("AlarmRule", "")).split())
    wanted = {f"{session.name}-{child}" for child in composite.children}
    named = re.findall(r'ALARM\("?([^")]+)"?\)', rule)
    if missing := wanted - set(named):
        yield f"{composite.name}: doesn't ring for {_listed(session, missing)}"
    if more := set(named) - wanted:
        yield f"{composite.name}: rings for {_listed(session, more)} as well"
    if re.sub(r'ALARM\("?[^")]+"?\)', "", rule).replace("OR", "").strip(" ()"):
        yield f"{composite.name}: AlarmRule is {rule}, by the budget any of its children"
    if there.get("ActionsSuppressor"):
        yield f"{composite.name}: {there['ActionsSuppressor']} keeps it back, by the budget nothing does"
    yield from _silent(session, composite.name, there, Tier.CRITICAL)


def _listed(session: Session, names: set[str]) -> str:
    return ", ".join(sorted(name.removeprefix(f"{session.name}-") for name in names))


def _metric(metric: Metric, place: str) -> dict[str, object]:
    return {
        f"{place}Namespace": str(metric.namespace),
        f"{place}MetricName": metric.name,
        f"{place}Statistic": metric.statistic,
        f"{place}Period": metric.period_seconds,
        f"{place}Dimensions": _dimensions({"Name": n, "Value": str(v)} for n, v in metric.dimensions),
    }


def _metric_there(there: Mapping[str, Any], place: str) -> dict[str, object]:
    keys = ("Namespace", "MetricName", "Statistic", "Period")
    return {
        **{f"{place}{key}": there.get(key) for key in keys},
        f"{place}Dimensions": _dimensions(there.get("Dimensions") or []),
    }


def _dimensions(pairs: Any) -> str:
    return ", ".join(sorted(f"{pair['Name']}={pair['Value']}" for pair in pairs)) or "none"


def _queries(session: Session, measure: Expression) -> dict[str, object]:
    wanted: dict[str, object] = {"Metrics[result].Expression": measure.expression, "Metrics[result].ReturnData": True}
    for name, metric in measure.metrics:
        wanted |= _metric(session.metric(metric), f"Metrics[{name}].")
        wanted[f"Metrics[{name}].ReturnData"] = False
    return wanted


def _queries_there(queries: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for query in queries:
        place = f"Metrics[{query['Id']}]."
        if "MetricStat" in query:
            stat = query["MetricStat"]
            said = {**stat["Metric"], "Statistic": stat.get("Stat"), "Period": stat.get("Period")}
            found |= _metric_there(said, place)
        else:
            found[f"{place}Expression"] = query.get("Expression")
        found[f"{place}ReturnData"] = query.get("ReturnData", True)
    return found


def _same(there: object, wanted: object) -> bool:
    if isinstance(there, bool) or not isinstance(wanted, (int, float)) or not isinstance(there, (int, float)):
        return there == wanted or (wanted is None and not there)
    return abs(float(there) - wanted) <= 1e-6 * max(1.0, abs(wanted))  # it went through text


def _shown(value: object) -> object:
    return "not set" if value is None else value


def _silent(session: Session, name: str, there: Mapping[str, Any], tier: Tier) -> Iterator[str]:
    """Nobody hears it. Whom it tells besides is nobody's harm: somebody may want to hear more during a sale."""
    topic = f"{session.name}-{tier}"
    if not there.get("ActionsEnabled", True):
        yield f"{name}: its actions are off"
    for key, word in _TELLS.items():
        if not any(arn.endswith(f":{topic}") for arn in there.get(key) or []):
            yield f"{name}: doesn't {word} the topic {topic}"
