"""alrm-topic-publishable: what is sent to a topic gets there."""

from collections.abc import Iterator

from policies.reading import types as t
from policies.reading.alarms import ACTIONS, JUDGED_LATER, NOT_JUDGED, actions, heard, on_connections
from policies.reading.aurora import Reading
from policies.reading.field import MISSING, Blank
from policies.reading.resources import Resource
from policies.reading.topics import CLOUDWATCH, EVENTBRIDGE, RDS, Service, dead_end, remedy, shut, topics, unreadable
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule, unproven

#: Where EventBridge's events about databases come from.
SOURCES = ("aws.rds", "aws.application-autoscaling")
#: Against what only a service's own guide rules out.
BY_THE_GUIDE = (
    "use a standard topic, and let EventBridge in by a statement without a Condition, or give its target a roleArn"
)

Sent = tuple[Resource, str, object, Service]  # by whom, which property names the topic, its value, which service


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    if not reading.clusters and not reading.proxies:
        return
    lost: dict[tuple[str, str, str, Kind], set[str]] = {}
    blanks: list[Blank] = []
    for publisher, property_, value, service in (*_alarms(reading), *_events(reading)):
        found = topics(reading.resources, publisher, property_, value)
        for topic in found:
            blanks += unreadable(reading.resources, topic)
            sure = shut(reading.resources, topic, publisher, service)
            why = sure or shut(reading.resources, topic, publisher, service, by_its_guide=True)
            # Of several that an unknown value comes from, it may be another one.
            kind = Kind.VIOLATION if sure and len(found) <= max(1, len(actions(publisher))) else Kind.ADVICE
            if why:
                what = remedy(service) if sure else BY_THE_GUIDE
                lost.setdefault((topic.urn, what, why, kind), set()).add(publisher.name)
        elsewhere = "" if found else dead_end(reading.resources, publisher, property_, value, service)
        if elsewhere:
            what = "tell a topic in the sender's own region"
            lost.setdefault((publisher.urn, what, elsewhere, Kind.VIOLATION), set()).add(publisher.name)
    for blank in dict.fromkeys(blanks):
        yield unproven(blank)
    for (urn, what, why, kind), senders in lost.items():
        names = ", ".join(sorted(senders))
        yield Finding(
            urn=urn,
            found=f"{why}; it is told by {names}",
            allowed="what is sent there is lost, and nothing shows it",
            remedy=what,
            kind=kind,
        )


def _alarms(reading: Reading) -> Iterator[Sent]:
    """Those that tell somebody all the same; of the others alrm-connections-required and its siblings speak."""
    alarms = [alarm for cluster in reading.clusters for alarm in on_connections(cluster)]
    alarms += [alarm for parts in reading.lone_proxies for alarm in parts.alarms]
    for alarm in {alarm.urn: alarm for alarm in alarms}.values():
        for each in (alarm, *reading.composites.get(alarm.urn, ())) if heard(reading, alarm) else ():
            for action in dict.fromkeys(map(_hashable, actions(each))):
                yield each, ACTIONS, action, CLOUDWATCH


def _hashable(action: object) -> object:
    return action if isinstance(action, str) else None


def _events(reading: Reading) -> Iterator[Sent]:
    for subscription in reading.resources.of(t.EVENT_SUBSCRIPTION):
        if subscription.field("enabled") is not False:
            yield subscription, "snsTopic", subscription.field("snsTopic"), RDS
    for target in reading.resources.of(t.EVENT_TARGET):
        rules = reading.resources.linked(target, t.EVENT_RULE)
        about = any(source in str(rule.field("eventPattern")) for rule in rules for source in SOURCES)
        if about and target.field("roleArn") is MISSING:  # with a role of its own it needs no admission
            yield target, "arn", target.field("arn"), EVENTBRIDGE


RULE = Rule(
    id="alrm-topic-publishable",
    title="AWS's services can publish to the topics that alarms and database events are sent to.",
    why=(
        "A message that the topic's key or policy keeps out is lost without a trace: the alarm is red, its topic has "
        "subscribers, and nobody is told."
    ),
    predicate=(
        "Refuses an SNS topic of this stack that an alarm on connections or proxies, an RDS event subscription or an "
        "EventBridge rule on RDS or Application Auto Scaling tells, if the service (cloudwatch, events.rds or "
        "events.amazonaws.com) can't publish there: it is encrypted with alias/aws/sns, or with a key of this stack "
        "whose policy doesn't let the service use kms:Decrypt and kms:GenerateDataKey; or its policy has no statement "
        "that lets it publish, or one that denies it. SNS's default policy admits CloudWatch and RDS of the same "
        "account, and not EventBridge. A topic in another region than its alarm is refused, too. Conditions count as "
        "met unless they can't be (another account's, another source's, an organization's: services are in none). "
        "Advises about a FIFO topic, and about EventBridge admitted under a Condition, which its guide rules out. "
        "Where nobody at all is told, alrm-connections-required, alrm-proxy-saturation or alrm-actions say so instead."
    ),
    unknown=(
        "Keys, topics and policies outside this stack can't be seen and pass. A policy that is known only after the "
        "update passes in the preview, and is judged at the end of `up` and in the state. One that is no policy is not "
        "proven."
    ),
    remedy="Use a customer-managed key and a topic policy that let the services in.",
    sources=(
        "AWS re:Post knowledge center, cloudwatch-configure-alarm-sns and cloudwatch-receive-sns-for-alarm-trigger: "
        "https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger",
        "Amazon SNS Developer Guide, sns-key-management: event sources from AWS services, and encrypted topics",
        "Aurora User Guide, USER_Events.GrantingPermissions",
        "EventBridge User Guide, eb-use-resource-based: Amazon SNS permissions",
        "IAM User Guide, policy evaluation logic",
    ),
    staging=ADVISORY,
    dev=DISABLED,
    harmless=NOT_JUDGED
    | JUDGED_LATER
    | dict.fromkeys(
        ("keyId", "alarmActions", "arn", "region", "name", "rule", "eventPattern", "roleArn"),
        "What is known only after the update is judged at the end of `up` and in the state.",
    )
    | {"actionsEnabled": "An alarm that may be off is alrm-actions' to report."},
    check=check,
)
