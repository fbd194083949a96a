"""A stack's resources on the emulator, under the names that the program gives them, from its settings and budget."""

import json
import os
from datetime import UTC, timedelta
from functools import lru_cache
from typing import Any

import boto3

from headroom import clock
from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.model import Alarm, Expression, Metric, Tier
from headroom.ops.session import Session
from headroom.settings import subscription


def client(service: str) -> Any:
    return _client(service, os.environ["AWS_ENDPOINT_URL"])


@lru_cache
def _client(service: str, endpoint: str) -> Any:
    return boto3.client(service, region_name="eu-west-1", endpoint_url=endpoint)  # type: ignore[call-overload]


def put(session: Session, metric: Metric, *values: float, oldest_minute: int = 1) -> None:
    """A value a minute, the newest last; each in the middle of its minute."""
    filled = session.metric(metric)
    start = clock.now().replace(second=30, microsecond=0) - timedelta(minutes=oldest_minute + len(values) - 1)
    client("cloudwatch").put_metric_data(
        Namespace=filled.namespace,
        MetricData=[
            {
                "MetricName": filled.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in filled.dimensions],
                "Timestamp": start + timedelta(minutes=n),
                "Value": value,
            }
            for n, value in enumerate(values)
        ],
    )


def put_alarm_metric(session: Session, name: str, *values: float, part: str = "") -> None:
    """The metric of an alarm of the table."""
    alarm = next(a for a in alarm_table(session.budget).alarms if a.name == name)
    measure = dict(alarm.measure.metrics)[part] if isinstance(alarm.measure, Expression) else alarm.measure
    put(session, measure, *values)


def deploy(session: Session) -> None:
    """Cluster, instances, proxy, replica autoscaling."""
    rds, name = client("rds"), session.name
    subnets = _network()
    rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=subnets)
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=name, DBParameterGroupFamily="aurora-postgresql16", Description=name
    )
    rds.modify_db_cluster_parameter_group(
        DBClusterParameterGroupName=name,
        Parameters=[{"ParameterName": "max_connections", "ParameterValue": "1000", "ApplyMethod": "pending-reboot"}],
    )
    rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine="aurora-postgresql",
        EngineVersion="16.15",
        MasterUsername="headroom_admin",
        ManageMasterUserPassword=True,
        DBSubnetGroupName=name,
        DBClusterParameterGroupName=name,
    )
    for instance in session.budget.stack.cluster.instances:
        add_instance(session, instance.name)
    _proxy(session, subnets)
    _autoscaling(session)


def add_instance(session: Session, name: str) -> None:
    client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBClusterIdentifier=session.name,
        Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.4xlarge",
    )


def _network() -> list[str]:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{16 * n}.0/20", AvailabilityZone=f"eu-west-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("abc")
    ]


