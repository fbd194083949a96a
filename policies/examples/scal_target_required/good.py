import pulumi
import pulumi_aws as aws

from components.demand import Demand
from headroom.budget.model import Path, Pool, Role, Service

parameters = aws.rds.ClusterParameterGroup(
    "shop",
    family="aurora-postgresql16",
    parameters=[{"name": "max_connections", "value": "200", "apply_method": "pending-reboot"}],
)
cluster = aws.rds.Cluster(
    "shop", engine="aurora-postgresql", engine_version="16.15", db_cluster_parameter_group_name=parameters.name
)
writer = aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
aws.rds.ClusterInstance(
    "shop-2",
    cluster_identifier=cluster.id,
    engine="aurora-postgresql",
    instance_class="db.r6g.large",
    opts=pulumi.ResourceOptions(depends_on=[writer]),
)
catalogue = Service(
    name="catalogue",
    user="catalogue",
    instances_max=10,
    transactions_per_second_peak=200,
    hold_ms=2,
    client_timeout_ms=3000,
    pools=(Pool(endpoint=Role.READER, path=Path.DIRECT, connections_max=3),),
)
Demand("shop", [catalogue], opts=pulumi.ResourceOptions(depends_on=[cluster]))
