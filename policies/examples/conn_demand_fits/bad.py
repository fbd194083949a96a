import pulumi
import pulumi_aws as aws

from components.demand import Demand
from headroom.budget.model import Path, Pool, Role, Service

cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)

checkout = Service(
    name="checkout",
    user="checkout",
    instances_max=200,
    transactions_per_second_peak=200,
    hold_ms=10,
    client_timeout_ms=3000,
    pools=(Pool(endpoint=Role.WRITER, path=Path.DIRECT, connections_max=10),),
)
Demand("shop", [checkout], opts=pulumi.ResourceOptions(depends_on=[cluster]))
