"""RDS Proxy."""

from typing import Any

from headroom.local.aws.prose.rds import identifier
from headroom.local.aws.prose.rule import Given, Rule, api, between, one_of

_RDS = "AmazonRDS/latest/APIReference"
PROXY, ENDPOINT = ("aws:rds/proxy:Proxy",), ("aws:rds/proxyEndpoint:ProxyEndpoint",)
TARGETS = ("aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup",)
TARGET = ("aws:rds/proxyTarget:ProxyTarget",)
_POOL = api(_RDS, "ConnectionPoolConfiguration")
_NAMED = "must have 1 to 63 letters, digits and hyphens, begin with a letter, and have no hyphen at the end or twice in a row"
_PASSWORDS = {
    "MYSQL_NATIVE_PASSWORD": "MYSQL",
    "MYSQL_CACHING_SHA2_PASSWORD": "MYSQL",
    "POSTGRES_SCRAM_SHA_256": "POSTGRESQL",
    "POSTGRES_MD5": "POSTGRESQL",
    "SQL_SERVER_AUTHENTICATION": "SQLSERVER",
}


def _some_way_in(value: Any, given: Given) -> bool:
    return bool(value) or given("defaultAuthScheme") == "IAM_AUTH"


RULES = (
    Rule(PROXY, "name", _NAMED, api(_RDS, "CreateDBProxy"), identifier),
    Rule(ENDPOINT, "dbProxyEndpointName", _NAMED, api(_RDS, "CreateDBProxyEndpoint"), identifier),
    Rule(PROXY, "idleClientTimeout", "must be between 60 and 28800 seconds (8 hours)",
         "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-connections.html", between(60, 28800)),
    Rule(PROXY, "auths", "needs one entry at least, unless defaultAuthScheme is IAM_AUTH", api(_RDS, "CreateDBProxy"),
         _some_way_in, absent=True),
    Rule(PROXY, "auths[].clientPasswordAuthType", "is not of the proxy's engineFamily", api(_RDS, "UserAuthConfig"),
         lambda value, given: _PASSWORDS.get(value, given("engineFamily")) == given("engineFamily")),
    Rule(PROXY, "auths[].iamAuth", "ENABLED is for SQLSERVER only: take REQUIRED or DISABLED",
         api(_RDS, "UserAuthConfig"),
         lambda value, given: value != "ENABLED" or given("engineFamily") == "SQLSERVER"),
    Rule(TARGETS, "connectionPoolConfig.maxConnectionsPercent", "must be between 1 and 100", _POOL, between(1, 100)),
    Rule(TARGETS, "connectionPoolConfig.maxIdleConnectionsPercent", "must be between 0 and maxConnectionsPercent", _POOL,
         lambda value, given: 0 <= value <= given.own("maxConnectionsPercent", 100)),
    Rule(TARGETS, "connectionPoolConfig.connectionBorrowTimeout", "must be between 0 and 300 seconds", _POOL,
         between(0, 300)),
    Rule(TARGETS, "connectionPoolConfig.sessionPinningFilters[]", "must be EXCLUDE_VARIABLE_SETS", _POOL,
         one_of("EXCLUDE_VARIABLE_SETS")),
    Rule(TARGET, "dbClusterIdentifier", _NAMED, api(_RDS, "RegisterDBProxyTargets"), identifier),
    Rule(TARGET, "dbClusterIdentifier", "or dbInstanceIdentifier is required, and not both",
         api(_RDS, "RegisterDBProxyTargets"),
         lambda value, given: (value is None) != (given("dbInstanceIdentifier") is None), absent=True),
)  # fmt: skip
