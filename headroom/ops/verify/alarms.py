"""The alarms, and whether anybody hears them."""

from collections.abc import Iterator
from typing import Any

from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.model import Tier
from headroom.ops.session import Session
from headroom.ops.verify.check import Check, judged
from headroom.settings import subscription
from headroom.settings.demand import Notify


def armed(session: Session) -> Check:
    """Every alarm of the table is there, as the budget says, and acts."""
    table = alarm_table(session.budget)
    arguments = {"AlarmNamePrefix": f"{session.name}-", "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    metric = session.aws.all("cloudwatch", "DescribeAlarms", "MetricAlarms", **arguments)
    composite = session.aws.all("cloudwatch", "DescribeAlarms", "CompositeAlarms", **arguments)
    found: dict[str, Any] = {a["AlarmName"]: a for a in (*metric, *composite)}

    def wrong() -> Iterator[str]:
        for alarm in table.alarms:
            there = found.get(f"{session.name}-{alarm.name}")
            if there is None:
                yield f"{alarm.name} isn't there"
                continue
            wanted = {
                "Threshold": alarm.threshold,
                "ComparisonOperator": str(alarm.comparison),
                "EvaluationPeriods": alarm.evaluation_periods,
                "DatapointsToAlarm": alarm.datapoints_to_alarm,
                "TreatMissingData": str(alarm.missing),
            }
            for key, value in wanted.items():
                if not _same(there.get(key), value):
                    yield f"{alarm.name}: {key} is {there.get(key)}, by the budget {value}"
            yield from _silent(alarm.name, there, f"{session.name}-{alarm.notifies}")
        if table.composite is not None:
            there = found.get(f"{session.name}-{table.composite.name}")
            if there is None:
                yield f"{table.composite.name} isn't there"
            else:
                yield from _silent(table.composite.name, there, f"{session.name}-{Tier.CRITICAL}")

    total = len(table.alarms) + (table.composite is not None)
    ringing = sorted(name for name, a in found.items() if a.get("StateValue") == "ALARM")
    now = f"; ringing now: {', '.join(ringing)}" if ringing else ""
    return judged("alarms", wrong(), f"{total:,} armed{now}")


def _same(there: object, wanted: object) -> bool:
    if not isinstance(wanted, (int, float)) or not isinstance(there, (int, float)):
        return there == wanted
    return abs(float(there) - wanted) <= 1e-6 * max(1.0, abs(wanted))  # it went through text


def _silent(name: str, alarm: Any, topic: str) -> Iterator[str]:
    if not alarm.get("ActionsEnabled", True):
        yield f"{name}: its actions are off"
    if not any(arn.endswith(f":{topic}") for arn in alarm.get("AlarmActions", [])):
        yield f"{name}: doesn't tell the topic {topic}"


def subscribed(session: Session, notify: Notify) -> Check:
    """Everybody who is declared is subscribed, and has confirmed."""
    topics = {
        arn.rpartition(":")[2]: arn for arn in (t["TopicArn"] for t in session.aws.all("sns", "ListTopics", "Topics"))
    }
    wrong, count = [], 0
    for tier in Tier:
        name = f"{session.name}-{tier}"
        if name not in topics:
            wrong.append(f"the topic {name} isn't there")
            continue
        found = session.aws.all("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=topics[name])
        confirmed = {(s["Protocol"], s["Endpoint"]): s["SubscriptionArn"].startswith("arn:") for s in found}
        for target in getattr(notify, tier):
            count += 1
            state = confirmed.get(subscription(target))
            if state is None:
                wrong.append(f"{tier}: {target} isn't subscribed")
            elif not state:
                wrong.append(f"{tier}: {target} hasn't confirmed: it hears nothing")
    return judged("subscriptions", wrong, f"{count:,} confirmed")


def events(session: Session) -> Check:
    """RDS's own events are subscribed to."""
    table = alarm_table(session.budget)
    found = {
        s["CustSubscriptionId"]: s
        for s in session.aws.all("rds", "DescribeEventSubscriptions", "EventSubscriptionsList")
    }

    def wrong() -> Iterator[str]:
        for one in table.events:
            there = found.get(f"{session.name}-{one.name}")
            if there is None:
                yield f"{one.name} isn't there"
            elif str(there.get("Enabled", True)).lower() != "true":
                yield f"{one.name} is off"
            elif missing := set(one.categories) - set(there.get("EventCategoriesList", [])):
                yield f"{one.name} leaves out {', '.join(sorted(missing))}"

    return judged("database events", wrong(), f"{len(table.events):,} subscriptions")


def counted(session: Session) -> Check:
    """The filter that makes a metric of refused logins."""
    what, metric = "refused logins are counted", alarm_table(session.budget).log_metric
    if metric is None:
        return judged(what, (), "not on this engine: it doesn't log them")
    group = f"/aws/rds/cluster/{session.name}/{metric.log}"
    found = session.aws.all("logs", "DescribeMetricFilters", "metricFilters", logGroupName=group)
    wanted = f"{session.name}-{metric.name}"
    there = any(f["filterName"] == wanted for f in found)
    return judged(what, [] if there else [f"no filter {wanted} on {group}: refused-logins can't ring"], f"in {group}")
