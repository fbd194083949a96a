import pulumi_aws as aws

parameters = aws.rds.ClusterParameterGroup(
    "shop",
    family="aurora-postgresql16",
    parameters=[{"name": "max_connections", "value": "200", "apply_method": "pending-reboot"}],
)
cluster = aws.rds.Cluster(
    "shop", engine="aurora-postgresql", engine_version="16.15", db_cluster_parameter_group_name=parameters.name
)
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
proxy = aws.rds.Proxy(
    "shop",
    engine_family="POSTGRESQL",
    default_auth_scheme="IAM_AUTH",
    role_arn="arn:aws:iam::123456789012:role/proxy",
    vpc_subnet_ids=["subnet-1", "subnet-2"],
)
pool = aws.rds.ProxyDefaultTargetGroup(
    "shop", db_proxy_name=proxy.name, connection_pool_config={"max_connections_percent": 30}
)
aws.rds.ProxyTarget(
    "shop", db_proxy_name=proxy.name, target_group_name=pool.name, db_cluster_identifier=cluster.cluster_identifier
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
    },
)
aws.appautoscaling.Policy(
    "on-connections",
    policy_type="TargetTrackingScaling",
    service_namespace=readers.service_namespace,
    scalable_dimension=readers.scalable_dimension,
    resource_id=readers.resource_id,
    target_tracking_scaling_policy_configuration={
        "predefined_metric_specification": {"predefined_metric_type": "RDSReaderAverageDatabaseConnections"},
        "target_value": 16,
    },
)