def _proxy(session: Session, subnets: list[str]) -> None:
    rds, declared = client("rds"), session.settings.proxy
    assert declared is not None
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "rds.amazonaws.com"}, "Action": "sts:AssumeRole"},
        ],
    }
    role = client("iam").create_role(RoleName="proxy", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    rds.create_db_proxy(
        DBProxyName=session.name,
        EngineFamily="POSTGRESQL",
        DefaultAuthScheme="IAM_AUTH",
        VpcSubnetIds=subnets,
        RoleArn=role["Arn"],
        IdleClientTimeout=declared.idle_client_timeout_seconds,
    )
    rds.modify_db_proxy_target_group(
        DBProxyName=session.name,
        TargetGroupName="default",
        ConnectionPoolConfig={
            "MaxConnectionsPercent": declared.max_connections_percent,
            "MaxIdleConnectionsPercent": declared.max_idle_connections_percent,
            "ConnectionBorrowTimeout": declared.connection_borrow_timeout_seconds,
        },
    )
    rds.register_db_proxy_targets(
        DBProxyName=session.name, TargetGroupName="default", DBClusterIdentifiers=[session.name]
    )


def _autoscaling(session: Session) -> None:
    scaling, declared, targets = (
        client("application-autoscaling"),
        session.settings.autoscaling,
        session.budget.thresholds.scaling,
    )
    assert declared is not None
    assert targets is not None
    target = {
        "ServiceNamespace": "rds",
        "ResourceId": f"cluster:{session.name}",
        "ScalableDimension": "rds:cluster:ReadReplicaCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=declared.readers_min, MaxCapacity=declared.readers_max)
    for what, metric, value in (
        ("connections", "RDSReaderAverageDatabaseConnections", targets.connections),
        ("cpu", "RDSReaderAverageCPUUtilization", targets.cpu_percent),
    ):
        scaling.put_scaling_policy(
            PolicyName=f"{session.name}-{what}",
            PolicyType="TargetTrackingScaling",
            **target,
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": value,
                "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
            },
        )
    lead = timedelta(minutes=targets.lead_minutes)
    for event in session.settings.events:
        for word, at, readers in (
            ("begins", event.starts - lead, event.readers_min),
            ("ends", event.ends, declared.readers_min),
        ):
            scaling.put_scheduled_action(
                ScheduledActionName=f"{session.name}-{event.name}-{word}",
                **target,
                Schedule=f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
                ScalableTargetAction={"MinCapacity": readers},
            )


def deploy_alarms(session: Session) -> None:
    """Topics with their subscriptions, alarms, RDS's events, the filter on the log."""
    sns, cloudwatch, rds, logs = client("sns"), client("cloudwatch"), client("rds"), client("logs")
    notify, table, name = session.settings.notify, alarm_table(session.budget), session.name
    assert notify is not None
    assert table.composite is not None
    topics = {tier: sns.create_topic(Name=f"{name}-{tier}")["TopicArn"] for tier in Tier}
    for tier in Tier:
        for target in getattr(notify, tier):
            protocol, endpoint = subscription(target)
            sns.subscribe(TopicArn=topics[tier], Protocol=protocol, Endpoint=endpoint)
    for alarm in table.alarms:
        cloudwatch.put_metric_alarm(
            AlarmName=f"{name}-{alarm.name}",
            ComparisonOperator=str(alarm.comparison),
            Threshold=alarm.threshold,
            EvaluationPeriods=alarm.evaluation_periods,
            DatapointsToAlarm=alarm.datapoints_to_alarm,
            TreatMissingData=str(alarm.missing),
            AlarmActions=[topics[alarm.notifies]],
            OKActions=[topics[alarm.notifies]],
            **_measured(session, alarm),
        )
    cloudwatch.put_composite_alarm(
        AlarmName=f"{name}-{table.composite.name}",
        AlarmRule=" OR ".join(f'ALARM("{name}-{child}")' for child in table.composite.children),
        AlarmActions=[topics[Tier.CRITICAL]],
        OKActions=[topics[Tier.CRITICAL]],
    )
    for one in table.events:
        rds.create_event_subscription(
            SubscriptionName=f"{name}-{one.name}",
            SnsTopicArn=topics[one.tier],
            SourceType=one.source,
            EventCategories=list(one.categories),
            Enabled=True,
        )
    group = f"/aws/rds/cluster/{name}/postgresql"
    logs.create_log_group(logGroupName=group)
    for metric in table.log_metrics:
        count: dict[str, Any] = {"metricName": metric.name, "metricNamespace": f"Headroom/{name}", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName=group,
            filterName=f"{name}-{metric.name}",
            filterPattern=metric.pattern,
            metricTransformations=[{**count, "defaultValue": 0}],
        )


def _measured(session: Session, alarm: Alarm) -> dict[str, Any]:
    measure = alarm.measure
    if not isinstance(measure, Expression):
        return {**_metric(session, measure), "Statistic": measure.statistic, "Period": measure.period_seconds}
    result = {"Id": "result", "Expression": measure.expression, "Label": measure.label, "ReturnData": True}
    parts = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": _metric(session, metric),
                "Stat": metric.statistic,
                "Period": metric.period_seconds,
            },
            "ReturnData": False,
        }
        for name, metric in measure.metrics
    ]
    return {"Metrics": [result, *parts]}


def _metric(session: Session, metric: Metric) -> dict[str, Any]:
    filled = session.metric(metric)
    dimensions = [{"Name": n, "Value": v} for n, v in filled.dimensions]
    return {"Namespace": filled.namespace, "MetricName": filled.name, "Dimensions": dimensions}
