from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.alrm_connections_required import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import OTHER_ALARMS, Declared, Ref
from tests.policies.declared import shop as whole_shop

JUDGED = (t.CLUSTER, t.ALARM)
WRITER = ("writer-warning", "writer-critical")
READER = ("reader-warning", "reader-critical")
ALARMS = {*WRITER, *READER}
SCALING = ("readers", "on-connections", "on-cpu")


def shop() -> Declared:
    return whole_shop().drop(*OTHER_ALARMS)


def by_instance(*names: str) -> Declared:
    declared = shop().drop(*ALARMS, *SCALING)
    for name in names:
        declared.add(
            t.ALARM,
            f"on-{name}",
            namespace="AWS/RDS",
            metric_name="DatabaseConnections",
            dimensions={"DBInstanceIdentifier": Ref(name)},
            comparison_operator="GreaterThanThreshold",
            threshold=30,
            alarm_actions=["arn:aws:sns:eu-west-1:123456789012:on-call"],
        )
    return declared


def only(**changes: Any) -> Declared:
    """The writer has one alarm."""
    return shop().drop("writer-warning").change("writer-critical", **changes)


def silent(why: str) -> dict[str, str]:
    return {
        "writer-critical": (
            f"no alarm on the writer's connections of shop can ring and tell somebody (writer-critical: {why}); one "
            "has to, before they run out; give it an SNS topic in alarmActions (headroom:notify) and a threshold below "
            "the limit"
        )
    }


def dataless(why: str) -> dict[str, str]:
    return {
        "writer-critical": (
            f"no alarm on the writer's connections of shop can ring and tell somebody (writer-critical: {why}); one "
            "has to, before they run out; watch what AWS publishes: in the namespace AWS/RDS, with the identifier "
            "itself as dimension, in the metric's own unit or none, and with a period of 60 s"
        )
    }


