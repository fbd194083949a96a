"""Who is told: a topic for each tier, its subscriptions, and the key and policies that let AWS's services publish."""

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.keys import customer_key
from headroom.budget.alarms import Tier
from headroom.settings import subscription
from headroom.settings.demand import Notify

# Service -> whose messages it may publish. RDS's and EventBridge's name no source account.
_PUBLISHERS = {
    "cloudwatch.amazonaws.com": ("AlarmsPublish", "cloudwatch", "alarm:*"),
    "events.rds.amazonaws.com": ("DatabaseEventsPublish", "rds", "es:*"),
    "events.amazonaws.com": ("ScalingEventsPublish", "events", "rule/*"),
}


def topics(name: str, notify: Notify, account: Account, parent: pulumi.Resource) -> dict[Tier, aws.sns.Topic]:
    """Declare a topic for each tier."""
    # Not alias/aws/sns: its policy, which nobody can change, keeps the services' messages out. SNS names the topic in
    # the encryption context, so the key is of use for these topics only.
    context = {"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": account.arn("sns", f"{name}-*")}}
    key = customer_key(
        f"{name}-alarms",
        "messages of the alarms",
        account,
        {
            "cloudwatch.amazonaws.com": _from_alarms_of(account),
            "events.rds.amazonaws.com": context,
            "events.amazonaws.com": context,
        },
        pulumi.ResourceOptions(parent=parent),
    )
    targets = {Tier.WARNING: notify.warning, Tier.CRITICAL: notify.critical}
    return {tier: _topic(f"{name}-{tier}", targets[tier], key, account, parent) for tier in Tier}


def _topic(
    name: str, targets: Sequence[str], key: aws.kms.Key, account: Account, parent: pulumi.Resource
) -> aws.sns.Topic:
    child = pulumi.ResourceOptions(parent=parent)
    topic = aws.sns.Topic(name, name=name, kms_master_key_id=key.arn, opts=child)
    aws.sns.TopicPolicy(
        name, arn=topic.arn, policy=topic.arn.apply(lambda arn: json.dumps(_publishing(account, arn))), opts=child
    )
    for target in targets:
        protocol, endpoint = subscription(target)
        aws.sns.TopicSubscription(f"{name}-{target}", topic=topic.arn, protocol=protocol, endpoint=endpoint, opts=child)
    return topic


def _from_alarms_of(account: Account) -> dict[str, object]:
    """Only on behalf of this account's alarms."""
    return {
        "StringEquals": {"aws:SourceAccount": account.account_id},
        "ArnLike": {"aws:SourceArn": account.arn("cloudwatch", "alarm:*")},
    }


def _publishing(account: Account, topic_arn: str) -> dict[str, object]:
    """The topic's policy: this account's alarms and events may be published, and nothing without TLS."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            *(
                {
                    "Sid": sid,
                    "Effect": "Allow",
                    "Principal": {"Service": service},
                    "Action": "sns:Publish",
                    "Resource": topic_arn,
                    "Condition": _from_alarms_of(account)
                    if sid == "AlarmsPublish"
                    else {"ArnLike": {"aws:SourceArn": account.arn(source, resource)}},
                }
                for service, (sid, source, resource) in _PUBLISHERS.items()
            ),
            {
                "Sid": "OnlyWithTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
