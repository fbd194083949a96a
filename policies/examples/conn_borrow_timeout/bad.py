import pulumi
import pulumi_aws as aws

from components.demand import Demand
from headroom.budget.model import Path, Pool, Role, Service

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
)
pool = aws.rds.ProxyDefaultTargetGroup(
    "shop",
    db_proxy_name=proxy.name,
    connection_pool_config={"max_connections_percent": 30, "connection_borrow_timeout": 30},
)
aws.rds.ProxyTarget(
    "shop", db_proxy_name=proxy.name, target_group_name=pool.name, db_cluster_identifier=cluster.cluster_identifier
)

checkout = Service(
    name="checkout",
    user="checkout",
    instances_max=10,
    transactions_per_second_peak=200,
    hold_ms=10,
    client_timeout_ms=3000,  # gives up long before the proxy does
    pools=(Pool(endpoint=Role.WRITER, path=Path.PROXY, connections_max=8),),
)
Demand("shop", [checkout], opts=pulumi.ResourceOptions(depends_on=[cluster]))
