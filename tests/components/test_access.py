from tests.components.conftest import Ran
from tests.components.program import ACCOUNT, Program


def test_a_secret_is_declared_empty_and_encrypted(prod: Program) -> None:
    secret = prod.one(":Secret")
    assert secret["name"] == "headroom-prod/search"
    assert secret["kmsKeyId"].endswith("Key/headroom-prod")
    assert not [d.key for d in prod.declared if "secretVersion" in d.type]


def test_a_secret_can_be_recovered_where_the_stacks_data_is_kept(ran: Ran) -> None:
    assert ran("Pulumi.prod.yaml").one(":Secret")["recoveryWindowInDays"] == 30
    assert ran("Pulumi.local.yaml").one(":Secret")["recoveryWindowInDays"] == 0


def test_a_direct_service_gets_its_secret_too_proxy_or_not(mysql: Program, before_the_incident: Program) -> None:
    assert mysql.one(":Secret")["name"] == "headroom-mysql/nightly-export"
    assert before_the_incident.one(":Secret")["name"] == "headroom-before-the-incident/search"


def test_a_direct_service_is_told_what_iam_must_allow_it_at_the_cluster(prod: Program) -> None:
    assert prod.outputs["connect_arns"]["direct"] == {
        "reporting": f"arn:aws:rds-db:eu-west-1:{ACCOUNT}:dbuser:cluster-ABC/reporting",
    }
