from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.alrm_latency_to_page import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.ALARM,)


def writer(**changes: Any) -> Declared:
    return shop().change("writer-warning", **changes)


def pool_use(period: object) -> Declared:
    metric = {
        "metric_name": "MaxDatabaseConnectionsAllowed",
        "dimensions": {"ProxyName": Ref("proxy")},
        "period": period,
    }
    return shop().change(
        "pool-use", metric_queries=[{"id": "whole", "metric": metric}, {"id": "share", "expression": "whole"}]
    )


WRITERS: dict[str, Any] = {
    "metric_name": "DatabaseConnections",
    "dimensions": {"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
    "evaluation_periods": 1,
}

CASES: Sequence[Case] = [
    Case(
        says="three minutes",
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
        says="five minutes",
        declared=writer(evaluation_periods=5),
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
        says="six minutes",
        declared=writer(evaluation_periods=6),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings after 360 s (6 x 60 s); at most 300 s: connections run out "
                "within minutes; set a period of 60 s, and 2 to 5 data points"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="three of six minutes",
        declared=writer(evaluation_periods=6, datapoints_to_alarm=3),
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
        says="one long period",
        declared=writer(period=360, evaluation_periods=1),
        refused={
            "writer-warning": (
                "the alarm writer-warning rings after 360 s (1 x 360 s); at most 300 s: connections run out "
                "within minutes; set a period of 60 s, and 2 to 5 data points"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="ten seconds",
        declared=writer(period=10, evaluation_periods=30),
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
        says="twenty and thirty seconds",
        declared=writer(period=20).change("writer-critical", period=30),
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
        says="a period that CloudWatch doesn't take",
        declared=writer(period=45),
        refused={
            "writer-warning": (
                "the alarm writer-warning has a period of 45 s; CloudWatch takes 10, 20, 30 s or a multiple "
                "of 60; set it to 60: RDS publishes once a minute"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="no multiple of a minute",
        declared=writer(period=90),
        refused={
            "writer-warning": (
                "the alarm writer-warning has a period of 90 s; CloudWatch takes 10, 20, 30 s or a multiple "
                "of 60; set it to 60: RDS publishes once a minute"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="no period",
        declared=writer(period=0),
        refused={
            "writer-warning": (
                "the alarm writer-warning has a period of 0 s; CloudWatch takes 10, 20, 30 s or a multiple of"
                " 60; set it to 60: RDS publishes once a minute"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="an expression on the proxy",
        declared=pool_use(300),
        refused={
            "pool-use": (
                "the alarm pool-use rings after 900 s (3 x 300 s); at most 300 s: connections run out within "
                "minutes; set a period of 60 s, and 2 to 5 data points"
            )
        },
        passes={
            "borrow-latency",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="a proxy's own metric",
        declared=shop().change("borrow-latency", period=300),
        refused={
            "borrow-latency": (
                "the alarm borrow-latency rings after 900 s (3 x 300 s); at most 300 s: connections run out "
                "within minutes; set a period of 60 s, and 2 to 5 data points"
            )
        },
        passes={"pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down", "writer-warning"},
    ),
    Case(
        says="another alarm on the cluster",
        declared=shop().change("writer-down", period=3600),
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
        says="a config that allows less",
        declared=writer(evaluation_periods=4),
        numbers={"seconds_most": 180},
        refused={
            "writer-warning": (
                "the alarm writer-warning rings after 240 s (4 x 60 s); at most 180 s: connections run out "
                "within minutes; set a period of 60 s, and 2 to 5 data points"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="an unknown period",
        declared=writer(period=Ref("stack")),
        unproven={
            "writer-warning": (
                "period of writer-warning is known only after the update; so this cannot be proven safe; give"
                " it as a value that is known before the update"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="an unknown period in an expression",
        declared=pool_use(Ref("stack")),
        unproven={
            "pool-use": (
                "metricQueries.0.metric.period of pool-use is known only after the update; so this cannot be "
                "proven safe; give it as a value that is known before the update"
            )
        },
        passes={
            "borrow-latency",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="an unknown number of periods",
        declared=writer(evaluation_periods=Ref("stack")),
        unproven={
            "writer-warning": (
                "evaluationPeriods of writer-warning is known only after the update; so this cannot be proven"
                " safe; give it as a value that is known before the update"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="not a number",
        declared=writer(period="often"),
        unproven={
            "writer-warning": (
                "period of writer-warning must be a whole number, got 'often'; so this cannot be proven safe;"
                " give it as a whole number"
            )
        },
        passes={"borrow-latency", "pool-use", "reader-critical", "reader-warning", "writer-critical", "writer-down"},
    ),
    Case(
        says="one of an hour beside a critical alarm and a warning of nobody knows how long",
        declared=writer(period=Ref("stack")).add(t.ALARM, "hourly", **WRITERS, period=3600),
        advised={
            "hourly": (
                "the alarm hourly rings after 3,600 s (1 x 3600 s); at most 300 s: connections run out within minutes; "
                "set a period of 60 s, and 2 to 5 data points"
            )
        },
        unproven={
            "writer-warning": (
                "period of writer-warning is known only after the update; so this cannot be proven safe; give it as a "
                "value that is known before the update"
            )
        },
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
        },
    ),
    Case(
        says="of several metrics the slowest counts",
        declared=shop().change(
            "pool-use",
            metric_queries=[
                {
                    "id": name,
                    "metric": {
                        "metric_name": "MaxDatabaseConnectionsAllowed",
                        "dimensions": {"ProxyName": Ref("proxy")},
                        "period": period,
                    },
                }
                for name, period in (("slow", 300), ("fast", 60))
            ],
        ),
        refused={
            "pool-use": (
                "the alarm pool-use rings after 900 s (3 x 300 s); at most 300 s: connections run out "
                "within minutes; set a period of 60 s, and 2 to 5 data points"
            )
        },
        passes={
            "borrow-latency",
            "reader-critical",
            "reader-warning",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
