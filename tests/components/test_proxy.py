import json
from pathlib import Path

import pytest
import yaml

from headroom.settings import yaml_file
from tests.components.program import ACCOUNT, ROOT, Program, run


def test_the_pool_is_what_the_stack_file_says(prod: Program) -> None:
    assert prod.one(":ProxyDefaultTargetGroup")["connectionPoolConfig"] == {
        "maxConnectionsPercent": 45,
        "maxIdleConnectionsPercent": 5,
        "connectionBorrowTimeout": 2,
    }


def test_clients_need_tls_and_statements_are_not_logged(prod: Program) -> None:
    proxy = prod.one("rds/proxy:Proxy")
    assert (proxy["requireTls"], proxy["debugLogging"], proxy["idleClientTimeout"]) == (True, False, 900)


def test_services_authenticate_with_iam_unless_they_asked_for_a_secret(prod: Program) -> None:
    proxy = prod.one("rds/proxy:Proxy")
    assert proxy["defaultAuthScheme"] == "IAM_AUTH"
    assert proxy["auths"] == [
        {
            "authScheme": "SECRETS",
            "iamAuth": "DISABLED",
            "clientPasswordAuthType": "POSTGRES_SCRAM_SHA_256",
            "secretArn": f"arn:aws:made:eu-west-1:{ACCOUNT}:Secret/headroom-prod-search",
            "description": "search",
        }
    ]


def test_the_secret_of_a_service_that_goes_straight_to_the_database_is_not_the_proxys(mysql: Program) -> None:
    assert list(mysql.all(":Secret")) == ["headroom-mysql-nightly-export"]
    assert "auths" not in mysql.one("rds/proxy:Proxy").inputs


def test_the_proxy_reads_the_services_secrets_and_connects_as_their_users_and_nothing_else(prod: Program) -> None:
    assert prod.policy(":RolePolicy", "headroom-prod-proxy") == [
        {
            "Sid": "ReadTheServicesSecrets",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": [f"arn:aws:made:eu-west-1:{ACCOUNT}:Secret/headroom-prod-search"],
        },
        {
            "Sid": "DecryptThemThroughSecretsManagerOnly",
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": f"arn:aws:made:eu-west-1:{ACCOUNT}:Key/headroom-prod",
            "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}},
        },
        {
            "Sid": "ConnectAsTheServicesUsers",
            "Effect": "Allow",
            "Action": "rds-db:connect",
            "Resource": [
                f"arn:aws:rds-db:eu-west-1:{ACCOUNT}:dbuser:cluster-ABC/checkout",
                f"arn:aws:rds-db:eu-west-1:{ACCOUNT}:dbuser:cluster-ABC/catalogue",
            ],
        },
    ]


@pytest.mark.parametrize(
    ("authentication", "fit", "action", "pattern"),
    [
        ("iam", 60, "rds-db:connect", f"arn:aws:rds-db:eu-west-1:{ACCOUNT}:dbuser:cluster-ABC/*"),
        (
            "secret",
            60,
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:headroom-prod/*",
        ),
    ],
)
def test_as_many_services_as_the_settings_take_fit_into_a_role_s_policies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authentication: str, fit: int, action: str, pattern: str
) -> None:
    """IAM takes 10,240 characters: by name as long as they fit, then by one pattern."""

    def policy(services: int) -> tuple[str, list[str]]:
        config = yaml_file.read(ROOT / "Pulumi.prod.yaml")
        pools = [{"endpoint": "writer", "path": "proxy", "connections_max": 1}]
        config["headroom:services"] = [
            {
                "name": f"service-with-a-long-name-number-{number:03}",
                "user": f"a_user_with_a_name_as_long_as_postgresql_takes_it_number_{number:03}",
                "authentication": authentication,
                "instances_max": 1,
                "pools": pools,
            }
            for number in range(services)
        ]
        file = tmp_path / "Pulumi.prod.yaml"
        file.write_text(yaml.safe_dump({"config": config}))
        text = run(file, monkeypatch).one(":RolePolicy")["policy"]
        of_action = next(s for s in json.loads(text)["Statement"] if s["Action"] == action)
        return "".join(text.split()), of_action["Resource"]

    text, resources = policy(fit)
    assert len(resources) == fit
    assert 6_000 < len(text) <= 10_240
    text, resources = policy(200)
    assert resources == [pattern]
    assert len(text) <= 10_240


def test_without_secrets_the_proxy_may_read_none(mysql: Program) -> None:
    (connect,) = mysql.policy(":RolePolicy", "headroom-mysql-proxy")
    assert connect["Action"] == "rds-db:connect"


def test_the_masters_secret_is_nowhere_near_the_proxy(prod: Program) -> None:
    of_the_proxy = [d for d in prod.declared if d.parent.startswith("headroom:index:ConnectionProxy")]
    assert of_the_proxy
    assert "master-secret" not in str([d.inputs for d in of_the_proxy])


def test_the_role_may_be_assumed_by_rds_for_this_account_only(prod: Program) -> None:
    (trust,) = prod.policy(":Role", "headroom-prod-proxy", "assumeRolePolicy")
    assert trust["Principal"] == {"Service": "rds.amazonaws.com"}
    assert "Condition" not in trust  # nobody has documented that RDS Proxy names a source


def test_the_target_is_registered_when_the_instances_are_there(prod: Program) -> None:
    target = prod.one(":ProxyTarget")
    assert {i.key for i in prod.all(":ClusterInstance").values()} <= target.dependencies
    assert target["dbClusterIdentifier"] == "headroom-prod"


def test_what_hangs_on_the_proxy_is_made_again_with_it(prod: Program) -> None:
    proxy = prod.one("rds/proxy:Proxy").key
    for type_ in (":ProxyDefaultTargetGroup", ":ProxyTarget", ":ProxyEndpoint"):
        assert prod.one(type_).replace_with == (proxy,)


def test_services_are_told_what_iam_must_allow_them_at_the_proxy(prod: Program) -> None:
    proxy = "rds-db:eu-west-1:123456789012:dbuser:Proxy/headroom-prod"  # AWS: prx-…
    assert prod.outputs["connect_arns"]["proxy"] == {
        "checkout": f"arn:aws:{proxy}/checkout",
        "catalogue": f"arn:aws:{proxy}/catalogue",
    }


def test_reads_have_an_endpoint_of_their_own(prod: Program) -> None:
    assert prod.one(":ProxyEndpoint")["targetRole"] == "READ_ONLY"


def test_its_policy_and_its_log_group_come_before_the_proxy(prod: Program) -> None:
    proxy = prod.one("rds/proxy:Proxy")
    assert prod.one(":RolePolicy").key in proxy.dependencies
    group = prod.all(":LogGroup")["headroom-prod-proxy"]
    assert (group["name"], group["retentionInDays"]) == ("/aws/rds/proxy/headroom-prod", 90)
    assert group.key in proxy.dependencies


def test_mysql_speaks_its_own_family(mysql: Program) -> None:
    assert mysql.one("rds/proxy:Proxy")["engineFamily"] == "MYSQL"
