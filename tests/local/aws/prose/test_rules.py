"""The rows: what is good at the edges. What is bad is in the mutations."""

import re
from typing import Any

import pytest

from headroom.local.aws.prose import RULES
from headroom.local.aws.prose.rule import check
from headroom.local.aws.sdk import Kind, schema
from headroom.local.aws.table import TYPES
from headroom.local.aws.values import UNKNOWN

VPC = "aws:ec2/vpc:Vpc"
ALARM, CLUSTER = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:rds/cluster:Cluster"
COMPOSITE, ACTION = "aws:cloudwatch/compositeAlarm:CompositeAlarm", "aws:appautoscaling/scheduledAction:ScheduledAction"
SUBSCRIPTION, SECRET = "aws:sns/topicSubscription:TopicSubscription", "aws:secretsmanager/secret:Secret"
FILTER, KEY = "aws:cloudwatch/logMetricFilter:LogMetricFilter", "aws:kms/key:Key"
POLICY = "aws:appautoscaling/policy:Policy"


def refused(token: str, property_: str, **values: Any) -> list[str]:
    found = check(RULES, token, values, "eu-west-1")
    return [said.words for rule, said in found if rule.property == property_ and not rule.remark]


def metric(name: str) -> dict[str, Any]:
    return {"id": name, "metric": {"metricName": "X", "namespace": "Y", "stat": "p99.9", "period": 60}}


