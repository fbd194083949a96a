"""Pulumi's type tokens of what the rules read. Everything else in a stack is skipped before it is decoded."""

CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
CLUSTER_PARAMETER_GROUP = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
PARAMETER_GROUP = "aws:rds/parameterGroup:ParameterGroup"
PROXY = "aws:rds/proxy:Proxy"
PROXY_TARGET_GROUP = "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup"
PROXY_TARGET = "aws:rds/proxyTarget:ProxyTarget"
PROXY_ENDPOINT = "aws:rds/proxyEndpoint:ProxyEndpoint"
SCALING_TARGET = "aws:appautoscaling/target:Target"
SCALING_POLICY = "aws:appautoscaling/policy:Policy"
SCHEDULED_ACTION = "aws:appautoscaling/scheduledAction:ScheduledAction"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
KMS_KEY = "aws:kms/key:Key"
KMS_KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
KMS_ALIAS = "aws:kms/alias:Alias"
EVENT_SUBSCRIPTION = "aws:rds/eventSubscription:EventSubscription"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
SLACK_CHANNEL = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"
TEAMS_CHANNEL = "aws:chatbot/teamsChannelConfiguration:TeamsChannelConfiguration"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
SECURITY_GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SUBNET = "aws:ec2/subnet:Subnet"

PROVIDER = "pulumi:providers:aws"

#: The component by which the program declares the demand (`components/budget.py`).
BUDGET = "headroom:index:Budget"

READ = frozenset(
    {
        CLUSTER, CLUSTER_INSTANCE, CLUSTER_PARAMETER_GROUP, PARAMETER_GROUP,
        PROXY, PROXY_TARGET_GROUP, PROXY_TARGET, PROXY_ENDPOINT,
        SCALING_TARGET, SCALING_POLICY, SCHEDULED_ACTION,
        ALARM, COMPOSITE_ALARM, TOPIC, TOPIC_POLICY, KMS_KEY, KMS_KEY_POLICY, KMS_ALIAS,
        EVENT_SUBSCRIPTION, EVENT_RULE, EVENT_TARGET, SUBSCRIPTION, SLACK_CHANNEL, TEAMS_CHANNEL,
        SECURITY_GROUP, SECURITY_GROUP_RULE, INGRESS_RULE, SUBNET, BUDGET,
    }
)  # fmt: skip
