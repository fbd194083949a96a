"""The registry's words, in the names of the Pulumi properties."""

from typing import Any

import pytest

from headroom.local.aws.registry import Said, judged
from headroom.local.aws.values import UNKNOWN

ALARM, COMPOSITE = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm"
CLUSTER, INSTANCE = "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance"
RULE, FILTER = (
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
)
LOGS, PROXY, VPC = "aws:cloudwatch/logGroup:LogGroup", "aws:rds/proxy:Proxy", "aws:ec2/vpc:Vpc"
QUERY = {"id": "a", "metric": {"metricName": "X", "namespace": "Y", "stat": "Sum", "period": 60}}
GROUP = "sg-0a1b2c3d4e5f60718"


def said(token: str, region: str = "eu-west-1", **values: Any) -> list[Said]:
    return list(judged(token, region).said(values))


@pytest.mark.parametrize(
    ("token", "values", "expected"),
    [
        (ALARM, {"metricQueries": [QUERY, {**QUERY, "metric": {**QUERY["metric"], "period": 0}}]},  # type: ignore[dict-item]
         [Said("metricQueries[1].metric.period", "must be at least 1")]),
        (ALARM, {"metricName": "x", "dimensions": {"Role": "", "A": "b"}},
         [Said("dimensions.Role", "must have between 1 and 1024 characters, has 0")]),
        (ALARM, {}, [Said("", "needs one of metricQueries, metricName, evaluationCriteria")]),
        (ALARM, {"metricName": "x", "statistic": "Sum", "extendedStatistic": "p9"},
         [Said("statistic", "must not be given together with extendedStatistic")]),
        (COMPOSITE, {"alarmRule": "x", "actionsSuppressor": {"alarm": "", "waitPeriod": -1}},
         [Said("actionsSuppressor.alarm", "must have between 1 and 1600 characters, has 0"),
          Said("actionsSuppressor.waitPeriod", "must be at least 0")]),
        (CLUSTER, {"monitoringInterval": 5}, [Said("monitoringRoleArn", "is required")]),
        (CLUSTER, {"engine": "aurora-mysql", "iops": 5}, [Said("iops", "must not be given here")]),
        (CLUSTER, {"masterUserSecretKmsKeyId": "!"}, None),
        (RULE, {"ipProtocol": "tcp", "securityGroupId": GROUP, "cidrIpv4": "10.0.0.0/8", "fromPort": 1},
         [Said("toPort", "is required")]),
        (FILTER, {"logGroupName": "x", "pattern": "y",
                  "metricTransformation": {"name": "a", "namespace": "b", "value": "1", "unit": "x"}},
         None),
        (LOGS, {"retentionInDays": 0}, []),
        (VPC, {"cidrBlock": "10.0.0.0/16", "ipv4IpamPoolId": "ipam-pool-1"}, []),
    ],
)  # fmt: skip
def test_it_is_said_by_the_propertys_name(token: str, values: dict[str, Any], expected: list[Said] | None) -> None:
    found = said(token, **values)

    assert (
        found == expected
        if expected is not None
        else [one.property.split(".")[0] for one in found] == [list(values)[-1]]
    )


def test_what_is_not_known_yet_counts_as_given_and_is_not_judged() -> None:
    assert said(ALARM, metricName=UNKNOWN, period=UNKNOWN, dimensions={"Role": UNKNOWN}) == []
    assert said(CLUSTER, monitoringInterval=5, monitoringRoleArn=UNKNOWN) == []


def test_an_empty_list_is_not_sent_and_tags_are_judged_by_the_services_own_limits() -> None:
    given = {"name": "shop", "engineFamily": "MYSQL", "roleArn": UNKNOWN, "vpcSubnetIds": UNKNOWN}

    assert said(PROXY, **given, vpcSecurityGroupIds=[], tags={"a": "b" * 200}) == []


def test_a_region_that_is_newer_than_the_lists_is_judged_as_the_first_one() -> None:
    assert said(LOGS, "xx-new-1", name="a b") == said(LOGS, "us-east-1", name="a b") != []
