import re

from hypothesis import given
from hypothesis import strategies as st

from components.access import secret_name
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
    assert mysql.one(":Secret")["name"] == "headroom-mysql/nightly-export/credentials"
    assert before_the_incident.one(":Secret")["name"] == "headroom-before-the-incident/search"


def test_a_direct_service_is_told_what_iam_must_allow_it_at_the_cluster(prod: Program) -> None:
    assert prod.outputs["connect_arns"]["direct"] == {
        "reporting": f"arn:aws:rds-db:eu-west-1:{ACCOUNT}:dbuser:cluster-ABC/reporting",
    }


def test_a_secrets_name_is_the_services_unless_it_would_look_like_an_arns_end() -> None:
    assert secret_name("headroom-prod", "search") == "headroom-prod/search"
    assert secret_name("headroom-prod", "nightly-export") == "headroom-prod/nightly-export/credentials"
    assert secret_name("headroom-x", "abcd") == "headroom-x/abcd/credentials"  # it counts across the slash, too


SLUGS = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True)


@given(stack=SLUGS, service=SLUGS)
def test_no_secrets_name_ends_in_a_hyphen_and_six_characters(stack: str, service: str) -> None:
    assert not re.search(r"-.{6}\Z", secret_name(stack, service))