@pytest.mark.parametrize(
    ("token", "property_", "values"),
    [
        (VPC, "cidrBlock", {"ipv4IpamPoolId": "ipam-pool-1"}),
        (VPC, "tags", {"tags": {"k" * 128: "", "awsome": "v" * 256, "unknown": UNKNOWN}}),
        (CLUSTER, "clusterIdentifier", {"clusterIdentifier": "A1-b-2"}),
        (CLUSTER, "clusterIdentifier", {"clusterIdentifier": "a" * 63}),
        (CLUSTER, "preferredBackupWindow", {"preferredBackupWindow": "23:45-00:15"}),
        (CLUSTER, "preferredBackupWindow",
         {"preferredBackupWindow": "02:00-04:00", "preferredMaintenanceWindow": "Sun:04:00-Sun:05:00"}),
        (CLUSTER, "preferredMaintenanceWindow", {"preferredMaintenanceWindow": "sun:23:30-mon:00:30"}),
        (CLUSTER, "masterUsername", {"masterUsername": "postgres", "masterPassword": "x" * 8}),
        (CLUSTER, "masterUsername", {"snapshotIdentifier": "x"}),
        (CLUSTER, "databaseName", {"databaseName": "postgres", "engine": "aurora-postgresql"}),
        (CLUSTER, "enabledCloudwatchLogsExports[]",
         {"enabledCloudwatchLogsExports": ["instance", "iam-db-auth-error"], "engine": "aurora-postgresql"}),
        (CLUSTER, "serverlessv2ScalingConfiguration.minCapacity",
         {"serverlessv2ScalingConfiguration": {"minCapacity": 0, "maxCapacity": 256}}),
        (ALARM, "evaluationPeriods", {"evaluationPeriods": 1440, "period": 60}),
        (ALARM, "evaluationPeriods", {"evaluationPeriods": 168, "period": 3600}),
        (ALARM, "period", {"period": 20}),
        (ALARM, "extendedStatistic", {"extendedStatistic": "TM(10%:90%)"}),
        (ALARM, "extendedStatistic", {"extendedStatistic": "PR(:100)"}),
        (ALARM, "metricQueries[].expression",
         {"metricQueries": [{"id": "e", "expression": "IF(m1 > 1e3, FILL(m2, REPEAT), 0) + SUM(METRICS('m'))"},
                            metric("m1"), metric("m2")]}),
        (ALARM, "metricQueries[].expression",
         {"metricQueries": [{"id": "e", "expression": "SELECT MAX(CPUUtilization) FROM x"}]}),
        (ALARM, "metricQueries[].expression",
         {"metricQueries": [{"id": "e", "expression": "SEARCH('{AWS/RDS,x} abc', 'Sum', 60)"}]}),
        (ALARM, "metricQueries",
         {"thresholdMetricId": "band", "metricQueries": [
             {"id": "band", "expression": "ANOMALY_DETECTION_BAND(m)", "returnData": True},
             {**metric("m"), "returnData": True}]}),
        (ALARM, "metricQueries[].expression",
         {"metricQueries": [{"id": "e", "expression": "INSIGHT_RULE_METRIC(my-rule, Sum) / m"}, metric("m")]}),
        (ALARM, "alarmActions[]", {"alarmActions": ["arn:aws:automate:eu-west-1:ec2:recover"]}),
        (ALARM, "alarmActions[]", {"alarmActions": ["arn:aws-cn:sns:cn-north-1:123456789012:x", UNKNOWN]}),
        (COMPOSITE, "alarmRule", {"alarmRule": "(ALARM(\"a b\") OR OK(c-d)) AND NOT INSUFFICIENT_DATA('e')\nOR FALSE"}),
        (COMPOSITE, "alarmRule", {"alarmRule": "ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a)"}),
        (COMPOSITE, "alarmRule", {"alarmRule": "AT_LEAST(2, ALARM, (a, b, c)) AND TRUE"}),
        (COMPOSITE, "alarmRule", {"alarmRule": " OR ".join(f"ALARM(a{n})" for n in range(100))}),
        (ACTION, "schedule", {"schedule": "at(2026-11-27T07:00:00)"}),
        (ACTION, "schedule", {"schedule": "cron(0/15 8-18 ? * MON-FRI *)"}),
        (ACTION, "schedule", {"schedule": "cron(0 10 L 1,7 ? 2026-2030)"}),
        (ACTION, "schedule", {"schedule": "rate(1 hour)"}),
        (ACTION, "timezone", {"timezone": "America/Argentina/Buenos_Aires"}),
        (SUBSCRIPTION, "endpoint", {"protocol": "email", "endpoint": "on-call+db@example.co.uk"}),
        (SUBSCRIPTION, "endpoint", {"protocol": "sms", "endpoint": "+44 7700 900123"}),
        (SECRET, "recoveryWindowInDays", {"recoveryWindowInDays": 0}),
        (FILTER, "pattern", {"pattern": '?"a" ?"b \\" c"'}),
        (KEY, "policy", {"policy": '{"Statement": [{"Effect": "Allow", "Action": ["kms:Put*"], "Principal": "*"}]}'}),
        (KEY, "policy", {"policy": "{}", "bypassPolicyLockoutSafetyCheck": True}),
        (POLICY, "targetTrackingScalingPolicyConfiguration",
         {"targetTrackingScalingPolicyConfiguration": {"customizedMetricSpecification": {}, "targetValue": -1}}),
    ],
)  # fmt: skip
def test_what_is_good_at_the_edge_is_accepted(token: str, property_: str, values: dict[str, Any]) -> None:
    assert refused(token, property_, **values) == []


def test_a_rule_that_asks_for_what_is_not_known_is_not_judged() -> None:
    assert refused(CLUSTER, "preferredBackupWindow", preferredBackupWindow="04:30-05:30",
                   preferredMaintenanceWindow=UNKNOWN) == []  # fmt: skip
    assert refused(ALARM, "evaluationPeriods", evaluationPeriods=10**6, period=UNKNOWN) == []
    assert refused(ALARM, "metricQueries", metricQueries=[{"id": UNKNOWN, "returnData": UNKNOWN}]) == []


def test_a_period_below_a_minute_of_aws_own_metrics_is_remarked_on() -> None:
    found = list(check(RULES, ALARM, {"namespace": "AWS/RDS", "period": 10}, "eu-west-1"))

    assert [(said.property, rule.remark) for rule, said in found if rule.property == "period"] == [("period", True)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.property}-{rule.words[:30]}")
def test_a_row_names_properties_of_types_that_are_served_and_a_page_of_aws(rule: Any) -> None:
    for token in rule.types:
        assert token in TYPES
        fields = schema(token).inputs
        for part in rule.property.replace("[]", "").split("."):
            assert part in fields, (token, rule.property)
            kind: Kind = fields[part].kind
            fields = (kind.item or kind).fields
    assert re.fullmatch(r"https://docs\.aws\.amazon\.com/\S+\.html", rule.source)
