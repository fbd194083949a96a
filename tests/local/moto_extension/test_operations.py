"""What moto answers since it is extended, asked as any program would ask it."""

import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.local.aws.conftest import MARK
from tests.local.moto_extension.conftest import World, refused

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def proxy(aws: Callable[[str], Any], world: World) -> dict[str, Any]:
    made: dict[str, Any] = aws("rds").create_db_proxy(
        DBProxyName="by-iam",
        EngineFamily="MYSQL",
        DefaultAuthScheme="IAM_AUTH",
        VpcSubnetIds=world.subnets,
        RoleArn=world.role,
    )["DBProxy"]
    return made


def test_the_mark_is_answered(emulator_url: str) -> None:
    with urllib.request.urlopen(f"{emulator_url}/headroom/mark") as answer:  # noqa: S310
        assert answer.read().decode() == MARK


def test_a_proxy_without_secrets_keeps_its_authentication(proxy: dict[str, Any]) -> None:
    assert (proxy["DefaultAuthScheme"], proxy["Auth"]) == ("IAM_AUTH", [])


def test_a_target_is_registered_once_and_only_if_it_exists(aws: Callable[[str], Any], proxy: dict[str, Any]) -> None:
    rds = aws("rds")
    target = {"DBProxyName": "by-iam", "TargetGroupName": "default", "DBClusterIdentifiers": ["targeted"]}
    assert refused(rds.register_db_proxy_targets, **target) == "DBClusterNotFoundFault: DBCluster targeted not found."
    rds.create_db_cluster(
        DBClusterIdentifier="targeted", Engine="aurora-mysql", MasterUsername="root_admin", MasterUserPassword="x" * 12
    )
    (made,) = rds.register_db_proxy_targets(**target)["DBProxyTargets"]
    assert made["Port"] == 3306
    assert refused(rds.register_db_proxy_targets, **target) == (
        "DBProxyTargetAlreadyRegisteredFault: targeted is already a target of by-iam"
    )


def test_questions_about_a_missing_proxy_are_answered_with_its_name(aws: Callable[[str], Any]) -> None:
    rds = aws("rds")
    for call in (
        rds.describe_db_proxy_targets,
        rds.describe_db_proxy_target_groups,
        rds.delete_db_proxy,
        rds.modify_db_proxy,
    ):
        assert refused(call, DBProxyName="missing").startswith("DBProxyNotFoundFault: ")


def test_endpoints_of_a_proxy_live_and_carry_tags(aws: Callable[[str], Any], proxy: dict[str, Any]) -> None:
    rds = aws("rds")
    given = {
        "DBProxyName": "by-iam",
        "DBProxyEndpointName": "readers",
        "VpcSubnetIds": proxy["VpcSubnetIds"],
        "TargetRole": "READ_ONLY",
    }
    made = rds.create_db_proxy_endpoint(**given, Tags=[{"Key": "team", "Value": "shop"}])["DBProxyEndpoint"]
    assert made["VpcSecurityGroupIds"] == proxy["VpcSecurityGroupIds"]
    assert rds.list_tags_for_resource(ResourceName=made["DBProxyEndpointArn"])["TagList"] == [
        {"Key": "team", "Value": "shop"}
    ]
    assert refused(rds.create_db_proxy_endpoint, **given).startswith("DBProxyEndpointAlreadyExistsFault: ")
    rds.delete_db_proxy_endpoint(DBProxyEndpointName="readers")
    assert refused(rds.describe_db_proxy_endpoints, DBProxyEndpointName="readers").startswith(
        "DBProxyEndpointNotFoundFault: "
    )


def test_a_cluster_can_be_made_again_at_once(aws: Callable[[str], Any]) -> None:
    rds = aws("rds")
    for _ in range(2):
        rds.create_db_cluster(
            DBClusterIdentifier="again",
            Engine="aurora-postgresql",
            MasterUsername="root_admin",
            MasterUserPassword="x" * 12,
            StorageType="aurora-iopt1",
        )
        rds.delete_db_cluster(DBClusterIdentifier="again", SkipFinalSnapshot=True)


def test_a_change_that_fails_does_not_lose_the_cluster(aws: Callable[[str], Any]) -> None:
    rds = aws("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="kept", Engine="aurora-postgresql", MasterUsername="root_admin", MasterUserPassword="x" * 12
    )
    assert "apply immediately" in refused(
        rds.modify_db_cluster, DBClusterIdentifier="kept", RotateMasterUserPassword=True
    )
    assert rds.describe_db_clusters(DBClusterIdentifier="kept")["DBClusters"][0]["Status"] == "available"
    assert refused(rds.modify_db_cluster, DBClusterIdentifier="gone", Port=5433).startswith("DBClusterNotFoundFault: ")


def test_managed_policies_are_there_as_soon_as_they_are_attached(aws: Callable[[str], Any]) -> None:
    iam = aws("iam")
    iam.create_role(RoleName="managed", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(
        RoleName="managed", PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
    )
    missing = {
        "RoleName": "managed",
        "PolicyArn": "arn:aws:iam::aws:policy/AmazonRDSEnhancedMonitoringRole",
    }  # without its path
    assert refused(iam.attach_role_policy, **missing).startswith("NoSuchEntity: ")
