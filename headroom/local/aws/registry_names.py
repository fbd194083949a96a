"""Which CloudFormation type describes the same thing as a Pulumi type, and where the names differ.

A property names a member by spelling, whatever its capitals and plural: `iamAuth` is IAMAuth, `auths` Auth. Here is
only what that doesn't find. "" stands for the object itself, a dot for a member's member, None for none at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counterpart:
    """A type of AWS's registry, or a definition inside one: `AWS::Events::Rule#Target`."""

    type: str
    names: Mapping[str, str | None] = field(default_factory=dict)
    prefixes: tuple[str, ...] = ()
    unset: Mapping[str, object] = field(default_factory=dict)  # values with which pulumi_aws says "not set"
    skipped: frozenset[str] = frozenset()  # its keywords that are CloudFormation's rules, not the service's
    extensions: tuple[str, ...] = ()  # cfn-lint's further schemas that hold for what pulumi_aws sends


_METRIC = {
    "metricQueries": "Metrics",
    "metricQueries.metric": "MetricStat",
    **{
        f"metricQueries.metric.{name}": f"Metric.{member}"
        for name, member in (
            ("metricName", "MetricName"),
            ("namespace", "Namespace"),
            ("dimensions", "Dimensions"),
        )
    },
}
_RULE = {
    "securityGroupId": "GroupId",
    "cidrIpv4": "CidrIp",
    "cidrIpv6": "CidrIpv6",
}
# A network from a pool may say its range as well, and needs no length of its mask if the pool has one.
_IPAM = frozenset({"requiredXor", "dependentRequired"})
_PORTS = ("aws_ec2_securitygroup/protocols_and_port_ranges_include",)
_GROUP = {"parameters": None}  # CloudFormation has them as one object; the parameters' own lists judge them

