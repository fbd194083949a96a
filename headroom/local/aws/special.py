"""The requests that can't be derived from names: the table refers to these by function."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from headroom.local.aws.model import Aws
from headroom.local.aws.naming import text

_PARAMETERS_PER_CALL = 20  # ModifyDBParameterGroup: "A maximum of 20 parameters can be modified in a single request"


def ip_permissions(_old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """A security group's rule as AuthorizeSecurityGroup… wants it."""
    described = {"Description": new["description"]} if "description" in new else {}
    permission = {"IpProtocol": new["ipProtocol"], **_given(new, fromPort="FromPort", toPort="ToPort")}
    for name, block, member in (
        ("cidrIpv4", "IpRanges", "CidrIp"),
        ("cidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        ("prefixListId", "PrefixListIds", "PrefixListId"),
        ("referencedSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ):
        if name in new:
            permission[block] = [{member: new[name], **described}]
    return {"IpPermissions": [permission]}


def rule_changes(_old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The same rule as ModifySecurityGroupRules wants it."""
    rule = _given(
        new,
        ipProtocol="IpProtocol",
        fromPort="FromPort",
        toPort="ToPort",
        cidrIpv4="CidrIpv4",
        cidrIpv6="CidrIpv6",
        prefixListId="PrefixListId",
        referencedSecurityGroupId="ReferencedGroupId",
        description="Description",
    )
    return {"SecurityGroupRules": [{"SecurityGroupRuleId": new["id"], "SecurityGroupRule": rule}]}


def remove_default_egress(aws: Aws) -> None:
    """A new group lets everything out; AWS's own plugin takes that rule away, so that only declared rules count."""
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    aws("RevokeSecurityGroupEgress", IpPermissions=[everything])


def default_group(_old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """How to look for the group that a VPC is made with."""
    wanted = {"vpc-id": new["vpcId"], "group-name": "default"}
    return {"Filters": [{"Name": name, "Values": [value]} for name, value in wanted.items()]}


def close_group(aws: Aws) -> None:
    """Take every rule away, as AWS's own plugin does with a default group that it takes over."""
    rules = aws("DescribeSecurityGroupRules")["SecurityGroupRules"]
    for direction, outwards in (("Ingress", False), ("Egress", True)):
        if found := [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] is outwards]:
            aws(f"RevokeSecurityGroup{direction}", SecurityGroupRuleIds=found)


def log_exports(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Which log types ModifyDBCluster has to switch on, and which off."""
    before, after = (set(values.get("enabledCloudwatchLogsExports") or ()) for values in (old, new))
    return {
        "CloudwatchLogsExportConfiguration": {
            "EnableLogTypes": sorted(after - before),
            "DisableLogTypes": sorted(before - after),
        }
    }


def parameters(kind: str) -> Callable[[Aws, Any, Any], None]:
    """Set the changed parameters of a group (kind DB or DBCluster), reset the removed ones."""

    def run(aws: Aws, old: Any, new: Any) -> None:
        before, after = ({item["name"]: item for item in items or ()} for items in (old, new))
        changed = [
            {
                "ParameterName": name,
                "ParameterValue": item["value"],
                "ApplyMethod": item.get("applyMethod", "immediate"),
            }
            for name, item in after.items()
            if item != before.get(name)
        ]
        removed = [{"ParameterName": name, "ApplyMethod": "pending-reboot"} for name in before if name not in after]
        for block in _blocks(changed):
            aws(f"Modify{kind}ParameterGroup", Parameters=block)
        for block in _blocks(removed):
            aws(f"Reset{kind}ParameterGroup", Parameters=block, ResetAllParameters=False)

    return run


def source_ids(aws: Aws, old: Any, new: Any) -> None:
    """An event subscription's sources change one by one."""
    before, after = set(old or ()), set(new or ())
    for source in sorted(after - before):
        aws("AddSourceIdentifierToSubscription", SourceIdentifier=source)
    for source in sorted(before - after):
        aws("RemoveSourceIdentifierFromSubscription", SourceIdentifier=source)


def detach_policies(aws: Aws, properties: Mapping[str, Any]) -> None:
    """forceDetachPolicies: a role is deleted with whatever is attached to it."""
    if properties.get("forceDetachPolicies"):
        for policy in aws("ListAttachedRolePolicies")["AttachedPolicies"]:
            aws("DetachRolePolicy", PolicyArn=policy["PolicyArn"])
        for name in aws("ListRolePolicies")["PolicyNames"]:
            aws("DeleteRolePolicy", PolicyName=name)


def attributes(*names: str) -> Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]:
    """SNS's Attributes at creation: the given properties as texts, spelled with a capital."""

    def assemble(_old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        return {"Attributes": {attribute(name): text(new[name]) for name in names if name in new}}

    return assemble


def attribute(name: str) -> str:
    """The SNS attribute that a property names: httpSuccessFeedbackRoleArn is HTTPSuccessFeedbackRoleArn."""
    for word in ("http", "sqs"):
        if name.startswith(word):
            return name.replace(word, word.upper(), 1)
    return name[0].upper() + name[1:]


def metric_queries(_old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm's metric math."""
    queries = []
    for query in new.get("metricQueries") or ():
        entry = _given(
            query,
            id="Id",
            accountId="AccountId",
            expression="Expression",
            label="Label",
            period="Period",
            returnData="ReturnData",
        )
        if metric := query.get("metric"):
            dimensions = [{"Name": name, "Value": value} for name, value in metric.get("dimensions", {}).items()]
            entry["MetricStat"] = {
                "Metric": {**_given(metric, namespace="Namespace", metricName="MetricName"), "Dimensions": dimensions},
                **_given(metric, period="Period", stat="Stat", unit="Unit"),
            }
        queries.append(entry)
    return {"Metrics": queries} if queries else {}


METRIC_QUERIES_READ = (
    "Metrics[].{id: Id, accountId: AccountId, expression: Expression, label: Label, period: Period, "
    "returnData: ReturnData, metric: MetricStat && {metricName: MetricStat.Metric.MetricName, "
    "namespace: MetricStat.Metric.Namespace, dimensions: MetricStat.Metric.Dimensions, period: MetricStat.Period, "
    "stat: MetricStat.Stat, unit: MetricStat.Unit}}"
)


def suppressor(_old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """A composite alarm's suppressor is flat in AWS."""
    return _given(
        new.get("actionsSuppressor") or {},
        alarm="ActionsSuppressor",
        waitPeriod="ActionsSuppressorWaitPeriod",
        extensionPeriod="ActionsSuppressorExtensionPeriod",
    )


def force_delete(_old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """A secret's recovery window of 0 days means: delete it now."""
    days = new.get("recoveryWindowInDays", 30)
    return {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}


def _given(values: Mapping[str, Any], **members: str) -> dict[str, Any]:
    return {member: values[name] for name, member in members.items() if name in values}


def _blocks(items: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(items), _PARAMETERS_PER_CALL):
        yield items[start : start + _PARAMETERS_PER_CALL]
