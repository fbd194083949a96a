"""Somebody else's program: Aurora PostgreSQL behind an RDS Proxy; nothing of ours but the demand."""

import pulumi
import pulumi_aws as aws

from components.demand import Demand
from headroom.budget.model import Path, Pool, Role, Service

database = aws.ec2.SecurityGroup("database", vpc_id="vpc-0123abcd")
pooler = aws.ec2.SecurityGroup("pooler", vpc_id="vpc-0123abcd")
aws.vpc.SecurityGroupIngressRule(
    "pooler-to-database",
    security_group_id=database.id,
    referenced_security_group_id=pooler.id,
    ip_protocol="tcp",
    from_port=5432,
    to_port=5432,
)
for place, addresses in (("vpn", "10.8.0.0/24"), ("office", "192.0.2.0/28")):
    aws.vpc.SecurityGroupIngressRule(
        f"{place}-to-database",
        security_group_id=database.id,
        cidr_ipv4=addresses,
        ip_protocol="tcp",
        from_port=5432,
        to_port=5432,
    )
subnets = aws.rds.SubnetGroup("orders", subnet_ids=["subnet-1", "subnet-2"])
parameters = aws.rds.ClusterParameterGroup(
    "orders",
    family="aurora-postgresql16",
    parameters=[
        {"name": "max_connections", "value": "500", "apply_method": "pending-reboot"},
        {"name": "statement_timeout", "value": "10000"},
        {"name": "idle_in_transaction_session_timeout", "value": "60000"},
    ],
)
cluster = aws.rds.Cluster(
    "orders",
    engine="aurora-postgresql",
    engine_version="16.15",
    master_username="operator",
    manage_master_user_password=True,
    storage_encrypted=True,
    backup_retention_period=14,
    deletion_protection=True,
    db_subnet_group_name=subnets.name,
    db_cluster_parameter_group_name=parameters.name,
    vpc_security_group_ids=[database.id],
    enabled_cloudwatch_logs_exports=["postgresql"],
)
previous: list[pulumi.Resource] = []
for number, zone in enumerate(("eu-west-1a", "eu-west-1b", "eu-west-1c")):
    instance = aws.rds.ClusterInstance(
        f"orders-{number}",
        cluster_identifier=cluster.id,
        engine="aurora-postgresql",
        instance_class="db.r6g.xlarge",
        availability_zone=zone,
        promotion_tier=min(number, 1),
        monitoring_interval=60,
        performance_insights_enabled=True,
        opts=pulumi.ResourceOptions(depends_on=previous),
    )
    previous = previous or [instance]

login = aws.secretsmanager.Secret("login")
proxy = aws.rds.Proxy(
    "orders",
    engine_family="POSTGRESQL",
    role_arn="arn:aws:iam::123456789012:role/proxy",
    vpc_subnet_ids=["subnet-1", "subnet-2"],
    vpc_security_group_ids=[pooler.id],
    require_tls=True,
    auths=[{"auth_scheme": "SECRETS", "iam_auth": "DISABLED", "secret_arn": login.arn}],
)
pool = aws.rds.ProxyDefaultTargetGroup(
    "orders",
    db_proxy_name=proxy.name,
    connection_pool_config={
        "max_connections_percent": 20,
        "max_idle_connections_percent": 5,
        "connection_borrow_timeout": 2,
    },
)
aws.rds.ProxyTarget(
    "orders", db_proxy_name=proxy.name, target_group_name=pool.name, db_cluster_identifier=cluster.cluster_identifier
)
aws.rds.ProxyEndpoint(
    "orders-read", db_proxy_name=proxy.name, db_proxy_endpoint_name="read", vpc_subnet_ids=["subnet-1", "subnet-2"],
    target_role="READ_ONLY",
)  # fmt: skip

team, on_call = aws.sns.Topic("team"), aws.sns.Topic("on-call")
aws.sns.TopicSubscription("team", topic=team.arn, protocol="email", endpoint="team@example.com")
aws.sns.TopicSubscription("on-call", topic=on_call.arn, protocol="https", endpoint="https://page.example.com/x")
for role in ("WRITER", "READER"):
    for topic, name, threshold in ((team, "warning", 50), (on_call, "critical", 75)):
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
            treat_missing_data="ignore" if role == "WRITER" else "missing",
            alarm_actions=[topic.arn],
        )
aws.cloudwatch.MetricAlarm(
    "writer-silent",
    namespace="AWS/RDS",
    metric_name="EngineUptime",
    dimensions={"DBClusterIdentifier": cluster.cluster_identifier, "Role": "WRITER"},
    statistic="Average",
    period=60,
    evaluation_periods=2,
    comparison_operator="LessThanOrEqualToThreshold",
    threshold=0,
    treat_missing_data="breaching",
    alarm_actions=[on_call.arn],
)
aws.cloudwatch.MetricAlarm(
    "waiting",
    namespace="AWS/RDS",
    metric_name="DatabaseConnectionsBorrowLatency",
    dimensions={"ProxyName": proxy.name},
    statistic="Average",
    period=60,
    evaluation_periods=3,
    comparison_operator="GreaterThanOrEqualToThreshold",
    threshold=500_000,
    treat_missing_data="notBreaching",
    alarm_actions=[on_call.arn],
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
                    "dimensions": {"ProxyName": proxy.name, "TargetGroup": "default", "TargetRole": "READ_WRITE"},
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
    evaluation_periods=3,
    comparison_operator="GreaterThanOrEqualToThreshold",
    threshold=80,
    treat_missing_data="notBreaching",
    alarm_actions=[team.arn],
)

orders = Service(
    name="orders",
    user="orders",
    instances_max=40,
    transactions_per_second_peak=600,
    hold_ms=5,
    client_timeout_ms=5000,
    pools=(
        Pool(endpoint=Role.WRITER, path=Path.PROXY, connections_max=5, transactions_percent=50),
        Pool(endpoint=Role.READER, path=Path.PROXY, connections_max=5, transactions_percent=50),
    ),
)
Demand("orders", [orders], opts=pulumi.ResourceOptions(depends_on=[cluster]))
