"""Values that AWS doesn't take, one property of a good resource at a time: what AWS would refuse, held against the check.

The good resources are the samples. `at` names the property that the refusal must name; "" is the resource as a whole.
What the check accepts is listed with the reason: a gap that nobody knows of is the only bad one.
"""

import json
from typing import Any, NamedTuple

A, B = "subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"
_ACCOUNT = "eu-west-1:123456789012"
# What the references in the samples stand for once they are known.
KNOWN = {
    "vpc.id": "vpc-0a1b2c3d4e5f60718",
    "subnet-a.id": A,
    "subnet-b.id": B,
    "group.id": "sg-0a1b2c3d4e5f60718",
    "other-group.id": "sg-0a1b2c3d4e5f60719",
    "key.keyId": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "other-key.keyId": "1234abcd-12ab-34cd-56ef-1234567890ac",
    "key.arn": f"arn:aws:kms:{_ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "role.id": "proxy",
    "role.name": "proxy",
    "role.arn": "arn:aws:iam::123456789012:role/proxy",
    "secret.arn": f"arn:aws:secretsmanager:{_ACCOUNT}:secret:shop/checkout-AbCdEf",
    "topic.arn": f"arn:aws:sns:{_ACCOUNT}:critical",
    "other-topic.arn": f"arn:aws:sns:{_ACCOUNT}:other",
    "subnet-group.name": "shop",
    "cluster-parameters.name": "shop",
    "parameters.name": "shop",
    "cluster.id": "shop",
    "scaling-target.resourceId": "cluster:shop",
    "alarm.name": "writer-7",
    "proxy.name": "shop",
    "target-group.name": "default",
    "log-group.name": "/aws/rds/cluster/shop/postgresql",
    "event-rule.name": "health",
}


class Mutation(NamedTuple):
    """One property's bad value in one sample, and the property that the check names (or several, with commas).

    None: it is accepted.
    """

    sample: str
    property: str
    value: Any
    at: str | None
    why: str = ""  # it is accepted: the reason


REMOVED = "(taken away)"


def bad(sample: str, property_: str, *values: Any, at: str | None = None) -> list[Mutation]:
    """Each of the values is refused, by the property's own name if no other is given."""
    return [Mutation(sample, property_, value, property_ if at is None else at) for value in values]


def accepted(sample: str, property_: str, value: Any, why: str) -> Mutation:
    return Mutation(sample, property_, value, None, why)


def _statement(**changes: Any) -> str:
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | changes]})


def _body(**widget: Any) -> str:
    return json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "x"}} | widget]})


def _key_policy(action: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action, "Resource": "*"}
    return json.dumps({"Statement": [statement]})


_METRIC = {"metricName": "X", "namespace": "AWS/RDS", "stat": "Sum", "period": 60}
_ONE, _OTHER = {"id": "a", "metric": _METRIC}, {"id": "used", "expression": "a", "returnData": True}
_PREDEFINED = {"predefinedMetricSpecification": {"predefinedMetricType": "RDSReaderAverageCPUUtilization"}}
_CUSTOM = {"customizedMetricSpecification": {"metricName": "X", "namespace": "Y", "statistic": "Sum"}}
_LONG_POLICY = json.dumps(
    {
        "Statement": [
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": f"arn:aws:kms:*:*:key/{n:036}"} for n in range(200)
        ]
    }
)
_CREATE = "a reference to something that isn't there: the emulator refuses it when it is made"

