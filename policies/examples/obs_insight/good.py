import pulumi_aws as aws

cluster = aws.rds.Cluster(
    "shop", engine="aurora-postgresql", engine_version="16.15", enabled_cloudwatch_logs_exports=["postgresql"]
)
aws.rds.ClusterInstance(
    "shop-1",
    cluster_identifier=cluster.id,
    engine="aurora-postgresql",
    instance_class="db.r6g.large",
    monitoring_interval=60,
    monitoring_role_arn="arn:aws:iam::123456789012:role/monitoring",
    performance_insights_enabled=True,
)
