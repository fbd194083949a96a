"""RDS: clusters, instances and their groups."""

import re
from typing import Any

from headroom.local.aws.prose.rule import Given, Holds, Rule, api, between, full, one_of
from headroom.local.aws.prose.windows import minutes_of_day, minutes_of_week, overlap

_RDS = "AmazonRDS/latest/APIReference"
_CLUSTER_PAGE, _INSTANCE_PAGE = api(_RDS, "CreateDBCluster"), api(_RDS, "CreateDBInstance")
CLUSTER, INSTANCE = ("aws:rds/cluster:Cluster",), ("aws:rds/clusterInstance:ClusterInstance",)
SUBNETS = ("aws:rds/subnetGroup:SubnetGroup",)
GROUPS = ("aws:rds/clusterParameterGroup:ClusterParameterGroup", "aws:rds/parameterGroup:ParameterGroup")
_NAME = re.compile(r"[a-zA-Z](?:-?[a-zA-Z0-9])*")
_NAMED = "must have 1 to 63 letters, digits and hyphens, begin with a letter, and have no hyphen at the end or twice in a row"
_INTERVALS, _TIERS = (0, 1, 5, 10, 15, 30, 60), (0, 15)
_RETENTIONS = (7, *(31 * months for months in range(1, 24)), 731)
_EXPORTS = {
    "aurora-mysql": ("audit", "error", "general", "instance", "slowquery", "iam-db-auth-error"),
    "aurora-postgresql": ("instance", "postgresql", "iam-db-auth-error"),
    "mysql": ("error", "general", "slowquery", "iam-db-auth-error"),
    "postgres": ("postgresql", "upgrade", "iam-db-auth-error"),
}
# Roles that RDS or the engine makes itself: PostgreSQL refuses pg_ in general.
_RESERVED_USERS = re.compile(
    r"rdsadmin|rds_?proxy_?admin|rdsrepladmin|rdstopmgr|rds_superuser|rds_replication|rds_password|rds_iam|rds_ad|pg_.*|public|none|user|all",
)
_RESERVED_DATABASES = {
    "postgres": ("template0", "template1", "rdsadmin"),
    "mysql": ("mysql", "sys", "information_schema", "performance_schema"),
}


def identifier(value: Any, given: Given) -> bool:
    """The form of RDS's identifiers."""
    return len(value) <= 63 and _NAME.fullmatch(value) is not None


def _is_postgres(given: Given) -> bool:
    return str(given("engine", "")) in ("aurora-postgresql", "postgres")


def _capacity(low: float) -> Holds:
    return lambda value, given: low <= value <= 256 and value * 2 == int(value * 2)


def _exports(value: Any, given: Given) -> bool:
    known = _EXPORTS.get(str(given("engine", "")))
    return known is None or value in known


def _user(value: Any, given: Given) -> bool:
    return _RESERVED_USERS.fullmatch(value.lower()) is None


def _database(value: Any, given: Given) -> bool:
    kind = "postgres" if _is_postgres(given) else "mysql"
    return value.lower() not in _RESERVED_DATABASES[kind]


def _backups_beside_maintenance(value: Any, given: Given) -> bool:
    maintenance = given("preferredMaintenanceWindow")
    day, week = minutes_of_day(value), minutes_of_week(maintenance) if maintenance else None
    return day is None or week is None or not overlap(day, week)