MUTATIONS = [
    # --- EC2 ---
    *bad("vpc", "cidrBlock", "10.0.0.0/8", "10.0.0.0/29", "10.0.0.0", "10.0.0.1/16", "ten"),
    *bad("vpc", "instanceTenancy", "shared"),
    *bad("vpc", "cidrBlock", REMOVED),
    *bad("vpc", "tags", {"aws:name": "x"}, {"": "x"}, {"k" * 129: "x"}, {"k": "v" * 257}, {f"k{n}": "v" for n in range(51)}),
    *bad("subnet-a", "cidrBlock", "10.0.0.0/30", "10.0.300.0/24"),
    *bad("subnet-a", "availabilityZone", "us-east-1a", "a"),
    *bad("subnet-a", "vpcId", "shop"),
    *bad("group", "description", "Operators' hosts", "é", "x" * 256),
    *bad("group", "name", "sg-shop", "a" * 256, "it's"),
    *bad("group", "vpcId", "subnet-0a1b2c3d4e5f60718"),
    *bad("default-group", "vpcId", "subnet-0a1b2c3d4e5f60718"),
    *bad("ingress", "description", "the shop's", "x" * 256),
    *bad("ingress", "ipProtocol", "tpc", "256"),
    *bad("ingress", "fromPort", 70000, -5),
    *bad("ingress", "fromPort", REMOVED),
    *bad("ingress", "toPort", 5000, 65536),
    *bad("ingress", "referencedSecurityGroupId", REMOVED, at=""),
    *bad("ingress", "cidrIpv4", "10.0.0.0/8", at="referencedSecurityGroupId"),
    *bad("egress", "cidrIpv4", "10.0.0.0/33", "everywhere"),
    # --- clusters ---
    *bad("cluster", "clusterIdentifier", "c_under", "c--x", "c-", "1c", "c.x", "a" * 64, "", "ü"),
    *bad("cluster", "engine", "aurora-postgres", "oracle-ee", "mariadb"),
    *bad("cluster", "engineVersion", "16.7", "16.0", "13.17", "8.0"),
    *bad("cluster", "backupRetentionPeriod", 0, 36, 40),
    *bad("cluster", "preferredBackupWindow", "3am", "03:00", "3:00-4:00", "24:00-25:00", "02:00-02:15", "04:30-05:30"),
    *bad("cluster", "preferredMaintenanceWindow", "sun", "sun:04:00", "sunday:04:00-sunday:05:00", "sun:04:00-sun:04:10"),
    *bad("cluster", "port", 80, 1149, 65536),
    *bad("cluster", "masterUsername", "rdsadmin", "admin", "my-admin", "1root", "pg_root", "a" * 64, "rds_superuser"),
    *bad("cluster", "masterPassword", "long-enough-1"),
    *bad("cluster", "databaseName", "my-shop", "1shop", "a" * 64, "template1", "the shop"),
    *bad("cluster", "storageType", "gp2", "io1", "standard"),
    *bad("cluster", "enabledCloudwatchLogsExports", ["postgres"], ["slowquery"], at="enabledCloudwatchLogsExports[0]"),
    *bad("cluster", "kmsKeyId", "shop-key!", "arn:aws:kms:eu-west-1:1:key/x"),
    *bad("cluster", "storageEncrypted", False, at="kmsKeyId"),
    *bad("cluster", "databaseInsightsMode", "basic"),
    *bad("cluster", "backtrackWindow", 3600, -1),
    *bad("cluster", "engineMode", "serverlessv2"),
    *bad("cluster", "networkType", "IPV6"),
    *bad("cluster", "monitoringInterval", 7, 20, at="monitoringInterval,monitoringRoleArn"),
    *bad("cluster", "performanceInsightsRetentionPeriod", 10, 732),
    *bad("cluster", "allocatedStorage", 100),
    *bad("cluster", "iops", 1000),
    *bad("cluster", "vpcSecurityGroupIds", ["shop"], at="vpcSecurityGroupIds[0]"),
    *bad("cluster", "finalSnapshotIdentifier", "last_one", "-last"),
    *bad("cluster", "clusterScalabilityType", "boundless"),
    *(
        mutation
        for name, value in (("minCapacity", 0.7), ("minCapacity", -1), ("maxCapacity", 300), ("maxCapacity", 8.3),
                            ("maxCapacity", 0.5), ("secondsUntilAutoPause", 60))
        for mutation in bad("cluster", "serverlessv2ScalingConfiguration",
                            {"minCapacity": 0.5, "maxCapacity": 16, name: value},
                            at=f"serverlessv2ScalingConfiguration.{name}")
    ),
    *bad("cluster", "serverlessv2ScalingConfiguration", {"minCapacity": 8, "maxCapacity": 4},
         at="serverlessv2ScalingConfiguration.maxCapacity"),
    # --- instances ---
    *bad("instance", "identifier", "i_1", "i--1", "1i", "i" * 64),
    *bad("instance", "engine", "aurora"),
    *bad("instance", "instanceClass", "db.r6g.3xlarge", "db.t3.small", "r7g.large", "db.r7g", "big"),
    *bad("instance", "monitoringInterval", 7, 61),
    *bad("instance", "monitoringInterval", 0),
    *bad("instance", "monitoringRoleArn", "proxy", "arn:aws:iam::1:role/x"),
    *bad("instance", "performanceInsightsRetentionPeriod", 8, 30, 1000),
    *bad("instance", "performanceInsightsEnabled", False, at="performanceInsightsKmsKeyId"),
    *bad("instance", "promotionTier", 16, -1),
    *bad("instance", "availabilityZone", "us-east-1a"),
    accepted("instance", "caCertIdentifier", "rds-ca-nonsense", "AWS's lists have no certificate authorities, and new ones come"),
    accepted("cluster", "engineVersion", "16.99", "newer than AWS's list: a warning with the list's date"),
    accepted("cluster", "engineVersion", "16.6", "can't be created, but may run: a warning; emulator and pack refuse it"),
    accepted("instance", "instanceClass", "db.r99g.large", "newer than AWS's list: a warning with the list's date"),
    accepted("cluster", "dbSubnetGroupName", "elsewhere", _CREATE),
    accepted("cluster", "dbClusterParameterGroupName", "elsewhere", _CREATE),
    # --- groups ---
    *bad("subnet-group", "name", "default", "1shop", "shop!", "a" * 256),
    *bad("cluster-parameters", "name", "1shop", "shop--x", "shop_x"),
    *bad("cluster-parameters", "family", "aurora-postgresql8", "aurora-mysql4.0", "aurora-postgresql99"),
    *bad("parameters", "name", "1shop", "a" * 256),
    *bad("cluster-parameters", "parameters", [{"name": "work_mem", "value": "4096", "applyMethod": "now"}],
         at="parameters[0].applyMethod"),
    *bad("cluster-parameters", "parameters", [{"name": "max_connections", "value": "900"}], at="parameters[0].applyMethod"),
    *bad("cluster-parameters", "parameters", [{"name": "statement_timeout", "value": "soon"}], at="parameters[0].value"),
    *bad("parameters", "parameters", [{"name": "log_connections", "value": "perhaps"}], at="parameters[0].value"),
    accepted("cluster-parameters", "parameters", [{"name": "lock_time", "value": "1"}],
             "nobody publishes all parameters of this family: a warning, and an error where the list is complete"),
    # --- proxies ---
    *bad("proxy", "name", "p_x", "p--x", "p-", "1p", "p" * 64),
    *bad("proxy", "engineFamily", "ORACLE"),
    *bad("proxy", "idleClientTimeout", 30, 30000),
    *bad("proxy", "vpcSubnetIds", [A]),
    *bad("proxy", "roleArn", "proxy"),
    *bad("proxy", "auths", [], REMOVED),
    *bad("proxy", "defaultAuthScheme", "IAM"),
    *(
        mutation
        for name, value in (
            ("clientPasswordAuthType", "MYSQL_NATIVE_PASSWORD"), ("clientPasswordAuthType", "PLAIN"),
            ("iamAuth", "ENABLED"), ("iamAuth", "MAYBE"), ("authScheme", "NONE"), ("secretArn", "x"),
            ("description", "x" * 1001),
        )
        for mutation in bad("proxy", "auths", [{"authScheme": "SECRETS", "secretArn": KNOWN["secret.arn"], name: value}],
                            at=f"auths[0].{name}")
    ),
    *(
        mutation
        for name, value in (
            ("maxConnectionsPercent", 0), ("maxConnectionsPercent", 101), ("maxIdleConnectionsPercent", 61),
            ("maxIdleConnectionsPercent", -1), ("connectionBorrowTimeout", 301), ("connectionBorrowTimeout", -1),
        )
        for mutation in bad("target-group", "connectionPoolConfig", {"maxConnectionsPercent": 60, name: value},
                            at=f"connectionPoolConfig.{name}")
    ),
    *bad("target-group", "connectionPoolConfig", {"sessionPinningFilters": ["NONSENSE"]},
         at="connectionPoolConfig.sessionPinningFilters[0]"),
    *bad("target", "targetGroupName", "mine"),
    *bad("target", "dbClusterIdentifier", REMOVED),
    *bad("target", "dbInstanceIdentifier", "shop-0", at="dbClusterIdentifier"),
    *bad("proxy-endpoint", "dbProxyEndpointName", "p--ro", "p_ro", "-p"),
    *bad("proxy-endpoint", "targetRole", "READER"),
    *bad("proxy-endpoint", "vpcSubnetIds", [A]),
    # --- alarms ---
    *bad("alarm", "period", 15, 90, 0),
    *bad("alarm", "evaluationPeriods", 0, at="evaluationPeriods"),
    *bad("alarm", "evaluationPeriods", 1, at="datapointsToAlarm"),
    *bad("alarm", "evaluationPeriods", 1500),
    *bad("alarm", "datapointsToAlarm", 4, 0),
    *bad("alarm", "treatMissingData", "silent"),
    *bad("alarm", "statistic", "Median"),
    *bad("alarm", "statistic", REMOVED, at="metricName"),
    *bad("alarm", "extendedStatistic", "p99", at="statistic"),
    *bad("alarm", "unit", "Connections"),
    *bad("alarm", "threshold", REMOVED),
    *bad("alarm", "namespace", ":AWS/RDS"),
    *bad("alarm", "namespace", REMOVED, at="metricName"),
    *bad("alarm", "period", REMOVED, at="metricName"),
    *bad("alarm", "metricName", REMOVED, at=""),
    *bad("alarm", "comparisonOperator", "MoreThan"),
    *bad("alarm", "alarmActions", ["critical"], at="alarmActions[0]"),
    *bad("alarm", "okActions", [KNOWN["topic.arn"]] * 6),
    *bad("alarm", "alarmDescription", "x" * 1025),
    *bad("alarm", "name", "x" * 256),
    *bad("alarm", "dimensions", {"Role": ""}, at="dimensions.Role"),
    *bad("alarm", "metricQueries", [_ONE, _OTHER], at="dimensions,metricName,namespace,period,statistic"),
    accepted("alarm", "namespace", "AWS/RSD", "any namespace is a namespace to CloudWatch"),
    *bad("math-alarm", "metricQueries",
         [{"id": "e", "expression": "a + b", "returnData": True}, _ONE], at="metricQueries[0].expression"),
    *bad("math-alarm", "metricQueries", [{"id": "E", "expression": "a", "returnData": True}, _ONE],
         at="metricQueries[0].id"),
    *bad("math-alarm", "metricQueries",
         [_OTHER | {"id": "x"}, _OTHER | {"id": "y"}, _ONE],
         [_OTHER | {"returnData": False}, _ONE],
         [_OTHER, *({"id": f"m{n}", "metric": _METRIC} for n in range(10)), _ONE],
         [_OTHER, _ONE, _ONE]),
    *bad("math-alarm", "metricQueries", [_OTHER | {"metric": _METRIC}, _ONE], [{"id": "x", "returnData": True}],
         at="metricQueries[0].expression"),
    *bad("math-alarm", "metricQueries", [_OTHER, _ONE | {"metric": _METRIC | {"period": 45}}],
         at="metricQueries[1].metric.period"),
    *bad("math-alarm", "metricQueries", [_OTHER, _ONE | {"metric": _METRIC | {"stat": "Avg"}}],
         at="metricQueries[1].metric.stat"),
    *bad("math-alarm", "metricQueries", [_OTHER | {"expression": "x" * 2049}, _ONE], at="metricQueries[0].expression"),
    *bad("math-alarm", "evaluationPeriods", 1441),
    *bad("composite", "alarmRule", "ALARM(writer", "ALARM(a) ALARM(b)", "ALARM(a) AND", "RINGS(a)", "",
         " OR ".join(f"ALARM(a{n})" for n in range(101)), "ALARM(a) OR " * 900 + "ALARM(a)"),
    *bad("composite", "alarmActions", ["critical"], at="alarmActions[0]"),
    *bad("composite", "alarmName", ""),
    *bad("composite", "actionsSuppressor", {"alarm": "a", "waitPeriod": -1, "extensionPeriod": 5},
         at="actionsSuppressor.waitPeriod"),
    accepted("composite", "alarmRule", "ALARM(nobody-knows)", _CREATE),
    # --- dashboards and logs ---
    *bad("dashboard", "dashboardBody", _body(type="pie"), _body(width=30), _body(x=24), _body(height=0), "{}", "[", '{"widgets": 5}'),
    *bad("dashboard", "dashboardName", "the shop", "a" * 256, ""),
    *bad("log-group", "name", "the shop", "a" * 513, "aws/rds"),
    *bad("log-group", "retentionInDays", 8, 91, -1),
    *bad("log-group", "kmsKeyId", "1234abcd-12ab-34cd-56ef-1234567890ab"),
    *bad("log-group", "logGroupClass", "CHEAP"),
    *bad("metric-filter", "pattern", '"remaining', "x" * 1025),
    *bad("metric-filter", "name", "a:b", "x" * 513),
    *(
        mutation
        for name, value in (("namespace", "AWS/RDS"), ("namespace", "a:b"), ("name", "a:b"), ("name", "x" * 256),
                            ("value", "one"), ("unit", "Connections"))
        for mutation in bad("metric-filter", "metricTransformation",
                            {"name": "Refused", "namespace": "Headroom", "value": "1", name: value},
                            at=f"metricTransformation.{name}")
    ),
    # --- events ---
    *bad("event-rule", "name", "a b", "x" * 65),
    *bad("event-rule", "eventPattern", '{"source": "aws.rds"}', "{}", "[]", "{"),
    *bad("event-rule", "state", "ON"),
    *bad("event-rule", "scheduleExpression", "rate(1 minutes)", "every day", "cron(0 7 * *)"),
    *bad("event-target", "input", "{", "the alarm"),
    *bad("event-target", "arn", "critical"),
    *bad("event-target", "targetId", "a b", "x" * 65),
    *bad("event-subscription", "sourceType", "cluster", "db_cluster"),
    *bad("event-subscription", "sourceType", REMOVED, at="sourceIds"),
    *bad("event-subscription", "eventCategories", ["failures"], ["low storage"], at="eventCategories[0]"),
    *bad("event-subscription", "sourceIds", ["shop_1"], ["arn:aws:rds:x"], at="sourceIds[0]"),
    *bad("event-subscription", "snsTopic", "critical"),
    *bad("event-subscription", "name", "the shop", "a" * 256),
    accepted("event-subscription", "sourceIds", ["nobody"], _CREATE),
    # --- IAM, KMS, Secrets Manager, SNS ---
    *bad("role", "assumeRolePolicy", "{}", "{", '{"Statement": [{"Effect": "Allow"}]}'),
    *bad("role", "name", "the/proxy", "a" * 65, "a b"),
    *bad("role", "path", "shop"),
    *bad("role", "maxSessionDuration", 60, 50000),
    *bad("role", "description", "x" * 1001),
    *bad("role-policy", "policy", _statement(Effect="Alow"), _statement(Action="GetSecretValue"),
         _statement(Resource="shop"), _statement(Principal="*"), _statement(Condition={"StringIs": {"a": "b"}}),
         _statement(Actions="*"), json.dumps({"Version": "2020-01-01", "Statement": []}), _LONG_POLICY),
    *bad("role-policy", "name", "a/b", "x" * 129),
    accepted("role-policy", "policy", _statement(Action="rds:ConnectNow"), "IAM takes any action: a warning that there is none"),
    *bad("attachment", "policyArn", "AmazonRDSEnhancedMonitoringRole", "arn:aws:iam::aws:role/x"),
    *bad("key", "deletionWindowInDays", 5, 31),
    *bad("key", "policy", _key_policy("kms:Decrypt"), "{"),
    *bad("key", "rotationPeriodInDays", 30, 2561),
    *bad("key", "customerMasterKeySpec", "AES"),
    *bad("key", "keyUsage", "HASH"),
    *bad("key", "description", "x" * 8193),
    *bad("alias", "name", "shop", "alias/aws/shop", "alias/the shop", "alias/shop.eu"),
    *bad("secret", "name", "the shop", "a" * 513, "shop:1"),
    *bad("secret", "recoveryWindowInDays", 5, 31),
    *bad("secret-policy", "policy", _statement(), "{"),
    *bad("topic", "name", "the shop", "a" * 257, "shop.fifo"),
    *bad("topic", "kmsMasterKeyId", "shop!"),
    *bad("topic-policy", "policy", _key_policy("kms:Decrypt"), "{"),
    *bad("subscription", "protocol", "mail"),
    *bad("subscription", "endpoint", "http://events.example.com", "someone@example.com"),
    *bad("subscription", "topic", "critical"),
    # --- scaling ---
    *bad("scaling-target", "minCapacity", -1),
    *bad("scaling-target", "maxCapacity", 1, 16),
    *bad("scaling-target", "resourceId", "shop", "service/shop/web", "cluster:c_x"),
    *bad("scaling-target", "scalableDimension", "rds:cluster:Readers", "ecs:service:DesiredCount"),
    *bad("scaling-target", "serviceNamespace", "aurora"),
    *bad("scaling-policy", "policyType", "TargetTracking"),
    *bad("scaling-policy", "targetTrackingScalingPolicyConfiguration", {"targetValue": 5},
         _PREDEFINED | _CUSTOM | {"targetValue": 5}),
    *bad("scaling-policy", "targetTrackingScalingPolicyConfiguration", _PREDEFINED | {"targetValue": -1},
         at="targetTrackingScalingPolicyConfiguration.targetValue"),
    *bad("scaling-policy", "targetTrackingScalingPolicyConfiguration",
         _PREDEFINED | {"targetValue": 5, "scaleInCooldown": -1},
         at="targetTrackingScalingPolicyConfiguration.scaleInCooldown"),
    *bad("scheduled-action", "schedule", "at(tomorrow)", "at(2026-13-01T00:00:00)", "cron(0 7 * * *)", "rate(1 days)", "daily",
         "cron(61 7 * * ? *)"),
    *bad("scheduled-action", "timezone", "Mars", "GMT+1"),
    *bad("scheduled-action", "scalableTargetAction", {}),
    *bad("scheduled-action", "scalableTargetAction", {"minCapacity": 9, "maxCapacity": 8},
         at="scalableTargetAction.maxCapacity"),
    *bad("scheduled-action", "scalableTargetAction", {"minCapacity": -1}, at="scalableTargetAction.minCapacity"),
    *bad("scheduled-action", "name", "a:b", "x" * 257),
    accepted("scheduled-action", "schedule", "at(2020-01-01T00:00:00)", "a stack keeps its past events: the check reads no clock"),
    accepted("scheduled-action", "scalableTargetAction", {"minCapacity": 14}, "the maximum stands in another resource"),
]  # fmt: skip
