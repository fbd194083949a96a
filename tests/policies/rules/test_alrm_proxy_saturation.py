from collections.abc import Sequence
from dataclasses import replace

import pytest

from headroom.budget.model import Path
from policies.reading import types as t
from policies.rules.alrm_proxy_saturation import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, Ref, demand_of, second_proxy, shop

JUDGED = (t.PROXY,)
CASES: Sequence[Case] = [
    Case(says="both", declared=shop(), passes={"proxy"}),
    Case(
        says="nothing on the wait",
        declared=shop().drop("borrow-latency"),
        refused={
            "proxy": (
                "no alarm that tells somebody watches how long clients wait at the proxy proxy; behind a "
                "proxy the database looks calm while clients queue: DatabaseConnectionsBorrowLatency shows "
                "it; add one on DatabaseConnectionsBorrowLatency"
            )
        },
    ),
    Case(
        says="nothing on the pool",
        declared=shop().drop("pool-use"),
        refused={
            "proxy": (
                "no alarm that tells somebody watches how full its pool is at the proxy proxy; behind a proxy"
                " the database looks calm while clients queue: MaxDatabaseConnectionsAllowed shows it; add "
                "one on 100 * DatabaseConnectionsCurrentlyBorrowed / MaxDatabaseConnectionsAllowed (both Sum,"
                " 60 s)"
            )
        },
    ),
    Case(
        says="neither",
        declared=shop().drop("borrow-latency", "pool-use"),
        refused={
            "proxy": [
                (
                    "no alarm that tells somebody watches how long clients wait at the proxy proxy; behind a "
                    "proxy the database looks calm while clients queue: DatabaseConnectionsBorrowLatency "
                    "shows it; add one on DatabaseConnectionsBorrowLatency"
                ),
                (
                    "no alarm that tells somebody watches how full its pool is at the proxy proxy; behind a proxy"
                    " the database looks calm while clients queue: MaxDatabaseConnectionsAllowed shows it; add "
                    "one on 100 * DatabaseConnectionsCurrentlyBorrowed / MaxDatabaseConnectionsAllowed (both Sum,"
                    " 60 s)"
                ),
            ]
        },
    ),
    Case(
        says="one that tells nobody",
        declared=shop().change("borrow-latency", alarm_actions=[]),
        refused={
            "proxy": (
                "no alarm that tells somebody watches how long clients wait at the proxy proxy; behind a "
                "proxy the database looks calm while clients queue: DatabaseConnectionsBorrowLatency shows "
                "it; add one on DatabaseConnectionsBorrowLatency"
            )
        },
    ),
    Case(
        says="no proxy",
        declared=shop().drop("proxy", "pool", "target", "read-only", "borrow-latency", "pool-use"),
        passes=set(),
    ),
    Case(
        says="another metric",
        declared=shop().change("borrow-latency", metric_name="QueryRequests"),
        refused={
            "proxy": (
                "no alarm that tells somebody watches how long clients wait at the proxy proxy; behind a "
                "proxy the database looks calm while clients queue: DatabaseConnectionsBorrowLatency shows "
                "it; add one on DatabaseConnectionsBorrowLatency"
            )
        },
    ),
    Case(
        says="another proxy's alarms",
        declared=second_proxy(10),
        refused={
            "second": [
                (
                    "no alarm that tells somebody watches how long clients wait at the proxy second; behind a "
                    "proxy the database looks calm while clients queue: DatabaseConnectionsBorrowLatency shows "
                    "it; add one on DatabaseConnectionsBorrowLatency"
                ),
                (
                    "no alarm that tells somebody watches how full its pool is at the proxy second; behind a "
                    "proxy the database looks calm while clients queue: MaxDatabaseConnectionsAllowed shows it; "
                    "add one on 100 * DatabaseConnectionsCurrentlyBorrowed / MaxDatabaseConnectionsAllowed (both "
                    "Sum, 60 s)"
                ),
            ]
        },
        passes={"proxy"},
    ),
    Case(
        says="an unknown metric may be it",
        declared=shop().change("borrow-latency", metric_name=Ref("proxy")),
        unproven={
            "borrow-latency": (
                "metricName of borrow-latency is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes={"proxy"},
    ),
    Case(
        says="unknown whether it is on",
        declared=shop().change("borrow-latency", actions_enabled=Ref("stack")),
        unproven={
            "borrow-latency": (
                "actionsEnabled of borrow-latency is known only after the update; so this cannot be proven "
                "safe; give it as a value that is known before the update"
            )
        },
        passes={"proxy"},
    ),
    Case(
        says="a proxy that no declared service uses",
        declared=shop()
        .drop("pool-use", "borrow-latency")
        .change(
            "budget",
            demand=demand_of(
                replace(CHECKOUT, pools=(replace(CHECKOUT.pools[0], path=Path.DIRECT, transactions_percent=100),))
            ),
        ),
        passes={"proxy"},
    ),
    Case(
        says="nobody has declared who uses it",
        declared=shop().drop("pool-use", "borrow-latency", "budget"),
        refused={
            "proxy": [
                (
                    "no alarm that tells somebody watches how long clients wait at the proxy proxy; behind a "
                    "proxy the database looks calm while clients queue: DatabaseConnectionsBorrowLatency "
                    "shows it; add one on DatabaseConnectionsBorrowLatency"
                ),
                (
                    "no alarm that tells somebody watches how full its pool is at the proxy proxy; behind a "
                    "proxy the database looks calm while clients queue: MaxDatabaseConnectionsAllowed shows "
                    "it; add one on 100 * DatabaseConnectionsCurrentlyBorrowed / "
                    "MaxDatabaseConnectionsAllowed (both Sum, 60 s)"
                ),
            ]
        },
    ),
    Case(
        says="a service with some of its pools through the proxy",
        declared=shop()
        .drop("pool-use", "borrow-latency")
        .change(
            "budget",
            demand=demand_of(
                replace(CHECKOUT, pools=(replace(CHECKOUT.pools[0], path=Path.DIRECT), CHECKOUT.pools[1]))
            ),
        ),
        refused={
            "proxy": [
                (
                    "no alarm that tells somebody watches how long clients wait at the proxy proxy; behind a "
                    "proxy the database looks calm while clients queue: DatabaseConnectionsBorrowLatency "
                    "shows it; add one on DatabaseConnectionsBorrowLatency"
                ),
                (
                    "no alarm that tells somebody watches how full its pool is at the proxy proxy; behind a "
                    "proxy the database looks calm while clients queue: MaxDatabaseConnectionsAllowed shows "
                    "it; add one on 100 * DatabaseConnectionsCurrentlyBorrowed / "
                    "MaxDatabaseConnectionsAllowed (both Sum, 60 s)"
                ),
            ]
        },
    ),
    Case(
        says="queries that are known only after the update",
        declared=shop().change("pool-use", metric_queries=Ref("proxy")),
        unproven={
            "pool-use": (
                "metricQueries of pool-use is known only after the update; so this cannot be proven "
                "safe; give it as a value that is known before the update"
            )
        },
        passes={"proxy"},
    ),
    Case(
        says="alarms at a topic that CloudWatch can't publish to",
        declared=shop().change("critical", kms_master_key_id="alias/aws/sns"),
        refused={
            "proxy": [
                (
                    "no alarm that tells somebody watches how long clients wait at the proxy proxy (borrow-latency: "
                    "the topic critical is encrypted with alias/aws/sns, whose policy keeps CloudWatch out); behind "
                    "a proxy the database looks calm while clients queue: DatabaseConnectionsBorrowLatency shows it;"
                    " let cloudwatch.amazonaws.com publish in the topic's policy and, if the topic is encrypted, use"
                    " a customer-managed key whose policy lets it use kms:Decrypt and kms:GenerateDataKey*"
                ),
                (
                    "no alarm that tells somebody watches how full its pool is at the proxy proxy (pool-use: the "
                    "topic critical is encrypted with alias/aws/sns, whose policy keeps CloudWatch out); behind a "
                    "proxy the database looks calm while clients queue: MaxDatabaseConnectionsAllowed shows it; let "
                    "cloudwatch.amazonaws.com publish in the topic's policy and, if the topic is encrypted, use a "
                    "customer-managed key whose policy lets it use kms:Decrypt and kms:GenerateDataKey*"
                ),
            ]
        },
    ),
    Case(
        says="a wait in milliseconds, and a pool by endpoint",
        declared=shop()
        .change("borrow-latency", unit="Milliseconds")
        .change(
            "pool-use",
            metric_queries=None,
            namespace="AWS/RDS",
            metric_name="MaxDatabaseConnectionsAllowed",
            dimensions={"ProxyName": Ref("proxy"), "EndpointName": "read"},
            statistic="Sum",
            period=60,
        ),
        refused={
            "proxy": [
                (
                    "no alarm that tells somebody watches how long clients wait at the proxy proxy (borrow-latency: "
                    "its unit is Milliseconds, and AWS publishes DatabaseConnectionsBorrowLatency in Microseconds); "
                    "behind a proxy the database looks calm while clients queue: DatabaseConnectionsBorrowLatency "
                    "shows it; watch what AWS publishes: in the namespace AWS/RDS, with the identifier itself as "
                    "dimension, in the metric's own unit or none, and with a period of 60 s"
                ),
                (
                    "no alarm that tells somebody watches how full its pool is at the proxy proxy (pool-use: its "
                    "dimensions are EndpointName and ProxyName, and AWS publishes MaxDatabaseConnectionsAllowed under "
                    "ProxyName, or ProxyName and Target and TargetGroup, or ProxyName and TargetGroup and TargetRole); "
                    "behind a proxy the database looks calm while clients queue: MaxDatabaseConnectionsAllowed shows "
                    "it; watch what AWS publishes: in the namespace AWS/RDS, with the identifier itself as dimension, "
                    "in the metric's own unit or none, and with a period of 60 s"
                ),
            ]
        },
    ),
    Case(
        says="one without data beside a good one",
        declared=shop().add(
            t.ALARM,
            "in-ms",
            metric_name="DatabaseConnectionsBorrowLatency",
            dimensions={"ProxyName": Ref("proxy")},
            unit="Milliseconds",
            alarm_actions=[Ref("critical")],
        ),
        passes={"proxy"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
