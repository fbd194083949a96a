from pulumi import ResourceOptions
from pulumi_aws import rds

from components.demand import _ANY, Demand
from headroom.budget.model import Path, Pool, Role, Service
from headroom.budget.serialize import stack_from
from tests.components.program import declare

SERVICE = Service(
    name="orders",
    user="orders",
    instances_max=4,
    pools=(Pool(endpoint=Role.WRITER, path=Path.DIRECT, connections_max=2),),
)


def test_a_demand_is_registered_as_the_policies_look_for_it_and_depends_on_its_cluster() -> None:
    def program() -> None:
        cluster = rds.Cluster("orders", engine="aurora-mysql")
        Demand("orders", [SERVICE], opts=ResourceOptions(depends_on=[cluster]))

    declared = declare(program).one("headroom:index:Budget")
    assert declared.dependencies == {"aws:rds/cluster:Cluster::orders"}
    assert declared["demand"]["services"][0]["name"] == "orders"


def test_what_is_registered_can_be_read_beside_any_supply() -> None:
    declared = declare(lambda: Demand("orders", [SERVICE])).one("headroom:index:Budget")
    stack = stack_from(declared["demand"], _ANY, ())
    assert stack.services == (SERVICE,)
    assert stack.events == ()
