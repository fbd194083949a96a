import pulumi_aws as aws

cluster = aws.rds.Cluster(
    "shop",
    engine="aurora-postgresql",
    engine_version="16.15",
    serverlessv2_scaling_configuration={"min_capacity": 1, "max_capacity": 16},
)
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.serverless"
)
