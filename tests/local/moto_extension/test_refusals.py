"""What AWS refuses is refused here, with AWS's code, and its words where they are public."""

from collections.abc import Callable
from typing import Any

import botocore.session
import pytest

from tests.local.moto_extension.conftest import ACCOUNT, CLUSTER, REGION, World, refused

pytestmark = pytest.mark.emulator
Aws = Callable[[str], Any]
Made = Callable[[World], dict[str, Any]]

IDENTIFIER = (
    "is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and "
    "hyphens; and must not end with a hyphen or contain two consecutive hyphens."
)
NOBODY = f"arn:aws:iam::{ACCOUNT}:role/nobody"
NO_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:nothing"
NO_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:nothing"
NO_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
TEXT = "strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
SCALED = {"ServiceNamespace": "rds", "ResourceId": "cluster:shop", "ScalableDimension": "rds:cluster:ReadReplicaCount"}
ALARM = {
    "AlarmName": "it",
    "MetricName": "CPUUtilization",
    "Namespace": "AWS/RDS",
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "Threshold": 80,
    "ComparisonOperator": "GreaterThanThreshold",
}


def cluster(**changes: Any) -> Made:
    return lambda _: {"DBClusterIdentifier": "new", "DBSubnetGroupName": "two-zones", **CLUSTER, **changes}


def instance(**changes: Any) -> Made:
    base = {"DBInstanceIdentifier": "new-1", "DBClusterIdentifier": "shop", "Engine": "aurora-postgresql"}
    return lambda _: {**base, "DBInstanceClass": "db.r6g.large", **changes}


def proxy(**changes: Any) -> Made:
    def made(world: World) -> dict[str, Any]:
        login = {"AuthScheme": "SECRETS", "SecretArn": world.secret, "IAMAuth": "DISABLED"}
        base = {
            "DBProxyName": "new",
            "EngineFamily": "POSTGRESQL",
            "VpcSubnetIds": world.subnets,
            "RoleArn": world.role,
        }
        return {**base, "Auth": [login], **changes}

    return made


def pool(**config: Any) -> Made:
    return lambda _: {"DBProxyName": "shop", "TargetGroupName": "default", "ConnectionPoolConfig": config}


def subscription(**changes: Any) -> Made:
    return lambda world: {"SubscriptionName": "new", "SnsTopicArn": world.topic, "SourceType": "db-cluster", **changes}


def given(**members: Any) -> Made:
    return lambda _: members


def group(family: str, name: str = "new") -> Made:
    return given(DBClusterParameterGroupName=name, DBParameterGroupFamily=family, Description="x")


def parameters(*, name: str, value: str, method: str = "pending-reboot", of: str = "cluster-14") -> Made:
    parameter = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
    return given(DBClusterParameterGroupName=of, Parameters=[parameter])


def action(**changes: Any) -> Made:
    return given(**{**SCALED, "ScheduledActionName": "sale", "Schedule": "at(2030-11-28T06:00:00)", **changes})


@pytest.fixture(scope="module")
def prepared(aws: Aws, world: World) -> World:
    rds = aws("rds")
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="cluster-14", DBParameterGroupFamily="aurora-postgresql14", Description="Older"
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="instance-14", DBParameterGroupFamily="aurora-postgresql14", Description="Older"
    )
    rds.create_db_cluster(
        DBClusterIdentifier="used",
        DBSubnetGroupName="two-zones",
        DBClusterParameterGroupName="cluster-16",
        DeletionProtection=True,
        **CLUSTER,
    )
    rds.create_db_instance(
        DBInstanceIdentifier="used-1",
        DBClusterIdentifier="used",
        Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
        DBParameterGroupName="instance-16",
    )
    rds.create_event_subscription(
        SubscriptionName="there", SnsTopicArn=world.topic, SourceType="db-cluster", SourceIds=["shop"]
    )
    aws("application-autoscaling").register_scalable_target(
        **{**SCALED, "ResourceId": "cluster:used"}, MinCapacity=0, MaxCapacity=5
    )
    return world


