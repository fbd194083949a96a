from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.alrm_statistic import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.ALARM,)


def writer(**changes: Any) -> Declared:
    return shop().change("writer-warning", **changes)


def query(statistic: object) -> Declared:
    metric = {
        "metric_name": "DatabaseConnections",
        "dimensions": {"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
        "stat": statistic,
        "period": 60,
    }
    return writer(
        metric_name=None,
        dimensions=None,
        statistic=None,
        metric_queries=[{"id": "m", "metric": metric, "return_data": True}],
    )


CASES: Sequence[Case] = [
    Case(
        says="the maximum",
        declared=shop(),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="the average",
        declared=writer(statistic="Average"),
        refused={
            "writer-warning": (
                "the alarm writer-warning looks at the Average of DatabaseConnections; a limit is each "
                "instance's own: the mean hides a full reader, a sum has no limit; use Maximum: by role it is"
                " the busiest instance"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="the minimum",
        declared=writer(statistic="Minimum"),
        refused={
            "writer-warning": (
                "the alarm writer-warning looks at the Minimum of DatabaseConnections; a limit is each "
                "instance's own: the mean hides a full reader, a sum has no limit; use Maximum: by role it is"
                " the busiest instance"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="the sum",
        declared=writer(statistic="Sum"),
        refused={
            "writer-warning": (
                "the alarm writer-warning looks at the Sum of DatabaseConnections; a limit is each instance's"
                " own: the mean hides a full reader, a sum has no limit; use Maximum: by role it is the "
                "busiest instance"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="a percentile",
        declared=writer(statistic=None, extended_statistic="p99"),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="the maximum in a query",
        declared=query("Maximum"),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="the average in a query",
        declared=query("Average"),
        refused={
            "writer-warning": (
                "the alarm writer-warning looks at the Average of DatabaseConnections; a limit is each "
                "instance's own: the mean hides a full reader, a sum has no limit; use Maximum: by role it is"
                " the busiest instance"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="one instance has one value",
        declared=writer(statistic="Average", dimensions={"DBInstanceIdentifier": Ref("shop-1")}),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="a proxy's sum",
        declared=shop().change("borrow-latency", metric_name="DatabaseConnections", statistic="Sum"),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="unknown",
        declared=writer(statistic=Ref("stack")),
        unproven={
            "writer-warning": (
                "statistic of writer-warning is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="not a statistic",
        declared=writer(statistic=["Maximum"]),
        unproven={
            "writer-warning": (
                "statistic of writer-warning must be text, got ['Maximum']; so this cannot be proven safe; "
                "give it as text"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
