from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_max_connections_bounds import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import GREEDY, Declared, Ref, demand_of, serverless, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)
ALL = {"shop", "shop-1", "shop-2"}
INSTANCES = {"shop-1", "shop-2"}


def limit(value: object) -> Declared:
    return shop().change("parameters", parameters=[{"name": "max_connections", "value": value}])


def mysql(value: object) -> Declared:
    return limit(value).change("shop", engine="aurora-mysql").drop("budget")


CASES: Sequence[Case] = [
    Case(says="200 of a class whose default is 1,722: a throttle", declared=shop(), passes=ALL),
    Case(says="the default", declared=shop().change("parameters", parameters=None), passes=ALL),
    Case(
        says="AWS's own group",
        declared=shop().change("shop", db_cluster_parameter_group_name="default.aurora-postgresql16"),
        passes=ALL,
    ),
    Case(says="the lowest", declared=limit("100"), passes=ALL),
    Case(
        says="below the lowest",
        declared=limit("99"),
        refused={
            "shop": (
                "max_connections of shop is 99 (on shop-1, db.r6g.large); at least 100 are needed for people, tools "
                "and failover to connect at all; raise it to 100 or more; throttle services with the proxy's "
                "percentage"
            )
        },
        passes=INSTANCES,
    ),
    Case(says="99 where the config says so", declared=limit("99"), numbers={"least_connections": 99}, passes=ALL),
    Case(
        says="a small MySQL class can't have 100",
        declared=mysql("90")
        .change("shop-1", instance_class="db.t3.medium")
        .change("shop-2", instance_class="db.t3.medium"),
        passes=ALL,
    ),
    Case(
        says="outside PostgreSQL's range",
        declared=limit("262144"),
        refused={
            "shop": (
                "max_connections of shop is 262,144; aurora-postgresql takes 6 to 262,143; leave max_connections to "
                "the engine, or set what `headroom budget` shows to be needed"
            )
        },
        passes=INSTANCES,
    ),
    Case(
        says="outside MySQL's range",
        declared=mysql("16001"),
        refused={
            "shop": (
                "max_connections of shop is 16,001; aurora-mysql takes 1 to 16,000; leave max_connections to the "
                "engine, or set what `headroom budget` shows to be needed"
            )
        },
        passes=INSTANCES,
    ),
    Case(
        says="raised above the default and the memory, and the budget doesn't fit",
        declared=limit("4000").change("budget", demand=demand_of(GREEDY)),
        refused={
            "shop": (
                "max_connections of shop is 4,000 (on shop-1, db.r6g.large); AWS's default for the class is 1,722, "
                "and beside the buffer cache there is memory for 491; lower it to 1,722 or less, or take a larger "
                "class: raising the limit adds no memory"
            )
        },
        passes=INSTANCES,
    ),
    Case(
        says="raised, without a demand",
        declared=limit("4000").drop("budget"),
        refused={
            "shop": (
                "max_connections of shop is 4,000 (on shop-1, db.r6g.large); AWS's default for the class is 1,722, "
                "and beside the buffer cache there is memory for 491; lower it to 1,722 or less, or take a larger "
                "class: raising the limit adds no memory"
            )
        },
        passes=INSTANCES,
    ),
    Case(
        says="raised, and the budget fits all the same",
        declared=limit("2000").change(
            "pool", connection_pool_config={"max_connections_percent": 3, "connection_borrow_timeout": 2}
        ),
        advised={
            "shop": (
                "max_connections of shop is 2,000 (on shop-1, db.r6g.large); AWS's default for the class is 1,722, "
                "and beside the buffer cache there is memory for 491; lower it to 1,722 or less, or take a larger "
                "class: raising the limit adds no memory"
            )
        },
        passes=INSTANCES,
    ),
    Case(
        says="the smallest class that uses it decides; an instance's own number is its own",
        declared=limit("4000")
        .drop("budget")
        .change("shop-1", instance_class="db.r6g.16xlarge")
        .add(t.PARAMETER_GROUP, "own", parameters=[{"name": "max_connections", "value": "5"}])
        .change("shop-2", db_parameter_group_name=Ref("own")),
        refused={
            "shop-2": (
                "max_connections of shop-2 is 5; aurora-postgresql takes 6 to 262,143; leave max_connections to the "
                "engine, or set what `headroom budget` shows to be needed"
            )
        },
        passes={"shop", "shop-1"},
    ),
    Case(says="a formula below the default", declared=limit("{DBInstanceClassMemory/95313920}"), passes=ALL),
    Case(
        says="a formula far above it",
        declared=limit("{DBInstanceClassMemory/953139}").drop("budget"),
        refused={
            "shop": (
                "max_connections of shop is {DBInstanceClassMemory/953139}, which is 17,220-17,230 on shop-1, "
                "db.r6g.large; AWS's default for the class is 1,722, and beside the buffer cache there is memory for "
                "491; lower it to 1,722 or less, or take a larger class: raising the limit adds no memory"
            )
        },
        passes=INSTANCES,
    ),
    Case(
        says="an unknown number",
        declared=limit(Ref("stack")),
        unproven={
            "parameters": (
                "parameters.0.value of parameters is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes=ALL,
    ),
    Case(
        says="unknown parameters",
        declared=shop().change("parameters", parameters=Ref("stack")),
        unproven={
            "parameters": (
                "parameters of parameters is known only after the update; so this cannot be proven safe; give it as "
                "a value that is known before the update"
            )
        },
        passes=ALL,
    ),
    Case(
        says="parameters of a wrong type",
        declared=shop().change("parameters", parameters="many"),
        unproven={
            "parameters": (
                "parameters of parameters must be a list, got 'many'; so this cannot be proven safe; give it as a list"
            )
        },
        passes=ALL,
    ),
    Case(
        says="a group outside the stack",
        declared=shop().change("shop", db_cluster_parameter_group_name="theirs"),
        unproven={
            "shop": (
                "dbClusterParameterGroupName of shop is 'theirs', a group outside this stack: its max_connections "
                "can't be read; so this cannot be proven safe; declare the parameter group in this stack"
            )
        },
        passes=INSTANCES,
    ),
    Case(
        says="PostgreSQL's lowest is in its range, and too few",
        declared=limit("6"),
        refused={
            "shop": (
                "max_connections of shop is 6 (on shop-1, db.r6g.large); at least 100 are needed for "
                "people, tools and failover to connect at all; raise it to 100 or more; throttle "
                "services with the proxy's percentage"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="PostgreSQL's highest is in its range, and too many",
        declared=limit("262143").drop("budget"),
        refused={
            "shop": (
                "max_connections of shop is 262,143 (on shop-1, db.r6g.large); AWS's default for the "
                "class is 1,722, and beside the buffer cache there is memory for 491; lower it to 1,722 "
                "or less, or take a larger class: raising the limit adds no memory"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="exactly the class's default",
        declared=limit("1722").drop("budget"),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="of serverless and provisioned instances only the latter are judged",
        declared=shop()
        .change("shop", serverlessv2_scaling_configuration={"min_capacity": 0.5, "max_capacity": 1})
        .change("shop-2", instance_class="db.serverless")
        .drop("readers", "on-connections", "on-cpu", "budget"),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="what serverless instances admit isn't judged by a class",
        declared=serverless(1, 2)
        .change("parameters", parameters=[{"name": "max_connections", "value": "5000"}])
        .drop("budget"),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="7,864 on a class with memory for 7,864: it fits",
        declared=limit("7864")
        .change("shop-1", instance_class="db.r6g.8xlarge")
        .change("shop-2", instance_class="db.r6g.8xlarge")
        .drop("budget"),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="7,865 on a class with memory for 7,864: one too many",
        declared=limit("7865")
        .change("shop-1", instance_class="db.r6g.8xlarge")
        .change("shop-2", instance_class="db.r6g.8xlarge")
        .drop("budget"),
        refused={
            "shop": (
                "max_connections of shop is 7,865 (on shop-1, db.r6g.8xlarge); AWS's default for the "
                "class is 5,000, and beside the buffer cache there is memory for 7,864; lower it to "
                "5,000 or less, or take a larger class: raising the limit adds no memory"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
