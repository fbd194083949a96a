from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.alrm_actions import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Ref, shop

JUDGED = (t.ALARM,)
CASES: Sequence[Case] = [
    Case(
        says="every alarm has a topic",
        declared=shop(),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="one has none",
        declared=shop().change("writer-warning", alarm_actions=[]),
        refused={
            "writer-warning": (
                "the alarm writer-warning tells nobody: it has no alarmActions; OK and INSUFFICIENT_DATA "
                "actions don't ring; give it a topic in alarmActions and leave actionsEnabled on, or remove "
                "it"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="one has only an OK action",
        declared=shop().change("writer-warning", alarm_actions=None, ok_actions=["arn:a"]),
        refused={
            "writer-warning": (
                "the alarm writer-warning tells nobody: it has no alarmActions; OK and INSUFFICIENT_DATA "
                "actions don't ring; give it a topic in alarmActions and leave actionsEnabled on, or remove "
                "it"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="one is switched off",
        declared=shop().change("reader-critical", actions_enabled=False),
        refused={
            "reader-critical": (
                "the alarm reader-critical tells nobody: its actions are off; OK and INSUFFICIENT_DATA "
                "actions don't ring; give it a topic in alarmActions and leave actionsEnabled on, or remove "
                "it"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-warning", "writer-critical", "writer-down", "writer-warning"},
    ),
    Case(
        says="one on another metric of the proxy has none",
        declared=shop().add(
            t.ALARM, "slow", metric_name="QueryDatabaseResponseLatency", dimensions={"ProxyName": Ref("proxy")}
        ),
        advised={
            "slow": (
                "the alarm slow tells nobody: it has no alarmActions; OK and INSUFFICIENT_DATA actions don't ring; "
                "give it a topic in alarmActions and leave actionsEnabled on, or remove it"
            )
        },
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="one on the proxy has none",
        declared=shop().change("pool-use", alarm_actions=[]),
        refused={
            "pool-use": (
                "the alarm pool-use tells nobody: it has no alarmActions; OK and INSUFFICIENT_DATA actions "
                "don't ring; give it a topic in alarmActions and leave actionsEnabled on, or remove it"
            )
        },
        passes={
            "borrow-latency",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="a role that nobody is told about is alrm-connections-required's",
        declared=shop().change("writer-warning", alarm_actions=[]).change("writer-critical", alarm_actions=[]),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="a composite alarm tells for it",
        declared=shop()
        .change("writer-warning", alarm_actions=[])
        .add(t.COMPOSITE_ALARM, "both", alarm_rule=Ref("writer-warning"), alarm_actions=[Ref("critical")]),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="a composite alarm that is switched off",
        declared=shop()
        .change("writer-warning", alarm_actions=[])
        .add(t.COMPOSITE_ALARM, "both", alarm_rule=Ref("writer-warning"), actions_enabled=False),
        refused={
            "writer-warning": (
                "the alarm writer-warning tells nobody: it has no alarmActions; OK and INSUFFICIENT_DATA "
                "actions don't ring; give it a topic in alarmActions and leave actionsEnabled on, or remove "
                "it"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="a composite alarm that waits for its silence",
        declared=shop()
        .change("writer-warning", name="low", alarm_actions=[])
        .add(t.COMPOSITE_ALARM, "full", alarm_rule="ALARM(pool) AND NOT ALARM(low)", alarm_actions=[Ref("critical")]),
        refused={
            "writer-warning": (
                "the alarm writer-warning tells nobody: it has no alarmActions; OK and INSUFFICIENT_DATA "
                "actions don't ring; give it a topic in alarmActions and leave actionsEnabled on, or remove "
                "it"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="another alarm on the cluster",
        declared=shop().change("writer-down", alarm_actions=[]),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="an unknown topic is one",
        declared=shop().change("writer-warning", alarm_actions=Ref("stack")),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="unknown whether it is on",
        declared=shop().change("pool-use", actions_enabled=Ref("stack")),
        unproven={
            "pool-use": (
                "actionsEnabled of pool-use is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes={
            "borrow-latency",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="neither on nor off",
        declared=shop().change("pool-use", actions_enabled="maybe"),
        unproven={
            "pool-use": (
                "actionsEnabled of pool-use must be true or false, got 'maybe'; so this cannot be proven "
                "safe; give it as true or false"
            )
        },
        passes={
            "borrow-latency",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="one that rings at a topic that CloudWatch can't publish to",
        declared=shop()
        .add(t.TOPIC, "page", kms_master_key_id="alias/aws/sns")
        .change("writer-critical", alarm_actions=[Ref("page")]),
        refused={
            "writer-critical": (
                "the alarm writer-critical tells nobody: the topic page is encrypted with alias/aws/sns, whose "
                "policy keeps CloudWatch out; an alarm has to reach somebody; let cloudwatch.amazonaws.com publish "
                "in the topic's policy and, if the topic is encrypted, use a customer-managed key whose policy lets "
                "it use kms:Decrypt and kms:GenerateDataKey*"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-down", "writer-warning"},
    ),
    Case(
        says="one that rings at another topic as well",
        declared=shop()
        .add(t.TOPIC, "page", kms_master_key_id="alias/aws/sns")
        .change("writer-critical", alarm_actions=[Ref("page"), Ref("critical")]),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="a composite alarm at such a topic is what doesn't tell",
        declared=shop()
        .change("writer-warning", alarm_actions=[])
        .add(t.TOPIC, "page", kms_master_key_id="alias/aws/sns")
        .add(t.COMPOSITE_ALARM, "both", alarm_rule=Ref("writer-warning"), alarm_actions=[Ref("page")]),
        refused={
            "writer-warning": (
                "the alarm writer-warning tells nobody: the topic page is encrypted with alias/aws/sns, whose policy"
                " keeps CloudWatch out; an alarm has to reach somebody; let cloudwatch.amazonaws.com publish in the "
                "topic's policy and, if the topic is encrypted, use a customer-managed key whose policy lets it use "
                "kms:Decrypt and kms:GenerateDataKey*"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="where none on a proxy's saturation reaches anybody, alrm-proxy-saturation says so",
        declared=shop()
        .add(t.TOPIC, "page", kms_master_key_id="alias/aws/sns")
        .change("pool-use", alarm_actions=[Ref("page")])
        .change("borrow-latency", alarm_actions=[Ref("page")]),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="beside another one on the pool, one at such a topic is advised about",
        declared=shop()
        .add(t.TOPIC, "page", kms_master_key_id="alias/aws/sns")
        .add(
            t.ALARM,
            "pool-full",
            metric_name="MaxDatabaseConnectionsAllowed",
            dimensions={"ProxyName": Ref("proxy")},
            alarm_actions=[Ref("page")],
        ),
        advised={
            "pool-full": (
                "the alarm pool-full tells nobody: the topic page is encrypted with alias/aws/sns, whose policy "
                "keeps CloudWatch out; an alarm has to reach somebody; let cloudwatch.amazonaws.com publish in the "
                "topic's policy and, if the topic is encrypted, use a customer-managed key whose policy lets it use "
                "kms:Decrypt and kms:GenerateDataKey*"
            )
        },
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="an alarm for both roles that tells nobody is alrm-connections-required's",
        declared=shop()
        .drop("reader-warning", "reader-critical", "writer-critical")
        .change("writer-warning", dimensions={"DBClusterIdentifier": Ref("shop")}, alarm_actions=None),
        passes={"borrow-latency", "pool-use", "writer-down", "writer-warning"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
