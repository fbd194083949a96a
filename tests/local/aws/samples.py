"""One of each type served: what to make it from, and changes in place. {name} is another sample's output: {vpc.id}."""

import json
from typing import Any

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "rds.amazonaws.com"}}],
}
_OTHER_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "monitoring.rds.amazonaws.com"}}
    ],
}
_MAY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}],
}
_MAY_LESS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "arn:aws:secretsmanager:*:*:secret:shop/*",
        }
    ],
}
_PUBLISH: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": "*",
        }
    ],
}
_PUBLISH_MORE = {**_PUBLISH, "Statement": [{**_PUBLISH["Statement"][0], "Action": ["sns:Publish", "sns:Subscribe"]}]}
_KEY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
    ],
}
_SCALED = {
    "serviceNamespace": "rds",
    "resourceId": "cluster:{cluster.id}",
    "scalableDimension": "rds:cluster:ReadReplicaCount",
}
# What scales is there before its policies and schedules.
_OF_THE_TARGET = {**_SCALED, "resourceId": "{scaling-target.resourceId}"}
TAGS = {"tags": {"team": "shop"}}
NEW_TAGS = {"tags": {"team": "platform", "stage": "dev"}}

# name, type, inputs, changes in place (each applied on top of the ones before)
SAMPLES: list[tuple[str, str, dict[str, Any], list[dict[str, Any]]]] = [
    (
        "vpc",
        "aws:ec2/vpc:Vpc",
        {"cidrBlock": "10.{n}.0.0/16", "enableDnsHostnames": True, **TAGS},
        [{"enableDnsHostnames": False}, {"enableDnsSupport": False}, NEW_TAGS, {"tags": {}}],
    ),
    (
        "subnet-a",
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{vpc.id}", "cidrBlock": "10.{n}.1.0/24", "availabilityZone": "eu-west-1a", **TAGS},
        [{"mapPublicIpOnLaunch": True}, NEW_TAGS],
    ),
    (
        "subnet-b",
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{vpc.id}", "cidrBlock": "10.{n}.2.0/24", "availabilityZone": "eu-west-1b"},
        [],
    ),
    (
        "group",
        "aws:ec2/securityGroup:SecurityGroup",
        {"vpcId": "{vpc.id}", "description": "database", **TAGS},
        [NEW_TAGS],
    ),
    (
        "other-group",
        "aws:ec2/securityGroup:SecurityGroup",
        {"vpcId": "{vpc.id}", "name": "other-{n}"},
        [{"revokeRulesOnDelete": True}],
    ),
    (
        "default-group",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        {"vpcId": "{vpc.id}", **TAGS},
        [NEW_TAGS],
    ),
    (
        "ingress",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": "{group.id}",
            "ipProtocol": "tcp",
            "fromPort": 5432,
            "toPort": 5432,
            "description": "application",
            "referencedSecurityGroupId": "{other-group.id}",
            **TAGS,
        },
        [{"description": "proxy"}, {"fromPort": 5433, "toPort": 5434}, NEW_TAGS],
    ),
    (
        "egress",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"securityGroupId": "{group.id}", "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"},
        [{"cidrIpv4": "10.0.0.0/16"}],
    ),
    (
        "key",
        "aws:kms/key:Key",
        {"description": "database", "enableKeyRotation": True, "deletionWindowInDays": 7, **TAGS},
        [
            {"description": "the database"},
            {"enableKeyRotation": False},
            {"enableKeyRotation": True, "rotationPeriodInDays": 90},
            {"deletionWindowInDays": 10},
            {"policy": json.dumps(_KEY)},
            NEW_TAGS,
        ],
    ),
    ("other-key", "aws:kms/key:Key", {"isEnabled": False}, [{"isEnabled": True}]),
    (
        "alias",
        "aws:kms/alias:Alias",
        {"name": "alias/shop-{n}", "targetKeyId": "{key.keyId}"},
        [{"targetKeyId": "{other-key.keyId}"}],
    ),
    (
        "role",
        "aws:iam/role:Role",
        {"assumeRolePolicy": _TRUST, "description": "proxy", "forceDetachPolicies": True, **TAGS},
        [
            {"description": "the proxy"},
            {"maxSessionDuration": 7200},
            {"assumeRolePolicy": json.dumps(_OTHER_TRUST)},
            NEW_TAGS,
        ],
    ),
    ("role-policy", "aws:iam/rolePolicy:RolePolicy", {"role": "{role.id}", "policy": _MAY}, [{"policy": _MAY_LESS}]),
    (
        "attachment",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "{role.name}", "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"},
        [],
    ),
    (
        "secret",
        "aws:secretsmanager/secret:Secret",
        {"name": "shop-{n}/checkout", "kmsKeyId": "{key.arn}", "recoveryWindowInDays": 0, **TAGS},
        [{"description": "checkout"}, {"recoveryWindowInDays": 7}, {"recoveryWindowInDays": 0}, NEW_TAGS],
    ),
    (
        "secret-policy",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        {"secretArn": "{secret.arn}", "policy": json.dumps(_KEY)},
        [{"policy": json.dumps(_PUBLISH)}],
    ),
    (
        "subnet-group",
        "aws:rds/subnetGroup:SubnetGroup",
        {"name": "shop-{n}", "subnetIds": ["{subnet-a.id}", "{subnet-b.id}"], **TAGS},
        [{"description": "the shop's"}, NEW_TAGS],
    ),
    (
        "cluster-parameters",
        "aws:rds/clusterParameterGroup:ClusterParameterGroup",
        {
            "family": "aurora-postgresql16",
            "parameters": [
                {"name": "max_connections", "value": "1200", "applyMethod": "pending-reboot"},
                {"name": "idle_session_timeout", "value": "60000"},
            ],
            **TAGS,
        },
        [
            {
                "parameters": [
                    {"name": "max_connections", "value": "900", "applyMethod": "pending-reboot"},
                    {"name": "log_connections", "value": "1"},
                ]
            },
            NEW_TAGS,
        ],
    ),
    (
        "parameters",
        "aws:rds/parameterGroup:ParameterGroup",
        {"family": "aurora-postgresql16", "parameters": [{"name": "log_connections", "value": "1"}]},
        [{"parameters": [{"name": "log_connections", "value": "0"}]}, {"parameters": []}],
    ),
    (
        "cluster",
        "aws:rds/cluster:Cluster",
        {
            "clusterIdentifier": "shop-{n}",
            "engine": "aurora-postgresql",
            "engineVersion": "16.14",
            "databaseName": "shop",
            "masterUsername": "root_admin",
            "manageMasterUserPassword": True,
            "masterUserSecretKmsKeyId": "{key.keyId}",
            "dbSubnetGroupName": "{subnet-group.name}",
            "vpcSecurityGroupIds": ["{group.id}"],
            "dbClusterParameterGroupName": "{cluster-parameters.name}",
            "storageEncrypted": True,
            "kmsKeyId": "{key.arn}",
            "backupRetentionPeriod": 14,
            "preferredBackupWindow": "02:00-03:00",
            "port": 5432,
            "preferredMaintenanceWindow": "sun:04:00-sun:05:00",
            "enabledCloudwatchLogsExports": ["postgresql"],
            "deletionProtection": False,
            "iamDatabaseAuthenticationEnabled": True,
            "copyTagsToSnapshot": True,
            "storageType": "aurora",
            "skipFinalSnapshot": True,
            "applyImmediately": True,
            **TAGS,
        },
        [
            {"deletionProtection": True},
            {"deletionProtection": False},
            {"backupRetentionPeriod": 7},
            {"preferredBackupWindow": "03:00-04:00"},
            {"engineVersion": "16.15"},
            {"enabledCloudwatchLogsExports": []},
            {"iamDatabaseAuthenticationEnabled": False},
            {"copyTagsToSnapshot": False},
            {"vpcSecurityGroupIds": ["{group.id}", "{other-group.id}"]},
            {"port": 5433},
            {"preferredMaintenanceWindow": "mon:04:00-mon:05:00"},
            {"serverlessv2ScalingConfiguration": {"minCapacity": 0.5, "maxCapacity": 16}},
            {"performanceInsightsEnabled": True},
            {"storageType": "aurora-iopt1"},
            {"databaseInsightsMode": "advanced"},
            {"skipFinalSnapshot": False},
            {"skipFinalSnapshot": True},
            NEW_TAGS,
        ],
    ),
    (
        "instance",
        "aws:rds/clusterInstance:ClusterInstance",
        {
            "identifier": "shop-{n}-0",
            "clusterIdentifier": "{cluster.id}",
            "engine": "aurora-postgresql",
            "instanceClass": "db.r7g.2xlarge",
            "dbParameterGroupName": "{parameters.name}",
            "monitoringInterval": 15,
            "monitoringRoleArn": "{role.arn}",
            "performanceInsightsEnabled": True,
            "performanceInsightsKmsKeyId": "{key.arn}",
            "performanceInsightsRetentionPeriod": 7,
            "promotionTier": 1,
            "availabilityZone": "eu-west-1a",
            "applyImmediately": True,
            "publiclyAccessible": False,
            "caCertIdentifier": "rds-ca-rsa2048-g1",
            **TAGS,
        },
        [
            {"instanceClass": "db.r7g.4xlarge"},
            {"promotionTier": 2},
            {"monitoringInterval": 30},
            {"autoMinorVersionUpgrade": False},
            {"performanceInsightsRetentionPeriod": 31},
            NEW_TAGS,
        ],
    ),
    (
        "proxy",
        "aws:rds/proxy:Proxy",
        {
            "name": "shop-{n}",
            "engineFamily": "POSTGRESQL",
            "roleArn": "{role.arn}",
            "vpcSubnetIds": ["{subnet-a.id}", "{subnet-b.id}"],
            "vpcSecurityGroupIds": ["{group.id}"],
            "requireTls": True,
            "idleClientTimeout": 600,
            "auths": [
                {"authScheme": "SECRETS", "iamAuth": "REQUIRED", "secretArn": "{secret.arn}", "description": "checkout"}
            ],
            **TAGS,
        },
        [
            {"idleClientTimeout": 900},
            {"requireTls": False},
            {"debugLogging": True},
            {"vpcSecurityGroupIds": ["{other-group.id}"]},
            {"auths": [{"authScheme": "SECRETS", "iamAuth": "DISABLED", "secretArn": "{secret.arn}"}]},
            NEW_TAGS,
        ],
    ),
    (
        "target-group",
        "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup",
        {
            "dbProxyName": "{proxy.name}",
            "connectionPoolConfig": {
                "maxConnectionsPercent": 60,
                "maxIdleConnectionsPercent": 20,
                "connectionBorrowTimeout": 5,
                "sessionPinningFilters": ["EXCLUDE_VARIABLE_SETS"],
            },
        },
        [
            {
                "connectionPoolConfig": {
                    "maxConnectionsPercent": 70,
                    "maxIdleConnectionsPercent": 30,
                    "connectionBorrowTimeout": 4,
                }
            }
        ],
    ),
    (
        "target",
        "aws:rds/proxyTarget:ProxyTarget",
        {
            "dbProxyName": "{proxy.name}",
            "targetGroupName": "{target-group.name}",
            "dbClusterIdentifier": "{cluster.id}",
        },
        [],
    ),
    (
        "proxy-endpoint",
        "aws:rds/proxyEndpoint:ProxyEndpoint",
        {
            "dbProxyName": "{proxy.name}",
            "dbProxyEndpointName": "shop-{n}-ro",
            "vpcSubnetIds": ["{subnet-a.id}", "{subnet-b.id}"],
            "vpcSecurityGroupIds": ["{group.id}"],
            "targetRole": "READ_ONLY",
            **TAGS,
        },
        [{"vpcSecurityGroupIds": ["{other-group.id}"]}, NEW_TAGS],
    ),
    (
        "scaling-target",
        "aws:appautoscaling/target:Target",
        {**_SCALED, "minCapacity": 2, "maxCapacity": 8},
        [{"minCapacity": 3}, {"maxCapacity": 10}],
    ),
    (
        "scaling-policy",
        "aws:appautoscaling/policy:Policy",
        {
            "name": "connections-{n}",
            **_OF_THE_TARGET,
            "policyType": "TargetTrackingScaling",
            "targetTrackingScalingPolicyConfiguration": {
                "predefinedMetricSpecification": {"predefinedMetricType": "RDSReaderAverageDatabaseConnections"},
                "targetValue": 500,
                "scaleInCooldown": 600,
                "scaleOutCooldown": 60,
            },
        },
        [
            {
                "targetTrackingScalingPolicyConfiguration": {
                    "predefinedMetricSpecification": {"predefinedMetricType": "RDSReaderAverageDatabaseConnections"},
                    "targetValue": 400.5,
                }
            }
        ],
    ),
    (
        "other-scaling-policy",
        "aws:appautoscaling/policy:Policy",
        {
            "name": "cpu-{n}",
            **_OF_THE_TARGET,
            "policyType": "TargetTrackingScaling",
            "targetTrackingScalingPolicyConfiguration": {
                "customizedMetricSpecification": {
                    "metricName": "CPUUtilization",
                    "namespace": "AWS/RDS",
                    "statistic": "Average",
                    "unit": "Percent",
                    "dimensions": [{"name": "DBClusterIdentifier", "value": "shop"}],
                },
                "targetValue": 60,
            },
        },
        [],
    ),
    (
        "scheduled-action",
        "aws:appautoscaling/scheduledAction:ScheduledAction",
        {
            "name": "sale-{n}",
            **_OF_THE_TARGET,
            "schedule": "at(2026-11-27T07:00:00)",
            "scalableTargetAction": {"minCapacity": 6, "maxCapacity": 8},
        },
        [
            {
                "schedule": "cron(0 7 * * ? *)",
                "timezone": "Europe/London",
                "startTime": "2026-11-27T08:00:00Z",
                "endTime": "2026-11-28T02:00:00Z",
            },
            {"scalableTargetAction": {"minCapacity": 4, "maxCapacity": 8}},
        ],
    ),
    (
        "topic",
        "aws:sns/topic:Topic",
        {"name": "critical-{n}", "kmsMasterKeyId": "{key.keyId}", "displayName": "critical", **TAGS},
        [{"displayName": "now"}, {"kmsMasterKeyId": "{other-key.keyId}"}, {"policy": json.dumps(_PUBLISH)}, NEW_TAGS],
    ),
    ("other-topic", "aws:sns/topic:Topic", {}, []),
    (
        "topic-policy",
        "aws:sns/topicPolicy:TopicPolicy",
        {"arn": "{other-topic.arn}", "policy": _PUBLISH},
        [{"policy": json.dumps(_PUBLISH_MORE)}],
    ),
    (
        "subscription",
        "aws:sns/topicSubscription:TopicSubscription",
        {
            "topic": "{topic.arn}",
            "protocol": "https",
            "endpoint": "https://events.example.com/integration",
            "rawMessageDelivery": True,
        },
        [{"rawMessageDelivery": False}, {"filterPolicy": json.dumps({"team": ["shop"]})}],
    ),
    (
        "alarm",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "writer-{n}",
            "namespace": "AWS/RDS",
            "metricName": "DatabaseConnections",
            "dimensions": {"DBClusterIdentifier": "shop", "Role": "WRITER"},
            "statistic": "Maximum",
            "period": 60,
            "evaluationPeriods": 3,
            "datapointsToAlarm": 2,
            "threshold": 900,
            "alarmActions": ["{topic.arn}"],
            "comparisonOperator": "GreaterThanThreshold",
            "treatMissingData": "breaching",
            "okActions": ["{topic.arn}"],
            **TAGS,
        },
        [
            {"threshold": 850.5},
            {"okActions": []},
            {"alarmDescription": "the writer"},
            {"actionsEnabled": False},
            NEW_TAGS,
        ],
    ),
    (
        "math-alarm",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "pool-{n}",
            "evaluationPeriods": 3,
            "threshold": 80,
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
            "metricQueries": [
                {"id": "used", "expression": "100 * borrowed / 720", "label": "pool used", "returnData": True},
                {
                    "id": "borrowed",
                    "returnData": False,
                    "metric": {
                        "namespace": "AWS/RDS",
                        "metricName": "DatabaseConnectionsCurrentlyBorrowed",
                        "stat": "Maximum",
                        "period": 60,
                        "dimensions": {"ProxyName": "shop"},
                    },
                },
            ],
        },
        [
            {
                "metricQueries": [
                    {"id": "used", "expression": "SUM(METRICS())", "returnData": True},
                    {
                        "id": "other",
                        "metric": {
                            "namespace": "AWS/RDS",
                            "metricName": "CPUUtilization",
                            "stat": "p90",
                            "period": 300,
                        },
                    },
                ]
            }
        ],
    ),
    (
        "composite",
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        {
            "alarmName": "out-{n}",
            "alarmRule": "ALARM({alarm.name})",
            "alarmActions": ["{topic.arn}"],
            "actionsSuppressor": {"alarm": "{alarm.name}", "waitPeriod": 60, "extensionPeriod": 120},
            **TAGS,
        },
        [
            {"alarmRule": "ALARM({alarm.name}) OR INSUFFICIENT_DATA({alarm.name})"},
            {"alarmDescription": "out"},
            NEW_TAGS,
        ],
    ),
    (
        "dashboard",
        "aws:cloudwatch/dashboard:Dashboard",
        {"dashboardName": "shop-{n}", "dashboardBody": json.dumps({"widgets": []})},
        [{"dashboardBody": json.dumps({"widgets": [], "start": "-PT3H"})}],
    ),
    (
        "log-group",
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": "/aws/rds/cluster/shop-{n}/postgresql", "retentionInDays": 30, **TAGS},
        [{"retentionInDays": 0}, {"retentionInDays": 90}, {"kmsKeyId": "{key.arn}"}, NEW_TAGS],
    ),
    (
        "metric-filter",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        {
            "name": "slots-{n}",
            "logGroupName": "{log-group.name}",
            "pattern": '"remaining connection slots"',
            "metricTransformation": {
                "name": "Refused",
                "namespace": "Headroom",
                "value": "1",
                "defaultValue": "0",
                "unit": "Count",
            },
        },
        [
            {"pattern": '"too many connections"'},
            {"metricTransformation": {"name": "Refused", "namespace": "Headroom", "value": "2"}},
        ],
    ),
    (
        "event-rule",
        "aws:cloudwatch/eventRule:EventRule",
        {"name": "health-{n}", "eventPattern": json.dumps({"source": ["aws.rds"]}), **TAGS},
        [
            {"description": "health"},
            {"state": "DISABLED"},
            {"eventPattern": json.dumps({"source": ["aws.health"]})},
            NEW_TAGS,
        ],
    ),
    (
        "event-target",
        "aws:cloudwatch/eventTarget:EventTarget",
        {"rule": "{event-rule.name}", "arn": "{topic.arn}", "targetId": "sns"},
        [{"input": json.dumps({"it": "is"})}],
    ),
    (
        "event-subscription",
        "aws:rds/eventSubscription:EventSubscription",
        {
            "name": "shop-{n}",
            "snsTopic": "{topic.arn}",
            "sourceType": "db-cluster",
            "sourceIds": ["{cluster.id}"],
            "eventCategories": ["failover", "failure"],
            **TAGS,
        },
        [
            {"eventCategories": ["failover"]},
            {"enabled": False},
            {"sourceIds": []},
            {"sourceIds": ["{cluster.id}"]},
            NEW_TAGS,
        ],
    ),
]
