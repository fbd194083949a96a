import pulumi_aws as aws

# max_connections is static, and an apply method that isn't given means `immediate`: AWS refuses it.
parameters = aws.rds.ClusterParameterGroup(
    "shop", family="aurora-postgresql16", parameters=[{"name": "max_connections", "value": "1000"}]
)
cluster = aws.rds.Cluster(
    "shop", engine="aurora-postgresql", engine_version="16.15", db_cluster_parameter_group_name=parameters.name
)
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
