from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.sec_proxy_tls_auth import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.PROXY,)
SECRET = {"auth_scheme": "SECRETS", "iam_auth": "DISABLED", "secret_arn": "arn:a"}


def proxy(**changes: Any) -> Declared:
    return shop().change("proxy", **changes)


def auths(value: object, scheme: object = None) -> Declared:
    return proxy(auths=value, default_auth_scheme=scheme)


CASES: Sequence[Case] = [
    Case(says="TLS, and IAM from end to end", declared=shop(), passes={"proxy"}),
    Case(
        says="without TLS",
        declared=proxy(require_tls=False),
        refused={
            "proxy": (
                "the proxy proxy admits clients without TLS; requireTls has to be true; unset it is false; "
                "set requireTls"
            )
        },
    ),
    Case(
        says="unset is without TLS",
        declared=proxy(require_tls=None),
        refused={
            "proxy": (
                "the proxy proxy admits clients without TLS; requireTls has to be true; unset it is false; "
                "set requireTls"
            )
        },
    ),
    Case(says="a secret for each", declared=auths([SECRET, SECRET]), passes={"proxy"}),
    Case(
        says="a secret that is known later", declared=auths([{**SECRET, "secret_arn": Ref("stack")}]), passes={"proxy"}
    ),
    Case(
        says="one without a secret",
        declared=auths([SECRET, {"auth_scheme": "SECRETS"}]),
        refused={
            "proxy": (
                "the proxy proxy can't tell who connects: an entry of its auths (2 of 2) names no secret; "
                "each way in has a secret, or is by IAM from end to end; set defaultAuthScheme to IAM_AUTH, "
                "or give each service an entry with its own secretArn"
            )
        },
    ),
    Case(
        says="none",
        declared=auths(None),
        refused={
            "proxy": (
                "the proxy proxy can't tell who connects: it has no auths, and no default scheme; each way in"
                " has a secret, or is by IAM from end to end; set defaultAuthScheme to IAM_AUTH, or give each"
                " service an entry with its own secretArn"
            )
        },
    ),
    Case(
        says="an empty list",
        declared=auths([]),
        refused={
            "proxy": (
                "the proxy proxy can't tell who connects: it has no auths, and no default scheme; each way in"
                " has a secret, or is by IAM from end to end; set defaultAuthScheme to IAM_AUTH, or give each"
                " service an entry with its own secretArn"
            )
        },
    ),
    Case(
        says="none, and the default scheme says none",
        declared=auths(None, "NONE"),
        refused={
            "proxy": (
                "the proxy proxy can't tell who connects: it has no auths, and no default scheme; each way in"
                " has a secret, or is by IAM from end to end; set defaultAuthScheme to IAM_AUTH, or give each"
                " service an entry with its own secretArn"
            )
        },
    ),
    Case(
        says="a secret of a wrong type",
        declared=auths([{"secret_arn": ["arn:a"]}]),
        unproven={
            "proxy": (
                "auths.0.secretArn of proxy must be text, got ['arn:a']; so this cannot be proven safe; give it as text"
            )
        },
    ),
    Case(
        says="unknown TLS",
        declared=proxy(require_tls=Ref("stack")),
        unproven={
            "proxy": (
                "requireTls of proxy is known only after the update; so this cannot be proven safe; give it "
                "as a value that is known before the update"
            )
        },
    ),
    Case(
        says="an unknown scheme",
        declared=auths(None, Ref("stack")),
        unproven={
            "proxy": (
                "defaultAuthScheme of proxy is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="unknown auths",
        declared=auths(Ref("stack")),
        unproven={
            "proxy": (
                "auths of proxy is known only after the update; so this cannot be proven safe; give it as a "
                "value that is known before the update"
            )
        },
    ),
    Case(
        says="auths that are no list",
        declared=auths("everybody"),
        unproven={
            "proxy": (
                "auths of proxy must be a list, got 'everybody'; so this cannot be proven safe; give it as a list"
            )
        },
    ),
    Case(
        says="neither true nor false",
        declared=proxy(require_tls="maybe"),
        unproven={
            "proxy": (
                "requireTls of proxy must be true or false, got 'maybe'; so this cannot be proven safe; give "
                "it as true or false"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
