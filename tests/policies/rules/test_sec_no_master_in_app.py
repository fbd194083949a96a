from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.sec_no_master_in_app import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, second_proxy, shop

JUDGED = (t.PROXY,)
EITHER = (
    "auths of proxy is known only after the update, and comes from the cluster shop and 1 more; so this cannot be "
    "proven safe; give each entry the secret of a resource of its own, and take nothing from the cluster"
)


def secret(arn: object) -> Declared:
    auths = [{"auth_scheme": "SECRETS", "secret_arn": arn}]
    return shop().change("proxy", default_auth_scheme=None, auths=auths)


def deployed(arn: str) -> Declared:
    return secret(arn).change("shop", master_user_secrets=[{"secret_arn": "arn:master"}])


CASES: Sequence[Case] = [
    Case(says="IAM", declared=shop(), passes={"proxy"}),
    Case(says="a service's own secret", declared=secret(Ref("stack")), passes={"proxy"}),
    Case(
        says="the cluster's",
        declared=secret(Ref("shop")),
        refused={
            "proxy": (
                "the proxy proxy is given the master user's secret of shop; as rds_superuser an application "
                "takes the slots that are reserved for rescue; give each service a database role and a secret"
                " of its own, or IAM"
            )
        },
    ),
    Case(
        says="the cluster's, by its ARN",
        declared=deployed("arn:master"),
        refused={
            "proxy": (
                "the proxy proxy is given the master user's secret of shop; as rds_superuser an application "
                "takes the slots that are reserved for rescue; give each service a database role and a secret"
                " of its own, or IAM"
            )
        },
    ),
    Case(says="another one, by its ARN", declared=deployed("arn:checkout"), passes={"proxy"}),
    Case(
        says="a second proxy of the cluster",
        declared=second_proxy(10).change("second", auths=[{"secret_arn": Ref("shop")}]),
        refused={
            "second": (
                "the proxy second is given the master user's secret of shop; as rds_superuser an application "
                "takes the slots that are reserved for rescue; give each service a database role and a secret"
                " of its own, or IAM"
            )
        },
        passes={"proxy"},
    ),
    Case(
        says="one secret, from the cluster or from another resource",
        declared=shop().change("proxy", auths=[{"secret_arn": Ref("shop"), "description": Ref("stack")}]),
        unproven={"proxy": EITHER},
    ),
    Case(
        says="the cluster's beside a known one that another resource describes",
        declared=shop().change(
            "proxy", auths=[{"secret_arn": Ref("shop")}, {"secret_arn": "arn:known", "description": Ref("stack")}]
        ),
        unproven={"proxy": EITHER},
    ),
    Case(
        says="a new service's, described by the name of a cluster whose own secret is known",
        declared=deployed("arn:checkout").change(
            "proxy",
            auths=[
                {"secret_arn": "arn:checkout", "description": Ref("shop")},
                {"secret_arn": Ref("stack"), "description": Ref("shop")},
            ],
        ),
        passes={"proxy"},
    ),
    Case(
        says="the same once it is deployed",
        declared=deployed("arn:checkout").change(
            "proxy", auths=[{"secret_arn": "arn:checkout", "description": Ref("shop")}]
        ),
        passes={"proxy"},
    ),
    Case(
        says="a service's secret beside the master's, by its ARN",
        declared=deployed("arn:master").change("proxy", auths=[{"secret_arn": "arn:a"}, {"secret_arn": "arn:master"}]),
        refused={
            "proxy": (
                "the proxy proxy is given the master user's secret of shop; as rds_superuser an application "
                "takes the slots that are reserved for rescue; give each service a database role and a secret"
                " of its own, or IAM"
            )
        },
    ),
    Case(
        says="more unknown secrets than other resources that they come from",
        declared=shop().change("proxy", auths=[{"secret_arn": Ref("stack")}, {"secret_arn": Ref("shop")}]),
        unproven={"proxy": EITHER},
    ),
    Case(
        says="auths as a whole from the cluster",
        declared=shop().change("proxy", auths=Ref("shop")),
        refused={
            "proxy": (
                "the proxy proxy is given the master user's secret of shop; as rds_superuser an application "
                "takes the slots that are reserved for rescue; give each service a database role and a secret"
                " of its own, or IAM"
            )
        },
    ),
    Case(
        says="auths that are no list",
        declared=shop().change("proxy", auths="everybody"),
        unproven={
            "proxy": (
                "auths of proxy must be a list, got 'everybody'; so this cannot be proven safe; give it as a list"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
