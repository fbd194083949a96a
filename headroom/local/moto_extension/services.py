"""The other services: security group rules, replica autoscaling, alarms, log groups, roles."""

import functools
import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Scaling
from moto.cloudwatch.responses import CloudWatchResponse
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.iam import models as iam
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend

from headroom.local.moto_extension.wrap import wrap


def install() -> None:
    """Add what is missing, and mend what is wrong."""
    _security_group_rules()
    _scaling()
    _alarms()
    _log_groups()
    _roles()
    _quotas()


def _security_group_rules() -> None:
    def modify(original: Callable[..., Any], self: Any, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        for identifier, rule in rules.items():
            if rule.get("IpProtocol") == "-1":  # all protocols have no ports
                rule["FromPort"] = rule["ToPort"] = -1
            original(self, group_id, {identifier: rule})
            if "ReferencedGroupId" in rule:
                group = self.get_security_group_by_name_or_id(group_id)
                group.get_rule(identifier).source_group = {"GroupId": rule["ReferencedGroupId"]}

    def description(rule: SecurityGroupRule) -> str | None:
        return rule.ip_range.get("Description") or rule.source_group.get("Description")

    wrap(SecurityGroupBackend, "modify_security_group_rules", modify)
    SecurityGroupRule.description = property(description)  # type: ignore[assignment,method-assign]


def _scaling() -> None:
    def policies(original: Callable[..., Any], self: Any) -> str:
        answer = json.loads(original(self))
        names = self._get_param("PolicyNames")  # moto ignores it
        answer["ScalingPolicies"] = [
            policy for policy in answer["ScalingPolicies"] if not names or policy["PolicyName"] in names
        ]
        return json.dumps(answer)

    def register(original: Callable[..., Any], self: Any) -> str:
        answer: str = original(self)
        if tags := self._get_param("Tags"):
            _target_tags(self, json.loads(answer)["ScalableTargetARN"]).update(tags)
        return answer

    def tag(self: Any) -> str:
        _target_tags(self, self._get_param("ResourceARN")).update(self._get_param("Tags"))
        return "{}"

    def untag(self: Any) -> str:
        for key in self._get_param("TagKeys"):
            _target_tags(self, self._get_param("ResourceARN")).pop(key, None)
        return "{}"

    wrap(Scaling, "describe_scaling_policies", policies)
    wrap(Scaling, "register_scalable_target", register)
    for name, function in (
        ("describe_scaling_activities", lambda _self: json.dumps({"ScalingActivities": []})),  # nothing scales here
        ("tag_resource", tag),
        ("untag_resource", untag),
        (
            "list_tags_for_resource",
            lambda self: json.dumps({"Tags": _target_tags(self, self._get_param("ResourceARN"))}),
        ),
    ):
        setattr(Scaling, name, function)


def _target_tags(response: Any, arn: str) -> dict[str, str]:
    backend: Any = response.applicationautoscaling_backend
    target = next(target for targets in backend.targets.values() for target in targets.values() if target.arn == arn)
    tags: dict[str, str] = target.__dict__.setdefault("headroom_tags", {})
    return tags


def _alarms() -> None:
    def put_composite(self: Any) -> Any:
        answer = self.put_metric_alarm()  # it reads AlarmRule already
        alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
        alarm.actions_suppressor = self._get_param("ActionsSuppressor")
        alarm.actions_suppressor_wait_period = self._get_param("ActionsSuppressorWaitPeriod")
        alarm.actions_suppressor_extension_period = self._get_param("ActionsSuppressorExtensionPeriod")
        return answer

    CloudWatchResponse.put_composite_alarm = put_composite  # type: ignore[attr-defined]


def _log_groups() -> None:
    def associate(self: Any) -> str:
        self.logs_backend.groups[self._get_param("logGroupName")].kms_key_id = self._get_param("kmsKeyId")
        return ""

    def put_filter(
        original: Callable[..., Any],
        self: Any,
        filter_name: str,
        filter_pattern: str,
        log_group_name: str,
        metric_transformations: Any,
    ) -> None:
        if self.filters.get_matching_filters(prefix=filter_name, log_group_name=log_group_name):
            self.filters.delete_filter(filter_name, log_group_name)  # moto would keep both
        original(self, filter_name, filter_pattern, log_group_name, metric_transformations)

    wrap(LogsBackend, "put_metric_filter", put_filter)
    LogsResponse.associate_kms_key = associate  # type: ignore[attr-defined]
    LogsResponse.disassociate_kms_key = associate  # type: ignore[attr-defined]


def _roles() -> None:
    @functools.cache
    def managed() -> dict[str, Any]:
        policies: dict[str, Any] = json.loads(aws_managed_policies_data)
        return policies

    def attach(original: Callable[..., Any], self: Any, policy_arn: str, role_name: str) -> Any:
        name = policy_arn.rsplit("/", 1)[-1]
        if (
            policy_arn not in self.managed_policies
            and policy_arn.startswith("arn:aws:iam::aws:policy/")
            and name in managed()
        ):
            policy = iam.AWSManagedPolicy.from_data(name, self.account_id, self.region_name, managed()[name])
            if policy.arn == policy_arn:
                self.managed_policies[policy_arn] = policy
        return original(self, policy_arn, role_name)

    def update_role(
        original: Callable[..., Any], self: Any, role_name: str, role_description: Any, max_session_duration: Any
    ) -> Any:
        role = self.get_role(role_name)  # moto forgets what the call doesn't mention
        return original(
            self,
            role_name,
            role.description if role_description is None else role_description,
            max_session_duration or role.max_session_duration,
        )

    wrap(iam.IAMBackend, "attach_role_policy", attach)
    wrap(iam.IAMBackend, "update_role", update_role)


# AWS's default (RDS User Guide, CHAP_Limits): moto knows VPC's quotas only.
_DB_INSTANCES = {
    "ServiceCode": "rds",
    "ServiceName": "Amazon Relational Database Service (Amazon RDS)",
    "QuotaCode": "L-7B6409FD",
    "QuotaName": "DB instances",
    "Value": 40.0,
    "Unit": "None",
    "Adjustable": True,
    "GlobalQuota": False,
}


def _quotas() -> None:
    def quota(original: Callable[..., Any], self: Any, service_code: str, quota_code: str) -> Any:
        if service_code != "rds":
            return original(self, service_code, quota_code)
        if quota_code != _DB_INSTANCES["QuotaCode"]:
            raise NoSuchResource
        return _DB_INSTANCES

    wrap(ServiceQuotasBackend, "get_service_quota", quota)
