import pulumi_aws as aws

# Autoscaled replicas get what the engine gives them.
cluster = aws.rds.Cluster("shop", engine="aurora-mysql", engine_version="8.0.mysql_aurora.3.08.0")
aws.rds.ClusterInstance("shop-1", cluster_identifier=cluster.id, engine="aurora-mysql", instance_class="db.r6g.large")
aws.rds.ClusterInstance("shop-2", cluster_identifier=cluster.id, engine="aurora-mysql", instance_class="db.r6g.large")
readers = aws.appautoscaling.Target(
    "readers",
    service_namespace="rds",
    scalable_dimension="rds:cluster:ReadReplicaCount",
    resource_id=cluster.id.apply(lambda name: f"cluster:{name}"),
    min_capacity=1,
    max_capacity=4,
)
