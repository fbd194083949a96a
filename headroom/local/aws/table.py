"""THE TABLE: each Pulumi type served here, its AWS calls, and only what can't be derived from botocore's service model.

A property that names a member of `create` is sent when the resource is made; one that names a member of an update call
is sent when it changes; one in `replaces` makes a new resource. A property in none of them is an error, never a guess.
What replaces and what doesn't follows AWS's API reference and the documentation of pulumi_aws.
"""

from headroom.local.aws import special
from headroom.local.aws.model import Call, Custom, Read, ResourceType

_MANAGED = {"description": "Managed by Pulumi"}
_S = frozenset


def _rule(direction: str) -> ResourceType:
    parts = _S({"cidrIpv4", "cidrIpv6", "description", "fromPort", "ipProtocol", "prefixListId",
                "referencedSecurityGroupId", "toPort"})
    return ResourceType(
        f"aws:vpc/securityGroup{direction}Rule:SecurityGroup{direction}Rule", "ec2",
        create=Call(f"AuthorizeSecurityGroup{direction}", assemble=special.ip_permissions, properties=parts),
        answer="SecurityGroupRules[0]", id="SecurityGroupRuleId", tag_type="security-group-rule",
        read=Read("DescribeSecurityGroupRules", "SecurityGroupRules[0]"),
        updates=(Call("ModifySecurityGroupRules", assemble=special.rule_changes, properties=parts),),
        delete=Call(f"RevokeSecurityGroup{direction}"),
        find={"GroupId": "{securityGroupId}", "SecurityGroupRuleIds": ["{id}"]},
        names={"securityGroupId": "GroupId"},
        reads={"referencedSecurityGroupId": "ReferencedGroupInfo.GroupId", "securityGroupRuleId": "SecurityGroupRuleId"},
        computed={"arn": "arn:aws:ec2:{region}:{account}:security-group-rule/{id}"},
        replaces=_S({"securityGroupId"}))


def _parameter_group(token: str, kind: str, keep: str) -> ResourceType:
    return ResourceType(
        token, "rds", create=Call(f"Create{kind}ParameterGroup"), answer=f"{kind}ParameterGroup", id="{name}",
        read=Read(f"Describe{kind}ParameterGroups", f"{kind}ParameterGroups[0]"),
        more=(Read(f"Describe{kind}Parameters", fixed={"Source": "user"}, reads={
            "parameters": "Parameters[?ParameterValue].{name: ParameterName, value: ParameterValue, applyMethod: ApplyMethod}"}),),
        updates=(Custom("parameters", special.parameters(kind)),), delete=Call(f"Delete{kind}ParameterGroup"),
        find={f"{kind}ParameterGroupName": "{id}"}, name="name", prefixes=(f"{kind}ParameterGroup",),
        names={"family": "DBParameterGroupFamily"}, defaults=_MANAGED, replaces=_S({"name", "namePrefix", "family", "description"}),
        keep=keep, stored=_S({keep} - {""}))


