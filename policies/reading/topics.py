"""Whether AWS's services can publish to an SNS topic, and what keeps their messages out."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from policies.reading import types as t
from policies.reading.documents import ABSENT, FOREIGN, Request, admits, statements
from policies.reading.field import MISSING, Absent, Blank
from policies.reading.resources import Resource, Resources

PUBLISH = "sns:Publish"
KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
AWS_MANAGED = "alias/aws/"


class Service(NamedTuple):
    """An AWS service that publishes.

    Attributes:
        principal: by which policies name it.
        name: for messages.
        source: the ARN of what it publishes for: the service in it, and the resource.
        owned: SNS's default policy, which asks for the topic's owner, admits it.
        conditions: by its own guide it can be admitted under conditions.
    """

    principal: str
    name: str
    source: tuple[str, str]
    owned: bool = True
    conditions: bool = True


CLOUDWATCH = Service("cloudwatch.amazonaws.com", "CloudWatch", ("cloudwatch", "alarm:*"))
RDS = Service("events.rds.amazonaws.com", "RDS", ("rds", "*"))
#: EventBridge User Guide, "Using resource-based policies for Amazon EventBridge", Amazon SNS permissions.
EVENTBRIDGE = Service(
    "events.amazonaws.com", "EventBridge", ("events", "rule/*"), owned=False, conditions=False
)  # fmt: skip


class Sender(NamedTuple):
    """A service, and for whom it publishes, as far as that is known: a part that isn't is "*"."""

    service: Service
    partition: str
    region: str
    account: str


def remedy(service: Service) -> str:
    """What lets the service in."""
    return (
        f"let {service.principal} publish in the topic's policy and, if the topic is encrypted, use a customer-managed "
        f"key whose policy lets it use kms:Decrypt and kms:GenerateDataKey*"
    )


def dead_end(resources: Resources, publisher: Resource, property_: str, value: object, service: Service) -> str:
    """Why what the service sends to this topic reaches nobody; "" where it may, or the value is no topic.

    Args:
        resources: the stack's.
        publisher: the alarm, subscription or target.
        property_: of the publisher, which names the topic.
        value: the property's, or one of its items.
        service: that publishes.
    """
    own, its = region_of(publisher), _region_in(value)
    if own and its and own != its and ":sns:" in str(value):
        return f"the topic {value} is in {its}, and {service.name} publishes in its own region, {own}"
    found = [shut(resources, topic, publisher, service) for topic in topics(resources, publisher, property_, value)]
    return " and ".join(dict.fromkeys(found)) if all(found) else ""


def topics(resources: Resources, publisher: Resource, property_: str, value: object) -> list[Resource]:
    """The topics of this stack that a value of the publisher's property may be; none if it may be another one."""
    return resources.sources(publisher, property_, value, t.TOPIC) or []


def shut(
    resources: Resources, topic: Resource, publisher: Resource, service: Service, *, by_its_guide: bool = False
) -> str:
    """Why the service can't publish to the topic, as the end of a sentence; "" where it can, or that can't be told.

    With `by_its_guide`, also what only the service's own guide says.
    """
    _, partition, _, region, account = (part or "*" for part in _parts(_own_arn(publisher)))
    sender = Sender(service, partition, region, account)
    key = ("shut", topic.urn, sender, by_its_guide)
    if key not in resources.memo:
        resources.memo[key] = next(_reasons(resources, topic, sender, by_its_guide=by_its_guide), "")
    return str(resources.memo[key])


def unreadable(resources: Resources, topic: Resource) -> list[Blank]:
    """The policies of the topic and its key that are known, and are no policies."""
    keys = resources.linked(topic, t.KMS_KEY)
    own = [*_owners(resources, topic, t.TOPIC_POLICY)]
    own += [policy for key in keys for policy in _owners(resources, key, t.KMS_KEY_POLICY)]
    given = [(each.urn, each.field("policy")) for each in own]
    return [
        Blank(urn, "policy", f"must be a policy as JSON text, got {value!r}", "give it as AWS's policy documents are")
        for urn, value in given
        if not isinstance(value, Absent) and statements(value) is None
    ]


