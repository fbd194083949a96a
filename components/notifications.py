"""Who is told: a topic for each tier, its subscriptions, and the key and policies that let AWS's services publish."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.keys import customer_key
from headroom.budget.alarms import Tier
from headroom.settings import subscription
from headroom.settings.demand import Notify


@dataclass(frozen=True, slots=True)
class Told:
    """A tier's topic, and the policy that lets AWS's services publish there.

    Whatever publishes waits for the policy. Until it is there SNS's default policy holds, which admits CloudWatch and
    RDS: what is made under it would seem to work, and fall silent with the policy if that didn't admit it.
    """

    topic: aws.sns.Topic
    policy: aws.sns.TopicPolicy


def topics(
    name: str, notify: Notify, from_rules: Tier | None, account: Account, parent: pulumi.Resource
) -> dict[Tier, Told]:
    """Declare a topic for each tier; `from_rules` is the one that an EventBridge rule publishes to, if any."""
    # Not alias/aws/sns: its policy, which nobody can change, keeps the services' messages out. SNS names the topic in
    # the encryption context, so the key is of use for these topics only. EventBridge names no source to a key (Amazon
    # SNS Developer Guide, sns-key-management), so the context is what limits it.
    context = {"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": account.arn("sns", f"{name}-*")}}
    key = customer_key(
        f"{name}-alarms",
        "messages of the alarms",
        account,
        {
            "cloudwatch.amazonaws.com": _of(account, "cloudwatch", "alarm:*"),
            "events.rds.amazonaws.com": context,
            **({} if from_rules is None else {"events.amazonaws.com": context}),
        },
        pulumi.ResourceOptions(parent=parent),
    )
    targets = {Tier.WARNING: notify.warning, Tier.CRITICAL: notify.critical}
    return {
        tier: _told(f"{name}-{tier}", targets[tier], key, account, parent, from_rules=tier is from_rules)
        for tier in Tier
    }


def _told(
    name: str, targets: Sequence[str], key: aws.kms.Key, account: Account, parent: pulumi.Resource, *, from_rules: bool
) -> Told:
    child = pulumi.ResourceOptions(parent=parent)
    topic = aws.sns.Topic(name, name=name, kms_master_key_id=key.arn, opts=child)
    policy = aws.sns.TopicPolicy(
        name,
        arn=topic.arn,
        policy=topic.arn.apply(lambda arn: json.dumps(_publishing(account, arn, from_rules=from_rules))),
        opts=child,
    )
    for target in targets:
        protocol, endpoint = subscription(target)
        aws.sns.TopicSubscription(f"{name}-{target}", topic=topic.arn, protocol=protocol, endpoint=endpoint, opts=child)
    return Told(topic, policy)


def _of(account: Account, service: str, resource: str) -> dict[str, object]:
    """Only on behalf of this account's resources of that kind."""
    return {
        "StringEquals": {"aws:SourceAccount": account.account_id},
        "ArnLike": {"aws:SourceArn": account.arn(service, resource)},
    }


def _publishing(account: Account, topic_arn: str, *, from_rules: bool) -> dict[str, object]:
    """The topic's policy: this account's alarms and events may be published, and nothing without TLS."""

    def lets(sid: str, service: str, condition: dict[str, object] | None) -> dict[str, object]:
        statement: dict[str, object] = {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sns:Publish",
            "Resource": topic_arn,
        }
        return statement if condition is None else statement | {"Condition": condition}

    statements = [
        lets("AlarmsPublish", "cloudwatch.amazonaws.com", _of(account, "cloudwatch", "alarm:*")),
        # By AWS's guide RDS names the resource that the event is about (cluster, db, db-proxy); others have seen the
        # subscription (es). Both are in here (docs/decisions/0015).
        lets("DatabaseEventsPublish", "events.rds.amazonaws.com", _of(account, "rds", "*")),
    ]
    if from_rules:
        # Under a Condition EventBridge is never let in (docs/decisions/0015).
        statements.append(lets("ScalingEventsPublish", "events.amazonaws.com", None))
    tls: dict[str, object] = {
        "Sid": "OnlyWithTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [*statements, tls]}
