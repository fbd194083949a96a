"""What moto 5.2.5 lacks or gets wrong, as far as this stack meets it. `install()` changes moto's classes in place.

moto finds an operation by its method's name, and writes the answer by botocore's model, so an operation is a function.
"""

import functools
import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling import models as scaling
from moto.cloudwatch import responses as cloudwatch
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.iam import models as iam
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.rds import models as rds
from moto.rds import responses as rds_responses
from moto.rds.exceptions import DBProxyNotFoundFault, RDSClientError

_Responses = rds_responses.RDSResponse
_SETTINGS = {"Auth": "auth", "RequireTLS": "require_tls", "IdleClientTimeout": "idle_client_timeout",
             "DebugLogging": "debug_logging", "RoleArn": "role_arn", "SecurityGroups": "vpc_security_group_ids",
             "DefaultAuthScheme": "default_auth_scheme", "EndpointNetworkType": "endpoint_network_type",
             "TargetConnectionNetworkType": "target_connection_network_type"}


def install() -> None:
    """Add what is missing, and mend what is wrong."""
    _proxies()
    _proxy_endpoints()
    _clusters_and_subscriptions()
    _scaling()
    _alarms()
    _iam()


def _proxies() -> None:
    def create(original: Callable[..., Any], self: Any) -> Any:
        self.params.setdefault("Auth", [])  # optional since proxies can authenticate by IAM from end to end
        result = original(self)
        _change(self.backend.db_proxies[self.params["DBProxyName"]], self.params)
        return result

    def modify(self: Any) -> ActionResult:
        proxy = _proxy(self.backend, self.params["DBProxyName"])
        _change(proxy, self.params)
        proxy.updated_date = utcnow()
        return ActionResult({"DBProxy": proxy})

    def register(original: Callable[..., Any], self: Any, db_proxy_name: str, target_group_name: str, **identifiers: Any) -> Any:
        present = {target.rds_resource_id for target in self.describe_db_proxy_targets(db_proxy_name)}
        for identifier in sum(identifiers.values(), []):
            if identifier in present:
                raise RDSClientError("DBProxyTargetAlreadyRegisteredFault", f"{identifier} is already a target of {db_proxy_name}")
        for identifier in identifiers["db_cluster_identifiers"]:
            if identifier not in self.clusters:
                raise RDSClientError("DBClusterNotFoundFault", f"DBCluster {identifier} not found.")
        targets = original(self, db_proxy_name, target_group_name, **identifiers)
        for target in targets:  # moto's proxies all listen where PostgreSQL does
            target.port = 3306 if self.db_proxies[db_proxy_name].engine_family == "MYSQL" else 5432
        return targets

    _wrap(_Responses, "create_db_proxy", create)
    _Responses.modify_db_proxy = modify  # type: ignore[attr-defined]
    _wrap(rds.RDSBackend, "register_db_proxy_targets", register)
    for name in ("deregister_db_proxy_targets", "register_db_proxy_targets", "delete_db_proxy", "describe_db_proxy_targets",
                 "describe_db_proxy_target_groups", "modify_db_proxy_target_group"):
        _wrap(rds.RDSBackend, name, _needs_proxy)


def _needs_proxy(original: Callable[..., Any], self: Any, *arguments: Any, **named: Any) -> Any:
    """moto answers HTTP 500 to a question about a proxy that isn't there."""
    _proxy(self, named.get("proxy_name") or named.get("db_proxy_name") or arguments[0])
    return original(self, *arguments, **named)


def _proxy_endpoints() -> None:
    def create(self: Any) -> ActionResult:
        params, backend = self.params, self.backend
        proxy, name = _proxy(backend, params["DBProxyName"]), params["DBProxyEndpointName"]
        if name in _endpoints(backend):
            raise RDSClientError("DBProxyEndpointAlreadyExistsFault", f"DBProxyEndpoint {name} already exists")
        endpoint = _Endpoint(proxy, name, params)
        _endpoints(backend)[name] = endpoint
        return ActionResult({"DBProxyEndpoint": endpoint.described})

    def describe(self: Any) -> ActionResult:
        wanted, proxy = self.params.get("DBProxyEndpointName"), self.params.get("DBProxyName")
        found = [endpoint.described for endpoint in _endpoints(self.backend).values()
                 if wanted in (None, endpoint.described["DBProxyEndpointName"]) and proxy in (None, endpoint.described["DBProxyName"])]
        if wanted and not found:
            raise RDSClientError("DBProxyEndpointNotFoundFault", f"DBProxyEndpoint {wanted} not found")
        return ActionResult({"DBProxyEndpoints": found})

    def modify(self: Any) -> ActionResult:
        endpoint = _endpoint(self)
        endpoint.described["VpcSecurityGroupIds"] = self.params.get("VpcSecurityGroupIds", endpoint.described["VpcSecurityGroupIds"])
        return ActionResult({"DBProxyEndpoint": endpoint.described})

    def delete(self: Any) -> ActionResult:
        endpoint = _endpoint(self)
        del _endpoints(self.backend)[endpoint.described["DBProxyEndpointName"]]
        return ActionResult({"DBProxyEndpoint": endpoint.described})

    def find(original: Callable[..., Any], self: Any, arn: str) -> Any:
        return next((item for item in _endpoints(self).values() if item.described["DBProxyEndpointArn"] == arn), None) or original(self, arn)

    for name, function in (("create_db_proxy_endpoint", create), ("describe_db_proxy_endpoints", describe),
                           ("modify_db_proxy_endpoint", modify), ("delete_db_proxy_endpoint", delete)):
        setattr(_Responses, name, function)
    _wrap(rds.RDSBackend, "_get_resource_for_tagging", find)


