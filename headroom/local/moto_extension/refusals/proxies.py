"""RDS Proxy: proxies, their pools, targets and endpoints."""

from typing import Any

from headroom.local.moto_extension.refusals.rds import (
    before,
    between,
    has_role,
    has_secret,
    identifier,
    invalid,
    refuse,
    security_groups,
    zones,
)

_FAMILIES = {"POSTGRESQL": "aurora-postgresql", "MYSQL": "aurora-mysql"}
_PASSWORDS = {"POSTGRES": "POSTGRESQL", "MYSQL": "MYSQL", "SQL": "SQLSERVER"}  # how a password type's name begins
_FILTERS = ("EXCLUDE_VARIABLE_SETS",)
# ConnectionPoolConfiguration, in AWS's reference.
_PERCENT = {
    "MaxConnectionsPercent": (1, 100),
    "MaxIdleConnectionsPercent": (0, 100),
    "ConnectionBorrowTimeout": (0, 300),
}


def install() -> None:
    """Put the checks before the operations."""
    idle = between("IdleClientTimeout", 1, 28800, "idle client timeout")
    before("create_db_proxy", identifier("DBProxyName"), _subnets, _role, _logins, idle, security_groups())
    before("modify_db_proxy", _role, _logins, idle, security_groups("SecurityGroups"))
    before("modify_db_proxy_target_group", _pool)
    before("register_db_proxy_targets", _engine)
    before("create_db_proxy_endpoint", identifier("DBProxyEndpointName"), _subnets, security_groups())
    before("modify_db_proxy_endpoint", security_groups())


def _subnets(request: Any) -> None:
    if len(zones(request, request.params.get("VpcSubnetIds") or ())) < 2:
        refuse("InvalidSubnet", "RDS Proxy needs subnets in at least two Availability Zones.")


def _role(request: Any) -> None:
    role = request.params.get("RoleArn")
    if role and not has_role(request, role):
        invalid(f"The role {role} can't be assumed by RDS Proxy: it doesn't exist.")


def _logins(request: Any) -> None:
    """Secrets that are there, password types of the engine, and some way to log in."""
    params = request.params
    is_new = "EngineFamily" in params
    proxy: Any = None if is_new else request.backend.db_proxies.get(params.get("DBProxyName") or "")
    if not is_new and proxy is None:
        return  # moto says so
    family = params["EngineFamily"] if is_new else proxy.engine_family
    for login in params.get("Auth") or ():
        if (secret := login.get("SecretArn")) and not has_secret(request, secret):
            invalid(f"The secret {secret} doesn't exist.")
        kind = login.get("ClientPasswordAuthType")
        if kind and _PASSWORDS.get(kind.partition("_")[0]) != family:
            invalid(f"ClientPasswordAuthType {kind} is not a way to log in to {family}.")
    logins = params.get("Auth", [] if is_new else proxy.auth)
    scheme = params.get("DefaultAuthScheme") or getattr(proxy, "default_auth_scheme", None)
    if not logins and scheme != "IAM_AUTH":
        invalid("A proxy needs Auth, or the DefaultAuthScheme IAM_AUTH.")


def _pool(request: Any) -> None:
    given = request.params.get("ConnectionPoolConfig") or {}
    for name, (low, high) in _PERCENT.items():
        value = given.get(name)
        if value is not None and not low <= value <= high:
            invalid(f"Invalid {name}: {value}. Must be between {low} and {high}.")
    most, idle = (given.get(name) for name in ("MaxConnectionsPercent", "MaxIdleConnectionsPercent"))
    if idle is not None and most is None:
        refuse("InvalidParameterCombination", "MaxIdleConnectionsPercent needs MaxConnectionsPercent beside it.")
    if idle is not None and most is not None and idle > most:
        invalid(f"Invalid MaxIdleConnectionsPercent: {idle}. Must be between 0 and MaxConnectionsPercent, {most}.")
    for name in given.get("SessionPinningFilters") or ():
        if name not in _FILTERS:
            invalid(f"Invalid SessionPinningFilters: {name}. Must be one of {', '.join(_FILTERS)}.")


def _engine(request: Any) -> None:
    """A cluster of the proxy's engine family."""
    proxy = request.backend.db_proxies.get(request.params["DBProxyName"])
    for name in request.params.get("DBClusterIdentifiers") or ():
        cluster = request.backend.clusters.get(name)
        if proxy and cluster and cluster.engine != _FAMILIES.get(proxy.engine_family, cluster.engine):
            invalid(f"{name} runs {cluster.engine}, and {proxy.db_proxy_name} is of the family {proxy.engine_family}.")