def query(**changes: Any) -> Declared:
    """The same, as a query."""
    metric = {
        "namespace": "AWS/RDS",
        "metric_name": "DatabaseConnections",
        "dimensions": {"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
        "stat": "Maximum",
        "period": 60,
        **changes,
    }
    queries = [
        {"id": "share", "expression": "100 * used / 200", "return_data": True},
        {"id": "used", "metric": metric},
        {"id": "unused", "metric": {"namespace": "Ours", "metric_name": "DatabaseConnections"}},
    ]
    return only(metric_name=None, namespace=None, dimensions=None, metric_queries=queries)


SETS = (
    "AWS publishes DatabaseConnections under DBInstanceIdentifier, or DBClusterIdentifier, or DBClusterIdentifier and "
    "Role, or DbClusterIdentifier and EngineName"
)
SILENT = {"shop", *READER}
RINGS = {"shop", "writer-critical", *READER}

CASES: Sequence[Case] = [
    Case(says="it rings when all connections are taken", declared=only(threshold=200), passes=RINGS),
    Case(
        says="it rings above what an instance admits",
        declared=only(threshold=201),
        refused=silent("it rings at 201, and no instance admits more than 200"),
        passes=SILENT,
    ),
    Case(
        says="one below the last connection",
        declared=only(threshold=199, comparison_operator="GreaterThanThreshold"),
        passes=RINGS,
    ),
    Case(
        says="it rings above the last connection",
        declared=only(threshold=200, comparison_operator="GreaterThanThreshold"),
        refused=silent("it rings at 200, and no instance admits more than 200"),
        passes=SILENT,
    ),
    Case(
        says="the instance that admits most decides",
        declared=only(threshold=150)
        .add(t.PARAMETER_GROUP, "small", parameters=[{"name": "max_connections", "value": "90"}])
        .change("shop-2", db_parameter_group_name=Ref("small")),
        passes=RINGS,
    ),
    Case(says="a sum may be above it", declared=only(threshold=5000, statistic="Sum"), passes=RINGS),
    Case(
        says="it counts data points",
        declared=only(statistic="SampleCount"),
        refused=silent("it counts data points (SampleCount)"),
        passes=SILENT,
    ),
    Case(
        says="it rings when connections fall",
        declared=only(comparison_operator="LessThanOrEqualToThreshold"),
        refused=silent("it rings when they fall (LessThanOrEqualToThreshold)"),
        passes=SILENT,
    ),
    Case(
        says="it compares with a band that CloudWatch learns",
        declared=only(comparison_operator="LessThanLowerOrGreaterThanUpperThreshold", threshold=None),
        passes=RINGS,
    ),
    Case(says="it asks for all data points", declared=only(datapoints_to_alarm=3), passes=RINGS),
    Case(
        says="it asks for more data points than it evaluates",
        declared=only(datapoints_to_alarm=4),
        refused=silent("it asks for 4 data points of 3"),
        passes=SILENT,
    ),
    Case(
        says="where a limit can't be read any threshold may ring",
        declared=only(threshold=5000).change("shop-1", instance_class=Ref("stack")),
        passes=RINGS,
    ),
    Case(
        says="an alarm on an expression may ring at any number",
        declared=only(
            threshold=5000,
            metric_name=None,
            dimensions=None,
            metric_queries=[
                {"id": "twice", "expression": "2 * used", "return_data": True},
                {
                    "id": "used",
                    "metric": {
                        "metric_name": "DatabaseConnections",
                        "dimensions": {"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
                    },
                },
            ],
        ),
        passes=RINGS,
    ),
    Case(
        says="an instance's alarm that can't ring doesn't count as the instance's",
        declared=by_instance("shop-1").change("on-shop-1", threshold=5000).drop("shop-2"),
        refused={
            "shop": (
                "no alarm watches the writer's connections of the cluster shop; one on DatabaseConnections with the "
                "dimensions DBClusterIdentifier and Role=WRITER is needed; declare who is told (headroom:notify), "
                "and the component declares the alarms; or add one with alarmActions"
            )
        },
        passes={"on-shop-1"},
    ),
    Case(says="alarms on both roles", declared=shop(), passes={"shop", *ALARMS}),
    Case(
        says="one alarm a role is enough",
        declared=shop().drop("writer-warning", "reader-warning"),
        passes={"shop", "writer-critical", "reader-critical"},
    ),
    Case(
        says="no alarm at all",
        declared=shop().drop(*ALARMS),
        refused={
            "shop": [
                (
                    "no alarm watches the writer's connections of the cluster shop; one on DatabaseConnections with "
                    "the dimensions DBClusterIdentifier and Role=WRITER is needed; declare who is told "
                    "(headroom:notify), and the component declares the alarms; or add one with alarmActions"
                ),
                (
                    "no alarm watches the reader's connections of the cluster shop; one on DatabaseConnections with "
                    "the dimensions DBClusterIdentifier and Role=READER is needed; declare who is told "
                    "(headroom:notify), and the component declares the alarms; or add one with alarmActions"
                ),
            ]
        },
    ),
    Case(
        says="only the writer's",
        declared=shop().drop(*READER),
        refused={
            "shop": (
                "no alarm watches the reader's connections of the cluster shop; one on DatabaseConnections with the "
                "dimensions DBClusterIdentifier and Role=READER is needed; declare who is told (headroom:notify), "
                "and the component declares the alarms; or add one with alarmActions"
            )
        },
        passes={*WRITER},
    ),
    Case(
        says="no readers, and none may come",
        declared=shop().drop(*READER, *SCALING, "shop-2"),
        passes={"shop", *WRITER},
    ),
    Case(
        says="readers that only autoscaling brings",
        declared=shop().drop(*READER, "shop-2"),
        refused={
            "shop": (
                "no alarm watches the reader's connections of the cluster shop; one on DatabaseConnections with the "
                "dimensions DBClusterIdentifier and Role=READER is needed; declare who is told (headroom:notify), "
                "and the component declares the alarms; or add one with alarmActions"
            )
        },
        passes={*WRITER},
    ),
    Case(
        says="an alarm on another cluster",
        declared=shop()
        .add(t.CLUSTER, "elsewhere", engine="postgres")
        .change("writer-warning", dimensions={"DBClusterIdentifier": Ref("elsewhere"), "Role": "WRITER"})
        .drop("writer-critical"),
        refused={
            "shop": (
                "no alarm watches the writer's connections of the cluster shop; one on DatabaseConnections with the "
                "dimensions DBClusterIdentifier and Role=WRITER is needed; declare who is told (headroom:notify), "
                "and the component declares the alarms; or add one with alarmActions"
            )
        },
        passes={"elsewhere", "writer-warning", *READER},
    ),
    Case(
        says="an alarm on another metric",
        declared=shop().change("writer-warning", metric_name="CPUUtilization").drop("writer-critical"),
        refused={
            "shop": (
                "no alarm watches the writer's connections of the cluster shop; one on DatabaseConnections with the "
                "dimensions DBClusterIdentifier and Role=WRITER is needed; declare who is told (headroom:notify), "
                "and the component declares the alarms; or add one with alarmActions"
            )
        },
        passes={"writer-warning", *READER},
    ),
    Case(
        says="an alarm that tells nobody",
        declared=shop().change("writer-warning", alarm_actions=[]).change("writer-critical", actions_enabled=False),
        refused={
            "writer-warning": (
                "no alarm on the writer's connections of shop can ring and tell somebody (writer-warning: it has no "
                "alarmActions; writer-critical: its actions are off); one has to, before they run out; give it an SNS "
                "topic in alarmActions (headroom:notify) and a threshold below the limit"
            )
        },
        passes={"shop", "writer-critical", *READER},
    ),
    Case(
        says="one that has no role sees every instance",
        declared=shop()
        .drop(*READER, "writer-warning")
        .change("writer-critical", dimensions={"DBClusterIdentifier": Ref("shop")}),
        passes={"shop", "writer-critical"},
    ),
    Case(
        says="one on every instance",
        declared=by_instance("shop-1", "shop-2"),
        passes={"shop", "on-shop-1", "on-shop-2"},
    ),
    Case(
        says="one on every instance, and one by role that tells nobody",
        declared=by_instance("shop-1", "shop-2").add(
            t.ALARM,
            "for-a-page",
            metric_name="DatabaseConnections",
            dimensions={"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
            comparison_operator="GreaterThanThreshold",
            threshold=30,
        ),
        passes={"shop", "on-shop-1", "on-shop-2", "for-a-page"},
    ),
    Case(
        says="one on a single instance",
        declared=by_instance("shop-1"),
        refused={
            "shop": [
                (
                    "no alarm watches the writer's connections of the cluster shop; one on DatabaseConnections with "
                    "the dimensions DBClusterIdentifier and Role=WRITER is needed; declare who is told "
                    "(headroom:notify), and the component declares the alarms; or add one with alarmActions"
                ),
                (
                    "no alarm watches the reader's connections of the cluster shop; one on DatabaseConnections with "
                    "the dimensions DBClusterIdentifier and Role=READER is needed; declare who is told "
                    "(headroom:notify), and the component declares the alarms; or add one with alarmActions"
                ),
            ]
        },
        passes={"on-shop-1"},
    ),
    Case(
        says="a metric query",
        declared=shop()
        .drop("writer-critical")
        .change(
            "writer-warning",
            metric_name=None,
            dimensions=None,
            metric_queries=[
                {
                    "id": "connections",
                    "return_data": True,
                    "metric": {
                        "metric_name": "DatabaseConnections",
                        "namespace": "AWS/RDS",
                        "dimensions": {"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
                    },
                }
            ],
        ),
        passes={"shop", "writer-warning", *READER},
    ),
    Case(
        says="literal identifiers are compared as AWS does",
        declared=shop()
        .drop("writer-critical")
        .change("shop", cluster_identifier="the-shop")
        .change("writer-warning", dimensions={"DBClusterIdentifier": "the-shop", "Role": "WRITER"}),
        passes={"shop", "writer-warning", *READER},
    ),
    Case(
        says="an unknown role may be the one",
        declared=shop()
        .drop(*READER)
        .change("writer-warning", dimensions={"DBClusterIdentifier": Ref("shop"), "Role": Ref("stack")}),
        unproven={
            "writer-warning": (
                "dimensions.Role of writer-warning is known only after the update; so this cannot be proven "
                "safe; give it as a value that is known before the update"
            )
        },
        passes={"shop", "writer-critical"},
    ),
    Case(
        says="an unknown metric may be the one",
        declared=shop().drop(*READER, "writer-critical").change("writer-warning", metric_name=Ref("stack")),
        unproven={
            "writer-warning": (
                "metricName of writer-warning is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="unknown topics count as actions",
        declared=shop().change("writer-warning", alarm_actions=Ref("stack")),
        passes={"shop", *ALARMS},
    ),
    Case(
        says="a metric of a wrong type is no alarm on connections",
        declared=shop().drop("writer-critical").change("writer-warning", metric_name=5),
        refused={
            "shop": (
                "no alarm watches the writer's connections of the cluster shop; one on DatabaseConnections with the "
                "dimensions DBClusterIdentifier and Role=WRITER is needed; declare who is told (headroom:notify), "
                "and the component declares the alarms; or add one with alarmActions"
            )
        },
        passes={"writer-warning", *READER},
    ),
    Case(
        says="of two unknown alarms the first is named",
        declared=shop()
        .drop(*ALARMS)
        .add(t.ALARM, "one", metric_name=Ref("stack"), dimensions={"DBClusterIdentifier": Ref("shop")})
        .add(t.ALARM, "two", metric_name=Ref("stack"), dimensions={"DBClusterIdentifier": Ref("shop")}),
        unproven={
            "one": (
                "metricName of one is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes={"shop", "two"},
    ),
    Case(
        says="alarms at topics that CloudWatch can't publish to",
        declared=shop()
        .change("critical", kms_master_key_id="alias/aws/sns")
        .change("warning", kms_master_key_id=Ref("key"))
        .add(t.KMS_KEY, "key"),
        refused={
            f"{role}-warning": (
                f"no alarm on the {role}'s connections of shop can ring and tell somebody ({role}-warning: the topic "
                "warning is encrypted with the key key, whose policy doesn't let cloudwatch.amazonaws.com use "
                f"kms:Decrypt and kms:GenerateDataKey; {role}-critical: the topic critical is encrypted with "
                "alias/aws/sns, whose policy keeps CloudWatch out); one has to, before they run out; let "
                "cloudwatch.amazonaws.com publish in the topic's policy and, if the topic is encrypted, use a "
                "customer-managed key whose policy lets it use kms:Decrypt and kms:GenerateDataKey*"
            )
            for role in ("writer", "reader")
        },
        passes={"shop", "writer-critical", "reader-critical"},
    ),
    Case(
        says="one of them at such a topic",
        declared=shop().change("critical", kms_master_key_id="alias/aws/sns"),
        passes={"shop", *ALARMS},
    ),
    Case(
        says="another namespace",
        declared=only(namespace="AWS/Aurora"),
        refused=dataless("its namespace is AWS/Aurora, and AWS publishes DatabaseConnections in AWS/RDS"),
        passes=SILENT,
    ),
    Case(
        says="a query of another namespace",
        declared=query(namespace="AWS/DocDB"),
        refused=dataless("its namespace is AWS/DocDB, and AWS publishes DatabaseConnections in AWS/RDS"),
        passes=SILENT,
    ),
    Case(says="a query that AWS publishes", declared=query(), passes=RINGS),
    Case(
        says="the metric in other letters",
        declared=only(metric_name="databaseConnections"),
        refused=dataless("AWS calls its metric DatabaseConnections, not databaseConnections"),
        passes=SILENT,
    ),
    Case(
        says="another unit",
        declared=only(unit="Percent"),
        refused=dataless("its unit is Percent, and AWS publishes DatabaseConnections in Count"),
        passes=SILENT,
    ),
    Case(says="the metric's own unit", declared=only(unit="Count"), passes=RINGS),
    Case(
        says="a period that it isn't published at",
        declared=only(period=10),
        refused=dataless("its period is 10 s, and AWS publishes DatabaseConnections every 60 s"),
        passes=SILENT,
    ),
    Case(
        says="the cluster's resource id",
        declared=only(dimensions={"DBClusterIdentifier": "cluster-ABCDEFGHIJKLMNOPQRSTUVWX", "Role": "WRITER"})
        .change("shop", cluster_identifier="orders", cluster_resource_id="cluster-ABCDEFGHIJKLMNOPQRSTUVWX")
        .change("writer-critical", tags={"of": Ref("shop")}, metric_queries=[{"id": "of", "expression": Ref("shop")}]),
        refused=dataless(
            "its dimension DBClusterIdentifier is the resource id of shop, and AWS publishes under the identifier, "
            "orders"
        ),
        passes=SILENT,
    ),
    Case(
        says="a dimension that DatabaseConnections doesn't have",
        declared=only(dimensions={"DBClusterIdentifier": Ref("shop"), "Role": "WRITER", "Environment": "prod"}),
        refused=dataless(f"its dimensions are DBClusterIdentifier and Environment and Role, and {SETS}"),
        passes=SILENT,
    ),
    Case(
        says="a role in other letters",
        declared=only(dimensions={"DBClusterIdentifier": Ref("shop"), "Role": "Writer"}),
        refused=dataless("its dimension Role is Writer, and AWS publishes WRITER and READER"),
        passes=SILENT,
    ),
    Case(
        says="another region",
        declared=only(region="us-east-1").change("shop", region="eu-west-1"),
        refused=dataless("it is in us-east-1, and what it watches is in eu-west-1"),
        passes=SILENT,
    ),
    Case(
        says="the cluster with its engine's name",
        declared=only(dimensions={"DbClusterIdentifier": Ref("shop"), "EngineName": "aurora-postgresql"}),
        passes=RINGS,
    ),
    Case(
        says="beside a good alarm, one without data refuses nothing",
        declared=shop().change("writer-warning", namespace="AWS/Aurora"),
        passes={"shop", *ALARMS},
    ),
    Case(
        says="an instance's alarm without data doesn't count as the instance's",
        declared=by_instance("shop-1").change("on-shop-1", unit="Percent").drop("shop-2"),
        refused={
            "shop": (
                "no alarm watches the writer's connections of the cluster shop; one on DatabaseConnections with the "
                "dimensions DBClusterIdentifier and Role=WRITER is needed; declare who is told (headroom:notify), "
                "and the component declares the alarms; or add one with alarmActions"
            )
        },
        passes={"on-shop-1"},
    ),
    Case(
        says="one of the instances' alarms tells nobody",
        declared=by_instance("shop-1", "shop-2").change("on-shop-2", alarm_actions=None),
        refused={
            "shop": [
                (
                    "no alarm watches the writer's connections of the cluster shop; one on "
                    "DatabaseConnections with the dimensions DBClusterIdentifier and Role=WRITER is needed; "
                    "declare who is told (headroom:notify), and the component declares the alarms; or add "
                    "one with alarmActions"
                ),
                (
                    "no alarm watches the reader's connections of the cluster shop; one on "
                    "DatabaseConnections with the dimensions DBClusterIdentifier and Role=READER is needed; "
                    "declare who is told (headroom:notify), and the component declares the alarms; or add "
                    "one with alarmActions"
                ),
            ]
        },
        passes={"on-shop-1", "on-shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
