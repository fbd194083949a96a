from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.alrm_reachable import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import GREEDY, Declared, Ref, demand_of, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE, t.ALARM)


def latency(threshold: object) -> Declared:
    return shop().change("borrow-latency", threshold=threshold)


ALL = shop().names(*JUDGED)


def never(name: str, why: str) -> str:
    return (
        f"the alarm {name} never has data: {why}; one without data doesn't ring; watch what AWS publishes: in the "
        "namespace AWS/RDS, with the identifier itself as dimension, in the metric's own unit or none, and with a "
        "period of 60 s"
    )


CASES: Sequence[Case] = [
    Case(
        says="room between the peak and the limit",
        declared=shop(),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="no room",
        declared=shop().change("budget", demand=demand_of(GREEDY)),
        refused={
            "shop-1": (
                "writer: no alarm fits between the accepted peak of 1,260 connections (normal day, deploy) "
                "and the limit of 187: 3 connections of room are needed, 0 are there; a warning and a "
                "critical alarm have to lie between a good day and the limit; checked to be enough: path: "
                "proxy for greedy (no cost)"
            )
        },
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="just below the borrow timeout of 2 s",
        declared=latency(1_999_999),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="at the borrow timeout",
        declared=latency(2_000_000),
        refused={
            "borrow-latency": (
                "the alarm borrow-latency rings when clients wait 2,000,000 microseconds; the proxy refuses "
                "them after 2,000,000 (its borrow timeout of 2 s); set it to half of that, 1,000,000: "
                "CloudWatch gives microseconds"
            )
        },
        passes={
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="the default timeout of 120 s",
        declared=latency(120_000_000).drop("pool").change("target", target_group_name="default").drop("budget"),
        refused={
            "borrow-latency": (
                "the alarm borrow-latency rings when clients wait 120,000,000 microseconds; the proxy refuses"
                " them after 120,000,000 (its borrow timeout of 120 s); set it to half of that, 60,000,000: "
                "CloudWatch gives microseconds"
            )
        },
        passes={
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="another metric of the proxy",
        declared=latency(2_000_000).change("borrow-latency", metric_name="QueryRequests"),
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="an unknown threshold",
        declared=latency(Ref("stack")),
        unproven={
            "borrow-latency": (
                "threshold of borrow-latency is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes={
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="not a number",
        declared=latency("long"),
        unproven={
            "borrow-latency": (
                "threshold of borrow-latency must be a number, got 'long'; so this cannot be proven safe; "
                "give it as a number"
            )
        },
        passes={
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="beside another that can ring",
        declared=shop().add(
            t.ALARM,
            "late",
            metric_name="DatabaseConnectionsBorrowLatency",
            dimensions={"ProxyName": Ref("proxy")},
            threshold=3_000_000,
        ),
        advised={
            "late": (
                "the alarm late rings when clients wait 3,000,000 microseconds; the proxy refuses them after 2,000,000 "
                "(its borrow timeout of 2 s); set it to half of that, 1,000,000: CloudWatch gives microseconds"
            )
        },
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="on a proxy whose cluster another stack declares",
        declared=shop()
        .change("target", db_cluster_identifier="of-another-stack")
        .drop("budget")
        .change("borrow-latency", threshold=3_000_000)
        .change("pool-use", threshold=3_000_000),
        refused={
            "borrow-latency": (
                "the alarm borrow-latency rings when clients wait 3,000,000 microseconds; the proxy refuses them after "
                "2,000,000 (its borrow timeout of 2 s); set it to half of that, 1,000,000: CloudWatch gives "
                "microseconds"
            )
        },
        passes={
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="beside another that tells nobody",
        declared=shop()
        .change("borrow-latency", alarm_actions=[])
        .add(
            t.ALARM,
            "late",
            metric_name="DatabaseConnectionsBorrowLatency",
            dimensions={"ProxyName": Ref("proxy")},
            threshold=3_000_000,
        ),
        refused={
            "late": (
                "the alarm late rings when clients wait 3,000,000 microseconds; the proxy refuses them after 2,000,000 "
                "(its borrow timeout of 2 s); set it to half of that, 1,000,000: CloudWatch gives microseconds"
            )
        },
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="an unknown timeout",
        declared=shop().change(
            "pool", connection_pool_config={"max_connections_percent": 30, "connection_borrow_timeout": Ref("stack")}
        ),
        unproven={
            "pool": (
                "connectionPoolConfig.connectionBorrowTimeout of pool is known only after the update; so this"
                " cannot be proven safe; give it as a value that is known before the update"
            )
        },
        passes={
            "borrow-latency",
            "pool-use",
            "reader-critical",
            "reader-warning",
            "shop",
            "shop-1",
            "shop-2",
            "writer-critical",
            "writer-down",
            "writer-warning",
        },
    ),
    Case(
        says="an alarm without data beside those that are needed",
        declared=shop()
        .add(
            t.ALARM,
            "third",
            namespace="AWS/Aurora",
            metric_name="DatabaseConnections",
            dimensions={"DBClusterIdentifier": Ref("shop"), "Role": "WRITER"},
            alarm_actions=[Ref("critical")],
        )
        .add(
            t.ALARM,
            "cpu",
            namespace="AWS/RDS",
            metric_name="CPUUtilization",
            dimensions={"DBClusterIdentifier": Ref("shop")},
            unit="Count",
        )
        .add(
            t.ALARM,
            "in-ms",
            metric_name="DatabaseConnectionsBorrowLatency",
            dimensions={"ProxyName": Ref("proxy")},
            unit="Milliseconds",
        ),
        advised={
            "third": never("third", "its namespace is AWS/Aurora, and AWS publishes DatabaseConnections in AWS/RDS"),
            "cpu": never("cpu", "its unit is Count, and AWS publishes CPUUtilization in Percent"),
            "in-ms": never(
                "in-ms", "its unit is Milliseconds, and AWS publishes DatabaseConnectionsBorrowLatency in Microseconds"
            ),
        },
        passes=ALL,
    ),
    Case(
        says="where an alarm without data is needed other rules say so",
        declared=shop()
        .change("writer-warning", namespace="AWS/Aurora")
        .change("reader-warning", unit="Percent")
        .change("reader-critical", unit="Percent")
        .change("borrow-latency", unit="Milliseconds"),
        passes=ALL,
    ),
    Case(
        says="dimensions that AWS's table doesn't have",
        declared=shop().add(
            t.ALARM,
            "pool",
            metric_name="MaxDatabaseConnectionsAllowed",
            dimensions={"ProxyName": Ref("proxy"), "TargetGroup": "default"},
        ),
        advised={
            "pool": never(
                "pool",
                "its dimensions are ProxyName and TargetGroup, and AWS publishes MaxDatabaseConnectionsAllowed under "
                "ProxyName, or ProxyName and Target and TargetGroup, or ProxyName and TargetGroup and TargetRole",
            )
        },
        passes=ALL,
    ),
    Case(
        says="an alarm without data stands in for none that can't ring",
        declared=latency(300_000_000).add(
            t.ALARM,
            "in-ms",
            metric_name="DatabaseConnectionsBorrowLatency",
            dimensions={"ProxyName": Ref("proxy")},
            unit="Milliseconds",
            threshold=1_000_000,
            alarm_actions=[Ref("critical")],
        ),
        refused={
            "borrow-latency": (
                "the alarm borrow-latency rings when clients wait 300,000,000 microseconds; the proxy refuses them "
                "after 2,000,000 (its borrow timeout of 2 s); set it to half of that, 1,000,000: CloudWatch gives "
                "microseconds"
            )
        },
        advised={
            "in-ms": never(
                "in-ms", "its unit is Milliseconds, and AWS publishes DatabaseConnectionsBorrowLatency in Microseconds"
            )
        },
        passes=ALL - {"borrow-latency"},
    ),
    Case(
        says="what one role lacks is said of its own alarms, and of those of both",
        declared=shop()
        .change("writer-warning", namespace="AWS/Aurora")
        .add(
            t.ALARM,
            "third",
            namespace="AWS/Aurora",
            metric_name="DatabaseConnections",
            dimensions={"DBClusterIdentifier": Ref("shop"), "Role": "READER"},
            alarm_actions=[Ref("critical")],
        )
        .add(
            t.ALARM,
            "both",
            namespace="AWS/Aurora",
            metric_name="DatabaseConnections",
            dimensions={"DBClusterIdentifier": Ref("shop")},
            alarm_actions=[Ref("critical")],
        ),
        advised={
            "third": never("third", "its namespace is AWS/Aurora, and AWS publishes DatabaseConnections in AWS/RDS")
        },
        passes={*ALL, "both"},
    ),
    Case(
        says="the only alarm on the pool, with dimensions that AWS's table doesn't have, counts",
        declared=shop().change(
            "pool-use",
            metric_queries=None,
            metric_name="MaxDatabaseConnectionsAllowed",
            dimensions={"ProxyName": Ref("proxy"), "TargetGroup": "default"},
        ),
        advised={
            "pool-use": never(
                "pool-use",
                "its dimensions are ProxyName and TargetGroup, and AWS publishes MaxDatabaseConnectionsAllowed under "
                "ProxyName, or ProxyName and Target and TargetGroup, or ProxyName and TargetGroup and TargetRole",
            )
        },
        passes=ALL - {"pool-use"},
    ),
    Case(
        says="what a proxy lacks is said of no other alarm",
        declared=shop()
        .change("borrow-latency", unit="Milliseconds")
        .add(
            t.ALARM,
            "clients",
            metric_name="ClientConnections",
            dimensions={"ProxyName": Ref("proxy")},
            unit="Percent",
        ),
        advised={"clients": never("clients", "its unit is Percent, and AWS publishes ClientConnections in Count")},
        passes=ALL,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
