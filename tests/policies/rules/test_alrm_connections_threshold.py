from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from headroom.budget.model import Role
from policies.reading import types as t
from policies.rules.alrm_connections_threshold import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, GREEDY, OTHER_ALARMS, Declared, Ref, demand_of
from tests.policies.declared import shop as whole_shop

JUDGED = (t.ALARM,)
ALARMS = {"writer-warning", "writer-critical", "reader-warning", "reader-critical"}


def shop() -> Declared:
    return whole_shop().drop(*OTHER_ALARMS)


def writer(**changes: Any) -> Declared:
    return shop().change("writer-warning", **changes)


def extra(**changes: Any) -> Declared:
    """One more alarm on the writer."""
    same: dict[str, Any] = {
        "metric_name": "DatabaseConnections",
        "dimensions": {"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "alarm_actions": ["arn:a"],
    }
    return shop().add(t.ALARM, "extra", **{**same, **changes})


CASES: Sequence[Case] = [
    Case(says="above 4, below 60", declared=shop(), passes=ALARMS),
    Case(says="just above the accepted peak", declared=writer(threshold=5), passes=ALARMS),
    Case(
        says="at the accepted peak",
        declared=writer(threshold=4),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 4 connections; it has to lie above the accepted peak of 4 and "
                "below 60, where the next client waits or is refused; set the budget's thresholds (writer: warning "
                "23, critical 42)"
            )
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(says="just below the limit", declared=writer(threshold=59), passes=ALARMS),
    Case(
        says="at the limit",
        declared=writer(threshold=60),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 60 connections; it has to lie above the accepted peak of 4 and "
                "below 60, where the next client waits or is refused; set the budget's thresholds (writer: warning "
                "23, critical 42)"
            )
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(
        says="a comparison that falls",
        declared=writer(comparison_operator="LessThanThreshold"),
        refused={
            "writer-warning": (
                "the alarm writer-warning compares with LessThanThreshold; an alarm on connections rings when they "
                "rise; use GreaterThanOrEqualToThreshold"
            )
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(
        says="warning and critical at one number",
        declared=writer(threshold=45),
        refused={
            "writer-warning": (
                "2 alarms on the writer's connections of shop ring at the same 45 (writer-warning, writer-critical); "
                "the warning has to come before the critical one; set the budget's warning and critical thresholds"
            )
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(
        says="beside a warning and a critical alarm that are right",
        declared=extra(threshold=600),
        advised={
            "extra": (
                "the alarm extra rings at 600 connections; it has to lie above the accepted peak of 4 and below 60, "
                "where the next client waits or is refused; set the budget's thresholds (writer: warning 23, critical "
                "42)"
            )
        },
        passes=ALARMS,
    ),
    Case(
        says="beside one that is right, and one that isn't",
        declared=extra(threshold=600).change("writer-warning", threshold=60),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 60 connections; it has to lie above the accepted peak of 4 and "
                "below 60, where the next client waits or is refused; set the budget's thresholds (writer: warning "
                "23, critical 42)"
            ),
            "extra": (
                "the alarm extra rings at 600 connections; it has to lie above the accepted peak of 4 and below 60, "
                "where the next client waits or is refused; set the budget's thresholds (writer: warning 23, critical "
                "42)"
            ),
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(
        says="one for both roles, where the readers have one that is right",
        declared=extra(threshold=600, dimensions={"DBClusterIdentifier": Ref("shop")}).drop("reader-warning"),
        refused={
            "extra": (
                "the alarm extra rings at 600 connections; it has to lie below 60, where the next client waits or is "
                "refused; set the budget's thresholds (writer: warning 23, critical 42; reader: warning 24, critical "
                "42)"
            )
        },
        passes=ALARMS - {"reader-warning"},
    ),
    Case(
        says="one for both roles of a cluster that has no readers",
        declared=extra(threshold=600, dimensions={"DBClusterIdentifier": Ref("shop")}).drop(
            "reader-warning", "reader-critical", "shop-2", "readers", "on-connections", "on-cpu"
        ),
        advised={
            "extra": (
                "the alarm extra rings at 600 connections; it has to lie above the accepted peak of 10 and below 60, "
                "where the next client waits or is refused; set the budget's thresholds (writer: warning 27, critical "
                "44)"
            )
        },
        passes={"writer-warning", "writer-critical"},
    ),
    Case(
        says="one that falls, beside good ones",
        declared=extra(comparison_operator="LessThanThreshold", threshold=1),
        passes={*ALARMS, "extra"},
    ),
    Case(
        says="a band that CloudWatch learns isn't judged",
        declared=writer(comparison_operator="GreaterThanUpperThreshold", threshold=9000),
        passes=ALARMS,
    ),
    Case(says="one alarm has one stage", declared=shop().drop("writer-warning"), passes=ALARMS - {"writer-warning"}),
    Case(says="no demand: below the limit is enough", declared=writer(threshold=1).drop("budget"), passes=ALARMS),
    Case(
        says="no demand: the limit still counts",
        declared=writer(threshold=200).drop("budget"),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 200 connections; it has to lie below 60, where the next client "
                "waits or is refused; set the budget's thresholds (writer: warning 20, critical 40)"
            )
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(
        says="no room for any alarm is conn-demand-fits' finding",
        declared=shop().change("budget", demand=demand_of(GREEDY)),
        passes=ALARMS,
    ),
    Case(
        says="an alarm without a role has to ring for both",
        declared=writer(dimensions={"DBClusterIdentifier": Ref("shop")}, threshold=60),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 60 connections; it has to lie below 60, where the next client "
                "waits or is refused; set the budget's thresholds (writer: warning 23, critical 42; reader: warning "
                "24, critical 42)"
            )
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(
        says="an alarm on one instance, below and at its limit",
        declared=writer(dimensions={"DBInstanceIdentifier": Ref("shop-1")}, threshold=186).change(
            "reader-warning", dimensions={"DBInstanceIdentifier": Ref("shop-2")}, threshold=187
        ),
        refused={
            "reader-warning": (
                "the alarm reader-warning rings at 187 connections; shop-2 refuses clients at 187; set a threshold "
                "below 187, better an alarm by role"
            )
        },
        passes=ALARMS - {"reader-warning"},
    ),
    Case(
        says="an expression isn't judged",
        declared=writer(
            threshold=90,
            metric_name=None,
            dimensions=None,
            metric_queries=[
                {"id": "percent", "expression": "100 * used / 187", "return_data": True},
                {
                    "id": "used",
                    "metric": {
                        "metric_name": "DatabaseConnections",
                        "dimensions": {"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
                    },
                },
            ],
        ),
        passes=ALARMS,
    ),
    Case(
        says="an unknown threshold",
        declared=writer(threshold=Ref("stack")),
        unproven={
            "writer-warning": (
                "threshold of writer-warning is known only after the update; so this cannot be proven safe; give it "
                "as a value that is known before the update"
            )
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(
        says="an unknown comparison",
        declared=writer(comparison_operator=Ref("stack")),
        unproven={
            "writer-warning": (
                "comparisonOperator of writer-warning is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(
        says="not a number",
        declared=writer(threshold="full"),
        unproven={
            "writer-warning": (
                "threshold of writer-warning must be a number, got 'full'; so this cannot be proven safe; give it as "
                "a number"
            )
        },
        passes=ALARMS - {"writer-warning"},
    ),
    Case(says="a missing threshold is a metric of another kind", declared=writer(threshold=None), passes=ALARMS),
    Case(says="another metric", declared=writer(metric_name="CPUUtilization", threshold=9000), passes=ALARMS),
    Case(
        says="an alarm for both roles has to ring before the smaller reader is full",
        declared=writer(dimensions={"DBClusterIdentifier": Ref("shop")}, threshold=30)
        .add(
            t.PARAMETER_GROUP,
            "small",
            family="aurora-postgresql16",
            parameters=[{"name": "max_connections", "value": "90"}],
        )
        .change("shop-2", db_parameter_group_name=Ref("small")),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 30 connections; it has to lie below 27, where the "
                "next client waits or is refused; set the budget's thresholds (writer: warning 12, "
                "critical 20; reader: warning 13, critical 20)"
            ),
            "writer-critical": (
                "the alarm writer-critical rings at 45 connections; it has to lie above the accepted "
                "peak of 4 and below 27, where the next client waits or is refused; set the budget's "
                "thresholds (writer: warning 12, critical 20)"
            ),
            "reader-warning": (
                "the alarm reader-warning rings at 30 connections; it has to lie above the accepted peak "
                "of 6 and below 27, where the next client waits or is refused; set the budget's "
                "thresholds (reader: warning 13, critical 20)"
            ),
            "reader-critical": (
                "the alarm reader-critical rings at 45 connections; it has to lie above the accepted "
                "peak of 6 and below 27, where the next client waits or is refused; set the budget's "
                "thresholds (reader: warning 13, critical 20)"
            ),
        },
    ),
    Case(
        says="an alarm on one instance at 0, and at 1",
        declared=writer(dimensions={"DBInstanceIdentifier": Ref("shop-1")}, threshold=0).change(
            "reader-warning", dimensions={"DBInstanceIdentifier": Ref("shop-2")}, threshold=1
        ),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 0 connections; shop-1 refuses clients at 187; set a "
                "threshold below 187, better an alarm by role"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
    Case(
        says="for both roles, where one has pools past the proxy",
        declared=writer(dimensions={"DBClusterIdentifier": Ref("shop")}, threshold=62).change(
            "budget",
            demand=demand_of(
                CHECKOUT,
                replace(
                    GREEDY, instances_max=1, pools=(replace(GREEDY.pools[0], endpoint=Role.READER, connections_max=5),)
                ),
            ),
        ),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 62 connections; it has to lie below 60, where the "
                "next client waits or is refused; set the budget's thresholds (writer: warning 23, "
                "critical 42; reader: warning 39, critical 57)"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
    Case(
        says="a metric query that returns its data is judged",
        declared=writer(
            threshold=600,
            metric_name=None,
            dimensions=None,
            metric_queries=[
                {
                    "id": "connections",
                    "return_data": True,
                    "metric": {
                        "metric_name": "DatabaseConnections",
                        "dimensions": {"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
                    },
                }
            ],
        ),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 600 connections; it has to lie above the accepted "
                "peak of 4 and below 60, where the next client waits or is refused; set the budget's "
                "thresholds (writer: warning 23, critical 42)"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
    Case(
        says="an alarm that refers to several instances has to ring before the smallest one is full",
        declared=writer(
            dimensions={"DBInstanceIdentifier": Ref("shop-1"), "And": Ref("shop-2")},
            threshold=100,
        )
        .add(
            t.PARAMETER_GROUP,
            "small",
            family="aurora-postgresql16",
            parameters=[{"name": "max_connections", "value": "90"}],
        )
        .change("shop-2", db_parameter_group_name=Ref("small"))
        .drop("writer-critical", "reader-warning", "reader-critical"),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 100 connections; shop-2 refuses clients at 77; set a "
                "threshold below 77, better an alarm by role"
            )
        },
    ),
    Case(
        says="an alarm on an instance by its literal identifier",
        declared=writer(
            dimensions={"DBInstanceIdentifier": "first", "DBClusterIdentifier": Ref("shop")}, threshold=187
        ).change("shop-1", identifier="first"),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings at 187 connections; shop-1 refuses clients at 187; set a "
                "threshold below 187, better an alarm by role"
            )
        },
        passes={"reader-critical", "reader-warning", "writer-critical"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
