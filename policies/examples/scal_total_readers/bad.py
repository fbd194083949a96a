import pulumi_aws as aws

# There is no reader whose load could be measured.
cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
readers = aws.appautoscaling.Target(
    "readers",
    service_namespace="rds",
    scalable_dimension="rds:cluster:ReadReplicaCount",
    resource_id=cluster.id.apply(lambda name: f"cluster:{name}"),
    min_capacity=0,
    max_capacity=4,
)
