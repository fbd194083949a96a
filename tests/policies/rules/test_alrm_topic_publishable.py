import json
from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.alrm_topic_publishable import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import NOW, Declared, Ref, shop

JUDGED = (t.TOPIC,)
ACCOUNT = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": "kms:*",
    "Resource": "*",
}
CLOUDWATCH, RDS, EVENTBRIDGE = "cloudwatch.amazonaws.com", "events.rds.amazonaws.com", "events.amazonaws.com"
LOST = "what is sent there is lost, and nothing shows it"


def lets(*services: str, action: object = "sns:Publish", **more: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": action, "Resource": "*", **more}


def policy(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def told(topic: str = "page", **args: Any) -> Declared:
    """The shop, whose critical alarms tell another topic as well."""
    declared = shop().add(t.TOPIC, topic, **args)
    for role in ("writer", "reader"):
        declared.change(f"{role}-critical", alarm_actions=[Ref("critical"), Ref(topic)])
    return declared


def subscribed(**args: Any) -> Declared:
    """The shop, with RDS's events at a topic."""
    return shop().add(t.TOPIC, "events", **args).add(t.EVENT_SUBSCRIPTION, "failovers", sns_topic=Ref("events"))


def ruled(pattern: object = '{"source": ["aws.application-autoscaling"]}', **args: Any) -> Declared:
    """The shop, with an EventBridge rule at a topic."""
    return (
        shop()
        .add(t.TOPIC, "events", **args)
        .add(t.EVENT_RULE, "maximum", event_pattern=pattern)
        .add(t.EVENT_TARGET, "to-topic", rule=Ref("maximum"), arn=Ref("events"))
    )


def keyed(*statements: object, **key: Any) -> Declared:
    key = {"policy": policy(ACCOUNT, *statements), **key} if statements else key
    return told(kms_master_key_id=Ref("key")).add(t.KMS_KEY, "key", **key)


def remedy(service: str) -> str:
    return (
        f"let {service} publish in the topic's policy and, if the topic is encrypted, use a customer-managed key whose "
        "policy lets it use kms:Decrypt and kms:GenerateDataKey*"
    )


GUIDE = "use a standard topic, and let EventBridge in by a statement without a Condition, or give its target a roleArn"


def lost(why: str, by: str = "reader-critical, writer-critical", service: str = CLOUDWATCH) -> str:
    return f"the topic {why}; it is told by {by}; {LOST}; {remedy(service)}"


MANAGED = lost("page is encrypted with alias/aws/sns, whose policy keeps CloudWatch out")
KEY = "page is encrypted with the key key, whose policy doesn't let cloudwatch.amazonaws.com use "
BOTH = lost(f"{KEY}kms:Decrypt and kms:GenerateDataKey")
SHUT = (
    f"the policy of the topic page doesn't let {CLOUDWATCH} publish; it is told by reader-critical, writer-critical; "
)
SHUT += f"{LOST}; {remedy(CLOUDWATCH)}"
PASS = {"critical", "warning"}
ALL = {*PASS, "page"}
USES = ["kms:Decrypt", "kms:GenerateDataKey*"]

CASES: Sequence[Case] = [
    Case(says="topics without a key or a policy", declared=told(), passes=ALL),
    Case(
        says="AWS's own key", declared=told(kms_master_key_id="alias/aws/sns"), refused={"page": MANAGED}, passes=PASS
    ),
    Case(says="a key that lets it in", declared=keyed(lets(CLOUDWATCH, action=USES)), passes=ALL),
    Case(
        says="a key for the account alone", declared=keyed(policy=policy(ACCOUNT)), refused={"page": BOTH}, passes=PASS
    ),
    Case(
        says="a key through its alias",
        declared=told(kms_master_key_id=Ref("alias"))
        .add(t.KMS_ALIAS, "alias", target_key_id=Ref("key"))
        .change("alias", name="alias/topics")
        .add(t.KMS_KEY, "key"),
        refused={"page": BOTH},
        passes=PASS,
    ),
    Case(
        says="a key by its ARN",
        declared=told(kms_master_key_id="arn:aws:kms:eu-west-1:123456789012:key/1234").add(
            t.KMS_KEY, "key", key_id="1234"
        ),
        refused={"page": BOTH},
        passes=PASS,
    ),
    Case(
        says="a topic's policy lets it in",
        declared=told().add(t.TOPIC_POLICY, "publishers", arn=Ref("page"), policy=policy(lets(CLOUDWATCH))),
        passes=ALL,
    ),
    Case(
        says="a topic's policy forgets it",
        declared=told().add(t.TOPIC_POLICY, "publishers", arn=Ref("page"), policy=policy(lets(RDS, EVENTBRIDGE))),
        refused={"page": SHUT},
        passes=PASS,
    ),
    Case(
        says="a topic's policy of its own replaces what the topic has",
        declared=told(policy=policy(lets(RDS))).add(
            t.TOPIC_POLICY, "publishers", arn=Ref("page"), policy=policy(lets(CLOUDWATCH))
        ),
        passes=ALL,
    ),
    Case(
        says="a topic's policy that isn't known yet",
        declared=told().add(t.TOPIC_POLICY, "publishers", arn=Ref("page"), policy=Ref("page")),
        passes=ALL,
    ),
    Case(
        says="a topic's policy that is none",
        declared=told(policy="everybody"),
        unproven={
            "page": (
                "policy of page must be a policy as JSON text, got 'everybody'; so this cannot be proven safe; give it "
                "as AWS's policy documents are"
            )
        },
        passes=PASS,
    ),
    Case(
        says="a policy for another account's alarms",
        declared=told(
            policy=policy(lets(CLOUDWATCH, Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}}))
        )
        .change("writer-critical", arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:writer-critical")
        .change("reader-critical", arn="arn:aws:cloudwatch:eu-west-1:210987654321:alarm:reader-critical"),
        refused={
            "page": f"the policy of the topic page doesn't let {CLOUDWATCH} publish; it is told by writer-critical; "
            f"{LOST}; {remedy(CLOUDWATCH)}"
        },
        passes=PASS,
    ),
    Case(
        says="where a key and a policy keep it out the key is named",
        declared=told(kms_master_key_id="alias/aws/sns", policy=policy(lets(RDS))),
        refused={"page": MANAGED},
        passes=PASS,
    ),
    Case(
        says="where nobody at all is told other rules say so",
        declared=shop()
        .change("critical", kms_master_key_id="alias/aws/sns")
        .change("warning", kms_master_key_id="alias/aws/sns"),
        passes=PASS,
    ),
    Case(
        says="a composite alarm's topic",
        declared=shop()
        .add(t.TOPIC, "page", kms_master_key_id="alias/aws/sns")
        .add(t.COMPOSITE_ALARM, "any", alarm_rule=Ref("writer-critical"), alarm_actions=[Ref("page")]),
        refused={"page": lost("page is encrypted with alias/aws/sns, whose policy keeps CloudWatch out", "any")},
        passes=PASS,
    ),
    Case(
        says="one of the topics that an unknown action may be",
        declared=told(kms_master_key_id="alias/aws/sns")
        .change("reader-critical", alarm_actions=[Ref("critical")])
        .change("writer-critical", alarm_actions={"either": Ref("critical"), "or": Ref("page")}),
        advised={
            "page": lost("page is encrypted with alias/aws/sns, whose policy keeps CloudWatch out", "writer-critical")
        },
        passes=PASS,
    ),
    Case(
        says="a FIFO topic",
        declared=told(fifo_topic=True),
        advised={
            "page": (
                "the topic page is FIFO: SNS wants a MessageGroupId there, which CloudWatch can't be given; it is told "
                f"by reader-critical, writer-critical; {LOST}; {GUIDE}"
            )
        },
        passes=PASS,
    ),
    Case(
        says="a topic in another region",
        declared=shop().change(
            "writer-critical",
            region="eu-west-1",
            alarm_actions=[Ref("critical"), "arn:aws:sns:us-east-1:123456789012:page"],
        ),
        refused={
            "writer-critical": (
                "the topic arn:aws:sns:us-east-1:123456789012:page is in us-east-1, and CloudWatch publishes in its "
                f"own region, eu-west-1; it is told by writer-critical; {LOST}; tell a topic in the sender's own region"
            )
        },
        passes=PASS,
    ),
    Case(
        says="a topic in the alarm's region, and a function in another one",
        declared=shop().change(
            "writer-critical",
            arn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:writer-critical",
            alarm_actions=[
                "arn:aws:sns:eu-west-1:123456789012:page",
                "arn:aws:lambda:us-east-1:123456789012:function:page",
            ],
        ),
        passes=PASS,
    ),
    Case(says="RDS's events at a topic with SNS's default policy", declared=subscribed(), passes={*PASS, "events"}),
    Case(
        says="RDS's events at a topic with AWS's own key",
        declared=subscribed(kms_master_key_id="alias/aws/sns"),
        refused={
            "events": lost("events is encrypted with alias/aws/sns, whose policy keeps RDS out", "failovers", RDS)
        },
        passes=PASS,
    ),
    Case(
        says="RDS's events at a topic that lets the alarms in only",
        declared=subscribed(policy=policy(lets(CLOUDWATCH))),
        refused={
            "events": f"the policy of the topic events doesn't let {RDS} publish; it is told by failovers; {LOST}; "
            f"{remedy(RDS)}"
        },
        passes=PASS,
    ),
    Case(
        says="RDS's events at a topic that lets its resources in",
        declared=subscribed(
            policy=policy(lets(RDS, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:rds:eu-west-1:123456789012:*"}}))
        ),
        passes={*PASS, "events"},
    ),
    Case(
        says="a subscription that is switched off",
        declared=subscribed(kms_master_key_id="alias/aws/sns").change("failovers", enabled=False),
        passes={*PASS, "events"},
    ),
    Case(
        says="a rule at a topic with SNS's default policy",
        declared=ruled(),
        refused={
            "events": lost(
                f"events has SNS's default policy, which doesn't let {EVENTBRIDGE} publish", "to-topic", EVENTBRIDGE
            )
        },
        passes=PASS,
    ),
    Case(
        says="a rule at a topic with SNS's default policy, written out",
        declared=ruled(
            policy=policy(
                {**lets(), "Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"AWS:SourceOwner": "1"}}}
            )
        ),
        refused={
            "events": f"the policy of the topic events doesn't let {EVENTBRIDGE} publish; it is told by to-topic; "
            f"{LOST}; {remedy(EVENTBRIDGE)}"
        },
        passes=PASS,
    ),
    Case(says="a rule that is let in", declared=ruled(policy=policy(lets(EVENTBRIDGE))), passes={*PASS, "events"}),
    Case(
        says="a rule that is let in under a condition",
        declared=ruled(policy=policy(lets(EVENTBRIDGE, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:events:*"}}))),
        advised={
            "events": (
                f"the policy of the topic events lets {EVENTBRIDGE} publish under a Condition only, which "
                f"EventBridge's guide rules out; it is told by to-topic; {LOST}; {GUIDE}"
            )
        },
        passes=PASS,
    ),
    Case(
        says="a rule with a role of its own",
        declared=ruled().change("to-topic", role_arn="arn:aws:iam::123456789012:role/publisher"),
        passes={*PASS, "events"},
    ),
    Case(says="a rule about something else", declared=ruled('{"source": ["aws.ecs"]}'), passes={*PASS, "events"}),
    Case(
        says="a rule about RDS, by its name",
        declared=ruled('{"source": ["aws.rds"]}').change("maximum", name="m").change("to-topic", rule="m"),
        refused={
            "events": lost(
                f"events has SNS's default policy, which doesn't let {EVENTBRIDGE} publish", "to-topic", EVENTBRIDGE
            )
        },
        passes=PASS,
    ),
    Case(says="a rule whose pattern isn't known yet", declared=ruled(Ref("shop")), passes={*PASS, "events"}),
    Case(
        says="a proxy's alarm, and its cluster is another stack's",
        declared=told(kms_master_key_id="alias/aws/sns")
        .change("pool-use", alarm_actions=[Ref("critical"), Ref("page")])
        .change("target", db_cluster_identifier="elsewhere")
        .drop("shop", "shop-1", "shop-2", "readers", "on-connections", "on-cpu", "budget", "writer-down")
        .drop("writer-warning", "writer-critical", "reader-warning", "reader-critical"),
        refused={"page": lost("page is encrypted with alias/aws/sns, whose policy keeps CloudWatch out", "pool-use")},
        passes=PASS,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)


def test_where_there_is_no_database_nothing_is_said() -> None:
    declared = subscribed(kms_master_key_id="alias/aws/sns")
    declared = declared.drop(*(declared.names(*t.READ) - {"events", "failovers"}))
    assert RULE.find(declared.reading(NOW)) == []
