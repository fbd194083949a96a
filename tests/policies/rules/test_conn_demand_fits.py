from collections.abc import Sequence
from dataclasses import replace

import pytest

from headroom.budget.model import Cluster, Engine, Instance, InstanceClass, Stack
from headroom.budget.serialize import demand
from policies.pack import all_rules
from policies.reading import types as t
from policies.reading.field import UNKNOWN
from policies.rules.conn_demand_fits import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, COMPUTED, GREEDY, Ref, demand_of, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)
ALL = {"shop", "shop-1", "shop-2"}
NEW_CLASS = Cluster(
    engine=Engine.POSTGRESQL,
    instances=(
        Instance(name="w", instance_class=InstanceClass(name="db.r99.large", vcpus=2, memory_gib=16), writer=True),
    ),
)

CASES: Sequence[Case] = [
    Case(says="a demand that fits", declared=shop(), passes=ALL),
    Case(
        says="direct pools that take more than the writer has",
        declared=shop().change("budget", demand=demand_of(CHECKOUT, GREEDY)),
        refused={
            "shop-2": (
                "writer shop-2, normal day, zone lost: direct pools (1,500) and the proxy's pool (60) take "
                "1,560 connections; 187 of 200 are usable: 1,373 too many; the budget has to fit on every "
                "instance in every situation; checked to be enough: path: proxy for greedy (no cost)"
            )
        },
        passes={"shop", "shop-1"},
    ),
    Case(
        says="no demand at all: conn-demand-declared says so",
        declared=shop().drop("budget"),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="one demand beside two clusters: so does it",
        declared=shop().add(t.CLUSTER, "other", parent="stack", engine="aurora-mysql", storage_encrypted=True),
        passes={"other", "shop", "shop-1", "shop-2"},
    ),
    Case(
        says="two clusters, each with a demand that depends on it",
        declared=shop()
        .add(t.CLUSTER, "other", parent="stack", engine="aurora-mysql")
        .add(t.CLUSTER_INSTANCE, "other-1", cluster_identifier=Ref("other"), instance_class="db.r6g.large")
        .drop("budget")
        .add(t.BUDGET, "budget", parent="stack", demand=demand_of(CHECKOUT), depends_on=["shop"])
        .add(t.BUDGET, "nothing", parent="stack", demand=demand_of(), depends_on=["other"]),
        passes=ALL | {"other", "other-1"},
    ),
    Case(
        says="a class that nobody knows",
        declared=shop().change("shop-2", instance_class="db.r6g.huge"),
        unproven={
            "shop-2": (
                "instanceClass of shop-2 can't be evaluated: unknown instance class 'db.r6g.huge': the nearest known "
                "ones are db.r6g.large, db.r6g.xlarge, db.r6g.2xlarge; so this cannot be proven safe; declare a new "
                "one under headroom:instance_classes, or in components.demand.Demand(instance_classes=...)"
            )
        },
        passes={"shop", "shop-1"},
    ),
    Case(
        says="a class that the stack declares itself",
        declared=shop()
        .change("shop-2", instance_class="db.r99.large")
        .change("budget", demand=demand(Stack(cluster=NEW_CLASS, services=(CHECKOUT,)))),
        passes=ALL,
    ),
    Case(
        says="a declared class that isn't one stays unknown",
        declared=shop()
        .change("shop-2", instance_class="db.r99.large")
        .change("budget", demand=demand_of(CHECKOUT) | {"instance_classes": [{"name": "db.r99.large", "cores": 2}]}),
        unproven={
            "shop-2": (
                "instanceClass of shop-2 can't be evaluated: unknown instance class 'db.r99.large': the nearest "
                "known ones are db.r5.large, db.r6g.large, db.r6i.large; so this cannot be proven safe; declare a "
                "new one under headroom:instance_classes, or in components.demand.Demand(instance_classes=...)"
            ),
        },
        passes={"shop", "shop-1"},
    ),
    Case(
        says="an unknown class, an unknown engine and an unknown pool",
        declared=shop()
        .change("shop-1", instance_class=Ref("stack"))
        .change("shop", engine=Ref("stack"))
        .change("pool", connection_pool_config={"max_connections_percent": Ref("stack")}),
        unproven={
            "shop": (
                "the budget of shop can't be computed: engine of shop is known only after the update, instanceClass of "
                "shop-1 is known only after the update, connectionPoolConfig.maxConnectionsPercent of pool is known "
                "only after the update; so this cannot be proven safe; give it as a value that is known before the "
                "update"
            ),
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="a class that nobody knows, of all instances",
        declared=shop().change("shop-1", instance_class="db.r6g.huge").change("shop-2", instance_class="db.r6g.huge"),
        unproven={
            "shop": (
                "the budget of shop can't be computed: instanceClass of shop-1 and shop-2 can't be evaluated: unknown "
                "instance class 'db.r6g.huge': the nearest known ones are db.r6g.large, db.r6g.xlarge, db.r6g.2xlarge; "
                "so this cannot be proven safe; declare a new one under headroom:instance_classes, or in "
                "components.demand.Demand(instance_classes=...)"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="values of several kinds that can't be read",
        declared=shop()
        .change("shop-1", instance_class="db.r6g.huge")
        .change("pool", connection_pool_config={"max_connections_percent": Ref("stack")}),
        unproven={
            "shop": (
                "the budget of shop can't be computed: instanceClass of shop-1 can't be evaluated: unknown instance "
                "class 'db.r6g.huge': the nearest known ones are db.r6g.large, db.r6g.xlarge, db.r6g.2xlarge, "
                "connectionPoolConfig.maxConnectionsPercent of pool is known only after the update; so this cannot be "
                "proven safe; declare a new one under headroom:instance_classes, or in "
                "components.demand.Demand(instance_classes=...), and give it as a value that is known before the update"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="what a provider computes decides nothing",
        declared=shop()
        .change("shop", serverlessv2_scaling_configuration=COMPUTED, port=COMPUTED)
        .change("shop-1", db_parameter_group_name=COMPUTED, availability_zone=COMPUTED),
        passes=ALL,
    ),
    Case(
        says="a number in the demand that another resource has to tell",
        declared=shop().change(
            "budget", demand=demand_of(CHECKOUT) | {"services": [{"name": "x", "instances_max": Ref("stack")}]}
        ),
        unproven={
            "budget": (
                "demand.services.0.instances_max of budget is known only after the update; so this cannot be proven "
                "safe; give it as a value that is known before the update"
            )
        },
        passes=ALL,
    ),
    Case(
        says="an unknown demand",
        declared=shop().change("budget", demand={"services": Ref("stack")}),
        unproven={
            "budget": (
                "demand.services of budget is known only after the update; so this cannot be proven safe; give it as a "
                "value that is known before the update"
            )
        },
        passes=ALL,
    ),
    Case(
        says="something that is no demand",
        declared=shop().change("budget", demand={"services": []}),
        unproven={
            "budget": (
                "demand of budget can't be read: not a demand that headroom registered: 'events'; so this cannot be "
                "proven safe; register a demand of this version"
            )
        },
        passes=ALL,
    ),
    Case(
        says="a number as text is a number, and no number isn't",
        declared=shop().change(
            "pool", connection_pool_config={"max_connections_percent": "30", "connection_borrow_timeout": "soon"}
        ),
        unproven={
            "pool": (
                "connectionPoolConfig.connectionBorrowTimeout of pool must be a whole number, got 'soon'; so this "
                "cannot be proven safe; give it as a whole number"
            )
        },
        passes=ALL,
    ),
    Case(
        says="a missing target group: AWS's default of 100 % throttles nothing",
        declared=shop().drop("pool").change("target", target_group_name="default"),
        refused={
            "shop-1": (
                "writer shop-1, normal day: direct pools (0) and the proxy's pool (200) take 200 connections;"
                " 187 of 200 are usable: 13 too many; the budget has to fit on every instance in every "
                "situation; checked to be enough: headroom:proxy.max_connections_percent: 100 -> 32 "
                "and headroom:proxy.max_idle_connections_percent: 50 -> 16 (no cost)"
            ),
            "shop-2": (
                "reader shop-2, normal day: direct pools (0) and the proxy's pool (200) take 200 connections;"
                " 187 of 200 are usable: 13 too many; the budget has to fit on every instance in every "
                "situation; checked to be enough: headroom:proxy.max_connections_percent: 100 -> 32 "
                "and headroom:proxy.max_idle_connections_percent: 50 -> 16 (no cost)"
            ),
        },
        passes={"shop"},
    ),
    Case(
        says="a cluster without instances",
        declared=shop().drop("shop-1", "shop-2"),
        unproven={
            "shop": (
                "the budget of shop can't be computed: no instance of the cluster is part of this stack; so this "
                "cannot be proven safe; declare the instances beside it"
            )
        },
        passes=set(),
    ),
    Case(
        says="a cluster that isn't Aurora",
        declared=shop().drop("budget").change("shop", engine="postgres"),
        passes=ALL,
    ),
    Case(
        says="a parameter group outside the stack may set anything; AWS's own sets no number",
        declared=shop()
        .change("shop-1", db_parameter_group_name="theirs")
        .change("shop-2", db_parameter_group_name="default.aurora-postgresql16"),
        unproven={
            "shop-1": (
                "dbParameterGroupName of shop-1 is 'theirs', a group outside this stack: its max_connections can't "
                "be read; so this cannot be proven safe; declare the parameter group in this stack"
            )
        },
        passes={"shop", "shop-2"},
    ),
    Case(
        says="a formula that isn't one",
        declared=shop().change("parameters", parameters=[{"name": "max_connections", "value": "{RAM}"}]),
        unproven={
            "shop": (
                "max_connections of shop is '{RAM}': not a parameter formula: '{RAM}': found 'RAM' where an integer, "
                "log( or one of DBInstanceClassMemory, DBInstanceVCPU belongs; so this cannot be proven safe; give a "
                "number, or AWS's formula"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)


@pytest.mark.parametrize("value", [0, -2, True, "2", None, UNKNOWN, float("nan"), float("inf"), 1e9])
@pytest.mark.parametrize("key", ["vcpus", "memory_gib", "documented_postgresql"])
def test_a_declared_class_whose_number_is_no_size_is_an_unknown_one_and_stops_no_rule(key: str, value: object) -> None:
    if key == "documented_postgresql" and value is None:
        return  # it may have none
    whole = {"name": "db.r99.large", "vcpus": 2, "memory_gib": 16}
    classes = [whole | {key: value}, {"name": "db.r98.large", "vcpus": 2, "memory_gib": 16}]
    declared = (
        shop()
        .change("shop-1", instance_class="db.r98.large")
        .change("shop-2", instance_class="db.r99.large")
        .change("budget", demand=demand_of(CHECKOUT) | {"instance_classes": classes})
    )
    findings = [finding for rule in all_rules() for finding in rule.find(declared.reading(), {})]
    (found,) = RULE.check(declared.reading())
    assert found.found.startswith("instanceClass of shop-2 can't be evaluated: unknown instance class 'db.r99.large'")
    assert found in findings


def test_a_slower_service_is_refused_with_the_pool_as_its_limit() -> None:
    slow = replace(CHECKOUT, hold_ms=200, instances_max=100)
    declared = shop().change("budget", demand=demand_of(slow))
    assert any("need" in finding.found for finding in RULE.check(declared.reading()))
