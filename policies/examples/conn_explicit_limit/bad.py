import pulumi_aws as aws

own = aws.rds.ParameterGroup(
    "shop",
    family="aurora-mysql8.0",
    parameters=[{"name": "max_connections", "value": "300", "apply_method": "pending-reboot"}],
)
cluster = aws.rds.Cluster("shop", engine="aurora-mysql", engine_version="8.0.mysql_aurora.3.08.0")
aws.rds.ClusterInstance(
    "shop-1",
    cluster_identifier=cluster.id,
    engine="aurora-mysql",
    instance_class="db.r6g.large",
    db_parameter_group_name=own.name,
)
aws.rds.ClusterInstance(
    "shop-2",
    cluster_identifier=cluster.id,
    engine="aurora-mysql",
    instance_class="db.r6g.large",
    db_parameter_group_name=own.name,
)
readers = aws.appautoscaling.Target(
    "readers",
    service_namespace="rds",
    scalable_dimension="rds:cluster:ReadReplicaCount",
    resource_id=cluster.id.apply(lambda name: f"cluster:{name}"),
    min_capacity=1,
    max_capacity=4,
)
