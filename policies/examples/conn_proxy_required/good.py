import pulumi
import pulumi_aws as aws

from components.demand import Demand
from headroom.budget.model import Path, Pool, Role, Service

cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)

# Ten instances with three connections each fit without a proxy.
checkout = Service(
    name="checkout",
    user="checkout",
    instances_max=10,
    transactions_per_second_peak=200,
    hold_ms=2,
    pools=(Pool(endpoint=Role.WRITER, path=Path.DIRECT, connections_max=3),),
)
Demand("shop", [checkout], opts=pulumi.ResourceOptions(depends_on=[cluster]))
