import pulumi_aws as aws

on_call = aws.sns.Topic("on-call")
aws.sns.TopicSubscription("on-call", topic=on_call.arn, protocol="email", endpoint="on-call@example.com")
cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
aws.cloudwatch.MetricAlarm(
    "writer-warning",
    namespace="AWS/RDS",
    metric_name="DatabaseConnections",
    dimensions={"DBClusterIdentifier": cluster.cluster_identifier, "Role": "WRITER"},
    statistic="Maximum",
    period=60,
    evaluation_periods=3,
    comparison_operator="GreaterThanOrEqualToThreshold",
    threshold=400,
    alarm_actions=[on_call.arn],
)
