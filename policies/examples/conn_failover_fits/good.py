import pulumi
import pulumi_aws as aws

from components.demand import Demand
from headroom.budget.model import Path, Pool, Role, Service, ServiceKind

parameters = aws.rds.ClusterParameterGroup(
    "shop",
    family="aurora-postgresql16",
    parameters=[{"name": "max_connections", "value": "200", "apply_method": "pending-reboot"}],
)
cluster = aws.rds.Cluster(
    "shop", engine="aurora-postgresql", engine_version="16.15", db_cluster_parameter_group_name=parameters.name
)
writer = aws.rds.ClusterInstance(
    "shop-1",
    cluster_identifier=cluster.id,
    engine="aurora-postgresql",
    instance_class="db.r6g.large",
    availability_zone="eu-west-1a",
)
aws.rds.ClusterInstance(
    "shop-2",
    cluster_identifier=cluster.id,
    engine="aurora-postgresql",
    instance_class="db.r6g.large",
    availability_zone="eu-west-1b",
    opts=pulumi.ResourceOptions(depends_on=[writer]),
)
aws.rds.ClusterInstance(
    "shop-3",
    cluster_identifier=cluster.id,
    engine="aurora-postgresql",
    instance_class="db.r6g.large",
    availability_zone="eu-west-1c",
    opts=pulumi.ResourceOptions(depends_on=[writer]),
)
# Even one reader admits them.
reports = Service(
    name="reports",
    user="reports",
    instances_max=10,
    transactions_per_second_peak=10,
    hold_ms=10,
    client_timeout_ms=3000,
    pools=(Pool(endpoint=Role.READER, path=Path.DIRECT, connections_max=15),),
    kind=ServiceKind.BACKGROUND,
)
Demand("shop", [reports], opts=pulumi.ResourceOptions(depends_on=[cluster]))
