from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.obs_insight import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)


def reader(**changes: Any) -> Declared:
    return shop().change("shop-2", **changes)


def logs(value: object) -> Declared:
    return shop().change("shop", enabled_cloudwatch_logs_exports=value)


CASES: Sequence[Case] = [
    Case(says="everything is on", declared=shop(), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="no enhanced monitoring",
        declared=reader(monitoring_interval=0),
        refused={
            "shop-2": (
                "shop-2 has no enhanced monitoring (monitoringInterval); after an incident nobody can tell "
                "what the connections waited for; switch it on: an interval of 60 s, and the free week of "
                "Performance Insights"
            )
        },
        passes={"shop", "shop-1"},
    ),
    Case(
        says="unset is none",
        declared=reader(monitoring_interval=None),
        refused={
            "shop-2": (
                "shop-2 has no enhanced monitoring (monitoringInterval); after an incident nobody can tell "
                "what the connections waited for; switch it on: an interval of 60 s, and the free week of "
                "Performance Insights"
            )
        },
        passes={"shop", "shop-1"},
    ),
    Case(says="every second", declared=reader(monitoring_interval=1), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="no Performance Insights",
        declared=reader(performance_insights_enabled=False),
        refused={
            "shop-2": (
                "shop-2 has no Performance Insights (performanceInsightsEnabled); after an incident nobody "
                "can tell what the connections waited for; switch it on: an interval of 60 s, and the free "
                "week of Performance Insights"
            )
        },
        passes={"shop", "shop-1"},
    ),
    Case(
        says="neither",
        declared=reader(performance_insights_enabled=None, monitoring_interval=0),
        refused={
            "shop-2": (
                "shop-2 has no enhanced monitoring (monitoringInterval) and no Performance Insights "
                "(performanceInsightsEnabled); after an incident nobody can tell what the connections waited "
                "for; switch it on: an interval of 60 s, and the free week of Performance Insights"
            )
        },
        passes={"shop", "shop-1"},
    ),
    Case(
        says="no logs",
        declared=logs(None),
        refused={
            "shop": (
                "no log of shop that tells goes to CloudWatch; refused connections, lock waits and slow "
                "statements are seen nowhere else; set enabledCloudwatchLogsExports (postgresql, or error and"
                " slowquery)"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="a log that tells nothing of connections",
        declared=logs(["audit"]),
        refused={
            "shop": (
                "no log of shop that tells goes to CloudWatch; refused connections, lock waits and slow "
                "statements are seen nowhere else; set enabledCloudwatchLogsExports (postgresql, or error and"
                " slowquery)"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(says="MySQL's", declared=logs(["error", "slowquery"]), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="an empty list of logs",
        declared=logs([]),
        refused={
            "shop": (
                "no log of shop that tells goes to CloudWatch; refused connections, lock waits and slow "
                "statements are seen nowhere else; set enabledCloudwatchLogsExports (postgresql, or error and"
                " slowquery)"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="unknown logs",
        declared=logs(Ref("stack")),
        unproven={
            "shop": (
                "enabledCloudwatchLogsExports of shop is known only after the update; so this cannot be "
                "proven safe; give it as a value that is known before the update"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="logs that are no list",
        declared=logs("postgresql"),
        unproven={
            "shop": (
                "enabledCloudwatchLogsExports of shop must be a list, got 'postgresql'; so this cannot be "
                "proven safe; give it as a list"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="unknown",
        declared=reader(monitoring_interval=Ref("stack"), performance_insights_enabled=Ref("stack")),
        unproven={
            "shop-2": [
                (
                    "monitoringInterval of shop-2 is known only after the update; so this cannot be proven safe; "
                    "give it as a value that is known before the update"
                ),
                (
                    "performanceInsightsEnabled of shop-2 is known only after the update; so this cannot be "
                    "proven safe; give it as a value that is known before the update"
                ),
            ]
        },
        passes={"shop", "shop-1"},
    ),
    Case(
        says="not a number",
        declared=reader(monitoring_interval="often"),
        unproven={
            "shop-2": (
                "monitoringInterval of shop-2 must be a whole number, got 'often'; so this cannot be proven "
                "safe; give it as a whole number"
            )
        },
        passes={"shop", "shop-1"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