COUNTERPARTS: dict[str, Counterpart] = {
    "aws:ec2/vpc:Vpc": Counterpart("AWS::EC2::VPC", skipped=_IPAM),
    "aws:ec2/subnet:Subnet": Counterpart("AWS::EC2::Subnet", skipped=_IPAM),
    "aws:ec2/securityGroup:SecurityGroup": Counterpart("AWS::EC2::SecurityGroup", prefixes=("Group",)),
    # AWS makes it, with its name and description: only what is said of it is judged.
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Counterpart(
        "AWS::EC2::SecurityGroup", skipped=frozenset({"required"})
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Counterpart(
        "AWS::EC2::SecurityGroupIngress",
        {**_RULE, "prefixListId": "SourcePrefixListId", "referencedSecurityGroupId": "SourceSecurityGroupId"},
        extensions=_PORTS,
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Counterpart(
        "AWS::EC2::SecurityGroupEgress",
        {**_RULE, "prefixListId": "DestinationPrefixListId", "referencedSecurityGroupId": "DestinationSecurityGroupId"},
        extensions=_PORTS,
    ),
    "aws:rds/subnetGroup:SubnetGroup": Counterpart("AWS::RDS::DBSubnetGroup", prefixes=("DBSubnetGroup",)),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Counterpart(
        "AWS::RDS::DBClusterParameterGroup", _GROUP, prefixes=("DBClusterParameterGroup",)
    ),
    "aws:rds/parameterGroup:ParameterGroup": Counterpart(
        "AWS::RDS::DBParameterGroup", _GROUP, prefixes=("DBParameterGroup",)
    ),
    "aws:rds/cluster:Cluster": Counterpart(
        "AWS::RDS::DBCluster",
        {
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "masterPassword": "MasterUserPassword",
            "masterUserSecretKmsKeyId": "MasterUserSecret.KmsKeyId",
            "dbInstanceParameterGroupName": "DBInstanceParameterGroupName",
        },
        prefixes=("DB",),
        extensions=(
            "aws_rds_dbcluster/aurora",
            "aws_rds_dbcluster/monitoring",
            "aws_rds_dbcluster/serverless_exclusive",
        ),
    ),
    "aws:rds/clusterInstance:ClusterInstance": Counterpart(
        "AWS::RDS::DBInstance",
        {
            "clusterIdentifier": "DBClusterIdentifier",
            "caCertIdentifier": "CACertificateIdentifier",
            "instanceClass": "DBInstanceClass",
            "identifier": "DBInstanceIdentifier",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
        },
        extensions=("aws_rds_dbcluster/monitoring",),  # RDS says the same of an instance
    ),
    "aws:rds/proxy:Proxy": Counterpart("AWS::RDS::DBProxy", prefixes=("DBProxy",)),
    "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup": Counterpart(
        "AWS::RDS::DBProxyTargetGroup", {"connectionPoolConfig": "ConnectionPoolConfigurationInfo"}
    ),
    "aws:rds/proxyTarget:ProxyTarget": Counterpart("AWS::RDS::DBProxyTargetGroup"),
    "aws:rds/proxyEndpoint:ProxyEndpoint": Counterpart("AWS::RDS::DBProxyEndpoint"),
    "aws:rds/eventSubscription:EventSubscription": Counterpart(
        "AWS::RDS::EventSubscription", {"snsTopic": "SnsTopicArn"}, prefixes=("Subscription",)
    ),
    "aws:kms/key:Key": Counterpart(
        "AWS::KMS::Key",
        {
            "deletionWindowInDays": "PendingWindowInDays",
            "customerMasterKeySpec": "KeySpec",
            "isEnabled": "Enabled",
            "policy": "KeyPolicy",
        },
    ),
    "aws:kms/alias:Alias": Counterpart("AWS::KMS::Alias", prefixes=("Alias",)),
    "aws:iam/role:Role": Counterpart(
        "AWS::IAM::Role", {"assumeRolePolicy": "AssumeRolePolicyDocument"}, prefixes=("Role",)
    ),
    "aws:iam/rolePolicy:RolePolicy": Counterpart(
        "AWS::IAM::RolePolicy", {"role": "RoleName", "policy": "PolicyDocument"}, prefixes=("Policy",)
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Counterpart(
        "AWS::IAM::Role", {"role": "RoleName", "policyArn": "ManagedPolicyArns"}
    ),
    "aws:secretsmanager/secret:Secret": Counterpart(
        "AWS::SecretsManager::Secret", {"replicas": "ReplicaRegions"}, prefixes=("Secret",)
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Counterpart(
        "AWS::SecretsManager::ResourcePolicy", {"policy": "ResourcePolicy", "secretArn": "SecretId"}
    ),
    "aws:sns/topic:Topic": Counterpart("AWS::SNS::Topic", prefixes=("Topic",)),
    "aws:sns/topicPolicy:TopicPolicy": Counterpart(
        "AWS::SNS::TopicInlinePolicy", {"arn": "TopicArn", "policy": "PolicyDocument"}
    ),
    "aws:sns/topicSubscription:TopicSubscription": Counterpart(
        "AWS::SNS::Subscription",
        {"topic": "TopicArn"},
        extensions=("aws_sns_subscription/subscription_endpoint_protocol",),
    ),
    "aws:appautoscaling/target:Target": Counterpart("AWS::ApplicationAutoScaling::ScalableTarget"),
    "aws:appautoscaling/policy:Policy": Counterpart(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        {
            "predictiveScalingPolicyConfiguration": None,  # nothing that this serves can be scaled by forecast
        },
        prefixes=("Policy",),
    ),
    "aws:appautoscaling/scheduledAction:ScheduledAction": Counterpart(
        "AWS::ApplicationAutoScaling::ScalableTarget#ScheduledAction", prefixes=("ScheduledAction",)
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Counterpart(
        "AWS::CloudWatch::Alarm",
        {**_METRIC, "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile"},
        prefixes=("Alarm",),
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Counterpart(
        "AWS::CloudWatch::CompositeAlarm",
        {
            "actionsSuppressor": "",
            "actionsSuppressor.alarm": "ActionsSuppressor",
            "actionsSuppressor.extensionPeriod": "ActionsSuppressorExtensionPeriod",
            "actionsSuppressor.waitPeriod": "ActionsSuppressorWaitPeriod",
        },
    ),
    "aws:cloudwatch/dashboard:Dashboard": Counterpart("AWS::CloudWatch::Dashboard"),
    "aws:cloudwatch/logGroup:LogGroup": Counterpart(
        "AWS::Logs::LogGroup", prefixes=("LogGroup",), unset={"retentionInDays": 0}
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Counterpart(
        "AWS::Logs::MetricFilter",
        {
            "metricTransformation.name": "MetricName",
            "metricTransformation.namespace": "MetricNamespace",
            "metricTransformation.value": "MetricValue",
        },
        prefixes=("Filter",),
    ),
    "aws:cloudwatch/eventRule:EventRule": Counterpart("AWS::Events::Rule"),
    "aws:cloudwatch/eventTarget:EventTarget": Counterpart(
        "AWS::Events::Rule#Target",
        {"targetId": "Id", "inputTransformer.inputPaths": "InputPathsMap"},
    ),
}
