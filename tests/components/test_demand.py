from dataclasses import replace
from typing import Any, cast

import pytest
from pulumi import ResourceOptions
from pulumi_aws import rds

from components.demand import Demand
from headroom.budget.facts import instance_class
from headroom.budget.margins import Margins
from headroom.budget.model import Cluster, Engine, Instance, InstanceClass, Path, Pool, Role, Service
from headroom.budget.serialize import stack_from
from tests.components.program import declare

SERVICE = Service(
    name="orders",
    user="orders",
    instances_max=4,
    pools=(Pool(endpoint=Role.WRITER, path=Path.DIRECT, connections_max=2),),
)
CLUSTER = Cluster(
    engine=Engine.POSTGRESQL,
    instances=(Instance(name="any", instance_class=instance_class("db.r6g.large"), writer=True),),
)


def test_a_demand_is_registered_as_the_policies_look_for_it_and_depends_on_its_cluster() -> None:
    def program() -> None:
        cluster = rds.Cluster("orders", engine="aurora-mysql")
        Demand("orders", [SERVICE], opts=ResourceOptions(depends_on=[cluster]))

    declared = declare(program).one("headroom:index:Budget")
    assert declared.dependencies == {"aws:rds/cluster:Cluster::orders"}
    assert declared["demand"]["services"][0]["name"] == "orders"


def test_pools_may_be_a_list_though_the_type_says_tuple() -> None:
    sloppy = replace(SERVICE, pools=list(SERVICE.pools))  # type: ignore[arg-type]
    declared = declare(lambda: Demand("orders", [sloppy])).one("headroom:index:Budget")
    assert stack_from(declared["demand"], CLUSTER, ()).services == (SERVICE,)


def test_what_is_registered_can_be_read_beside_any_supply() -> None:
    declared = declare(lambda: Demand("orders", [SERVICE])).one("headroom:index:Budget")
    stack = stack_from(declared["demand"], CLUSTER, ())
    assert stack.services == (SERVICE,)
    assert stack.events == ()
    assert "instance_classes" not in declared["demand"]


def test_it_carries_all_that_the_budget_asks_beside_the_supply() -> None:
    margins = Margins(burst_factor=1.5)

    def program() -> None:
        Demand("orders", [SERVICE], break_glass_connections=9, wait_objective_ms=25.0, margins=margins)

    stack = stack_from(declare(program).one("headroom:index:Budget")["demand"], CLUSTER, ())
    assert (stack.break_glass_connections, stack.wait_objective_ms, stack.margins) == (9, 25.0, margins)


def test_a_class_that_we_do_not_know_yet_is_declared_with_its_size() -> None:
    new = InstanceClass(name="db.r99.large", vcpus=2, memory_gib=16)
    declared = declare(lambda: Demand("orders", [SERVICE], instance_classes=[new])).one("headroom:index:Budget")
    assert [InstanceClass(**each) for each in declared["demand"]["instance_classes"]] == [new]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["db.r6g.large"], "instance_classes: db.r6g.large is known already: leave it out"),
        (["db.r99.large", "db.r99.large"], "instance_classes: db.r99.large is declared twice"),
    ],
)
def test_a_class_that_is_known_or_declared_twice_is_refused(names: list[str], message: str) -> None:
    classes = [InstanceClass(name=name, vcpus=2, memory_gib=16) for name in names]
    with pytest.raises(ValueError, match=f"^{message}$"):
        Demand("orders", [SERVICE], instance_classes=classes)


@pytest.mark.parametrize("value", [0, -1, True, "2"])
def test_a_class_without_a_size_is_refused(value: Any) -> None:
    message = rf"^instance_classes: db\.r99\.large: memory_gib: must be a number above 0, got {value!r}$"
    with pytest.raises(ValueError, match=message):
        Demand("orders", [SERVICE], instance_classes=[InstanceClass(name="db.r99.large", vcpus=2, memory_gib=value)])


def test_a_class_may_get_its_size_from_another_resource() -> None:
    def program() -> None:
        cluster = rds.Cluster("orders", engine="aurora-mysql", backup_retention_period=6)
        vcpus = cast("Any", cluster.backup_retention_period)
        Demand("o", [SERVICE], instance_classes=[InstanceClass(name="db.r99.large", vcpus=vcpus, memory_gib=16)])

    declared = declare(program).one("headroom:index:Budget")
    assert declared["demand"]["instance_classes"][0]["vcpus"] == 6


def test_a_number_that_comes_from_another_resource_is_registered_as_what_it_becomes() -> None:
    def program() -> None:
        cluster = rds.Cluster("orders", engine="aurora-mysql", backup_retention_period=6)
        from_elsewhere = cast("Any", cluster.backup_retention_period)
        Demand("orders", [Service(name="x", user="x", instances_max=from_elsewhere, pools=SERVICE.pools)])

    declared = declare(program).one("headroom:index:Budget")
    assert stack_from(declared["demand"], CLUSTER, ()).services[0].instances_max == 6
