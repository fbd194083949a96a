import pulumi_aws as aws

cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
for name in ("shop-1", "shop-2"):
    aws.rds.ClusterInstance(
        name, cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
    )
readers = aws.appautoscaling.Target(
    "readers",
    service_namespace="rds",
    scalable_dimension="rds:cluster:ReadReplicaCount",
    resource_id=cluster.id.apply(lambda name: f"cluster:{name}"),
    min_capacity=1,
    max_capacity=6,
)
aws.appautoscaling.Policy(
    "on-cpu",
    policy_type="TargetTrackingScaling",
    service_namespace=readers.service_namespace,
    scalable_dimension=readers.scalable_dimension,
    resource_id=readers.resource_id,
    target_tracking_scaling_policy_configuration={
        "predefined_metric_specification": {"predefined_metric_type": "RDSReaderAverageCPUUtilization"},
        "target_value": 90,
    },
)