CASES: list[tuple[str, str, Made, str]] = [
    # --- clusters ---
    ("rds", "create_db_cluster", cluster(DBClusterIdentifier="c_under"),
     f"InvalidParameterValue: The parameter DBClusterIdentifier {IDENTIFIER}"),
    ("rds", "create_db_cluster", cluster(DBClusterIdentifier="c--x"),
     f"InvalidParameterValue: The parameter DBClusterIdentifier {IDENTIFIER}"),
    ("rds", "create_db_cluster", cluster(DBClusterIdentifier="c" * 64),
     f"InvalidParameterValue: The parameter DBClusterIdentifier {IDENTIFIER}"),
    ("rds", "create_db_cluster", cluster(DBClusterIdentifier="shop"),
     "DBClusterAlreadyExistsFault: DB Cluster already exists"),
    ("rds", "create_db_cluster", cluster(DBSubnetGroupName="nowhere"),
     "DBSubnetGroupNotFoundFault: DB subnet group 'nowhere' does not exist."),
    ("rds", "create_db_cluster", cluster(DBClusterParameterGroupName="nothing"),
     "DBClusterParameterGroupNotFound: DBClusterParameterGroup not found: nothing"),
    ("rds", "create_db_cluster", cluster(DBClusterParameterGroupName="cluster-14"),
     "InvalidParameterCombination: The Parameter Group cluster-14 with DBParameterGroupFamily "
     "aurora-postgresql14 cannot be "
     "used for this instance. Please use a Parameter Group with DBParameterGroupFamily aurora-postgresql16"),
    ("rds", "create_db_cluster", cluster(EngineVersion="16.6"),
     "InvalidParameterCombination: Cannot find version 16.6 for aurora-postgresql"),
    ("rds", "create_db_cluster", cluster(EngineVersion="16.7"),
     "InvalidParameterCombination: Cannot find version 16.7 for aurora-postgresql"),
    ("rds", "create_db_cluster", cluster(VpcSecurityGroupIds=["sg-0"]),
     "InvalidParameterValue: Invalid security group , groupId= sg-0, groupName=."),
    ("rds", "create_db_cluster", cluster(StorageEncrypted=True, KmsKeyId=NO_KEY),
     f"KMSKeyNotAccessibleFault: Specified KMS key [{NO_KEY}] does not exist, is not enabled or you do not have "
     "permissions "
     "to access it."),
    ("rds", "create_db_cluster", cluster(MonitoringInterval=60, MonitoringRoleArn=NOBODY),
     "InvalidParameterValue: IAM role ARN value is invalid or does not include the required permissions for: "
     "ENHANCED_MONITORING"),
    ("rds", "create_db_cluster", cluster(MonitoringInterval=7),
     "InvalidParameterValue: Invalid MonitoringInterval: 7. Must be one of 0, 1, 5, 10, 15, 30, 60."),
    ("rds", "create_db_cluster", cluster(BackupRetentionPeriod=40),
     "InvalidParameterValue: Invalid backup retention period: 40. Must be between 1 and 35."),
    ("rds", "create_db_cluster", cluster(Port=80),
     "InvalidParameterValue: Invalid port: 80. Must be between 1150 and 65535."),
    ("rds", "create_db_cluster", cluster(MasterUsername="rdsadmin"),
     "InvalidParameterValue: MasterUsername rdsadmin cannot be used as it is a reserved word used by the engine"),
    ("rds", "create_db_cluster", cluster(MasterUsername="my-admin"),
     "InvalidParameterValue: The parameter MasterUsername is not valid: my-admin. It is a letter, then "
     "letters, digits and _."),
    ("rds", "create_db_cluster", cluster(ServerlessV2ScalingConfiguration={"MinCapacity": 0.7, "MaxCapacity": 8}),
     "InvalidParameterValue: Serverless v2 MinCapacity 0.7 isn't valid: 0 to 256 ACUs, in steps of 0.5."),
    ("rds", "create_db_cluster", cluster(ServerlessV2ScalingConfiguration={"MinCapacity": 1, "MaxCapacity": 300}),
     "InvalidParameterValue: Serverless v2 MaxCapacity 300 isn't valid: 1 to 256 ACUs, in steps of 0.5."),
    ("rds", "create_db_cluster", cluster(ServerlessV2ScalingConfiguration={"MinCapacity": 9, "MaxCapacity": 8}),
     "InvalidParameterCombination: Serverless v2 MinCapacity 9 is above MaxCapacity 8."),
    ("rds", "modify_db_cluster", given(DBClusterIdentifier="shop", DBClusterParameterGroupName="nothing"),
     "DBClusterParameterGroupNotFound: DBClusterParameterGroup not found: nothing"),
    ("rds", "modify_db_cluster", given(DBClusterIdentifier="shop", EngineVersion="16.14"),
     "InvalidParameterCombination: Cannot upgrade aurora-postgresql from 16.15 to 16.14"),
    ("rds", "modify_db_cluster", given(DBClusterIdentifier="shop", BackupRetentionPeriod=40),
     "InvalidParameterValue: Invalid backup retention period: 40. Must be between 1 and 35."),
    ("rds", "delete_db_cluster", given(DBClusterIdentifier="shop"),
     "InvalidParameterCombination: FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."),
    ("rds", "delete_db_cluster", given(DBClusterIdentifier="shop", SkipFinalSnapshot=True),
     "InvalidDBClusterStateFault: Cluster cannot be deleted, it still contains DB instances in non-deleting state."),
    ("rds", "delete_db_cluster", given(DBClusterIdentifier="used", SkipFinalSnapshot=True),
     "InvalidParameterCombination: Cannot delete protected Cluster, please disable deletion protection and try again."),
    # --- instances ---
    ("rds", "create_db_instance", instance(DBInstanceIdentifier="i_under"),
     f"InvalidParameterValue: The parameter DBInstanceIdentifier {IDENTIFIER}"),
    ("rds", "create_db_instance", instance(DBClusterIdentifier="nothing"),
     "DBClusterNotFoundFault: The source cluster could not be found or cannot be accessed: nothing"),
    ("rds", "create_db_instance", instance(DBInstanceClass="db.t3.small"),
     "InvalidParameterCombination: RDS does not support creating a DB instance with the following combination: "
     "DBInstanceClass=db.t3.small, Engine=aurora-postgresql, EngineVersion=16.15, LicenseModel=postgresql-license. For "
     "supported combinations of instance class and database engine version, see the documentation."),
    ("rds", "create_db_instance", instance(EngineVersion="16.14"),
     "InvalidParameterCombination: The engine version that you requested for your DB instance (16.14) does not "
     "match the "
     "engine version of your DB cluster (16.15)."),
    ("rds", "create_db_instance", instance(DBParameterGroupName="nothing"),
     "DBParameterGroupNotFound: DB Parameter Group nothing not found."),
    ("rds", "create_db_instance", instance(DBParameterGroupName="instance-14"),
     "InvalidParameterCombination: The Parameter Group instance-14 with DBParameterGroupFamily "
     "aurora-postgresql14 cannot be "
     "used for this instance. Please use a Parameter Group with DBParameterGroupFamily aurora-postgresql16"),
    ("rds", "create_db_instance", instance(PromotionTier=16),
     "InvalidParameterValue: Invalid promotion tier: 16. Must be between 0 and 15."),
    ("rds", "create_db_instance", instance(MonitoringInterval=60, MonitoringRoleArn=NOBODY),
     "InvalidParameterValue: IAM role ARN value is invalid or does not include the required permissions for: "
     "ENHANCED_MONITORING"),
    ("rds", "create_db_instance", instance(EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=10),
     "InvalidParameterValue: Invalid PerformanceInsightsRetentionPeriod: 10. Must be one of 7, "
     f"{', '.join(str(31 * n) for n in range(1, 24))}, 731."),
    ("rds", "modify_db_instance", given(DBInstanceIdentifier="shop-1", DBInstanceClass="db.t3.small"),
     "InvalidParameterCombination: RDS does not support creating a DB instance with the following combination: "
     "DBInstanceClass=db.t3.small, Engine=aurora-postgresql, EngineVersion=16.15, LicenseModel=postgresql-license. For "
     "supported combinations of instance class and database engine version, see the documentation."),
    # --- groups ---
    ("rds", "create_db_cluster_parameter_group", group("aurora-postgresql99"),
     "InvalidParameterValue: ParameterGroupFamily aurora-postgresql99 is not a valid parameter group family"),
    ("rds", "create_db_cluster_parameter_group", group("aurora-postgresql16", "prod.eu"),
     f"InvalidParameterValue: The parameter DBClusterParameterGroupName {IDENTIFIER}"),
    ("rds", "modify_db_cluster_parameter_group", parameters(name="lock_timeout", value="1000"),
     "InvalidParameterValue: Could not find parameter with name: lock_timeout"),
    ("rds", "modify_db_cluster_parameter_group", parameters(name="max_connections", value="100", method="immediate"),
     "InvalidParameterCombination: cannot use immediate apply method for static parameter"),
    ("rds", "modify_db_cluster_parameter_group", parameters(name="max_connections", value="3", of="cluster-16"),
     "InvalidParameterValue: Invalid parameter value: 3 for: max_connections allowed values are: 6-262143"),
    ("rds", "modify_db_cluster_parameter_group", parameters(name="log_statement", value="all", method="now"),
     "InvalidParameterValue: Invalid apply method: now"),
    ("rds", "modify_db_parameter_group",
     given(DBParameterGroupName="instance-14", Parameters=[
         {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}]),
     "InvalidParameterValue: Could not find parameter with name: rds.force_ssl"),
    ("rds", "delete_db_cluster_parameter_group", given(DBClusterParameterGroupName="cluster-16"),
     "InvalidDBParameterGroupState: One or more database instances are still members of this parameter group "
     "cluster-16, so "
     "the group cannot be deleted"),
    ("rds", "delete_db_parameter_group", given(DBParameterGroupName="instance-16"),
     "InvalidDBParameterGroupState: One or more database instances are still members of this parameter group "
     "instance-16, so "
     "the group cannot be deleted"),
    ("rds", "create_db_subnet_group",
     lambda world: {"DBSubnetGroupName": "one", "DBSubnetGroupDescription": "x", "SubnetIds": world.subnets[:1]},
     "DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn't meet Availability Zone (AZ) coverage "
     "requirement. "
     f"Current AZ coverage: {REGION}a. Add subnets to cover at least 2 AZs."),
    ("rds", "create_db_subnet_group",
     lambda world: {"DBSubnetGroupName": "two-zones", "DBSubnetGroupDescription": "x", "SubnetIds": world.subnets},
     "DBSubnetGroupAlreadyExists: The DB subnet group 'two-zones' already exists."),
    ("rds", "delete_db_subnet_group", given(DBSubnetGroupName="two-zones"),
     "InvalidDBSubnetGroupStateFault: Cannot delete the subnet group 'two-zones' because at least one database "
     "cluster: shop "
     "is still using it."),
    # --- proxies ---
    ("rds", "create_db_proxy", proxy(DBProxyName="p--ro"),
     f"InvalidParameterValue: The parameter DBProxyName {IDENTIFIER}"),
    ("rds", "create_db_proxy", lambda world: {**proxy()(world), "VpcSubnetIds": world.subnets[:1]},
     "InvalidSubnet: RDS Proxy needs subnets in at least two Availability Zones."),
    ("rds", "create_db_proxy", proxy(RoleArn=NOBODY),
     f"InvalidParameterValue: The role {NOBODY} can't be assumed by RDS Proxy: it doesn't exist."),
    ("rds", "create_db_proxy", proxy(Auth=[{"AuthScheme": "SECRETS", "SecretArn": NO_SECRET}]),
     f"InvalidParameterValue: The secret {NO_SECRET} doesn't exist."),
    ("rds", "create_db_proxy", proxy(Auth=[{"ClientPasswordAuthType": "MYSQL_CACHING_SHA2_PASSWORD"}]),
     "InvalidParameterValue: ClientPasswordAuthType MYSQL_CACHING_SHA2_PASSWORD is not a way to log in to POSTGRESQL."),
    ("rds", "create_db_proxy", proxy(Auth=[]),
     "InvalidParameterValue: A proxy needs Auth, or the DefaultAuthScheme IAM_AUTH."),
    ("rds", "create_db_proxy", proxy(IdleClientTimeout=30_000),
     "InvalidParameterValue: Invalid idle client timeout: 30000. Must be between 1 and 28800."),
    ("rds", "create_db_proxy", proxy(VpcSecurityGroupIds=["sg-0"]),
     "InvalidParameterValue: Invalid security group , groupId= sg-0, groupName=."),
    ("rds", "modify_db_proxy", given(DBProxyName="shop", RoleArn=NOBODY),
     f"InvalidParameterValue: The role {NOBODY} can't be assumed by RDS Proxy: it doesn't exist."),
    ("rds", "modify_db_proxy_target_group", pool(MaxConnectionsPercent=101),
     "InvalidParameterValue: Invalid MaxConnectionsPercent: 101. Must be between 1 and 100."),
    ("rds", "modify_db_proxy_target_group", pool(MaxConnectionsPercent=50, MaxIdleConnectionsPercent=60),
     "InvalidParameterValue: Invalid MaxIdleConnectionsPercent: 60. Must be between 0 and MaxConnectionsPercent, 50."),
    ("rds", "modify_db_proxy_target_group", pool(MaxIdleConnectionsPercent=20),
     "InvalidParameterCombination: MaxIdleConnectionsPercent needs MaxConnectionsPercent beside it."),
    ("rds", "modify_db_proxy_target_group", pool(ConnectionBorrowTimeout=400),
     "InvalidParameterValue: Invalid ConnectionBorrowTimeout: 400. Must be between 0 and 300."),
    ("rds", "modify_db_proxy_target_group", pool(SessionPinningFilters=["NONSENSE"]),
     "InvalidParameterValue: Invalid SessionPinningFilters: NONSENSE. Must be one of EXCLUDE_VARIABLE_SETS."),
    ("rds", "create_db_proxy_endpoint",
     lambda world: {"DBProxyName": "shop", "DBProxyEndpointName": "p--ro", "VpcSubnetIds": world.subnets},
     f"InvalidParameterValue: The parameter DBProxyEndpointName {IDENTIFIER}"),
    # --- subscriptions ---
    ("rds", "create_event_subscription", subscription(SnsTopicArn=NO_TOPIC),
     f"SNSTopicArnNotFound: SNS topic ARN does not exist: {NO_TOPIC}"),
    ("rds", "create_event_subscription", subscription(SourceIds=["nothing"]),
     "SourceNotFound: Could not find source: nothing"),
    ("rds", "create_event_subscription", subscription(EventCategories=["low storage"]),
     "SubscriptionCategoryNotFound: low storage is not a category of db-cluster."),
    ("rds", "create_event_subscription", subscription(SourceType="db-instance", EventCategories=["failures"]),
     "SubscriptionCategoryNotFound: failures is not a category of db-instance."),
    ("rds", "create_event_subscription", subscription(SourceType="cluster"),
     "InvalidParameterValue: Invalid source type: cluster. Must be one of db-cluster, db-instance, db-proxy, "
     "db-parameter-group, db-security-group, db-snapshot, db-cluster-snapshot, custom-engine-version, "
     "blue-green-deployment, db-shard-group, zero-etl."),
    ("rds", "modify_event_subscription", given(SubscriptionName="there", EventCategories=["low storage"]),
     "SubscriptionCategoryNotFound: low storage is not a category of db-cluster."),
    ("rds", "add_source_identifier_to_subscription", given(SubscriptionName="there", SourceIdentifier="nothing"),
     "SourceNotFound: Could not find source: nothing"),
    # --- scaling ---
    ("application-autoscaling", "register_scalable_target",
     given(**{**SCALED, "ResourceId": "cluster:nothing"}, MinCapacity=1, MaxCapacity=2),
     "ValidationException: RDS cluster does not exist: cluster:nothing"),
    ("application-autoscaling", "register_scalable_target", given(**SCALED, MinCapacity=3, MaxCapacity=2),
     "ValidationException: Maximum capacity cannot be less than minimum capacity: 2 < 3."),
    ("application-autoscaling", "register_scalable_target", given(**SCALED, MinCapacity=0, MaxCapacity=16),
     "ValidationException: MaxCapacity 16 is not between 0 and 15, what rds:cluster:ReadReplicaCount takes."),
    ("application-autoscaling", "put_scaling_policy",
     given(**{**SCALED, "ResourceId": "cluster:nothing"}, PolicyName="cpu", PolicyType="TargetTrackingScaling"),
     "ObjectNotFoundException: No scalable target registered for service namespace: rds, resource ID: cluster:nothing, "
     "scalable dimension: rds:cluster:ReadReplicaCount"),
    ("application-autoscaling", "put_scheduled_action", action(ResourceId="cluster:nothing"),
     "ObjectNotFoundException: No scalable target registered for service namespace: rds, resource ID: cluster:nothing, "
     "scalable dimension: rds:cluster:ReadReplicaCount"),
    ("application-autoscaling", "put_scheduled_action", action(ResourceId="cluster:used", Schedule="at(tomorrow)"),
     "ValidationException: Schedule at(tomorrow) is no at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(six fields)."),
    ("application-autoscaling", "put_scheduled_action", action(ResourceId="cluster:used", Timezone="Mars/Olympus"),
     "ValidationException: Timezone Mars/Olympus is not valid."),
    ("application-autoscaling", "put_scheduled_action",
     action(ResourceId="cluster:used", ScalableTargetAction={"MinCapacity": 9, "MaxCapacity": 3}),
     "ValidationException: Maximum capacity cannot be less than minimum capacity: 3 < 9."),
    # --- alarms ---
    ("cloudwatch", "put_composite_alarm", given(AlarmName="all", AlarmRule='ALARM("it-isn\'t") OR ALARM(nor-this)'),
     "ValidationError: Could not save the composite alarm as alarms [it-isn't, nor-this] in the alarm rule do "
     "not exist"),
    ("cloudwatch", "put_metric_alarm", given(**{**ALARM, "Period": 90}),
     "ValidationError: Period 90 is not valid: it must be 10, 20, 30 or a multiple of 60 seconds."),
    ("cloudwatch", "put_metric_alarm", given(**{**ALARM, "EvaluationPeriods": 1500}),
     "ValidationError: Metrics cannot be checked across more than 1 days: 1500 x 60 seconds."),
    ("cloudwatch", "put_metric_alarm", given(**ALARM, DatapointsToAlarm=4),
     "ValidationError: DatapointsToAlarm 4 is above EvaluationPeriods 3."),
    ("cloudwatch", "put_metric_alarm", given(**ALARM, TreatMissingData="silent"),
     "ValidationError: TreatMissingData silent is not one of breaching, notBreaching, ignore, missing."),
    # --- networks ---
    ("ec2", "create_security_group",
     lambda world: {"GroupName": "x", "Description": "Operators' hosts", "VpcId": world.vpc},
     f"InvalidParameterValue: Invalid security group description. Valid descriptions are {TEXT}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "operation", "members", "expected"), CASES, ids=[f"{c[1]}: {c[3][:60]}" for c in CASES]
)
def test_it_is_refused(aws: Aws, prepared: World, service: str, operation: str, members: Made, expected: str) -> None:
    assert refused(getattr(aws(service), operation), **members(prepared)) == expected


# Codes that AWS's services give to any call; botocore's models name the others for each operation.
COMMON = {"InvalidParameterValue", "InvalidParameterCombination", "ValidationError", "ValidationException"}
# EventBridge and EC2 have none in their models; the parameter group's fault is missing in ModifyDBCluster's and
# CreateDBInstance's only: AWS's references of those calls do name it.
UNNAMED = {("modify_db_cluster", "DBClusterParameterGroupNotFound")}


def test_the_codes_are_ones_that_botocore_knows_for_the_operation() -> None:
    session = botocore.session.get_session()
    for service, operation, _, expected in CASES:
        code = expected.partition(":")[0]
        model = session.get_service_model(service)
        name = next(o for o in model.operation_names if o.lower() == operation.replace("_", ""))
        shapes = model.operation_model(name).error_shapes
        known = {(shape.metadata.get("error") or {}).get("code") or shape.name for shape in shapes}
        assert code in COMMON | known or (operation, code) in UNNAMED, (operation, code, known)


def test_a_sixteenth_reader_is_refused(aws: Aws, prepared: World) -> None:
    rds = aws("rds")
    rds.create_db_cluster(DBClusterIdentifier="full", DBSubnetGroupName="two-zones", **CLUSTER)
    for number in range(16):
        rds.create_db_instance(**instance(DBInstanceIdentifier=f"full-{number}", DBClusterIdentifier="full")(prepared))
    assert (
        refused(
            rds.create_db_instance, **instance(DBInstanceIdentifier="full-16", DBClusterIdentifier="full")(prepared)
        )
        == "InstanceQuotaExceeded: DB cluster full already has 15 Aurora Replicas."
    )


def test_a_security_group_in_use_stays(aws: Aws, prepared: World) -> None:
    ec2, rds = aws("ec2"), aws("rds")
    made = ec2.create_security_group(GroupName="in-use", Description="Of a cluster", VpcId=prepared.vpc)["GroupId"]
    rds.create_db_cluster(**{**cluster(DBClusterIdentifier="guarded")(prepared), "VpcSecurityGroupIds": [made]})
    assert refused(ec2.delete_security_group, GroupId=made) == (
        f"DependencyViolation: resource {made} has a dependent object"
    )
    rds.delete_db_cluster(DBClusterIdentifier="guarded", SkipFinalSnapshot=True)
    ec2.delete_security_group(GroupId=made)


def test_a_cluster_of_another_family_is_no_target(aws: Aws, prepared: World) -> None:
    rds = aws("rds")
    mysql = cluster(DBClusterIdentifier="other", Engine="aurora-mysql", EngineVersion="8.0.mysql_aurora.3.10.0")
    rds.create_db_cluster(**mysql(prepared))
    assert refused(rds.register_db_proxy_targets, DBProxyName="shop", DBClusterIdentifiers=["other"]) == (
        "InvalidParameterValue: other runs aurora-mysql, and shop is of the family POSTGRESQL."
    )


@pytest.mark.parametrize(
    ("service", "operation", "members"),
    [
        ("rds", "create_db_cluster", cluster(DBClusterIdentifier="newer", EngineVersion="16.99")),
        ("rds", "create_db_cluster", cluster(DBClusterIdentifier="by-major", EngineVersion="16")),
        ("rds", "create_db_instance", instance(DBInstanceIdentifier="newer-1", DBInstanceClass="db.r99g.large")),
        ("rds", "create_db_cluster_parameter_group", group("aurora-postgresql19", "newer-19")),
        ("rds", "create_db_parameter_group",
         given(DBParameterGroupName="other-engine", DBParameterGroupFamily="postgres16", Description="x")),
        ("rds", "modify_db_cluster_parameter_group",
         parameters(name="reserved_connections", value="3", of="cluster-16")),
        ("rds", "modify_db_cluster_parameter_group",
         parameters(name="max_connections", value="LEAST({DBInstanceClassMemory/9531392},5000)")),
        ("rds", "create_db_proxy", proxy(DBProxyName="by-iam-alone", Auth=[], DefaultAuthScheme="IAM_AUTH")),
        ("cloudwatch", "put_metric_alarm", given(**{**ALARM, "Period": 3600, "EvaluationPeriods": 168})),
        ("application-autoscaling", "put_scheduled_action",
         action(ResourceId="cluster:used", Timezone="Europe/Berlin", ScalableTargetAction={"MinCapacity": 2})),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_aws_takes_or_may_take_by_now_is_taken(
    aws: Aws, prepared: World, service: str, operation: str, members: Made
) -> None:
    getattr(aws(service), operation)(**members(prepared))
