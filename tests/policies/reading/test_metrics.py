"""Which metrics an alarm may ask for and never get."""

from typing import Any

import pytest

from policies.reading import types as t
from policies.reading.alarms import dataless
from tests.policies.declared import Declared, Ref

CLUSTER = {"DBClusterIdentifier": "orders", "Role": "WRITER"}
RESOURCE_ID = "cluster-ABCDEFGHIJKLMNOPQRSTUVWX"
TARGET = {"ProxyName": "orders-proxy", "TargetGroup": "default", "TargetRole": "READ_WRITE"}


def alarm(metric: str = "DatabaseConnections", **changes: Any) -> Declared:
    """The state of a cluster, an instance, a proxy and an alarm."""
    declared = Declared()
    declared.add(
        t.CLUSTER,
        "cluster",
        cluster_identifier="orders",
        cluster_resource_id=RESOURCE_ID,
        arn="arn:aws:rds:eu-west-1:123456789012:cluster:orders",
        endpoint="orders.cluster-abc.eu-west-1.rds.amazonaws.com",
        reader_endpoint="orders.cluster-ro-abc.eu-west-1.rds.amazonaws.com",
        database_name="shop",
    )
    declared.add(t.CLUSTER_INSTANCE, "instance", identifier="orders-1", dbi_resource_id="db-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    declared.add(t.PROXY, "proxy", endpoint="orders-proxy.proxy-abc.eu-west-1.rds.amazonaws.com").change(
        "proxy", name="orders-proxy"
    )
    whole = {
        "namespace": "AWS/RDS",
        "metric_name": metric,
        "dimensions": CLUSTER,
        "statistic": "Maximum",
        "period": 60,
        **changes,
    }
    return declared.add(t.ALARM, "alarm", **{key: value for key, value in whole.items() if value is not None})


def said(declared: Declared, *, in_doubt: bool = False) -> str:
    by_urn = declared.reading().resources.by_urn
    owners = [by_urn[declared.urn(name)] for name in ("cluster", "instance", "proxy")]
    return dataless(owners, by_urn[declared.urn("alarm")], in_doubt=in_doubt)


