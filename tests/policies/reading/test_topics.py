"""What keeps AWS's services out of a topic, in every way in which its key and its policy can be written."""

import json
from typing import Any

import pytest

from policies.reading import types as t
from policies.reading.alarms import actions
from policies.reading.topics import CLOUDWATCH, RDS, dead_end, shut, unreadable
from tests.policies.declared import Declared, Ref

ROOT = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
USES = ["kms:Decrypt", "kms:GenerateDataKey*"]
MANAGED = "the topic page is encrypted with alias/aws/sns, whose policy keeps CloudWatch out"
KEY = "the topic page is encrypted with the key key, whose policy doesn't let cloudwatch.amazonaws.com use "
BOTH = f"{KEY}kms:Decrypt and kms:GenerateDataKey"
SHUT = "the policy of the topic page doesn't let cloudwatch.amazonaws.com publish"
KEY_ARN = "arn:aws:kms:eu-west-1:123456789012:key/1234"
VIA_SNS = {"kms:ViaService": "sns.eu-west-1.amazonaws.com", "kms:CallerAccount": "123456789012"}


def lets(*services: str, action: object = "sns:Publish", **more: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": action, "Resource": "*", **more}


def policy(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def topic(**args: Any) -> Declared:
    """A topic that an alarm rings at."""
    return Declared().add(t.TOPIC, "page", **args).add(t.ALARM, "full", alarm_actions=[Ref("page")])


def keyed(*statements: object) -> Declared:
    """It is encrypted with a key of the stack."""
    return topic(kms_master_key_id=Ref("key")).add(t.KMS_KEY, "key", policy=policy(ROOT, *statements))


def told(context: str) -> dict[str, Any]:
    """For messages to one topic only."""
    return lets(
        CLOUDWATCH.principal,
        action=USES,
        Condition={"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": context}},
    )


CASES: dict[str, tuple[Declared, str]] = {
    "no key, no policy": (topic(), ""),
    "AWS's own key": (topic(kms_master_key_id="alias/aws/sns"), MANAGED),
    "AWS's own key by its alias' ARN": (
        topic(kms_master_key_id="arn:aws:kms:eu-west-1:123456789012:alias/aws/sns"),
        MANAGED,
    ),
    "a key from outside": (topic(kms_master_key_id=KEY_ARN), ""),
    "an alias from outside": (topic(kms_master_key_id="alias/ours"), ""),
    "a key that isn't known yet, from outside": (topic(kms_master_key_id=Ref("full")), ""),
    "a key that lets it in": (keyed(lets(CLOUDWATCH.principal, action=USES)), ""),
    "a key that lets it do everything": (keyed(lets(CLOUDWATCH.principal, action="kms:*")), ""),
    "one action a statement": (
        keyed(*(lets(CLOUDWATCH.principal, action=each) for each in ("kms:Decrypt", "kms:GenerateDataKey"))),
        "",
    ),
    "KMS's default policy": (keyed().change("key", policy=None), BOTH),
    "the account alone": (keyed(), BOTH),
    "another service": (keyed(lets("events.amazonaws.com", action=USES)), BOTH),
    "reading only": (keyed(lets(CLOUDWATCH.principal, action="kms:Decrypt")), f"{KEY}kms:GenerateDataKey"),
    "writing only": (keyed(lets(CLOUDWATCH.principal, action="kms:GenerateDataKey*")), f"{KEY}kms:Decrypt"),
    "data keys without their text only": (
        keyed(lets(CLOUDWATCH.principal, action=["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"])),
        f"{KEY}kms:GenerateDataKey",
    ),
    "a copy of the AWS-managed key's policy": (
        keyed({**lets(action=USES), "Principal": {"AWS": "*"}, "Condition": {"StringEquals": VIA_SNS}}),
        BOTH,
    ),
    "conditions that it meets": (
        keyed(
            lets(
                CLOUDWATCH.principal,
                action=USES,
                Condition={
                    "StringEquals": {"aws:SourceAccount": "123456789012"},
                    "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:*"},
                },
            )
        ),
        "",
    ),
    "the topic's messages only": (
        keyed(told("arn:aws:sns:eu-west-1:1:page")).change("page", arn="arn:aws:sns:eu-west-1:1:page"),
        "",
    ),
    "another topic's messages only": (
        keyed(told("arn:aws:sns:eu-west-1:1:other")).change("page", arn="arn:aws:sns:eu-west-1:1:page"),
        BOTH,
    ),
    "one topic's messages, and it isn't known which": (keyed(told("arn:aws:sns:eu-west-1:1:other")), ""),
    "a key's policy that isn't known yet": (keyed().change("key", policy=Ref("full")), ""),
    "a key by its alias": (
        keyed().change("page", kms_master_key_id=Ref("alias")).add(t.KMS_ALIAS, "alias", target_key_id=Ref("key")),
        BOTH,
    ),
    "a key by its alias' name": (
        keyed()
        .change("page", kms_master_key_id="alias/topics")
        .add(t.KMS_ALIAS, "alias", target_key_id=Ref("key"))
        .change("alias", name="alias/topics"),
        BOTH,
    ),
    "a key by its id": (keyed().change("page", kms_master_key_id="1234").change("key", key_id="1234"), BOTH),
    "a key by its ARN": (keyed().change("page", kms_master_key_id=KEY_ARN).change("key", key_id="1234"), BOTH),
    "a policy of its own replaces the key's": (
        keyed(lets(CLOUDWATCH.principal, action=USES)).add(
            t.KMS_KEY_POLICY, "own", key_id=Ref("key"), policy=policy(ROOT)
        ),
        BOTH,
    ),
    "a policy of its own lets it in": (
        keyed().add(
            t.KMS_KEY_POLICY, "own", key_id=Ref("key"), policy=policy(ROOT, lets(CLOUDWATCH.principal, action=USES))
        ),
        "",
    ),
    "the topic's policy lets it in": (topic(policy=policy(lets(CLOUDWATCH.principal))), ""),
    "the topic's policy forgets it": (topic(policy=policy(lets(RDS.principal))), SHUT),
    "the topic's policy denies it": (
        topic(policy=policy(lets(CLOUDWATCH.principal), {**lets(), "Effect": "Deny", "Principal": "*"})),
        SHUT,
    ),
    "a policy of its own forgets it": (
        topic().add(t.TOPIC_POLICY, "own", arn=Ref("page"), policy=policy(lets(RDS.principal))),
        SHUT,
    ),
    "a policy of its own replaces the topic's": (
        topic(policy=policy(lets(RDS.principal))).add(
            t.TOPIC_POLICY, "own", arn=Ref("page"), policy=policy(lets(CLOUDWATCH.principal))
        ),
        "",
    ),
    "a policy by the topic's ARN": (
        topic()
        .change("page", name="page-1")
        .add(t.TOPIC_POLICY, "own", arn="arn:aws:sns:eu-west-1:1:page-1", policy=policy(lets(RDS.principal))),
        SHUT,
    ),
    "another topic's policy": (
        topic().add(t.TOPIC, "other").add(t.TOPIC_POLICY, "own", arn=Ref("other"), policy=policy(lets(RDS.principal))),
        "",
    ),
    "a policy that isn't known yet": (topic().add(t.TOPIC_POLICY, "own", arn=Ref("page"), policy=Ref("page")), ""),
}


