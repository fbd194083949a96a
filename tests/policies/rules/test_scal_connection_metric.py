from collections.abc import Sequence
from dataclasses import replace

import pytest

from headroom.budget.model import Path, Pool, Role
from policies.reading import types as t
from policies.rules.scal_connection_metric import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import GREEDY, Declared, Ref, demand_of, shop

JUDGED = (t.SCALING_POLICY,)
#: 40 connections held open to the readers, whatever they do: more than the CPU cap of 16.
IDLE = replace(GREEDY, instances_max=4, pools=(Pool(endpoint=Role.READER, path=Path.DIRECT, connections_max=10),))


def custom(metric: object) -> Declared:
    return (
        shop()
        .drop("on-connections")
        .change(
            "on-cpu",
            target_tracking_scaling_policy_configuration={
                "customized_metric_specification": {
                    "metric_name": metric,
                    "namespace": "AWS/RDS",
                    "statistic": "Average",
                },
                "target_value": 10,
            },
        )
    )


CASES: Sequence[Case] = [
    Case(says="both metrics", declared=shop(), passes={"on-connections", "on-cpu"}),
    Case(
        says="only CPU",
        declared=shop().drop("on-connections"),
        refused={
            "on-cpu": (
                "replica autoscaling of shop follows no connections, only other metrics; sessions that wait "
                "for a lock fill the readers while their CPU is idle; add a policy on "
                "RDSReaderAverageDatabaseConnections at 10"
            )
        },
    ),
    Case(says="only connections", declared=shop().drop("on-cpu"), passes={"on-connections"}),
    Case(says="connections by a metric of one's own", declared=custom("DatabaseConnections"), passes={"on-cpu"}),
    Case(
        says="another metric of one's own",
        declared=custom("DBLoad"),
        refused={
            "on-cpu": (
                "replica autoscaling of shop follows no connections, only other metrics; sessions that wait "
                "for a lock fill the readers while their CPU is idle; add a policy on "
                "RDSReaderAverageDatabaseConnections at 10"
            )
        },
    ),
    Case(
        says="no number of connections means anything",
        declared=shop().drop("on-connections").change("budget", demand=demand_of(IDLE)),
        passes={"on-cpu"},
    ),
    Case(
        says="without a demand the supply alone decides",
        declared=shop().drop("on-connections", "budget"),
        refused={
            "on-cpu": (
                "replica autoscaling of shop follows no connections, only other metrics; sessions that wait "
                "for a lock fill the readers while their CPU is idle; add a policy on "
                "RDSReaderAverageDatabaseConnections at 10"
            )
        },
    ),
    Case(says="no policies are scal-target-required's", declared=shop().drop("on-connections", "on-cpu"), passes=set()),
    Case(
        says="an unknown metric may be it",
        declared=custom(Ref("stack")),
        unproven={
            "on-cpu": (
                "targetTrackingScalingPolicyConfiguration.customizedMetricSpecification.metricName of on-cpu "
                "is known only after the update; so this cannot be proven safe; give it as a value that is "
                "known before the update"
            )
        },
    ),
    Case(
        says="a metric of a wrong type",
        declared=custom(["DBLoad"]),
        unproven={
            "on-cpu": (
                "targetTrackingScalingPolicyConfiguration.customizedMetricSpecification.metricName of on-cpu "
                "must be text, got ['DBLoad']; so this cannot be proven safe; give it as text"
            )
        },
    ),
    Case(
        says="of several policies the first is named",
        declared=custom("ReadLatency").add(
            t.SCALING_POLICY,
            "another",
            resource_id=Ref("readers"),
            scalable_dimension=Ref("readers"),
            target_tracking_scaling_policy_configuration={
                "customized_metric_specification": {"metric_name": "WriteLatency"},
                "target_value": 1,
            },
        ),
        refused={
            "on-cpu": (
                "replica autoscaling of shop follows no connections, only other metrics; sessions that "
                "wait for a lock fill the readers while their CPU is idle; add a policy on "
                "RDSReaderAverageDatabaseConnections at 10"
            )
        },
        passes={"another"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
