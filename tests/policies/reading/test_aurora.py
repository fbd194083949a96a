from typing import Any

import pytest

from headroom.budget.model import Engine, Interval, Proxy, Serverless
from policies.reading import types as t
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.resources import Resources
from tests.policies.declared import CHECKOUT, NOW, Declared, Ref, demand_of, shop


def only(declared: Declared) -> AuroraCluster:
    (cluster,) = declared.reading().clusters
    return cluster


def test_the_supply_is_what_the_resources_declare() -> None:
    supply = only(shop()).supply
    assert supply.blanks == ()
    assert supply.cluster is not None
    assert (supply.cluster.engine, supply.cluster.engine_version) == (Engine.POSTGRESQL, "16.15")
    assert (supply.cluster.max_connections, supply.cluster.readers_max) == (200, 4)
    assert [(i.name, i.writer, i.promotion_tier, i.zone) for i in supply.cluster.instances] == [
        ("shop-1", True, 0, "eu-west-1a"),
        ("shop-2", False, 1, "eu-west-1b"),
    ]
    assert supply.proxies == (
        Proxy(
            name="proxy",
            max_connections_percent=30,
            max_idle_connections_percent=4,
            connection_borrow_timeout_seconds=2,
            reader_endpoint=True,
        ),
    )


def test_a_proxy_without_settings_has_awss() -> None:
    bare = shop().drop("pool", "read-only").change("target", target_group_name="default")
    assert only(bare).supply.proxies == (Proxy(name="proxy", reader_endpoint=False),)


def test_an_instances_own_parameter_comes_before_the_clusters() -> None:
    own = [{"name": "max_connections", "value": "LEAST({DBInstanceClassMemory/9531392},150)"}]
    declared = shop().add(t.PARAMETER_GROUP, "own", parameters=own).change("shop-2", db_parameter_group_name=Ref("own"))
    limits = only(declared).limits
    assert limits is not None
    ceilings = {line.instance: line.capacity.ceiling for line in limits.lines if line.situation == "normal day"}
    assert ceilings == {"shop-1": Interval(200, 200, "explicit"), "shop-2": Interval(150, 150, "formula")}


def test_the_writer_is_the_instance_that_waits_for_no_other() -> None:
    declared = shop().drop("shop-1", "shop-2")
    args: dict[str, Any] = {"cluster_identifier": Ref("shop"), "instance_class": "db.r6g.large"}
    declared.add(t.CLUSTER_INSTANCE, "b", **args)
    declared.add(t.CLUSTER_INSTANCE, "a", promotion_tier=0, depends_on=["b"], **args)
    assert [i.name for i in only(declared).instances] == ["b", "a"]


def test_of_instances_that_are_created_at_once_the_largest_is_taken_for_the_writer_in_whatever_order_they_come() -> (
    None
):
    declared = shop().drop("shop-1", "shop-2")
    for name, size in (("a", "large"), ("b", "2xlarge"), ("c", "xlarge")):
        declared.add(t.CLUSTER_INSTANCE, name, cluster_identifier=Ref("shop"), instance_class=f"db.r6g.{size}")
    for messages in (declared.messages(), declared.messages()[::-1]):
        (cluster,) = Reading(Resources.from_message(messages), NOW).clusters
        assert [instance.name for instance in cluster.instances] == ["b", "c", "a"]


@pytest.mark.parametrize("largest", ["a", "b"])
def test_an_instance_class_that_the_demand_declares_counts_for_the_largest_as_well(largest: str) -> None:
    declares = demand_of(CHECKOUT) | {"instance_classes": [{"name": "db.r99.8xlarge", "vcpus": 32, "memory_gib": 256}]}
    declared = shop().drop("shop-1", "shop-2").change("budget", demand=declares)
    for name in ("a", "b"):
        declared.add(
            t.CLUSTER_INSTANCE,
            name,
            cluster_identifier=Ref("shop"),
            instance_class="db.r99.8xlarge" if name == largest else "db.r6g.large",
        )
    assert only(declared).instances[0].name == largest


def test_what_is_said_does_not_depend_on_the_order_in_which_the_engine_shows_the_resources() -> None:
    names = [
        [alarm.name for alarm in Reading(Resources.from_message(messages), NOW).clusters[0].alarms]
        for messages in (shop().messages(), shop().messages()[::-1])
    ]
    assert names[0] == names[1]


def test_without_an_order_the_best_tier_is_the_writer_and_then_the_first() -> None:
    declared = shop().drop("shop-1", "shop-2")
    for name, tier in (("c", 2), ("b", 1), ("a", 1)):
        declared.add(
            t.CLUSTER_INSTANCE,
            name,
            cluster_identifier=Ref("shop"),
            instance_class="db.r6g.large",
            promotion_tier=tier,
        )
    assert [i.name for i in only(declared).instances] == ["b", "a", "c"]


def test_a_failover_does_not_change_what_is_declared() -> None:
    declared = shop().change("shop-1", writer=False).change("shop-2", writer=True)
    assert only(declared).budget == only(shop()).budget


def test_instances_without_a_zone_are_not_taken_for_one_zone() -> None:
    declared = shop().change("shop-1", availability_zone=None).change("shop-2", availability_zone=None)
    budget = only(declared).budget
    assert budget is not None
    assert "no-failover-target" not in {finding.code for finding in budget.findings}


def test_serverless_instances_have_the_clusters_range() -> None:
    declared = shop().change("shop", serverlessv2_scaling_configuration={"min_capacity": 2, "max_capacity": 16.5})
    for name in ("shop-1", "shop-2"):
        declared.change(name, instance_class="db.serverless")
    cluster = only(declared).supply.cluster
    assert cluster is not None
    assert cluster.serverless == Serverless(min_acu=2, max_acu=16.5)


def test_a_serverless_instance_without_a_range_is_a_blank() -> None:
    (blank,) = only(shop().change("shop-1", instance_class="db.serverless")).blanks
    assert str(blank) == (
        "instanceClass of shop-1 is db.serverless, but its cluster has no serverlessv2ScalingConfiguration"
    )


def test_only_aurora_is_read() -> None:
    assert shop().change("shop", engine="postgres").reading().clusters == []
    assert [c.name for c in shop().change("shop", engine=Ref("stack")).reading().clusters] == ["shop"]