@pytest.mark.parametrize(("declared", "why"), CASES.values(), ids=list(CASES))
def test_cloudwatch_is_kept_out_or_let_in(declared: Declared, why: str) -> None:
    resources = declared.reading().resources
    page, alarm = (resources.by_urn[declared.urn(name)] for name in ("page", "full"))
    assert shut(resources, page, alarm, CLOUDWATCH) == why
    assert [dead_end(resources, alarm, "alarmActions", each, CLOUDWATCH) for each in actions(alarm)] == [why]


@pytest.mark.parametrize("value", ["not JSON", {"Statement": "x"}, 5])
def test_what_is_no_policy_is_named(value: object) -> None:
    declared = keyed().change("key", policy=value)
    resources = declared.reading().resources
    (blank,) = unreadable(resources, resources.by_urn[declared.urn("page")])
    assert str(blank) == f"policy of key must be a policy as JSON text, got {value!r}"
    page, alarm = (resources.by_urn[declared.urn(name)] for name in ("page", "full"))
    assert shut(resources, page, alarm, CLOUDWATCH) == ""


REGIONS = [
    ({"region": "eu-west-1"}, "eu-west-1"),
    ({"arn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:full"}, "eu-west-1"),
    ({"region": "us-east-1"}, ""),
    ({}, ""),
]


@pytest.mark.parametrize(("given", "region"), REGIONS)
def test_a_topic_in_another_region_is_a_dead_end(given: dict[str, str], region: str) -> None:
    arn = "arn:aws:sns:us-east-1:123456789012:page"
    declared = topic().change("full", alarm_actions=[arn], **given)
    resources = declared.reading().resources
    why = dead_end(resources, resources.by_urn[declared.urn("full")], "alarmActions", arn, CLOUDWATCH)
    expected = f"the topic {arn} is in us-east-1, and CloudWatch publishes in its own region, {region}"
    assert why == (expected if region else "")


def test_what_is_no_topic_is_no_dead_end() -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:page"
    declared = topic(kms_master_key_id="alias/aws/sns").change("full", alarm_actions=[function], region="eu-west-1")
    resources = declared.reading().resources
    alarm = resources.by_urn[declared.urn("full")]
    for action in (function, "page", None, 5, {"a": 1}):
        assert dead_end(resources, alarm, "alarmActions", action, CLOUDWATCH) == ""


def test_an_action_that_may_come_from_outside_may_reach_somebody() -> None:
    declared = topic(kms_master_key_id="alias/aws/sns").add("aws:lambda/function:Function", "function")
    declared.change("full", alarm_actions=[Ref("page"), Ref("function")])
    resources = declared.reading().resources
    alarm = resources.by_urn[declared.urn("full")]
    for action in actions(alarm):
        assert dead_end(resources, alarm, "alarmActions", action, CLOUDWATCH) == ""
