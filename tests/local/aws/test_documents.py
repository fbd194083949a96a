"""IAM's policy documents: what its grammar allows, and actions that nobody knows."""

import json
from typing import Any

import pytest

from headroom.local.aws.documents import policy, unknown_actions
from headroom.local.aws.registry import Said, as_of
from headroom.local.aws.values import UNKNOWN

ROLE, ROLE_POLICY, KEY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:kms/key:Key"
GOOD = {"Effect": "Allow", "Action": "rds:*", "Resource": "*"}


def document(*statements: dict[str, Any], **rest: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **rest})


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({"Effect": "Alow"}, "Statement[0].Effect: must be one of Allow, Deny"),
        ({"Action": "Connect"}, "Statement[0].Action: must be service:Action, got Connect"),
        ({"Resource": "shop"}, "Statement[0].Resource: must match"),
        ({"NotAction": "rds:*"}, "Statement[0].NotAction: must not be given together with Action"),
        ({"Principal": "*"}, "Statement[0].Principal: there is no such member"),
        ({"Condition": {"StringIs": {"a": "b"}}}, "Statement[0].Condition.StringIs: there is no such member"),
    ],
)
def test_what_iam_does_not_read_is_said_with_its_place(statement: dict[str, Any], words: str) -> None:
    found = list(policy(ROLE_POLICY, "policy", document({**GOOD, **statement})))

    assert [one.property for one in found] == ["policy"]
    assert found[0].words.startswith(words)


@pytest.mark.parametrize(
    "good",
    [
        document(GOOD),
        json.dumps({"Statement": GOOD}),
        document({**GOOD, "Sid": "A1", "Action": ["rds-db:connect", "*"], "Resource": ["arn:aws:rds-db:*:*:x/a"]}),
        document({"Effect": "Deny", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::a/*"}),
        document({**GOOD, "Condition": {"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]},
                                        "Bool": {"aws:SecureTransport": "false"}, "ArnLike": {"a": "b"}}}),
    ],
)  # fmt: skip
def test_what_iam_reads_is_accepted(good: str) -> None:
    assert list(policy(ROLE_POLICY, "policy", good)) == []


def test_a_resource_has_principals_and_a_trust_has_no_resource() -> None:
    allowed = {"Effect": "Allow", "Principal": {"Service": "rds.amazonaws.com"}, "Action": "sts:AssumeRole"}

    assert list(policy(ROLE, "assumeRolePolicy", document(allowed))) == []
    assert list(policy(KEY, "policy", document({**allowed, "Action": "kms:*", "Resource": "*"}))) == []
    assert list(policy(KEY, "policy", document(GOOD))) == [
        Said("policy", "Statement[0]: needs one of Principal, NotPrincipal")
    ]


def test_an_action_that_nobody_knows_is_remarked_on() -> None:
    bad = document({**GOOD, "Action": ["rds:Describe*", "RDS:createdbcluster", "rds:ConnectNow", "rsd:*", "*"]})

    assert [one.words for one in unknown_actions(ROLE_POLICY, "policy", bad)] == [
        f"Statement[0].Action: rds:ConnectNow is no action in AWS's list of {as_of()}",
        f"Statement[0].Action: rsd:* is no action in AWS's list of {as_of()}",
    ]


def test_what_is_not_known_or_no_policy_is_not_judged() -> None:
    assert list(policy(ROLE_POLICY, "policy", UNKNOWN)) == []
    assert list(policy(ROLE_POLICY, "name", "{}")) == []
    assert list(unknown_actions(ROLE_POLICY, "policy", UNKNOWN)) == []