class _Endpoint(rds.TaggingMixin):
    def __init__(self, proxy: Any, name: str, params: Any) -> None:
        self.tags = params.get("Tags", [])
        self.described = {
            "DBProxyEndpointName": name, "DBProxyName": proxy.db_proxy_name, "Status": "available", "VpcId": proxy.vpc_id,
            "DBProxyEndpointArn": f"arn:aws:rds:{proxy.region}:{proxy.account_id}:db-proxy-endpoint:prx-endpoint-{name}",
            "VpcSubnetIds": list(params["VpcSubnetIds"]), "IsDefault": False, "CreatedDate": utcnow(),
            "VpcSecurityGroupIds": list(params.get("VpcSecurityGroupIds") or proxy.vpc_security_group_ids),
            "Endpoint": f"{name}.endpoint.proxy-{proxy.url_identifier}.{proxy.region}.rds.amazonaws.com",
            "TargetRole": params.get("TargetRole", "READ_WRITE"), "EndpointNetworkType": params.get("EndpointNetworkType", "IPV4"),
        }


def _clusters_and_subscriptions() -> None:
    def delete_cluster(original: Callable[..., Any], self: Any, cluster_identifier: str, snapshot_name: str | None = None) -> Any:
        cluster = original(self, cluster_identifier, snapshot_name)
        for name, snapshot in list(self.cluster_snapshots.items()):  # else the same name again, within the minute, is refused
            if name.startswith(f"rds:{cluster_identifier}-") and snapshot.snapshot_type == "automated":
                del self.cluster_snapshots[name]
        return cluster

    def modify_subscription(self: Any) -> ActionResult:
        subscription = _subscription(self)
        for member, attribute in (("SnsTopicArn", "sns_topic_arn"), ("SourceType", "source_type"), ("Enabled", "enabled"),
                                  ("EventCategories", "event_categories")):
            if member in self.params:
                setattr(subscription, attribute, self.params[member])
        return ActionResult({"EventSubscription": subscription})

    def add_source(self: Any) -> ActionResult:
        subscription = _subscription(self)
        subscription.source_ids = [*subscription.source_ids, self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": subscription})

    def remove_source(self: Any) -> ActionResult:
        subscription = _subscription(self)
        subscription.source_ids = [source for source in subscription.source_ids if source != self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": subscription})

    _wrap(rds.RDSBackend, "delete_db_cluster", delete_cluster)
    _Responses.modify_event_subscription = modify_subscription  # type: ignore[attr-defined]
    _Responses.add_source_identifier_to_subscription = add_source  # type: ignore[attr-defined]
    _Responses.remove_source_identifier_from_subscription = remove_source  # type: ignore[attr-defined]


def _scaling() -> None:
    def policies(original: Callable[..., Any], self: Any) -> str:
        answer = json.loads(original(self))
        names = self._get_param("PolicyNames")  # moto ignores it
        answer["ScalingPolicies"] = [policy for policy in answer["ScalingPolicies"] if not names or policy["PolicyName"] in names]
        return json.dumps(answer)

    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
    _wrap(ApplicationAutoScalingResponse, "describe_scaling_policies", policies)


def _alarms() -> None:
    def put_composite(self: Any) -> Any:
        return self.put_metric_alarm()  # it reads AlarmRule already

    cloudwatch.CloudWatchResponse.put_composite_alarm = put_composite  # type: ignore[attr-defined]


def _iam() -> None:
    @functools.cache
    def managed() -> dict[str, Any]:
        policies: dict[str, Any] = json.loads(aws_managed_policies_data)
        return policies

    def attach(original: Callable[..., Any], self: Any, policy_arn: str, role_name: str) -> Any:
        name = policy_arn.rsplit("/", 1)[-1]
        if policy_arn not in self.managed_policies and policy_arn.startswith("arn:aws:iam::aws:policy/") and name in managed():
            policy = iam.AWSManagedPolicy.from_data(name, self.account_id, self.region_name, managed()[name])
            if policy.arn == policy_arn:
                self.managed_policies[policy_arn] = policy
        return original(self, policy_arn, role_name)

    def update_role(original: Callable[..., Any], self: Any, role_name: str, role_description: Any, max_session_duration: Any) -> Any:
        role = self.get_role(role_name)  # moto forgets what the call doesn't mention
        return original(self, role_name, role.description if role_description is None else role_description,
                        max_session_duration or role.max_session_duration)

    _wrap(iam.IAMBackend, "attach_role_policy", attach)
    _wrap(iam.IAMBackend, "update_role", update_role)


def _wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapped(self: Any, *arguments: Any, **named: Any) -> Any:
        return around(original, self, *arguments, **named)
    setattr(owner, name, wrapped)


def _change(proxy: Any, params: Any) -> None:
    for member, attribute in _SETTINGS.items():
        if member in params:
            setattr(proxy, attribute, params[member])


def _proxy(backend: Any, name: str) -> Any:
    if name not in backend.db_proxies:
        raise DBProxyNotFoundFault(name)
    return backend.db_proxies[name]


def _endpoints(backend: Any) -> dict[str, _Endpoint]:
    if not hasattr(backend, "headroom_proxy_endpoints"):
        backend.headroom_proxy_endpoints = {}
    endpoints: dict[str, _Endpoint] = backend.headroom_proxy_endpoints
    return endpoints


def _endpoint(response: Any) -> _Endpoint:
    name = response.params["DBProxyEndpointName"]
    if name not in _endpoints(response.backend):
        raise RDSClientError("DBProxyEndpointNotFoundFault", f"DBProxyEndpoint {name} not found")
    return _endpoints(response.backend)[name]


def _subscription(response: Any) -> Any:
    return next(iter(response.backend.describe_event_subscriptions(response.params["SubscriptionName"])))
