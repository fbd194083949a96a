"""Somebody else's program: every resource has a name of its own choice, and the others refer to it by that text."""

import pulumi_aws as aws

from components.demand import Demand
from headroom.budget.model import Path, Pool, Role, Service

CLUSTER, PROXY = "tickets", "tickets-pooler"
ON_CALL = "arn:aws:sns:eu-west-1:123456789012:on-call"

aws.rds.ClusterParameterGroup(
    "limits",
    name="tickets-limits",
    family="aurora-postgresql16",
    parameters=[
        {"name": "max_connections", "value": "500", "apply_method": "pending-reboot"},
        {"name": "idle_in_transaction_session_timeout", "value": "60000"},
    ],
)
aws.rds.Cluster(
    "database",
    cluster_identifier=CLUSTER,
    engine="aurora-postgresql",
    engine_version="16.15",
    master_username="operator",
    manage_master_user_password=True,
    storage_encrypted=True,
    backup_retention_period=14,
    deletion_protection=True,
    db_cluster_parameter_group_name="tickets-limits",
    enabled_cloudwatch_logs_exports=["postgresql"],
)
for letter in "ab":
    aws.rds.ClusterInstance(
        letter,
        identifier=f"tickets-{letter}",
        cluster_identifier=CLUSTER,
        engine="aurora-postgresql",
        instance_class="db.r6g.xlarge",
        monitoring_interval=60,
        performance_insights_enabled=True,
    )
aws.rds.Proxy(
    "pooler",
    name=PROXY,
    engine_family="POSTGRESQL",
    role_arn="arn:aws:iam::123456789012:role/proxy",
    vpc_subnet_ids=["subnet-1", "subnet-2"],
    require_tls=True,
    default_auth_scheme="IAM_AUTH",
)
aws.rds.ProxyDefaultTargetGroup(
    "pool",
    db_proxy_name=PROXY,
    connection_pool_config={
        "max_connections_percent": 20,
        "max_idle_connections_percent": 5,
        "connection_borrow_timeout": 2,
    },
)
aws.rds.ProxyTarget("target", db_proxy_name=PROXY, target_group_name="default", db_cluster_identifier=CLUSTER)

aws.sns.Topic("pages", name="on-call")
aws.sns.TopicSubscription("pager", topic=ON_CALL, protocol="https", endpoint="https://page.example.com/x")
common = {"comparison_operator": "GreaterThanOrEqualToThreshold", "evaluation_periods": 3, "alarm_actions": [ON_CALL]}
chat = {**common, "alarm_actions": ["arn:aws:sns:eu-west-1:123456789012:chat"]}
for name, threshold, how in (("warning", 50, chat), ("critical", 75, common)):
    for letter in "ab":
        aws.cloudwatch.MetricAlarm(
            f"{name}-{letter}",
            namespace="AWS/RDS",
            metric_name="DatabaseConnections",
            dimensions={"DBClusterIdentifier": CLUSTER, "Role": {"a": "WRITER", "b": "READER"}[letter]},
            statistic="Maximum",
            period=60,
            threshold=threshold,
            treat_missing_data="breaching" if letter == "a" else "missing",
            **how,
        )
# An alarm that only a composite one speaks for.
aws.cloudwatch.MetricAlarm(
    "waiting",
    name="tickets-waiting",
    namespace="AWS/RDS",
    metric_name="DatabaseConnectionsBorrowLatency",
    dimensions={"ProxyName": PROXY},
    statistic="Average",
    period=60,
    threshold=500_000,
    treat_missing_data="notBreaching",
    **{**common, "alarm_actions": []},
)
aws.cloudwatch.CompositeAlarm(
    "queue", alarm_name="tickets-queue", alarm_rule='ALARM("tickets-waiting")', alarm_actions=[ON_CALL]
)
aws.cloudwatch.MetricAlarm(
    "pool",
    metric_queries=[
        {"id": "share", "expression": "100 * part / whole", "return_data": True},
        *(
            {
                "id": id_,
                "metric": {
                    "namespace": "AWS/RDS",
                    "metric_name": metric,
                    "dimensions": {"ProxyName": PROXY},
                    "stat": "Sum",
                    "period": 60,
                },
            }
            for id_, metric in (
                ("part", "DatabaseConnectionsCurrentlyBorrowed"),
                ("whole", "MaxDatabaseConnectionsAllowed"),
            )
        ),
    ],
    threshold=80,
    treat_missing_data="notBreaching",
    **chat,
)

tickets = Service(
    name="tickets",
    user="tickets",
    instances_max=20,
    transactions_per_second_peak=300,
    hold_ms=5,
    pools=(Pool(endpoint=Role.WRITER, path=Path.PROXY, connections_max=5),),
)
Demand("tickets", [tickets])
