"""alrm-topic-subscribed: somebody listens to the topic."""

from collections.abc import Iterator

from policies.reading import types as t
from policies.reading.alarms import NOT_JUDGED, on_connections
from policies.reading.aurora import Reading
from policies.rule import ADVISORY, DISABLED, Finding, Rule

LISTENERS = (t.SUBSCRIPTION, t.SLACK_CHANNEL, t.TEAMS_CHANNEL)


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    resources = reading.resources
    heard = {topic.urn for listener in resources.of(*LISTENERS) for topic in resources.linked(listener, t.TOPIC)}
    deaf: dict[str, set[str]] = {}
    composites = reading.clusters[0].composites if reading.clusters else {}
    for alarm in {alarm.urn: alarm for c in reading.clusters for alarm in on_connections(c)}.values():
        for rings in (alarm, *composites.get(alarm.urn, ())):
            for topic in resources.linked(rings, t.TOPIC):
                if topic.urn not in heard:
                    deaf.setdefault(topic.urn, set()).add(rings.name)
    for urn, alarms in deaf.items():
        name = resources.by_urn[urn].name
        yield Finding(
            urn=urn,
            found=f"nobody is subscribed to the topic {name}, and {', '.join(sorted(alarms))} ring there",
            allowed="an alarm has to reach somebody",
            remedy="subscribe those on call (aws.sns.TopicSubscription, or a chat channel) in the same stack",
        )


RULE = Rule(
    id="alrm-topic-subscribed",
    title="The topics that alarms on connections ring at have a subscriber.",
    why="An alarm that is delivered to nobody looks right in every audit; no other rule set follows it to its end.",
    predicate=(
        "Refuses an SNS topic of this stack that an alarm on connections or proxies rings at, and that no subscription "
        "or chat channel of the stack refers to. Topics outside the stack can't be seen and pass."
    ),
    unknown="It reads no value: topics, alarms and subscriptions are found by their dependencies.",
    remedy="Subscribe those on call.",
    sources=("postmortem.txt", "Amazon SNS Developer Guide, sns-create-subscribe-endpoint-to-topic"),
    staging=ADVISORY,
    dev=DISABLED,
    harmless=NOT_JUDGED | {"alarmActions": "A topic from outside the stack can't be followed."},
    check=check,
)
