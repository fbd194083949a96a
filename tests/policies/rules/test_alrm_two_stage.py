from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.alrm_two_stage import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import OTHER_ALARMS, Declared, Ref
from tests.policies.declared import shop as whole_shop

JUDGED = (t.ALARM,)


def shop() -> Declared:
    return whole_shop().drop(*OTHER_ALARMS)


def by_instance(*instances: int) -> Declared:
    """The critical alarm for the writer, and one on each of these instances."""
    declared = shop().drop("readers", "on-connections", "on-cpu", "writer-warning", "reader-warning", "reader-critical")
    for number in instances:
        declared.add(
            t.ALARM,
            f"on-{number}",
            metric_name="DatabaseConnections",
            dimensions={"DBInstanceIdentifier": Ref(f"shop-{number}")},
            comparison_operator="GreaterThanThreshold",
            threshold=30,
            alarm_actions=[Ref("warning")],
        )
    return declared


CASES: Sequence[Case] = [
    Case(
        says="one for the writer beside one on every instance",
        declared=by_instance(1, 2),
        passes={"on-1", "on-2", "writer-critical"},
    ),
    Case(
        says="one for the writer beside one on some instance",
        declared=by_instance(1),
        refused={
            "writer-critical": (
                "writer-critical is the only alarm that tells of the writer's connections of shop; a warning has to "
                "come while there is time to act, before the one that pages; set two, at the budget's warning and"
                " critical thresholds"
            )
        },
        passes={"on-1"},
    ),
    Case(
        says="a warning and a critical alarm for each role",
        declared=shop(),
        passes={"reader-critical", "reader-warning", "writer-critical", "writer-warning"},
    ),
    Case(
        says="only the critical one for the writer",
        declared=shop().drop("writer-warning"),
        refused={
            "writer-critical": (
                "writer-critical is the only alarm that tells of the writer's connections of shop; a warning has to "
                "come while there is time to act, before the one that pages; set two, at the budget's warning and"
                " critical thresholds"
            )
        },
        passes={"reader-critical", "reader-warning"},
    ),
    Case(
        says="only the warning for the readers",
        declared=shop().drop("reader-critical"),
        refused={
            "reader-warning": (
                "reader-warning is the only alarm that tells of the reader's connections of shop; a warning has to "
                "come while there is time to act, before the one that pages; set two, at the budget's warning and "
                "critical thresholds"
            )
        },
        passes={"writer-critical", "writer-warning"},
    ),
    Case(
        says="none at all is alrm-connections-required's",
        declared=shop().drop("writer-warning", "writer-critical"),
        passes={"reader-critical", "reader-warning"},
    ),
    Case(
        says="the second one tells nobody",
        declared=shop().change("writer-warning", alarm_actions=[]),
        refused={
            "writer-critical": (
                "writer-critical is the only alarm that tells of the writer's connections of shop; a warning has to "
                "come while there is time to act, before the one that pages; set two, at the budget's warning and"
                " critical thresholds"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-warning"},
    ),
    Case(
        says="the second one can't ring",
        declared=shop().change("writer-warning", threshold=5000),
        refused={
            "writer-critical": (
                "writer-critical is the only alarm that tells of the writer's connections of shop; a warning has to "
                "come while there is time to act, before the one that pages; set two, at the budget's warning and"
                " critical thresholds"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-warning"},
    ),
    Case(
        says="both tell the same topic",
        declared=shop().change("writer-warning", alarm_actions=[Ref("critical")]),
        advised={
            "writer-warning": (
                "all alarms on the writer's connections of shop (writer-warning, writer-critical) tell the "
                "same; who is paged for a warning soon ignores the critical one; give each stage a topic of "
                "its own"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
    Case(
        says="both tell the same literal topic",
        declared=shop()
        .change("writer-warning", alarm_actions=["arn:a"])
        .change("writer-critical", alarm_actions=["arn:a"]),
        advised={
            "writer-warning": (
                "all alarms on the writer's connections of shop (writer-warning, writer-critical) tell the "
                "same; who is paged for a warning soon ignores the critical one; give each stage a topic of "
                "its own"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
    Case(
        says="literal topics that differ",
        declared=shop()
        .change("writer-warning", alarm_actions=["arn:a"])
        .change("writer-critical", alarm_actions=["arn:b"]),
        passes={"reader-critical", "reader-warning", "writer-critical", "writer-warning"},
    ),
    Case(
        says="a composite alarm pages for the critical one",
        declared=shop()
        .change("writer-critical", alarm_actions=[Ref("warning")])
        .add(t.COMPOSITE_ALARM, "page", alarm_rule=Ref("writer-critical"), alarm_actions=[Ref("critical")]),
        passes={"reader-critical", "reader-warning", "writer-critical", "writer-warning"},
    ),
    Case(
        says="only a composite alarm tells of the critical one",
        declared=shop()
        .change("writer-critical", alarm_actions=[])
        .add(t.COMPOSITE_ALARM, "page", alarm_rule=Ref("writer-critical"), alarm_actions=[Ref("critical")]),
        passes={"reader-critical", "reader-warning", "writer-critical", "writer-warning"},
    ),
    Case(
        says="two that ring for both roles",
        declared=shop()
        .drop("reader-warning", "reader-critical")
        .change("writer-warning", dimensions={"DBClusterIdentifier": Ref("shop")})
        .change("writer-critical", dimensions={"DBClusterIdentifier": Ref("shop")}),
        passes={"writer-critical", "writer-warning"},
    ),
    Case(
        says="an unknown metric may be the second one",
        declared=shop().change("writer-warning", metric_name=Ref("stack")),
        unproven={
            "writer-warning": (
                "metricName of writer-warning is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
    Case(
        says="an unknown role may be the second one",
        declared=shop().change("writer-warning", dimensions={"DBClusterIdentifier": Ref("shop"), "Role": Ref("stack")}),
        unproven={
            "writer-warning": (
                "dimensions.Role of writer-warning is known only after the update; so this cannot be proven "
                "safe; give it as a value that is known before the update"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
    Case(
        says="actions that are neither on nor off",
        declared=shop().change("writer-warning", actions_enabled="maybe"),
        unproven={
            "writer-warning": (
                "actionsEnabled of writer-warning must be true or false, got 'maybe'; so this cannot be "
                "proven safe; give it as true or false"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
    Case(
        says="a topic as a list, or alone, is the same topic",
        declared=shop().change("writer-warning", alarm_actions=Ref("critical")),
        advised={
            "writer-warning": (
                "all alarms on the writer's connections of shop (writer-warning, writer-critical) tell "
                "the same; who is paged for a warning soon ignores the critical one; give each stage a "
                "topic of its own"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
    Case(
        says="a second one that can't reach anybody is alrm-actions'",
        declared=shop().change("critical", kms_master_key_id="alias/aws/sns"),
        passes=set(shop().names(t.ALARM)),
    ),
    Case(
        says="that of another role is its own matter",
        declared=shop()
        .drop("reader-warning")
        .add(t.TOPIC, "page", kms_master_key_id="alias/aws/sns")
        .change("writer-critical", alarm_actions=[Ref("page")]),
        refused={
            "reader-critical": (
                "reader-critical is the only alarm that tells of the reader's connections of shop; a warning has to "
                "come while there is time to act, before the one that pages; set two, at the budget's warning and "
                "critical thresholds"
            )
        },
        passes=set(shop().names(t.ALARM)) - {"reader-warning", "reader-critical"},
    ),
    Case(
        says="a second one that never has data is none",
        declared=shop().change("writer-warning", namespace="AWS/Aurora"),
        refused={
            "writer-critical": (
                "writer-critical is the only alarm that tells of the writer's connections of shop (writer-warning: its "
                "namespace is AWS/Aurora, and AWS publishes DatabaseConnections in AWS/RDS); a warning has to come "
                "while there is time to act, before the one that pages; watch what AWS publishes: in the namespace "
                "AWS/RDS, with the identifier itself as dimension, in the metric's own unit or none, and with a period "
                "of 60 s"
            )
        },
        passes=set(shop().names(t.ALARM)) - {"writer-critical"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
