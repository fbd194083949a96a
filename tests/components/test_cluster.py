from tests.components.conftest import Ran
from tests.components.program import ACCOUNT, Program


def test_the_master_password_is_made_by_rds_and_never_seen(prod: Program) -> None:
    cluster = prod.one(":Cluster")
    assert cluster["manageMasterUserPassword"] is True
    assert cluster["masterUsername"] == "headroom_admin"
    assert not {"masterPassword", "masterPasswordWo"} & set(cluster.inputs)


def test_the_storage_is_encrypted_with_a_key_that_rotates(prod: Program) -> None:
    cluster, key = prod.one(":Cluster"), prod.all(":Key")["headroom-prod"]
    assert cluster["storageEncrypted"] is True
    assert cluster["kmsKeyId"].endswith("Key/headroom-prod")
    assert key["enableKeyRotation"] is True
    assert prod.all(":Alias")["headroom-prod"]["name"] == "alias/headroom-prod"


def test_the_key_serves_this_accounts_logs_of_rds_and_nobody_else(prod: Program) -> None:
    administrators, logs = prod.policy(":Key", "headroom-prod")
    assert administrators["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert logs["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    assert logs["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/rds/*",
        }
    }


def test_prod_keeps_its_data_and_local_can_be_destroyed(ran: Ran) -> None:
    prod, local = ran("Pulumi.prod.yaml"), ran("Pulumi.local.yaml")
    kept = ("deletionProtection", "skipFinalSnapshot", "finalSnapshotIdentifier")
    assert [prod.one(":Cluster").inputs.get(k) for k in kept] == [True, False, "headroom-prod-final"]
    assert [local.one(":Cluster").inputs.get(k) for k in kept] == [False, True, None]
    held = {d.type.rpartition(":")[2] for d in prod.declared if d.protect}
    assert held == {"Cluster", "ClusterInstance", "Key"}
    instances = prod.all(":ClusterInstance").values()
    assert [i.protect for i in instances] == [True, True, False]  # `readers` can be lowered to 1
    assert not [d.key for d in local.declared if d.protect]


def test_what_autoscaling_and_aws_move_never_plans_a_change_of_the_cluster(prod: Program) -> None:
    assert prod.one(":Cluster").ignore_changes == ("clusterMembers", "availabilityZones")


def test_instances_are_spread_over_the_zones_and_the_first_becomes_the_writer(prod: Program) -> None:
    instances = prod.all(":ClusterInstance")
    assert [(i["identifier"], i["availabilityZone"]) for i in instances.values()] == [
        ("headroom-prod-1", "eu-west-1a"),
        ("headroom-prod-2", "eu-west-1b"),
        ("headroom-prod-3", "eu-west-1c"),
    ]
    first = instances.pop("headroom-prod-1")
    assert all(first.key in reader.dependencies for reader in instances.values())


def test_instances_are_what_the_budget_was_evaluated_for(ran: Ran) -> None:
    program = ran("Pulumi.staging.yaml")
    assert {i["instanceClass"] for i in program.all(":ClusterInstance").values()} == {"db.r6g.xlarge"}
    assert len(program.all(":ClusterInstance")) == 3


def test_instances_are_private_watched_and_not_restarted_by_surprise(prod: Program) -> None:
    for instance in prod.all(":ClusterInstance").values():
        assert instance["publiclyAccessible"] is False
        assert instance["monitoringInterval"] == 60
        assert instance["performanceInsightsEnabled"] is True
        assert instance["performanceInsightsKmsKeyId"].endswith("Key/headroom-prod")
        assert instance["autoMinorVersionUpgrade"] is False
        assert instance["applyImmediately"] is False


def test_enhanced_monitoring_may_be_assumed_for_this_account_only(prod: Program) -> None:
    (trust,) = prod.policy(":Role", "headroom-prod-monitoring", "assumeRolePolicy")
    assert trust["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    attachment = prod.one(":RolePolicyAttachment")
    assert attachment["policyArn"] == "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"


def test_log_groups_with_retention_come_before_the_cluster(prod: Program, mysql: Program) -> None:
    group = prod.all(":LogGroup")["headroom-prod-postgresql"]
    assert (group["name"], group["retentionInDays"]) == ("/aws/rds/cluster/headroom-prod/postgresql", 90)
    assert group.key in prod.one(":Cluster").dependencies
    names = {g["name"] for g in mysql.all(":LogGroup").values()}
    assert {"/aws/rds/cluster/headroom-mysql/error", "/aws/rds/cluster/headroom-mysql/slowquery"} <= names


def test_mysql_instances_use_the_group_that_holds_their_limit(mysql: Program) -> None:
    group = mysql.one(":ParameterGroup")
    assert {"name": "max_connections", "value": "300", "applyMethod": "immediate"} in group["parameters"]
    for instance in mysql.all(":ClusterInstance").values():
        assert instance["dbParameterGroupName"] == group.name
        assert group.key in instance.dependencies


def test_postgresql_limits_come_from_the_cluster_so_that_autoscaled_readers_have_them(prod: Program) -> None:
    group = prod.one(":ClusterParameterGroup")
    assert {"name": "max_connections", "value": "1000", "applyMethod": "pending-reboot"} in group["parameters"]
    assert group.key in prod.one(":Cluster").dependencies
    assert not prod.all(":ParameterGroup")
