import pulumi_aws as aws

cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
proxy = aws.rds.Proxy(
    "shop",
    engine_family="POSTGRESQL",
    default_auth_scheme="IAM_AUTH",
    role_arn="arn:aws:iam::123456789012:role/proxy",
    vpc_subnet_ids=["subnet-1", "subnet-2"],
    idle_client_timeout=86400,
)
pool = aws.rds.ProxyDefaultTargetGroup(
    "shop", db_proxy_name=proxy.name, connection_pool_config={"max_connections_percent": 30}
)
aws.rds.ProxyTarget(
    "shop", db_proxy_name=proxy.name, target_group_name=pool.name, db_cluster_identifier=cluster.cluster_identifier
)