def _reasons(resources: Resources, topic: Resource, sender: Sender, *, by_its_guide: bool) -> Iterator[str]:
    service = sender.service
    given = str(topic.field("kmsMasterKeyId")).rpartition(":")[2]
    if given.startswith(AWS_MANAGED):
        yield f"the topic {topic.name} is encrypted with {given}, whose policy keeps {service.name} out"
    for key in resources.linked(topic, t.KMS_KEY):
        refused = _refused(resources, key, topic, sender)
        if refused:
            actions = " and ".join(refused)
            yield (
                f"the topic {topic.name} is encrypted with the key {key.name}, whose policy doesn't let "
                f"{service.principal} use {actions}"
            )
    asked = Request(service=service.principal, action=PUBLISH, resource=_arn(topic), context=_context(topic, sender))
    own = _policies(resources, topic, t.TOPIC_POLICY)
    if own == [MISSING]:
        if not service.owned:
            yield f"the topic {topic.name} has SNS's default policy, which doesn't let {service.principal} publish"
    elif not any(admits(policy, asked) for policy in own):
        yield f"the policy of the topic {topic.name} doesn't let {service.principal} publish"
    elif by_its_guide and not service.conditions and not any(admits(each, asked, conditions=False) for each in own):
        yield (
            f"the policy of the topic {topic.name} lets {service.principal} publish under a Condition only, "
            f"which {service.name}'s guide rules out"
        )
    if by_its_guide and (topic.field("fifoTopic") is True or str(topic.field("name")).endswith(".fifo")):
        yield f"the topic {topic.name} is FIFO: SNS wants a MessageGroupId there, which {service.name} can't be given"


def _owners(resources: Resources, owner: Resource, type_: str) -> list[Resource]:
    """What holds its policy: resources of their own, which replace what it has itself."""
    return resources.referring(owner, type_) or [owner]


def _policies(resources: Resources, owner: Resource, type_: str) -> list[object]:
    return [each.field("policy") for each in _owners(resources, owner, type_)]


def _refused(resources: Resources, key: Resource, topic: Resource, sender: Sender) -> list[str]:
    """What the key's policy doesn't let the service do; KMS's default policy names the account alone."""
    own = _policies(resources, key, t.KMS_KEY_POLICY)
    context = {
        **_context(topic, sender),
        # The condition by which the AWS-managed key lets in this account's callers, and keeps services out.
        "kms:calleraccount": FOREIGN,
        "kms:encryptioncontext:aws:sns:topicarn": _arn(topic) or None,
    }
    asked = [Request(service=sender.service.principal, action=action, context=context) for action in KEY_ACTIONS]
    return [each.action for each in asked if own == [MISSING] or not any(admits(policy, each) for policy in own)]


def _context(topic: Resource, sender: Sender) -> Mapping[str, object]:
    """What is known of the request (IAM User Guide, "AWS global condition context keys"); None: nothing."""
    kind, resource = sender.service.source
    owner = _parts(_arn(topic))[4]
    return {
        "aws:securetransport": "true",
        "aws:principalisawsservice": "true",
        "aws:principalservicename": sender.service.principal,
        "aws:principalorgid": ABSENT,  # a service is in no organization
        "aws:principalorgpaths": ABSENT,
        "aws:sourcearn": f"arn:{sender.partition}:{kind}:{sender.region}:{sender.account}:{resource}",
        "aws:sourceaccount": sender.account if sender.account != "*" else None,
        "aws:sourceowner": (owner or None) if sender.service.owned else ABSENT,
    }


def region_of(resource: Resource) -> str:
    """The region that a resource is in; "" where that can't be seen."""
    region = resource.field("region")
    return region if isinstance(region, str) else _region_in(_own_arn(resource)) or resource.region


def _region_in(arn: object) -> str:
    return _parts(arn)[3]


def _own_arn(resource: Resource) -> object:
    return "" if resource.type_ == t.EVENT_TARGET else resource.field("arn")  # there it is the target's


def _arn(topic: Resource) -> str:
    arn = topic.field("arn")
    return arn if isinstance(arn, str) and arn.startswith("arn:") else ""


def _parts(arn: object) -> list[str]:
    """An ARN's first five parts: arn, partition, service, region, account; empty where there are none."""
    parts = arn.split(":") if isinstance(arn, str) and arn.startswith("arn:") else []
    return [*parts, *("",) * 5][:5]
