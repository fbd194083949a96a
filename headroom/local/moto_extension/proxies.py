"""RDS Proxy in moto: changing one, its endpoints, and errors that say what is missing."""

import itertools
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.rds import models as rds
from moto.rds import responses as rds_responses
from moto.rds.exceptions import DBProxyNotFoundFault, RDSClientError

from headroom.local.moto_extension.wrap import wrap

_Responses = rds_responses.RDSResponse
_SETTINGS = {
    "Auth": "auth",
    "RequireTLS": "require_tls",
    "IdleClientTimeout": "idle_client_timeout",
    "DebugLogging": "debug_logging",
    "RoleArn": "role_arn",
    "SecurityGroups": "vpc_security_group_ids",
    "DefaultAuthScheme": "default_auth_scheme",
    "EndpointNetworkType": "endpoint_network_type",
    "TargetConnectionNetworkType": "target_connection_network_type",
}


def install() -> None:
    """Add and mend what concerns proxies, their connection pools and their endpoints."""
    _pools()
    _proxies()
    _proxy_endpoints()


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

    def register(
        original: Callable[..., Any], self: Any, db_proxy_name: str, target_group_name: str, **identifiers: Any
    ) -> Any:
        present = {target.rds_resource_id for target in self.describe_db_proxy_targets(db_proxy_name)}
        for identifier in itertools.chain(*identifiers.values()):
            if identifier in present:
                raise RDSClientError(
                    "DBProxyTargetAlreadyRegisteredFault", f"{identifier} is already a target of {db_proxy_name}"
                )
        for identifier in identifiers["db_cluster_identifiers"]:
            if identifier not in self.clusters:
                raise RDSClientError("DBClusterNotFoundFault", f"DBCluster {identifier} not found.")
        targets = original(self, db_proxy_name, target_group_name, **identifiers)
        for target in targets:  # moto's proxies all listen where PostgreSQL does
            target.port = 3306 if self.db_proxies[db_proxy_name].engine_family == "MYSQL" else 5432
        return targets

    wrap(_Responses, "create_db_proxy", create)
    _Responses.modify_db_proxy = modify  # type: ignore[attr-defined]
    wrap(rds.RDSBackend, "register_db_proxy_targets", register)
    for name in (
        "deregister_db_proxy_targets",
        "register_db_proxy_targets",
        "delete_db_proxy",
        "describe_db_proxy_targets",
        "describe_db_proxy_target_groups",
        "modify_db_proxy_target_group",
    ):
        wrap(rds.RDSBackend, name, _needs_proxy)


_POOL = (
    "MaxConnectionsPercent",
    "MaxIdleConnectionsPercent",
    "ConnectionBorrowTimeout",
    "SessionPinningFilters",
    "InitQuery",
)
_POOL_DEFAULTS = {"MaxConnectionsPercent": 100, "ConnectionBorrowTimeout": 120, "SessionPinningFilters": []}


def _pools() -> None:
    """What a change doesn't give keeps its value; an idle percentage that was never given is half of the pool's."""

    def settings(self: Any) -> dict[str, Any]:
        given = {**_POOL_DEFAULTS, **self.__dict__.get("headroom_pool", {})}
        return {"MaxIdleConnectionsPercent": given["MaxConnectionsPercent"] // 2, **given}

    def modify(_original: Callable[..., Any], self: Any, proxy_name: str, config: dict[str, Any]) -> Any:
        group = self.db_proxies[proxy_name].proxy_target_groups["default"]
        given = {name: config[name] for name in _POOL if name in config}
        group.headroom_pool = {**group.__dict__.get("headroom_pool", {}), **given}
        group.updated_date = utcnow()
        return group

    rds.DBProxyTargetGroup.connection_pool_config = property(settings)  # type: ignore[assignment,method-assign]
    wrap(rds.RDSBackend, "modify_db_proxy_target_group", modify)


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
        found = [
            endpoint.described
            for endpoint in _endpoints(self.backend).values()
            if wanted in (None, endpoint.described["DBProxyEndpointName"])
            and proxy in (None, endpoint.described["DBProxyName"])
        ]
        if wanted and not found:
            raise RDSClientError("DBProxyEndpointNotFoundFault", f"DBProxyEndpoint {wanted} not found")
        return ActionResult({"DBProxyEndpoints": found})

    def modify(self: Any) -> ActionResult:
        endpoint = _endpoint(self)
        endpoint.described["VpcSecurityGroupIds"] = self.params.get(
            "VpcSecurityGroupIds", endpoint.described["VpcSecurityGroupIds"]
        )
        return ActionResult({"DBProxyEndpoint": endpoint.described})

    def delete(self: Any) -> ActionResult:
        endpoint = _endpoint(self)
        del _endpoints(self.backend)[endpoint.described["DBProxyEndpointName"]]
        return ActionResult({"DBProxyEndpoint": endpoint.described})

    def find(original: Callable[..., Any], self: Any, arn: str) -> Any:
        return next(
            (item for item in _endpoints(self).values() if item.described["DBProxyEndpointArn"] == arn), None
        ) or original(self, arn)

    for name, function in (
        ("create_db_proxy_endpoint", create),
        ("describe_db_proxy_endpoints", describe),
        ("modify_db_proxy_endpoint", modify),
        ("delete_db_proxy_endpoint", delete),
    ):
        setattr(_Responses, name, function)
    wrap(rds.RDSBackend, "_get_resource_for_tagging", find)


class _Endpoint(rds.TaggingMixin):
    def __init__(self, proxy: Any, name: str, params: Any) -> None:
        self.tags = params.get("Tags", [])
        self.described = {
            "DBProxyEndpointName": name,
            "DBProxyName": proxy.db_proxy_name,
            "Status": "available",
            "VpcId": proxy.vpc_id,
            "DBProxyEndpointArn": f"arn:aws:rds:{proxy.region}:{proxy.account_id}:db-proxy-endpoint:{name}",
            "VpcSubnetIds": list(params["VpcSubnetIds"]),
            "IsDefault": False,
            "CreatedDate": utcnow(),
            "VpcSecurityGroupIds": list(params.get("VpcSecurityGroupIds") or proxy.vpc_security_group_ids),
            "Endpoint": f"{name}.endpoint.proxy-{proxy.url_identifier}.{proxy.region}.rds.amazonaws.com",
            "TargetRole": params.get("TargetRole", "READ_WRITE"),
            "EndpointNetworkType": params.get("EndpointNetworkType", "IPV4"),
        }


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
