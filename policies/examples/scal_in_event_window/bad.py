from datetime import UTC, datetime

import pulumi
import pulumi_aws as aws

from components.demand import Demand
from headroom.budget.model import Event, Path, Pool, Role, Service

cluster = aws.rds.Cluster("shop", engine="aurora-postgresql", engine_version="16.15")
aws.rds.ClusterInstance(
    "shop-1", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
aws.rds.ClusterInstance(
    "shop-2", cluster_identifier=cluster.id, engine="aurora-postgresql", instance_class="db.r6g.large"
)
# The sale is on, and asks for three.
readers = aws.appautoscaling.Target(
    "readers",
    service_namespace="rds",
    scalable_dimension="rds:cluster:ReadReplicaCount",
    resource_id=cluster.id.apply(lambda name: f"cluster:{name}"),
    min_capacity=1,
    max_capacity=4,
)
checkout = Service(
    name="checkout",
    user="checkout",
    instances_max=10,
    transactions_per_second_peak=200,
    hold_ms=10,
    client_timeout_ms=3000,
    pools=(Pool(endpoint=Role.WRITER, path=Path.DIRECT, connections_max=3),),
)
Demand(
    "shop",
    [checkout],
    events=[
        Event(
            name="sale",
            starts=datetime(2020, 1, 1, tzinfo=UTC),
            ends=datetime(2096, 1, 1, tzinfo=UTC),
            traffic_factor=1,
            readers_min=3,
        )
    ],
    opts=pulumi.ResourceOptions(depends_on=[cluster]),
)
