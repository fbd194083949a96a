"""A change that doesn't mention a setting leaves it as it was, as in AWS."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.local.moto_extension.conftest import CLUSTER, World

pytestmark = pytest.mark.emulator
Aws = Callable[[str], Any]


def pool(aws: Aws, proxy: str) -> dict[str, Any]:
    (group,) = aws("rds").describe_db_proxy_target_groups(DBProxyName=proxy)["TargetGroups"]
    settings: dict[str, Any] = group["ConnectionPoolConfig"]
    return settings


def proxy(aws: Aws, world: World, name: str) -> str:
    aws("rds").create_db_proxy(
        DBProxyName=name,
        EngineFamily="POSTGRESQL",
        Auth=[{"AuthScheme": "SECRETS", "SecretArn": world.secret, "IAMAuth": "DISABLED"}],
        VpcSubnetIds=world.subnets,
        RoleArn=world.role,
        IdleClientTimeout=600,
        DebugLogging=True,
        RequireTLS=True,
    )
    return name


def test_a_new_pool_has_aws_own_defaults(aws: Aws, world: World) -> None:
    assert pool(aws, proxy(aws, world, "new-pool")) == {
        "MaxConnectionsPercent": 100,
        "MaxIdleConnectionsPercent": 50,
        "ConnectionBorrowTimeout": 120,
        "SessionPinningFilters": [],
    }


WHOLE = {
    "MaxConnectionsPercent": 80,
    "MaxIdleConnectionsPercent": 10,
    "ConnectionBorrowTimeout": 30,
    "SessionPinningFilters": ["EXCLUDE_VARIABLE_SETS"],
    "InitQuery": "SET x=1",
}


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"ConnectionBorrowTimeout": 5}, {"ConnectionBorrowTimeout": 5}),
        ({"MaxConnectionsPercent": 60}, {"MaxConnectionsPercent": 60}),
        ({"MaxConnectionsPercent": 60, "MaxIdleConnectionsPercent": 0},) * 2,
        ({"InitQuery": "SET y=2"}, {"InitQuery": "SET y=2"}),
        ({"SessionPinningFilters": []}, {"SessionPinningFilters": []}),
        ({}, {}),
    ],
    ids=str,
)
def test_a_pool_keeps_what_a_change_does_not_give(
    aws: Aws, world: World, change: dict[str, Any], differs: dict[str, Any]
) -> None:
    rds, group = aws("rds"), {"DBProxyName": "shop", "TargetGroupName": "default"}
    rds.modify_db_proxy_target_group(**group, ConnectionPoolConfig=WHOLE)
    assert pool(aws, "shop") == WHOLE
    rds.modify_db_proxy_target_group(**group, ConnectionPoolConfig=change)
    assert pool(aws, "shop") == {**WHOLE, **differs}


def test_an_idle_percentage_that_was_never_given_is_half_of_the_pool(aws: Aws, world: World) -> None:
    name = proxy(aws, world, "half")
    aws("rds").modify_db_proxy_target_group(
        DBProxyName=name, TargetGroupName="default", ConnectionPoolConfig={"MaxConnectionsPercent": 40}
    )
    assert pool(aws, name)["MaxIdleConnectionsPercent"] == 20


def test_a_proxy_keeps_what_a_change_does_not_give(aws: Aws, world: World) -> None:
    rds, name = aws("rds"), proxy(aws, world, "kept-proxy")
    (before,) = rds.describe_db_proxies(DBProxyName=name)["DBProxies"]
    rds.modify_db_proxy(DBProxyName=name, IdleClientTimeout=900)
    (after,) = rds.describe_db_proxies(DBProxyName=name)["DBProxies"]
    assert _differ(before, after) == {"IdleClientTimeout": (600, 900)}


def test_a_cluster_keeps_what_a_change_does_not_give(aws: Aws, world: World) -> None:
    rds = aws("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="kept-cluster",
        DBSubnetGroupName="two-zones",
        DBClusterParameterGroupName="cluster-16",
        BackupRetentionPeriod=14,
        CopyTagsToSnapshot=True,
        DeletionProtection=True,
        EnableIAMDatabaseAuthentication=True,
        EnableCloudwatchLogsExports=["postgresql"],
        PreferredBackupWindow="01:00-02:00",
        PreferredMaintenanceWindow="sun:03:00-sun:04:00",
        ServerlessV2ScalingConfiguration={"MinCapacity": 2, "MaxCapacity": 8},
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=465,
        DatabaseInsightsMode="advanced",
        **CLUSTER,
    )
    (before,) = rds.describe_db_clusters(DBClusterIdentifier="kept-cluster")["DBClusters"]
    rds.modify_db_cluster(DBClusterIdentifier="kept-cluster", BackupRetentionPeriod=20, ApplyImmediately=True)
    (after,) = rds.describe_db_clusters(DBClusterIdentifier="kept-cluster")["DBClusters"]
    assert _differ(before, after) == {"BackupRetentionPeriod": (14, 20)}


def test_an_instance_keeps_what_a_change_does_not_give(aws: Aws, world: World) -> None:
    rds = aws("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="shop-kept",
        DBClusterIdentifier="shop",
        Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
        DBParameterGroupName="instance-16",
        PromotionTier=0,
        AutoMinorVersionUpgrade=False,
        CopyTagsToSnapshot=True,
        MonitoringInterval=60,
        MonitoringRoleArn=world.role,
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=465,
        PreferredMaintenanceWindow="sun:03:00-sun:04:00",
    )
    (before,) = rds.describe_db_instances(DBInstanceIdentifier="shop-kept")["DBInstances"]
    rds.modify_db_instance(DBInstanceIdentifier="shop-kept", PromotionTier=7, ApplyImmediately=True)
    (after,) = rds.describe_db_instances(DBInstanceIdentifier="shop-kept")["DBInstances"]
    assert _differ(before, after) == {"PromotionTier": (0, 7)}
    rds.modify_db_instance(DBInstanceIdentifier="shop-kept", DBInstanceClass="db.r6g.xlarge", ApplyImmediately=True)
    (last,) = rds.describe_db_instances(DBInstanceIdentifier="shop-kept")["DBInstances"]
    assert _differ(after, last) == {"DBInstanceClass": ("db.r6g.large", "db.r6g.xlarge")}


def test_a_subscription_keeps_what_a_change_does_not_give(aws: Aws, world: World) -> None:
    rds = aws("rds")
    rds.create_event_subscription(
        SubscriptionName="kept",
        SnsTopicArn=world.topic,
        SourceType="db-cluster",
        SourceIds=["shop"],
        EventCategories=["failover", "failure"],
        Enabled=True,
    )
    (before,) = rds.describe_event_subscriptions(SubscriptionName="kept")["EventSubscriptionsList"]
    rds.modify_event_subscription(SubscriptionName="kept", EventCategories=["failure"])
    (after,) = rds.describe_event_subscriptions(SubscriptionName="kept")["EventSubscriptionsList"]
    assert _differ(before, after) == {"EventCategoriesList": (["failover", "failure"], ["failure"])}


def test_a_subnet_group_keeps_its_description(aws: Aws, world: World) -> None:
    rds = aws("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="kept", DBSubnetGroupDescription="As it was", SubnetIds=world.subnets)
    rds.modify_db_subnet_group(DBSubnetGroupName="kept", SubnetIds=world.subnets)
    (group,) = rds.describe_db_subnet_groups(DBSubnetGroupName="kept")["DBSubnetGroups"]
    assert group["DBSubnetGroupDescription"] == "As it was"


SCALED = {
    "ServiceNamespace": "rds",
    "ResourceId": "cluster:shop",
    "ScalableDimension": "rds:cluster:ReadReplicaCount",
}


def test_a_scalable_target_and_its_action_keep_what_a_change_does_not_give(aws: Aws, world: World) -> None:
    scaling = aws("application-autoscaling")
    suspended = {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    scaling.register_scalable_target(**SCALED, MinCapacity=1, MaxCapacity=5, SuspendedState=suspended)
    scaling.register_scalable_target(**SCALED, MinCapacity=2)
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="rds")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"], target["SuspendedState"]) == (2, 5, suspended)

    action = {**SCALED, "ScheduledActionName": "sale"}
    scaling.put_scheduled_action(
        **action,
        Schedule="at(2030-11-28T06:00:00)",
        Timezone="Europe/Berlin",
        EndTime=datetime(2031, 1, 1),  # noqa: DTZ001
        ScalableTargetAction={"MinCapacity": 4},
    )
    (before,) = scaling.describe_scheduled_actions(ServiceNamespace="rds")["ScheduledActions"]
    scaling.put_scheduled_action(**action, ScalableTargetAction={"MinCapacity": 5})
    (after,) = scaling.describe_scheduled_actions(ServiceNamespace="rds")["ScheduledActions"]
    # AWS's reference of this call: "If you don't specify start and end times, the old values are deleted".
    assert _differ(before, after) == {
        "ScalableTargetAction": ({"MinCapacity": 4}, {"MinCapacity": 5}),
        "EndTime": (before["EndTime"], None),
    }


def test_a_metric_alarm_is_put_whole(aws: Aws) -> None:
    """PutMetricAlarm: "the update completely overwrites the previous configuration of the alarm"."""
    cloudwatch = aws("cloudwatch")
    alarm = {
        "AlarmName": "whole",
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/RDS",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 80,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    cloudwatch.put_metric_alarm(**alarm, AlarmDescription="Once", DatapointsToAlarm=2, TreatMissingData="breaching")
    cloudwatch.put_metric_alarm(**alarm)
    (put,) = cloudwatch.describe_alarms(AlarmNames=["whole"])["MetricAlarms"]
    assert (put.get("AlarmDescription"), put.get("DatapointsToAlarm"), put.get("TreatMissingData")) == (None,) * 3


def _differ(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    names = (before.keys() | after.keys()) - {"UpdatedDate", "LatestRestorableTime"}
    return {n: (before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)}