RULES = (
    Rule(CLUSTER, "clusterIdentifier", _NAMED, _CLUSTER_PAGE, identifier),
    Rule(CLUSTER, "finalSnapshotIdentifier", _NAMED.replace("1 to 63", "1 to 255"), api(_RDS, "DeleteDBCluster"),
         lambda value, given: len(value) <= 255 and _NAME.fullmatch(value) is not None),
    Rule(INSTANCE, "identifier", _NAMED, _INSTANCE_PAGE, identifier),
    Rule(INSTANCE, "clusterIdentifier", _NAMED, _CLUSTER_PAGE, identifier),
    Rule(CLUSTER, "backupRetentionPeriod", "must be between 1 and 35 days", _CLUSTER_PAGE, between(1, 35)),
    Rule(CLUSTER, "preferredBackupWindow", "must be hh:mm-hh:mm in UTC, at least 30 minutes long", _CLUSTER_PAGE,
         lambda value, given: minutes_of_day(value) is not None),
    Rule((*CLUSTER, *INSTANCE), "preferredMaintenanceWindow",
         "must be ddd:hh:mm-ddd:hh:mm in UTC, such as sun:04:00-sun:05:00, at least 30 minutes long", _CLUSTER_PAGE,
         lambda value, given: minutes_of_week(value) is not None),
    Rule(CLUSTER, "preferredBackupWindow", "must not overlap preferredMaintenanceWindow", _CLUSTER_PAGE,
         _backups_beside_maintenance),
    Rule(CLUSTER, "port", "must be between 1150 and 65535", _CLUSTER_PAGE, between(1150, 65535)),
    Rule(CLUSTER, "masterUsername", "must begin with a letter and have at most 63 letters, digits and underscores",
         _CLUSTER_PAGE, full(r"[a-zA-Z]\w{0,62}")),
    Rule(CLUSTER, "masterUsername", "is reserved by RDS or the engine", _CLUSTER_PAGE, _user),
    Rule(CLUSTER, "masterPassword", "must not be given with manageMasterUserPassword", _CLUSTER_PAGE,
         lambda value, given: not given("manageMasterUserPassword")),
    Rule(CLUSTER, "masterPassword", 'must have 8 to 128 printable characters (41 at most for MySQL), none of / " @',
         _CLUSTER_PAGE,
         lambda value, given: 8 <= len(value) <= (128 if _is_postgres(given) else 41)
         and not re.search(r"[/\"@]|[^ -~]", value)),
    Rule(CLUSTER, "databaseName", "must begin with a letter or underscore and have at most 63 letters, digits and underscores",
         _CLUSTER_PAGE, full(r"[a-zA-Z_]\w{0,62}")),
    Rule(CLUSTER, "databaseName", "is a name that the engine has already", _CLUSTER_PAGE, _database),
    Rule(CLUSTER, "enabledCloudwatchLogsExports[]",
         "must be one of the engine's logs: instance, postgresql, iam-db-auth-error of Aurora PostgreSQL; "
         "audit, error, general, instance, slowquery, iam-db-auth-error of Aurora MySQL", _CLUSTER_PAGE, _exports),
    Rule(CLUSTER, "engineMode", "must be provisioned or serverless", _CLUSTER_PAGE,
         one_of("provisioned", "serverless", "parallelquery", "global", "multimaster")),
    Rule(CLUSTER, "networkType", "must be IPV4 or DUAL", _CLUSTER_PAGE, one_of("IPV4", "DUAL")),
    Rule(CLUSTER, "engineLifecycleSupport",
         "must be open-source-rds-extended-support or open-source-rds-extended-support-disabled", _CLUSTER_PAGE,
         one_of("open-source-rds-extended-support", "open-source-rds-extended-support-disabled")),
    Rule(CLUSTER, "backtrackWindow", "must be between 0 and 259200 seconds (72 hours)", _CLUSTER_PAGE, between(0, 259200)),
    Rule(CLUSTER, "backtrackWindow", "is for Aurora MySQL only", _CLUSTER_PAGE,
         lambda value, given: not value or not _is_postgres(given)),
    Rule(CLUSTER, "kmsKeyId", "needs storageEncrypted: true", _CLUSTER_PAGE,
         lambda value, given: bool(given("storageEncrypted"))),
    Rule((*CLUSTER, *INSTANCE), "monitoringInterval", "must be 0, 1, 5, 10, 15, 30 or 60 seconds", _INSTANCE_PAGE,
         one_of(*_INTERVALS)),
    Rule((*CLUSTER, *INSTANCE), "performanceInsightsRetentionPeriod",
         "must be 7 days, a month of 31 days times 1 to 23, or 731 days", _INSTANCE_PAGE, one_of(*_RETENTIONS)),
    Rule(INSTANCE, "performanceInsightsKmsKeyId", "needs performanceInsightsEnabled: true", _INSTANCE_PAGE,
         lambda value, given: bool(given("performanceInsightsEnabled"))),
    Rule(INSTANCE, "promotionTier", "must be between 0 and 15", _INSTANCE_PAGE, between(*_TIERS)),
    Rule(INSTANCE, "instanceClass", "must be a class, such as db.r7g.2xlarge", _INSTANCE_PAGE,
         full(r"db\.serverless|db\.[a-z0-9-]+\.[a-z0-9-]+")),
    Rule(INSTANCE, "availabilityZone", "must be a zone of the stack's region", _INSTANCE_PAGE,
         lambda value, given: value.startswith(given.region)),
    Rule(CLUSTER, "availabilityZones[]", "must be a zone of the stack's region", _CLUSTER_PAGE,
         lambda value, given: value.startswith(given.region)),
    *(
        Rule(CLUSTER, f"serverlessv2ScalingConfiguration.{name}",
             f"must be {low} to 256 Aurora capacity units, in steps of 0.5",
             api(_RDS, "ServerlessV2ScalingConfiguration"),
             _capacity(low))
        for name, low in (("minCapacity", 0), ("maxCapacity", 1))
    ),
    Rule(CLUSTER, "serverlessv2ScalingConfiguration.maxCapacity", "must not be lower than minCapacity",
         api(_RDS, "ServerlessV2ScalingConfiguration"),
         lambda value, given: value >= given.own("minCapacity", 0)),
    Rule(CLUSTER, "serverlessv2ScalingConfiguration.secondsUntilAutoPause", "must be between 300 and 86400",
         api(_RDS, "ServerlessV2ScalingConfiguration"), between(300, 86400)),
    Rule(SUBNETS, "name",
         "must begin with a letter, have at most 255 letters, digits, spaces and ._-, and not be default",
         api(_RDS, "CreateDBSubnetGroup"),
         lambda value, given: full(r"[a-zA-Z][a-zA-Z0-9._ -]{0,254}")(value, given) and value.lower() != "default"),
    Rule(GROUPS, "name", _NAMED.replace("63", "255"), api(_RDS, "CreateDBParameterGroup"),
         lambda value, given: len(value) <= 255 and _NAME.fullmatch(value) is not None),
)  # fmt: skip
