import pulumi_aws as aws

cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
aws.rds.ClusterInstance(
    "shop-2", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
readers = aws.appautoscaling.Target(
    "readers",
    service_namespace="rds",
    scalable_dimension="rds:cluster:ReadReplicaCount",
    resource_id=cluster.id.apply(lambda name: f"cluster:{name}"),
    min_capacity=1,
    max_capacity=4,
)
aws.appautoscaling.Policy(
    "on-cpu",
    policy_type="TargetTrackingScaling",
    service_namespace=readers.service_namespace,
    scalable_dimension=readers.scalable_dimension,
    resource_id=readers.resource_id,
    target_tracking_scaling_policy_configuration={
        "predefined_metric_specification": {"predefined_metric_type": "RDSReaderAverageCPUUtilization"},
        "target_value": 60,
        "scale_out_cooldown": 300,
        "scale_in_cooldown": 900,
    },
)