_TOPIC_ATTRIBUTES = _S({
    "archivePolicy", "contentBasedDeduplication", "deliveryPolicy", "displayName", "fifoThroughputScope", "kmsMasterKeyId",
    "maximumMessageSize", "policy", "signatureVersion", "tracingConfig",
    *(f"{protocol}{rest}" for protocol in ("application", "firehose", "http", "lambda", "sqs")
      for rest in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate"))})
_SUBSCRIPTION_ATTRIBUTES = _S({"deliveryPolicy", "filterPolicy", "filterPolicyScope", "rawMessageDelivery", "redrivePolicy",
                               "replayPolicy", "subscriptionRoleArn"})
_ALARM_ACTIONS = {"alarmActions": [], "okActions": [], "insufficientDataActions": []}
_SCALED = {"ServiceNamespace": "{serviceNamespace}", "ResourceId": "{resourceId}", "ScalableDimension": "{scalableDimension}"}
_SCALED_BY = _S({"serviceNamespace", "resourceId", "scalableDimension"})
_NO_RESTORE = "the local plugin makes empty clusters only; leave it out of the local stack"

TYPES: dict[str, ResourceType] = {entry.token: entry for entry in (
    # --- network -----------------------------------------------------------------------------------------------------
    ResourceType(
        "aws:ec2/vpc:Vpc", "ec2", create=Call("CreateVpc"), answer="Vpc", id="VpcId", tag_type="vpc",
        read=Read("DescribeVpcs", "Vpcs[0]"),
        more=(*(Read("DescribeVpcAttribute", fixed={"Attribute": name}, reads={name: f"{name[0].upper()}{name[1:]}.Value"})
                for name in ("enableDnsSupport", "enableDnsHostnames")),
              Read("DescribeSecurityGroups", fixed={"Filters": [{"Name": "vpc-id", "Values": ["{id}"]},
                                                               {"Name": "group-name", "Values": ["default"]}]},
                   reads={"defaultSecurityGroupId": "SecurityGroups[0].GroupId"}),
              Read("DescribeRouteTables", fixed={"Filters": [{"Name": "vpc-id", "Values": ["{id}"]},
                                                            {"Name": "association.main", "Values": ["true"]}]},
                   reads={"mainRouteTableId": "RouteTables[0].RouteTableId", "defaultRouteTableId": "RouteTables[0].RouteTableId"}),
              Read("DescribeNetworkAcls", fixed={"Filters": [{"Name": "vpc-id", "Values": ["{id}"]},
                                                            {"Name": "default", "Values": ["true"]}]},
                   reads={"defaultNetworkAclId": "NetworkAcls[0].NetworkAclId"})),
        updates=(Call("ModifyVpcAttribute", style="each"),), delete=Call("DeleteVpc"),
        find={"VpcId": "{id}", "VpcIds": ["{id}"]},
        names={"assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock"},
        computed={"arn": "arn:aws:ec2:{region}:{account}:vpc/{id}"},
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        removed={"enableDnsHostnames": False, "enableNetworkAddressUsageMetrics": False},
        replaces=_S({"cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength", "assignGeneratedIpv6CidrBlock",
                     "ipv6CidrBlock", "ipv6CidrBlockNetworkBorderGroup", "ipv6IpamPoolId", "ipv6NetmaskLength"})),
    ResourceType(
        "aws:ec2/subnet:Subnet", "ec2", create=Call("CreateSubnet"), answer="Subnet", id="SubnetId", tag_type="subnet",
        read=Read("DescribeSubnets", "Subnets[0]"), updates=(Call("ModifySubnetAttribute", style="each"),),
        delete=Call("DeleteSubnet"), find={"SubnetId": "{id}", "SubnetIds": ["{id}"]}, reads={"arn": "SubnetArn"},
        defaults={"assignIpv6AddressOnCreation": False, "enableDns64": False, "mapPublicIpOnLaunch": False,
                  "enableResourceNameDnsARecordOnLaunch": False, "enableResourceNameDnsAaaaRecordOnLaunch": False, "ipv6Native": False},
        replaces=_S({"availabilityZone", "availabilityZoneId", "cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6CidrBlock",
                     "ipv6IpamPoolId", "ipv6NetmaskLength", "ipv6Native", "outpostArn", "vpcId"})),
    ResourceType(
        "aws:ec2/securityGroup:SecurityGroup", "ec2", create=Call("CreateSecurityGroup"), id="GroupId", tag_type="security-group",
        after_create=special.remove_default_egress, read=Read("DescribeSecurityGroups", "SecurityGroups[0]"),
        delete=Call("DeleteSecurityGroup"), find={"GroupId": "{id}", "GroupIds": ["{id}"]}, name="name", names={"name": "GroupName"},
        computed={"arn": "arn:aws:ec2:{region}:{account}:security-group/{id}"}, defaults={**_MANAGED, "revokeRulesOnDelete": False},
        replaces=_S({"name", "namePrefix", "description", "vpcId"}), stored=_S({"revokeRulesOnDelete"}),
        refused={name: f"declare each rule as a resource: aws.vpc.SecurityGroup{name.title()}Rule" for name in ("ingress", "egress")}),
    _rule("Ingress"),
    _rule("Egress"),
    # --- database ----------------------------------------------------------------------------------------------------
    ResourceType(
        "aws:rds/subnetGroup:SubnetGroup", "rds", create=Call("CreateDBSubnetGroup"), answer="DBSubnetGroup", id="{name}",
        read=Read("DescribeDBSubnetGroups", "DBSubnetGroups[0]"), updates=(Call("ModifyDBSubnetGroup"),),
        delete=Call("DeleteDBSubnetGroup"), find={"DBSubnetGroupName": "{id}"}, name="name", prefixes=("DBSubnetGroup",),
        reads={"subnetIds": "Subnets[].SubnetIdentifier"}, defaults=_MANAGED, replaces=_S({"name", "namePrefix"})),
    _parameter_group("aws:rds/clusterParameterGroup:ClusterParameterGroup", "DBCluster", keep=""),
    _parameter_group("aws:rds/parameterGroup:ParameterGroup", "DB", keep="skipDestroy"),
    ResourceType(
        "aws:rds/cluster:Cluster", "rds", create=Call("CreateDBCluster"), answer="DBCluster", id="{clusterIdentifier}",
        read=Read("DescribeDBClusters", "DBClusters[0]"),
        updates=(Call("ModifyDBCluster", along=_S({"applyImmediately", "allowMajorVersionUpgrade", "dbInstanceParameterGroupName"}),
                      assemble=special.log_exports, properties=_S({"enabledCloudwatchLogsExports"})),),
        delete=Call("DeleteDBCluster", along=_S({"skipFinalSnapshot", "finalSnapshotIdentifier", "deleteAutomatedBackups"})),
        find={"DBClusterIdentifier": "{id}"}, name="clusterIdentifier", prefixes=("DB",),
        names={"masterPassword": "MasterUserPassword", "masterPasswordWo": "MasterUserPassword",
               "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
               "performanceInsightsEnabled": "EnablePerformanceInsights",
               "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports", "finalSnapshotIdentifier": "FinalDBSnapshotIdentifier"},
        reads={"iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled", "arn": "DBClusterArn",
               "performanceInsightsEnabled": "PerformanceInsightsEnabled",
               "enabledCloudwatchLogsExports": "EnabledCloudwatchLogsExports", "clusterResourceId": "DbClusterResourceId",
               "dbClusterParameterGroupName": "DBClusterParameterGroup", "dbSubnetGroupName": "DBSubnetGroup",
               "vpcSecurityGroupIds": "VpcSecurityGroups[].VpcSecurityGroupId", "engineVersionActual": "EngineVersion",
               "clusterMembers": "DBClusterMembers[].DBInstanceIdentifier", "masterUserSecrets": "MasterUserSecret && [MasterUserSecret]",
               "masterUserSecretKmsKeyId": "MasterUserSecret.KmsKeyId", "masterPasswordWo": "null",
               "manageMasterUserPassword": "MasterUserSecret && `true`"},
        defaults={"backupRetentionPeriod": 1, "copyTagsToSnapshot": False, "deleteAutomatedBackups": True, "engineMode": "provisioned",
                  "enableGlobalWriteForwarding": False, "enableLocalWriteForwarding": False, "skipFinalSnapshot": False},
        removed={"deletionProtection": False, "enabledCloudwatchLogsExports": [], "enableHttpEndpoint": False, "backtrackWindow": 0,
                 "iamDatabaseAuthenticationEnabled": False, "monitoringInterval": 0, "performanceInsightsEnabled": False,
                 "manageMasterUserPassword": False},
        replaces=_S({"availabilityZones", "clusterIdentifier", "clusterIdentifierPrefix", "clusterScalabilityType",
                     "databaseName", "dbSubnetGroupName", "dbSystemId", "engine", "engineMode", "kmsKeyId", "masterUsername",
                     "publiclyAccessible", "replicationSourceIdentifier", "sourceRegion", "storageEncrypted"}),
        stored=_S({"clusterMembers", "masterPasswordWoVersion", "warningEventCategories"}), recorded=_S({"iamRoles"}),
        refused={"restoreToPointInTime": _NO_RESTORE, "s3Import": _NO_RESTORE, "snapshotIdentifier": _NO_RESTORE}),
    ResourceType(
        "aws:rds/clusterInstance:ClusterInstance", "rds", create=Call("CreateDBInstance"), answer="DBInstance", id="{identifier}",
        read=Read("DescribeDBInstances", "DBInstances[0]"),
        more=(Read("DescribeDBClusters", fixed={"DBClusterIdentifier": "{clusterIdentifier}"}, reads={
            "writer": "DBClusters[0].DBClusterMembers[?DBInstanceIdentifier=='{id}'].IsClusterWriter | [0]"}),),
        updates=(Call("ModifyDBInstance", along=_S({"applyImmediately"})),),
        delete=Call("DeleteDBInstance", fixed={"SkipFinalSnapshot": True}), find={"DBInstanceIdentifier": "{id}"}, name="identifier",
        prefixes=("DB", "DBInstance"),
        names={"identifier": "DBInstanceIdentifier", "caCertIdentifier": "CACertificateIdentifier",
               "performanceInsightsEnabled": "EnablePerformanceInsights"},
        reads={"endpoint": "Endpoint.Address", "port": "Endpoint.Port", "engineVersionActual": "EngineVersion", "arn": "DBInstanceArn",
               "dbParameterGroupName": "DBParameterGroups[0].DBParameterGroupName", "dbSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
               "performanceInsightsEnabled": "PerformanceInsightsEnabled"},
        defaults={"autoMinorVersionUpgrade": True, "copyTagsToSnapshot": False, "forceDestroy": False, "monitoringInterval": 0,
                  "promotionTier": 0},
        removed={"performanceInsightsEnabled": False, "publiclyAccessible": False},
        replaces=_S({"availabilityZone", "clusterIdentifier", "customIamInstanceProfile", "dbSubnetGroupName", "engine", "identifier",
                     "identifierPrefix"}),
        stored=_S({"forceDestroy", "warningEventCategories"})),
    ResourceType(
        "aws:rds/proxy:Proxy", "rds", create=Call("CreateDBProxy"), answer="DBProxy", id="{name}",
        read=Read("DescribeDBProxies", "DBProxies[0]"),
        updates=(Call("ModifyDBProxy", names={"vpcSecurityGroupIds": "SecurityGroups"}),), delete=Call("DeleteDBProxy"),
        find={"DBProxyName": "{id}"}, name="name", prefixes=("DBProxy",),
        removed={"debugLogging": False, "requireTls": False, "idleClientTimeout": 1800},
        replaces=_S({"name", "engineFamily", "vpcSubnetIds", "endpointNetworkType", "targetConnectionNetworkType"})),
    ResourceType(
        "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup", "rds", put=True, id="{dbProxyName}",
        create=Call("ModifyDBProxyTargetGroup", fixed={"TargetGroupName": "default"}), answer="DBProxyTargetGroup",
        read=Read("DescribeDBProxyTargetGroups", "TargetGroups[0]"), find={"DBProxyName": "{id}", "TargetGroupName": "default"},
        reads={"arn": "TargetGroupArn", "name": "TargetGroupName"}, replaces=_S({"dbProxyName"})),
    ResourceType(
        "aws:rds/proxyTarget:ProxyTarget", "rds", create=Call("RegisterDBProxyTargets"), answer="DBProxyTargets[0]",
        id="{dbProxyName}/{targetGroupName}/{type}/{rdsResourceId}",
        read=Read("DescribeDBProxyTargets", "Targets[?RdsResourceId=='{rdsResourceId}'] | [0]"),
        delete=Call("DeregisterDBProxyTargets", along=_S({"dbClusterIdentifier", "dbInstanceIdentifier"})),
        find={"DBProxyName": "{dbProxyName}", "TargetGroupName": "{targetGroupName}"},
        reads={"dbClusterIdentifier": "Type=='TRACKED_CLUSTER' && RdsResourceId || null",
               "dbInstanceIdentifier": "Type=='RDS_INSTANCE' && RdsResourceId || null"},
        replaces=_S({"dbClusterIdentifier", "dbInstanceIdentifier", "dbProxyName", "targetGroupName"})),
    ResourceType(
        "aws:rds/proxyEndpoint:ProxyEndpoint", "rds", create=Call("CreateDBProxyEndpoint"), answer="DBProxyEndpoint",
        id="{dbProxyName}/{dbProxyEndpointName}", read=Read("DescribeDBProxyEndpoints", "DBProxyEndpoints[0]"),
        updates=(Call("ModifyDBProxyEndpoint"),), delete=Call("DeleteDBProxyEndpoint"),
        find={"DBProxyName": "{dbProxyName}", "DBProxyEndpointName": "{dbProxyEndpointName}"}, prefixes=("DBProxyEndpoint",),
        defaults={"targetRole": "READ_WRITE"}, replaces=_S({"dbProxyName", "dbProxyEndpointName", "targetRole", "vpcSubnetIds"})),
    ResourceType(
        "aws:rds/eventSubscription:EventSubscription", "rds", create=Call("CreateEventSubscription"), answer="EventSubscription",
        id="{name}", read=Read("DescribeEventSubscriptions", "EventSubscriptionsList[0]"),
        updates=(Call("ModifyEventSubscription"), Custom("sourceIds", special.source_ids)), delete=Call("DeleteEventSubscription"),
        find={"SubscriptionName": "{id}"}, name="name", prefixes=("Subscription",), names={"snsTopic": "SnsTopicArn"},
        reads={"arn": "EventSubscriptionArn", "name": "CustSubscriptionId", "eventCategories": "EventCategoriesList",
               "sourceIds": "SourceIdsList"},
        defaults={"enabled": True}, removed={"eventCategories": []}, replaces=_S({"name", "namePrefix"})),
    # --- keys, roles, secrets ----------------------------------------------------------------------------------------
    ResourceType(
        "aws:kms/key:Key", "kms", create=Call("CreateKey"), answer="KeyMetadata", id="KeyId", read=Read("DescribeKey", "KeyMetadata"),
        more=(Read("GetKeyRotationStatus", reads={"enableKeyRotation": "KeyRotationEnabled", "rotationPeriodInDays": "RotationPeriodInDays"}),
              Read("GetKeyPolicy", fixed={"PolicyName": "default"}, reads={"policy": "Policy"})),
        updates=(Call("UpdateKeyDescription"), Call("EnableKeyRotation", switch="enableKeyRotation", off="DisableKeyRotation"),
                 Call("PutKeyPolicy", fixed={"PolicyName": "default"}, along=_S({"bypassPolicyLockoutSafetyCheck"})),
                 Call("EnableKey", switch="isEnabled", off="DisableKey")),
        delete=Call("ScheduleKeyDeletion", along=_S({"deletionWindowInDays"})), gone="KeyState=='PendingDeletion'",
        find={"KeyId": "{id}"}, names={"deletionWindowInDays": "PendingWindowInDays"}, reads={"isEnabled": "Enabled"},
        defaults={"isEnabled": True, "enableKeyRotation": False, "keyUsage": "ENCRYPT_DECRYPT", "bypassPolicyLockoutSafetyCheck": False,
                  "customerMasterKeySpec": "SYMMETRIC_DEFAULT"},
        removed={"description": ""}, documents=_S({"policy"}), unechoed=_S({"rotationPeriodInDays"}),
        replaces=_S({"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"})),
    ResourceType(
        "aws:kms/alias:Alias", "kms", create=Call("CreateAlias"), id="{name}",
        read=Read("ListAliases", "Aliases[?AliasName=='{id}'] | [0]"), updates=(Call("UpdateAlias"),), delete=Call("DeleteAlias"),
        find={"AliasName": "{id}"}, name="name", name_form="alias/{name}", prefixes=("Alias",),
        computed={"targetKeyArn": "arn:aws:kms:{region}:{account}:key/{targetKeyId}"}, replaces=_S({"name", "namePrefix"})),
    ResourceType(
        "aws:iam/role:Role", "iam", create=Call("CreateRole"), answer="Role", id="{name}", read=Read("GetRole", "Role"),
        updates=(Call("UpdateAssumeRolePolicy", names={"assumeRolePolicy": "PolicyDocument"}),
                 Call("UpdateRole"),
                 Call("PutRolePermissionsBoundary", switch="permissionsBoundary", off="DeleteRolePermissionsBoundary")),
        delete=Call("DeleteRole"), before_delete=special.detach_policies, find={"RoleName": "{id}"}, name="name", prefixes=("Role",),
        names={"assumeRolePolicy": "AssumeRolePolicyDocument"},
        reads={"uniqueId": "RoleId", "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn"},
        defaults={"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"}, removed={"description": ""},
        replaces=_S({"name", "namePrefix", "path"}), stored=_S({"forceDetachPolicies"}), documents=_S({"assumeRolePolicy"}),
        refused={"inlinePolicies": "declare each one as aws.iam.RolePolicy",
                 "managedPolicyArns": "declare each one as aws.iam.RolePolicyAttachment"}),
    ResourceType(
        "aws:iam/rolePolicy:RolePolicy", "iam", create=Call("PutRolePolicy"), put=True, id="{role}:{name}", read=Read("GetRolePolicy"),
        delete=Call("DeleteRolePolicy"), find={"RoleName": "{role}", "PolicyName": "{name}"}, name="name",
        names={"role": "RoleName", "name": "PolicyName", "policy": "PolicyDocument"}, documents=_S({"policy"}),
        replaces=_S({"name", "namePrefix", "role"})),
    ResourceType(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "iam", create=Call("AttachRolePolicy"), id="{role}/{policyArn}",
        read=Read("ListAttachedRolePolicies", "AttachedPolicies[?PolicyArn=='{policyArn}'] | [0]"), delete=Call("DetachRolePolicy"),
        find={"RoleName": "{role}", "PolicyArn": "{policyArn}"}, names={"role": "RoleName"}, replaces=_S({"role", "policyArn"})),
    ResourceType(
        "aws:secretsmanager/secret:Secret", "secretsmanager", create=Call("CreateSecret"), id="ARN",
        read=Read("DescribeSecret"), gone="DeletedDate != null",
        more=(Read("GetResourcePolicy", reads={"policy": "ResourcePolicy"}),),
        updates=(Call("UpdateSecret"),
                 Call("PutResourcePolicy", switch="policy", off="DeleteResourcePolicy", names={"policy": "ResourcePolicy"})),
        delete=Call("DeleteSecret", assemble=special.force_delete, properties=_S({"recoveryWindowInDays"})),
        find={"SecretId": "{id}"}, name="name", recorded=_S({"forceOverwriteReplicaSecret", "replicas"}), documents=_S({"policy"}),
        defaults={"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30}, removed={"description": ""},
        replaces=_S({"name", "namePrefix", "type"})),
    ResourceType(
        "aws:secretsmanager/secretPolicy:SecretPolicy", "secretsmanager", create=Call("PutResourcePolicy"), put=True, id="{secretArn}",
        read=Read("GetResourcePolicy"), gone="ResourcePolicy == null", delete=Call("DeleteResourcePolicy"),
        find={"SecretId": "{id}"}, names={"secretArn": ("SecretId", "ARN"), "policy": "ResourcePolicy"}, documents=_S({"policy"}),
        replaces=_S({"secretArn"})),
    # --- replica autoscaling -----------------------------------------------------------------------------------------
    ResourceType(
        "aws:appautoscaling/target:Target", "application-autoscaling", create=Call("RegisterScalableTarget"), put=True, id="{resourceId}",
        import_id="{serviceNamespace}/{resourceId}/{scalableDimension}", find={**_SCALED, "ResourceIds": ["{resourceId}"]},
        read=Read("DescribeScalableTargets", "ScalableTargets[?ScalableDimension=='{scalableDimension}'] | [0]"),
        delete=Call("DeregisterScalableTarget"), reads={"arn": "ScalableTargetARN"}, replaces=_SCALED_BY),
    ResourceType(
        "aws:appautoscaling/policy:Policy", "application-autoscaling", create=Call("PutScalingPolicy"), put=True, id="{name}",
        import_id="{serviceNamespace}/{resourceId}/{scalableDimension}/{name}", find={**_SCALED, "PolicyName": "{name}"},
        read=Read("DescribeScalingPolicies", "ScalingPolicies[?PolicyName=='{name}'] | [0]"), delete=Call("DeleteScalingPolicy"),
        name="name", prefixes=("Policy",), reads={"arn": "PolicyARN", "alarmArns": "Alarms[].AlarmARN"},
        defaults={"policyType": "StepScaling"}, replaces=_SCALED_BY | {"name", "policyType"}),
    ResourceType(
        "aws:appautoscaling/scheduledAction:ScheduledAction", "application-autoscaling", create=Call("PutScheduledAction"), put=True,
        id="{name}-{serviceNamespace}-{resourceId}", import_id="{serviceNamespace}/{resourceId}/{scalableDimension}/{name}",
        find={**_SCALED, "ScheduledActionName": "{name}", "ScheduledActionNames": ["{name}"]},
        read=Read("DescribeScheduledActions", "ScheduledActions[?ScheduledActionName=='{name}'] | [0]"),
        delete=Call("DeleteScheduledAction"), name="name", prefixes=("ScheduledAction",), defaults={"timezone": "UTC"},
        replaces=_SCALED_BY | {"name"}),
    # --- notification ------------------------------------------------------------------------------------------------
    ResourceType(
        "aws:sns/topic:Topic", "sns", id="TopicArn", read=Read("GetTopicAttributes", "Attributes"),
        create=Call("CreateTopic", assemble=special.attributes("fifoTopic"), properties=_S({"fifoTopic"})),
        updates=(Call("SetTopicAttributes", style="attributes", properties=_TOPIC_ATTRIBUTES),), delete=Call("DeleteTopic"),
        find={"TopicArn": "{id}"}, import_id="arn:aws:sns:{_region}:{_account}:{name}", name="name", prefixes=("Topic",), documents=_S({"policy", "deliveryPolicy", "archivePolicy"}),
        removed=dict.fromkeys(_TOPIC_ATTRIBUTES, ""), replaces=_S({"name", "namePrefix", "fifoTopic"})),
    ResourceType(
        "aws:sns/topicSubscription:TopicSubscription", "sns", id="SubscriptionArn", read=Read("GetSubscriptionAttributes", "Attributes"),
        create=Call("Subscribe", fixed={"ReturnSubscriptionArn": True}, assemble=special.attributes(*sorted(_SUBSCRIPTION_ATTRIBUTES)),
                    properties=_SUBSCRIPTION_ATTRIBUTES),
        updates=(Call("SetSubscriptionAttributes", style="attributes", properties=_SUBSCRIPTION_ATTRIBUTES),), delete=Call("Unsubscribe"),
        find={"SubscriptionArn": "{id}"}, names={"topic": "TopicArn"}, reads={"arn": "SubscriptionArn", "ownerId": "Owner"},
        defaults={"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False, "rawMessageDelivery": False},
        removed=dict.fromkeys(_SUBSCRIPTION_ATTRIBUTES - {"rawMessageDelivery"}, ""),
        documents=_S({"deliveryPolicy", "filterPolicy", "redrivePolicy", "replayPolicy"}),
        stored=_S({"confirmationTimeoutInMinutes", "endpointAutoConfirms"}), replaces=_S({"endpoint", "protocol", "topic"})),
    ResourceType(
        "aws:sns/topicPolicy:TopicPolicy", "sns", create=Call("SetTopicAttributes", fixed={"AttributeName": "Policy"}), put=True, id="{arn}",
        read=Read("GetTopicAttributes", "Attributes"), find={"TopicArn": "{id}"}, reads={"policy": "Policy"},
        names={"arn": "TopicArn", "policy": "AttributeValue"}, documents=_S({"policy"}), replaces=_S({"arn"})),
    # --- watching ----------------------------------------------------------------------------------------------------
    ResourceType(
        "aws:cloudwatch/metricAlarm:MetricAlarm", "cloudwatch", put=True, id="{name}",
        create=Call("PutMetricAlarm", assemble=special.metric_queries, properties=_S({"metricQueries"})),
        read=Read("DescribeAlarms", "MetricAlarms[0]", fixed={"AlarmTypes": ["MetricAlarm"]}), delete=Call("DeleteAlarms"),
        find={"AlarmNames": ["{id}"]}, name="name", prefixes=("Alarm",), reads={"metricQueries": special.METRIC_QUERIES_READ},
        names={"evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile"},
        defaults={"actionsEnabled": True, "treatMissingData": "missing"}, replaces=_S({"name"}),
        unechoed=_S({"evaluationCriteria", "evaluationInterval", "evaluationWindow", "warmUpConfiguration"})),
    ResourceType(
        "aws:cloudwatch/compositeAlarm:CompositeAlarm", "cloudwatch", put=True, id="{alarmName}",
        create=Call("PutCompositeAlarm", assemble=special.suppressor, properties=_S({"actionsSuppressor"})),
        read=Read("DescribeAlarms", "CompositeAlarms[0]", fixed={"AlarmTypes": ["CompositeAlarm"]}), delete=Call("DeleteAlarms"),
        find={"AlarmNames": ["{id}"]}, prefixes=("Alarm",), defaults={"actionsEnabled": True}, replaces=_S({"alarmName"}),
        reads={"actionsSuppressor": "ActionsSuppressor && {alarm: ActionsSuppressor, waitPeriod: ActionsSuppressorWaitPeriod, "
                                    "extensionPeriod: ActionsSuppressorExtensionPeriod}"}),
    ResourceType(
        "aws:cloudwatch/dashboard:Dashboard", "cloudwatch", create=Call("PutDashboard"), put=True, id="{dashboardName}",
        read=Read("GetDashboard"), delete=Call("DeleteDashboards"), find={"DashboardName": "{id}", "DashboardNames": ["{id}"]},
        computed={"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{dashboardName}"}, documents=_S({"dashboardBody"}),
        replaces=_S({"dashboardName"})),
    ResourceType(
        "aws:cloudwatch/logGroup:LogGroup", "logs", create=Call("CreateLogGroup"), id="{name}",
        read=Read("DescribeLogGroups", "logGroups[?logGroupName=='{id}'] | [0]", fixed={"logGroupNamePrefix": "{id}"}),
        updates=(Call("PutRetentionPolicy", switch="retentionInDays", off="DeleteRetentionPolicy"),
                 Call("AssociateKmsKey", switch="kmsKeyId", off="DisassociateKmsKey")),
        delete=Call("DeleteLogGroup"), find={"logGroupName": "{id}"}, name="name", prefixes=("logGroup",),
        computed={"arn": "arn:aws:logs:{region}:{account}:log-group:{name}"}, defaults={"retentionInDays": 0, "skipDestroy": False},
        keep="skipDestroy", stored=_S({"skipDestroy"}), recorded=_S({"deletionProtectionEnabled"}),
        replaces=_S({"name", "namePrefix", "logGroupClass"})),
    ResourceType(
        "aws:cloudwatch/logMetricFilter:LogMetricFilter", "logs", create=Call("PutMetricFilter"), put=True, id="{name}",
        import_id="{logGroupName}:{name}",
        read=Read("DescribeMetricFilters", "metricFilters[?filterName=='{name}'] | [0]", fixed={"filterNamePrefix": "{name}"}),
        delete=Call("DeleteMetricFilter"), find={"logGroupName": "{logGroupName}", "filterName": "{name}"}, name="name",
        prefixes=("filter",),
        names={f"metricTransformation.{name}": f"metric{name.title()}" for name in ("name", "namespace", "value")},
        replaces=_S({"name", "logGroupName"})),
    ResourceType(
        "aws:cloudwatch/eventRule:EventRule", "events", create=Call("PutRule"), put=True, id="{name}", import_id="{eventBusName}/{name}",
        read=Read("DescribeRule"), delete=Call("DeleteRule", along=_S({"forceDestroy"})),
        find={"Name": "{name}", "EventBusName": "{eventBusName}"}, name="name", names={"forceDestroy": "Force"},
        defaults={"eventBusName": "default", "forceDestroy": False}, documents=_S({"eventPattern"}),
        refused={"isEnabled": "use state: ENABLED or DISABLED"}, replaces=_S({"name", "namePrefix", "eventBusName"})),
    ResourceType(
        "aws:cloudwatch/eventTarget:EventTarget", "events", create=Call("PutTargets", within="Targets"), put=True, id="{rule}-{targetId}",
        import_id="{eventBusName}/{rule}/{targetId}", read=Read("ListTargetsByRule", "Targets[?Id=='{targetId}'] | [0]"),
        delete=Call("RemoveTargets", along=_S({"forceDestroy"})),
        find={"Rule": "{rule}", "EventBusName": "{eventBusName}", "Ids": ["{targetId}"]}, name="targetId",
        names={"targetId": "Id", "forceDestroy": "Force", "ecsTarget": "EcsParameters"},
        defaults={"eventBusName": "default", "forceDestroy": False}, replaces=_S({"rule", "targetId", "eventBusName"}),
        refused={name: "the local plugin serves targets without parameters of their own: SNS topics, Lambda functions, log groups"
                 for name in ("appsyncTarget", "batchTarget", "ecsTarget", "httpTarget", "kinesisTarget", "redshiftTarget",
                              "runCommandTargets", "sagemakerPipelineTarget", "sqsTarget")}),
)}
