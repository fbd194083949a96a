import pulumi_aws as aws

parameters = aws.rds.ClusterParameterGroup(
    "shop",
    family="aurora-postgresql16",
    parameters=[{"name": "lock_timeout", "value": "10000"}, {"name": "statement_timeout", "value": "60000"}],
)
cluster = aws.rds.Cluster(
    "shop", engine="aurora-postgresql", engine_version="16.15", db_cluster_parameter_group_name=parameters.name
)
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
