"""One emulator for all cases, asked as any program would ask it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.local.aws.conftest import emulator_url

__all__ = ["emulator_url"]

ACCOUNT, REGION = "123456789012", "eu-central-1"
ASSUME = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture(scope="session")
def aws(emulator_url: str) -> Callable[[str], Any]:
    """Clients of the emulator."""

    def client(service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=emulator_url,
            aws_access_key_id="local",  # type: ignore[call-overload]
            aws_secret_access_key="local",
        )

    return client


def refused(call: Callable[..., Any], **members: Any) -> str:
    """The error's code and words."""
    with pytest.raises(ClientError) as found:
        call(**members)
    return f"{found.value.response['Error']['Code']}: {found.value.response['Error']['Message']}"


@dataclass(frozen=True)
class World:
    """What is there before each case: a network in two zones, a role, a secret, a topic, groups, a cluster, a proxy."""

    vpc: str
    subnets: list[str]
    role: str
    secret: str
    topic: str
    key: str


CLUSTER = {
    "Engine": "aurora-postgresql",
    "EngineVersion": "16.15",
    "MasterUsername": "root_admin",
    "MasterUserPassword": "x" * 12,
}


@pytest.fixture(scope="session")
def world(aws: Callable[[str], Any]) -> World:
    """Made once; cases give what they make names of their own."""
    ec2, rds = aws("ec2"), aws("rds")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ab")
    ]
    world = World(
        vpc=vpc,
        subnets=subnets,
        role=aws("iam").create_role(RoleName="proxy", AssumeRolePolicyDocument=ASSUME)["Role"]["Arn"],
        secret=aws("secretsmanager").create_secret(Name="app", SecretString="{}")["ARN"],
        topic=aws("sns").create_topic(Name="page")["TopicArn"],
        key=aws("kms").create_key()["KeyMetadata"]["Arn"],
    )
    rds.create_db_subnet_group(
        DBSubnetGroupName="two-zones", DBSubnetGroupDescription="Two zones", SubnetIds=world.subnets
    )
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="cluster-16", DBParameterGroupFamily="aurora-postgresql16", Description="Limits"
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="instance-16", DBParameterGroupFamily="aurora-postgresql16", Description="Limits"
    )
    rds.create_db_cluster(DBClusterIdentifier="shop", DBSubnetGroupName="two-zones", **CLUSTER)
    rds.create_db_instance(
        DBInstanceIdentifier="shop-1",
        DBClusterIdentifier="shop",
        Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
    )
    rds.create_db_proxy(
        DBProxyName="shop",
        EngineFamily="POSTGRESQL",
        Auth=[{"AuthScheme": "SECRETS", "SecretArn": world.secret, "IAMAuth": "DISABLED"}],
        VpcSubnetIds=world.subnets,
        RoleArn=world.role,
    )
    rds.register_db_proxy_targets(DBProxyName="shop", TargetGroupName="default", DBClusterIdentifiers=["shop"])
    return world
