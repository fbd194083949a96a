from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.scal_target_value import CONNECTIONS, CPU, RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.SCALING_POLICY,)
BOTH = {"on-connections", "on-cpu"}


def target(name: str, value: object, metric: object = None) -> Declared:
    metric = metric or (CPU if name == "on-cpu" else CONNECTIONS)
    config: dict[str, Any] = {
        "predefined_metric_specification": {"predefined_metric_type": metric},
        "target_value": value,
    }
    return shop().change(name, target_tracking_scaling_policy_configuration=config)


CASES: Sequence[Case] = [
    Case(says="the budget's targets", declared=shop(), passes=BOTH),
    Case(
        says="one connection above the CPU cap",
        declared=target("on-connections", 17),
        refused={
            "on-connections": (
                "shop asks for a replica at 17 connections, the readers' mean; 1 to 10: the smaller of the CPU cap and "
                "the share of the pool that leaves time for a replica, by the skew: the busiest reader is that "
                "far above the mean; set targetValue to 10"
            )
        },
        passes={"on-cpu"},
    ),
    Case(
        says="0",
        declared=target("on-connections", 0),
        refused={
            "on-connections": (
                "shop asks for a replica at 0 connections, the readers' mean; 1 to 10: the smaller of the CPU cap and "
                "the share of the pool that leaves time for a replica, by the skew: the busiest reader is that "
                "far above the mean; set targetValue to 10"
            )
        },
        passes={"on-cpu"},
    ),
    Case(
        says="61 % CPU",
        declared=target("on-cpu", 61),
        refused={
            "on-cpu": (
                "shop asks for a replica at 61 % CPU; 1 to 60 %: the rest carries the load until the replica serves; "
                "set targetValue to 60"
            )
        },
        passes={"on-connections"},
    ),
    Case(
        says="a pool that is smaller than what idle connections hold: no target can be reached",
        declared=target("on-connections", 1).change(
            "pool", connection_pool_config={"max_connections_percent": 0, "connection_borrow_timeout": 2}
        ),
        refused={
            "on-connections": (
                "shop asks for a replica at 1 connections, the readers' mean; no number of connections says that its "
                "readers are busy: idle ones alone hold more open, or the pool has fewer; scale on CPU alone "
                "(RDSReaderAverageCPUUtilization at 60 %)"
            )
        },
        passes={"on-cpu"},
    ),
    Case(
        says="no demand: the supply alone decides",
        declared=target("on-connections", 17).drop("budget"),
        refused={
            "on-connections": (
                "shop asks for a replica at 17 connections, the readers' mean; 1 to 10: the smaller of the CPU cap and "
                "the share of the pool that leaves time for a replica, by the skew: the busiest reader is that "
                "far above the mean; set targetValue to 10"
            )
        },
        passes={"on-cpu"},
    ),
    Case(says="an own metric isn't judged", declared=target("on-connections", 999, "Mine"), passes=BOTH),
    Case(
        says="no tracking policy",
        declared=shop().change("on-cpu", target_tracking_scaling_policy_configuration=None),
        passes=BOTH,
    ),
    Case(
        says="an unknown target",
        declared=target("on-cpu", Ref("stack")),
        unproven={
            "on-cpu": (
                "targetTrackingScalingPolicyConfiguration.targetValue of on-cpu is known only after the update; so "
                "this cannot be proven safe; give it as a value that is known before the update"
            )
        },
        passes={"on-connections"},
    ),
    Case(
        says="an unknown metric",
        declared=target("on-cpu", 60, Ref("stack")),
        unproven={
            "on-cpu": (
                "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType of "
                "on-cpu is known only after the update; so this cannot be proven safe; give it as a value that is "
                "known before the update"
            )
        },
        passes={"on-connections"},
    ),
    Case(
        says="not a number",
        declared=target("on-cpu", "half"),
        unproven={
            "on-cpu": (
                "targetTrackingScalingPolicyConfiguration.targetValue of on-cpu must be a number, got 'half'; so "
                "this cannot be proven safe; give it as a number"
            )
        },
        passes={"on-connections"},
    ),
    Case(
        says="policies of something else than this cluster",
        declared=target("on-cpu", 99).change("on-cpu", resource_id="cluster:elsewhere"),
        passes=BOTH,
    ),
    Case(
        says="1 % CPU",
        declared=target("on-cpu", 1),
        passes={"on-connections", "on-cpu"},
    ),
    Case(
        says="0 % CPU",
        declared=target("on-cpu", 0),
        refused={
            "on-cpu": (
                "shop asks for a replica at 0 % CPU; 1 to 60 %: the rest carries the load until the "
                "replica serves; set targetValue to 60"
            )
        },
        passes={"on-connections"},
    ),
    Case(
        says="1 connection",
        declared=target("on-connections", 1),
        passes={"on-connections", "on-cpu"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