WAIT, ALLOWED = "DatabaseConnectionsBorrowLatency", "MaxDatabaseConnectionsAllowed"
HAS_DATA: dict[str, Declared] = {
    "by role": alarm(),
    "by cluster": alarm(dimensions={"DBClusterIdentifier": "orders"}),
    "by instance": alarm(dimensions={"DBInstanceIdentifier": "orders-1"}),
    "by engine": alarm(dimensions={"DbClusterIdentifier": "orders", "EngineName": "aurora-mysql"}),
    "not known yet": alarm(dimensions={"DBClusterIdentifier": Ref("cluster"), "Role": Ref("cluster")}),
    "not known at all": alarm(dimensions=Ref("cluster"), namespace=Ref("cluster"), unit=Ref("cluster")),
    "no dimensions": alarm(dimensions={}),
    "no namespace, which AWS refuses": alarm(namespace=None),
    "its own unit": alarm(unit="Count"),
    "no unit": alarm(unit=""),
    "a percentile": alarm(statistic=None, extended_statistic="p99.9"),
    "a trimmed mean": alarm(statistic=None, extended_statistic="TM(10%:90%)"),
    "five minutes": alarm(period=300),
    "an identifier from outside": alarm(dimensions={"DBInstanceIdentifier": "application-autoscaling-1f"}),
    "a metric that isn't known here": alarm("DBLoadNonCPU", unit="None", dimensions={"DbiResourceId": "db-1"}),
    "a proxy's wait": alarm(WAIT, dimensions={"ProxyName": "orders-proxy"}, unit="Microseconds"),
    "a proxy's wait by endpoint": alarm(WAIT, dimensions={"ProxyName": "orders-proxy", "EndpointName": "read"}),
    "a proxy's pool": alarm(ALLOWED, dimensions={"ProxyName": "orders-proxy"}),
    "a proxy's pool by role": alarm(ALLOWED, dimensions=TARGET),
    "a proxy's connections": alarm(dimensions=TARGET),
    "a proxy in other letters from outside": alarm(ALLOWED, dimensions={"ProxyName": "Theirs"}),
    "uptime, counted": alarm("EngineUptime", statistic="SampleCount"),
    "the same region": alarm(region="eu-west-1"),
    "another account's": alarm(
        metric_name=None,
        metric_queries=[
            {
                "id": "m",
                "return_data": True,
                "account_id": "210987654321",
                "metric": {"namespace": "AWS/RDS", "metric_name": "DatabaseConnections", "dimensions": CLUSTER},
            }
        ],
        region="us-east-1",
    ),
    "gaps are filled": alarm(
        metric_name=None,
        metric_queries=[
            {"id": "e", "expression": "FILL(m, 0)", "return_data": True},
            {"id": "m", "metric": {"namespace": "Ours", "metric_name": "DatabaseConnections"}},
        ],
    ),
}
UNDER = "and AWS publishes under the identifier"
PROXY_SETS = "ProxyName, or ProxyName and Target and TargetGroup, or ProxyName and TargetGroup and TargetRole"
NONE: dict[str, tuple[Declared, str]] = {
    "another namespace": (
        alarm(namespace="aws/rds"),
        "its namespace is aws/rds, and AWS publishes DatabaseConnections in AWS/RDS",
    ),
    "the metric's name": (
        alarm("databaseconnections"),
        "AWS calls its metric DatabaseConnections, not databaseconnections",
    ),
    "a resource id": (
        alarm(dimensions={"DBClusterIdentifier": RESOURCE_ID}),
        f"its dimension DBClusterIdentifier is the resource id of cluster, {UNDER}, orders",
    ),
    "an ARN": (
        alarm(dimensions={"DBClusterIdentifier": "arn:aws:rds:eu-west-1:123456789012:cluster:orders"}),
        f"its dimension DBClusterIdentifier is the ARN of cluster, {UNDER}, orders",
    ),
    "an endpoint": (
        alarm(dimensions={"DBClusterIdentifier": "orders.cluster-abc.eu-west-1.rds.amazonaws.com"}),
        f"its dimension DBClusterIdentifier is the endpoint of cluster, {UNDER}, orders",
    ),
    "a reader endpoint": (
        alarm(dimensions={"DBClusterIdentifier": "orders.cluster-ro-abc.eu-west-1.rds.amazonaws.com"}),
        f"its dimension DBClusterIdentifier is the reader endpoint of cluster, {UNDER}, orders",
    ),
    "another property": (
        alarm(dimensions={"DBClusterIdentifier": "shop"}),
        f"its dimension DBClusterIdentifier is the databaseName of cluster, {UNDER}, orders",
    ),
    "other letters": (
        alarm(dimensions={"DBClusterIdentifier": "Orders"}),
        f"its dimension DBClusterIdentifier is Orders, {UNDER}, orders",
    ),
    "an instance's resource id": (
        alarm(dimensions={"DBInstanceIdentifier": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ"}),
        f"its dimension DBInstanceIdentifier is the resource id of instance, {UNDER}, orders-1",
    ),
    "a resource id from outside": (
        alarm(dimensions={"DBInstanceIdentifier": "db-ABCDEFGHIJK"}),
        f"its dimension DBInstanceIdentifier is db-ABCDEFGHIJK, {UNDER} (identifier)",
    ),
    "an ARN from outside": (
        alarm(ALLOWED, dimensions={"ProxyName": "arn:aws:rds:eu-west-1:1:db-proxy:prx-1"}),
        f"its dimension ProxyName is arn:aws:rds:eu-west-1:1:db-proxy:prx-1, {UNDER} (name)",
    ),
    "a proxy's endpoint": (
        alarm(ALLOWED, dimensions={"ProxyName": "orders-proxy.proxy-abc.eu-west-1.rds.amazonaws.com"}),
        f"its dimension ProxyName is the endpoint of proxy, {UNDER}, orders-proxy",
    ),
    "an identifier that isn't known": (
        alarm(dimensions={"DBClusterIdentifier": RESOURCE_ID}).change("cluster", cluster_identifier=None),
        f"its dimension DBClusterIdentifier is the resource id of cluster, {UNDER} (clusterIdentifier)",
    ),
    "a dimension of another name": (
        alarm("CPUUtilization", dimensions={"DBClusterIdentifier": "orders", "role": "WRITER"}),
        "its dimensions are DBClusterIdentifier and role, and AWS publishes CPUUtilization under DBInstanceIdentifier, "
        "or DBClusterIdentifier, or DBClusterIdentifier and Role, or DbClusterIdentifier and EngineName",
    ),
    "a cluster's metric by role": (
        alarm("VolumeBytesUsed"),
        "its dimensions are DBClusterIdentifier and Role, and AWS publishes VolumeBytesUsed under DBClusterIdentifier, "
        "or DbClusterIdentifier and EngineName",
    ),
    "a role": (
        alarm(dimensions={"DBClusterIdentifier": "orders", "Role": "PRIMARY"}),
        "its dimension Role is PRIMARY, and AWS publishes WRITER and READER",
    ),
    "a target's role": (
        alarm(ALLOWED, dimensions={**TARGET, "TargetRole": "WRITER"}),
        "its dimension TargetRole is WRITER, and AWS publishes READ_WRITE and READ_ONLY",
    ),
    "a target group": (
        alarm(ALLOWED, dimensions={**TARGET, "TargetGroup": "orders-proxy"}),
        "its dimension TargetGroup is orders-proxy, and AWS publishes default",
    ),
    "a proxy's pool by endpoint": (
        alarm(ALLOWED, dimensions={"ProxyName": "orders-proxy", "EndpointName": "read"}),
        f"its dimensions are EndpointName and ProxyName, and AWS publishes {ALLOWED} under {PROXY_SETS}",
    ),
    "a proxy's wait by role": (
        alarm(WAIT, dimensions=TARGET),
        f"its dimensions are ProxyName and TargetGroup and TargetRole, and AWS publishes {WAIT} under ProxyName, or "
        "EndpointName and ProxyName",
    ),
    "another unit": (
        alarm(unit="Percent"),
        "its unit is Percent, and AWS publishes DatabaseConnections in Count",
    ),
    "a wait in milliseconds": (
        alarm(WAIT, dimensions={"ProxyName": "orders-proxy"}, unit="Milliseconds"),
        f"its unit is Milliseconds, and AWS publishes {WAIT} in Microseconds",
    ),
    "data points of a wait": (
        alarm(WAIT, dimensions={"ProxyName": "orders-proxy"}, statistic="SampleCount"),
        "it counts data points (SampleCount)",
    ),
    "a statistic": (alarm(statistic="Median"), "its statistic Median is none of CloudWatch's"),
    "an extended statistic": (
        alarm(statistic=None, extended_statistic="95"),
        "its statistic 95 is none of CloudWatch's",
    ),
    "ten seconds": (alarm(period=10), "its period is 10 s, and AWS publishes DatabaseConnections every 60 s"),
    "half a minute": (alarm(period="30"), "its period is 30 s, and AWS publishes DatabaseConnections every 60 s"),
    "another region": (alarm(region="us-east-1"), "it is in us-east-1, and what it watches is in eu-west-1"),
    "a query": (
        alarm(
            metric_name=None,
            metric_queries=[
                {"id": "e", "expression": "100 * m / 200", "return_data": True},
                {"id": "m", "metric": {"namespace": "Ours", "metric_name": "DatabaseConnections"}},
            ],
        ),
        "its namespace is Ours, and AWS publishes DatabaseConnections in AWS/RDS",
    ),
    "what a query compares": (
        alarm(
            metric_name=None,
            metric_queries=[
                {"id": "m", "return_data": True, "metric": {"metric_name": "CPUUtilization", "stat": "Most"}},
            ],
        ),
        "its statistic Most is none of CloudWatch's",
    ),
}


@pytest.mark.parametrize("declared", HAS_DATA.values(), ids=list(HAS_DATA))
def test_it_may_have_data(declared: Declared) -> None:
    assert said(declared) == ""


@pytest.mark.parametrize(("declared", "why"), NONE.values(), ids=list(NONE))
def test_it_never_has_data(declared: Declared, why: str) -> None:
    assert said(declared) == why


def test_what_aws_does_not_document_is_only_doubtful() -> None:
    declared = alarm(ALLOWED, dimensions={"ProxyName": "orders-proxy", "TargetGroup": "default"})
    assert said(declared) == ""
    why = f"its dimensions are ProxyName and TargetGroup, and AWS publishes {ALLOWED} under {PROXY_SETS}"
    assert said(declared, in_doubt=True) == why
