"""The alarms, and whether anybody hears them."""

from collections.abc import Iterator, Mapping
from typing import Any

from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.measures import may_pause
from headroom.budget.alarms.model import Metric, Tier
from headroom.ops.session import Session
from headroom.ops.verify import compare
from headroom.ops.verify.check import Check, Verdict, judged
from headroom.settings import subscription
from headroom.settings.demand import Notify


def armed(session: Session) -> Check:
    """Every alarm of the table is there, whole as the budget says, and acts."""
    table = alarm_table(session.budget)
    arguments = {"AlarmNamePrefix": f"{session.name}-", "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    metric = session.aws.all("cloudwatch", "DescribeAlarms", "MetricAlarms", **arguments)
    composite = session.aws.all("cloudwatch", "DescribeAlarms", "CompositeAlarms", **arguments)
    found: dict[str, Any] = {a["AlarmName"]: a for a in (*metric, *composite)}

    def wrong() -> Iterator[str]:
        for alarm in table.alarms:
            there = found.get(f"{session.name}-{alarm.name}")
            yield from compare.metric_alarm(session, alarm, there) if there else [f"{alarm.name} isn't there"]
        if (one := table.composite) is not None:
            there = found.get(f"{session.name}-{one.name}")
            yield from compare.composite_alarm(session, one, there) if there else [f"{one.name} isn't there"]

    differences, deaf = list(wrong()), _deaf(session, found)
    if deaf and not differences:
        text = f"no data reaches {', '.join(deaf)}: they can't ring (just deployed? ask again in some minutes)"
        return Check(what="alarms", verdict=Verdict.UNKNOWN, text=text)
    total = len(table.alarms) + (table.composite is not None)
    ringing = sorted(name for name, a in found.items() if a.get("StateValue") == "ALARM")
    now = f"; ringing now: {', '.join(ringing)}" if ringing else ""
    return judged("alarms", differences, f"{total:,} armed{now}")


def _deaf(session: Session, found: Mapping[str, Any]) -> list[str]:
    """Alarms on a metric that every running instance has, without any data: they would say nothing of a sale.

    A proxy that nobody uses yet has none, nor a log without a line: those aren't held against a stack before its sale.
    """
    if may_pause(session.budget):
        return []
    return [
        alarm.name
        for alarm in alarm_table(session.budget).alarms
        if isinstance(alarm.measure, Metric)
        and alarm.measure.name == "DatabaseConnections"
        and found.get(f"{session.name}-{alarm.name}", {}).get("StateValue") == "INSUFFICIENT_DATA"
    ]


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
            elif one.source != there.get("SourceType", one.source):
                yield f"{one.name} listens to {there['SourceType']}, not to {one.source}"
            elif not str(there.get("SnsTopicArn", "")).endswith(f":{session.name}-{one.tier}"):
                yield f"{one.name} tells {there.get('SnsTopicArn')}, not the topic {session.name}-{one.tier}"
            elif missing := set(one.categories) - set(there.get("EventCategoriesList", [])):
                yield f"{one.name} leaves out {', '.join(sorted(missing))}"

    return judged("database events", wrong(), f"{len(table.events):,} subscriptions")


def counted(session: Session) -> Check:
    """The filter that makes a metric of refused logins."""
    what, metrics = "refused logins are counted", alarm_table(session.budget).log_metrics
    if not metrics:
        return judged(what, (), "not on this engine: it doesn't log them")
    group = f"/aws/rds/cluster/{session.name}/{metrics[0].log}"
    there = {
        f["filterName"]: f
        for f in session.aws.all("logs", "DescribeMetricFilters", "metricFilters", logGroupName=group)
    }

    def wrong() -> Iterator[str]:
        for metric in metrics:
            name = f"{session.name}-{metric.name}"
            if name not in there:
                yield f"no filter {name} on {group}: {metric.key} can't ring"
                continue
            wanted = metric.pattern, f"Headroom/{session.name}", metric.name, "1", 0.0
            transformed = (there[name].get("metricTransformations") or [{}])[0]
            keys = ("metricNamespace", "metricName", "metricValue", "defaultValue")
            found = there[name].get("filterPattern"), *(transformed.get(key) for key in keys)
            for what_, one, other in zip(("filterPattern", *keys), found, wanted, strict=True):
                if one != other:
                    yield f"{name}: {what_} is {one}, by the budget {other}"

    return judged(what, wrong(), f"{len(metrics):,} filters on {group}")
