from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.alrm_topic_subscribed import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Ref, shop

JUDGED = (t.TOPIC,)
CASES: Sequence[Case] = [
    Case(says="both topics have a subscriber", declared=shop(), passes={"critical", "warning"}),
    Case(
        says="one has none",
        declared=shop().drop("warning-mail"),
        refused={
            "warning": (
                "nobody is subscribed to the topic warning, and reader-warning, writer-warning ring there; an"
                " alarm has to reach somebody; subscribe those on call (aws.sns.TopicSubscription, or a chat "
                "channel) in the same stack"
            )
        },
        passes={"critical"},
    ),
    Case(
        says="a chat channel listens",
        declared=shop().drop("warning-mail").add(t.SLACK_CHANNEL, "chat", sns_topic_arns=[Ref("warning")]),
        passes={"critical", "warning"},
    ),
    Case(
        says="another chat channel listens",
        declared=shop().drop("warning-mail").add(t.TEAMS_CHANNEL, "chat", sns_topic_arns=[Ref("warning")]),
        passes={"critical", "warning"},
    ),
    Case(
        says="a topic that nothing rings at",
        declared=shop().add(t.TOPIC, "unused"),
        passes={"critical", "unused", "warning"},
    ),
    Case(
        says="a topic that only another alarm rings at",
        declared=shop().add(t.TOPIC, "other").change("writer-down", alarm_actions=[Ref("other")]),
        passes={"critical", "other", "warning"},
    ),
    Case(
        says="topics outside the stack",
        declared=shop()
        .drop("warning-mail")
        .change("writer-warning", alarm_actions=["arn:a"])
        .change("reader-warning", alarm_actions=["arn:a"]),
        passes={"critical", "warning"},
    ),
    Case(
        says="a composite alarm's topic",
        declared=shop()
        .add(t.TOPIC, "other")
        .add(t.COMPOSITE_ALARM, "page", alarm_rule=Ref("writer-critical"), alarm_actions=[Ref("other")]),
        refused={
            "other": (
                "nobody is subscribed to the topic other, and page ring there; an alarm has to reach "
                "somebody; subscribe those on call (aws.sns.TopicSubscription, or a chat channel) in the same"
                " stack"
            )
        },
        passes={"critical", "warning"},
    ),
    Case(
        says="no alarms",
        declared=shop().drop("warning-mail", "writer-warning", "reader-warning"),
        passes={"critical", "warning"},
    ),
    Case(
        says="a proxy's alarm",
        declared=shop().add(t.TOPIC, "other").change("pool-use", alarm_actions=[Ref("other")]),
        refused={
            "other": (
                "nobody is subscribed to the topic other, and pool-use ring there; an alarm has to reach "
                "somebody; subscribe those on call (aws.sns.TopicSubscription, or a chat channel) in the same"
                " stack"
            )
        },
        passes={"critical", "warning"},
    ),
    Case(
        says="an unknown topic can't be followed",
        declared=shop().change("writer-warning", alarm_actions=Ref("stack")),
        passes={"critical", "warning"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
