"""The calls that operations make, by IAM's names: reading ones for all commands, changing ones by command.

`aws.Aws` makes no call that isn't listed here, so this is the whole of what a role for operators needs.
"""

from typing import NamedTuple


class Permission(NamedTuple):
    """An IAM action, and what it is asked for."""

    action: str
    purpose: str


READ = (
    Permission("application-autoscaling:DescribeScalableTargets", "the replicas' minimum and maximum"),
    Permission("application-autoscaling:DescribeScalingActivities", "activities that failed"),
    Permission("application-autoscaling:DescribeScalingPolicies", "the targets of the two policies"),
    Permission("application-autoscaling:DescribeScheduledActions", "the sale calendar"),
    Permission("cloudwatch:DescribeAlarms", "alarms, armed as the table says"),
    Permission("cloudwatch:GetMetricData", "connections, pools, waits, load"),
    Permission("ec2:DescribeSubnets", "free addresses"),
    Permission("logs:DescribeMetricFilters", "the filter that counts refused logins"),
    Permission("rds:DescribeDBClusterParameters", "the limit that the cluster's parameter group sets"),
    Permission("rds:DescribeDBClusters", "the cluster and its members"),
    Permission("rds:DescribeDBInstances", "the instances; the region's, for the quota"),
    Permission("rds:DescribeDBParameters", "the limit that MySQL's instance parameter group sets"),
    Permission("rds:DescribeDBProxies", "the proxy"),
    Permission("rds:DescribeDBProxyTargetGroups", "the pool's limits"),
    Permission("rds:DescribeDBProxyTargets", "the health of what the proxy leads to"),
    Permission("rds:DescribeDBSubnetGroups", "where instances may be placed"),
    Permission("rds:DescribeEventSubscriptions", "who hears of failovers"),
    Permission("rds:DescribeEvents", "failovers of the last hour"),
    Permission("servicequotas:GetAWSDefaultServiceQuota", "a quota that the account never changed"),
    Permission("servicequotas:GetServiceQuota", "how many instances the account may have"),
    Permission("sns:ListSubscriptionsByTopic", "who is told, and whether it is confirmed"),
    Permission("sns:ListTopics", "the two tiers' topics"),
)
"""Enough for `status`, `triage`, `roles` and `verify`, and for every `relieve` without `--apply`."""

CHANGE = {
    "relieve raise-percent --apply": (Permission("rds:ModifyDBProxyTargetGroup", "the pool's percent"),),
    "relieve add-readers --apply": (
        Permission("application-autoscaling:RegisterScalableTarget", "the replicas' minimum"),
    ),
    "teardown": (
        Permission("application-autoscaling:RegisterScalableTarget", "no replica comes while others go"),
        Permission("rds:DeleteDBInstance", "the autoscaled replicas, and only those"),
        Permission("rds:DescribeDBClusterSnapshots", "the final snapshot's name is free"),
        Permission("sts:GetCallerIdentity", "the credentials' account is the stack's (AWS grants it to everybody)"),
    ),
}
"""What a changing command needs besides; `teardown` also whatever `pulumi destroy` needs."""

_PREFIXES = {"service-quotas": "servicequotas"}


def action(service: str, operation: str) -> str:
    """IAM's name of a call: botocore's service, the API's operation.

    >>> action("rds", "DescribeDBClusters"), action("service-quotas", "GetServiceQuota")
    ('rds:DescribeDBClusters', 'servicequotas:GetServiceQuota')
    """
    return f"{_PREFIXES.get(service, service)}:{operation}"


def known() -> frozenset[str]:
    """Every action that any command may use."""
    return frozenset(p.action for group in (READ, *CHANGE.values()) for p in group)
