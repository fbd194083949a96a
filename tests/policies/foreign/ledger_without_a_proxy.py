"""Somebody else's program: Aurora MySQL with small pools, straight to the database; safe, and without a proxy."""

import pulumi
import pulumi_aws as aws

from components.demand import Demand
from headroom.budget.model import Path, Pool, Role, Service

parameters = aws.rds.ClusterParameterGroup(
    "ledger", family="aurora-mysql8.0", parameters=[{"name": "wait_timeout", "value": "300"}]
)
cluster = aws.rds.Cluster(
    "ledger",
    engine="aurora-mysql",
    engine_version="8.0.mysql_aurora.3.08.0",
    master_username="operator",
    manage_master_user_password=True,
    storage_encrypted=True,
    backup_retention_period=14,
    deletion_protection=True,
    db_cluster_parameter_group_name=parameters.name,
    enabled_cloudwatch_logs_exports=["error", "slowquery"],
)
writer = aws.rds.ClusterInstance(
    "ledger-a",
    cluster_identifier=cluster.id,
    engine="aurora-mysql",
    instance_class="db.r6g.large",
    monitoring_interval=60,
    performance_insights_enabled=True,
)
aws.rds.ClusterInstance(
    "ledger-b",
    cluster_identifier=cluster.id,
    engine="aurora-mysql",
    instance_class="db.r6g.large",
    promotion_tier=1,
    monitoring_interval=60,
    performance_insights_enabled=True,
    opts=pulumi.ResourceOptions(depends_on=[writer]),
)
chat = "arn:aws:sns:eu-west-1:123456789012:chat"
pager = "arn:aws:sns:eu-west-1:123456789012:pager"
for role in ("WRITER", "READER"):
    for topic, name, threshold in ((chat, "warning", 150), (pager, "critical", 300)):
        aws.cloudwatch.MetricAlarm(
            f"{role.lower()}-{name}",
            namespace="AWS/RDS",
            metric_name="DatabaseConnections",
            dimensions={"DBClusterIdentifier": cluster.cluster_identifier, "Role": role},
            statistic="Maximum",
            period=60,
            evaluation_periods=3,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=threshold,
            treat_missing_data="breaching" if role == "WRITER" else "missing",
            alarm_actions=[topic],
        )

ledger = Service(
    name="ledger",
    user="ledger",
    instances_max=6,
    transactions_per_second_peak=100,
    hold_ms=4,
    pools=(Pool(endpoint=Role.WRITER, path=Path.DIRECT, connections_max=4),),
)
Demand("ledger", [ledger], opts=pulumi.ResourceOptions(depends_on=[cluster]))
