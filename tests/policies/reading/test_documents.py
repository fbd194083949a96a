"""What a policy lets an AWS service do: every written form of its statements."""

import json
from typing import Any

import pytest

from policies.reading.documents import ABSENT, FOREIGN, Request, admits
from policies.reading.field import UNKNOWN

TOPIC = "arn:aws:sns:eu-west-1:123456789012:on-call"
CLOUDWATCH = "cloudwatch.amazonaws.com"
CONTEXT = {
    "aws:sourcearn": "arn:*:cloudwatch:eu-west-1:123456789012:alarm:*",
    "aws:sourceaccount": "123456789012",
    "aws:securetransport": "true",
    "aws:principalorgid": ABSENT,
    "kms:calleraccount": FOREIGN,
}
ASKED = Request(service=CLOUDWATCH, action="sns:Publish", resource=TOPIC, context=CONTEXT)


def allow(**elements: Any) -> dict[str, Any]:
    whole = {"Effect": "Allow", "Principal": {"Service": CLOUDWATCH}, "Action": "sns:Publish", "Resource": TOPIC}
    return {key: value for key, value in {**whole, **elements}.items() if value is not None}


def deny(**elements: Any) -> dict[str, Any]:
    return allow(**{"Effect": "Deny", "Principal": "*", **elements})


def document(*statements: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


LETS_IN = {
    "its name": [allow()],
    "its name in a list": [allow(Principal={"Service": ["events.amazonaws.com", CLOUDWATCH]})],
    "everybody": [allow(Principal="*")],
    "everybody as an account": [allow(Principal={"AWS": "*"})],
    "everybody in a list": [allow(Principal={"AWS": ["arn:aws:iam::123456789012:root", "*"]})],
    "every service": [allow(Principal={"Service": "*"})],
    "all but others": [allow(Principal=None, NotPrincipal={"Service": "events.amazonaws.com"})],
    "SNS's own default policy": [
        allow(
            Principal={"AWS": "*"},
            Action=["SNS:GetTopicAttributes", "SNS:Publish"],
            Condition={"StringEquals": {"AWS:SourceOwner": "123456789012"}},
        )
    ],
    "a wildcard as action": [allow(Action="sns:*")],
    "everything as action": [allow(Action="*")],
    "a part as action, in other letters": [allow(Action=["sns:Subscribe", "SNS:Pub*"])],
    "all but another action": [allow(Action=None, NotAction="sns:Subscribe")],
    "every topic": [allow(Resource="*")],
    "topics of that kind": [allow(Resource=["arn:aws:sns:*:*:on-*"])],
    "all but another topic": [allow(Resource=None, NotResource=f"{TOPIC}-2")],
    "no resource": [allow(Resource=None)],
    "its alarms": [
        allow(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:*"}})
    ],
    "its alarms, said in short": [allow(Condition={"StringLike": {"aws:SourceArn": "arn:aws:cloudwatch:*"}})],
    "any source": [allow(Condition={"ArnLike": {"aws:SourceArn": "*"}})],
    "its account": [allow(Condition={"StringEquals": {"aws:SourceAccount": ["1", "123456789012"]}})],
    "a condition on what can't be known": [allow(Condition={"StringEquals": {"aws:SourceOrgID": "o-1"}})],
    "a condition that isn't known": [allow(Condition=UNKNOWN)],
    "an account that isn't known": [allow(Condition={"StringEquals": {"aws:SourceAccount": UNKNOWN}})],
    "an operator that isn't known": [allow(Condition={"Whatever": {"aws:SourceAccount": "1"}})],
    "an organization, if there is one": [allow(Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}})],
    "no organization": [allow(Condition={"Null": {"aws:PrincipalOrgID": "true"}})],
    "not another account": [allow(Condition={"StringNotEquals": {"aws:SourceAccount": "1"}})],
    "a principal that isn't known": [allow(Principal={"Service": [UNKNOWN]})],
    "principals that aren't known": [allow(Principal=UNKNOWN)],
    "an action that isn't known": [allow(Action=UNKNOWN)],
    "a topic that isn't known": [allow(Resource=UNKNOWN)],
    "a Deny of what isn't encrypted on its way": [
        allow(),
        deny(Condition={"Bool": {"aws:SecureTransport": "false"}}),
    ],
    "a Deny of another action": [allow(), deny(Action="sns:DeleteTopic")],
    "a Deny of all but this service": [allow(), deny(Principal=None, NotPrincipal={"Service": CLOUDWATCH})],
    "a Deny of everybody else's account": [
        allow(),
        deny(Condition={"StringNotEquals": {"aws:SourceAccount": "123456789012"}}),
    ],
    "a Deny under a condition that can't be told": [allow(), deny(Condition={"StringEquals": {"aws:SourceVpc": "a"}})],
    "a Deny that isn't known": [allow(), deny(Principal=UNKNOWN)],
    "a statement of another service beside it": [allow(Principal={"Service": "a.amazonaws.com"}), allow()],
}
KEEPS_OUT = {
    "nobody": [],
    "no principal": [allow(Principal=None)],
    "another service": [allow(Principal={"Service": "events.amazonaws.com"})],
    "other services": [allow(Principal={"Service": ["events.amazonaws.com", "events.rds.amazonaws.com"]})],
    "an account": [allow(Principal={"AWS": "arn:aws:iam::123456789012:root"})],
    "an account by its number": [allow(Principal={"AWS": ["123456789012"]})],
    "a text that is no principal": [allow(Principal=CLOUDWATCH)],
    "all but this service": [allow(Principal=None, NotPrincipal={"Service": [CLOUDWATCH]})],
    "another action": [allow(Action=["sns:Subscribe", "sns:PublishBatch"])],
    "all but this action": [allow(Action=None, NotAction=["sns:Pub*"])],
    "another topic": [allow(Resource=[f"{TOPIC}-2"])],
    "a topic in other letters": [allow(Resource=TOPIC.upper())],
    "all but this topic": [allow(Resource=None, NotResource="*")],
    "another account's alarms": [allow(Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}})],
    "not this account's alarms": [allow(Condition={"StringNotEquals": {"aws:SourceAccount": "123456789012"}})],
    "another service's source": [allow(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}})],
    "another source": [allow(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:rule/*"}})],
    "another region's alarms": [allow(Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:*:*"}})],
    "a bucket": [allow(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}})],
    "an organization": [allow(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})],
    "some organization": [allow(Condition={"Null": {"aws:PrincipalOrgID": "false"}})],
    "this account's callers": [allow(Condition={"StringEquals": {"kms:CallerAccount": "123456789012"}})],
    "one condition of two": [
        allow(
            Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}, "Bool": {"aws:SecureTransport": "false"}}
        )
    ],
    "a Deny": [allow(), deny()],
    "a Deny of all topics and actions": [allow(), deny(Action="*", Resource="*")],
    "a Deny of whoever is in no organization": [
        allow(),
        deny(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
    ],
    "a Deny of all but another service": [
        allow(),
        deny(Principal=None, NotPrincipal={"Service": "events.amazonaws.com"}),
    ],
    "no effect": [allow(Effect="allow")],
}


@pytest.mark.parametrize("statements", LETS_IN.values(), ids=list(LETS_IN))
def test_it_lets_the_service_in(statements: list[Any]) -> None:
    assert admits(document(*statements), ASKED)


@pytest.mark.parametrize("statements", KEEPS_OUT.values(), ids=list(KEEPS_OUT))
def test_it_keeps_the_service_out_as_text_and_as_an_object(statements: list[Any]) -> None:
    assert not admits(document(*statements), ASKED)
    assert not admits(json.dumps(document(*statements)), ASKED)


def test_one_statement_needs_no_list() -> None:
    assert admits({"Statement": allow()}, ASKED)
    assert not admits({"Statement": deny()}, ASKED)


@pytest.mark.parametrize(
    "value", [UNKNOWN, None, "", "no json", "[" * 100_000, "[]", 5, {}, {"Statement": "x"}, {"Statement": [1]}]
)
def test_what_is_no_document_may_let_it_in(value: object) -> None:
    assert admits(value, ASKED)


@pytest.mark.parametrize("resource", ["*", [TOPIC]])
def test_where_the_topics_arn_is_not_known_any_resource_may_be_it(resource: object) -> None:
    asked = Request(service=CLOUDWATCH, action="sns:Publish")
    assert admits(document(allow(Resource=resource)), asked)
    assert admits(document(allow(), deny(Resource=resource)), asked) is (resource != "*")


def test_a_service_that_knows_no_conditions_is_let_in_by_statements_without_one() -> None:
    under_one = allow(Condition={"StringEquals": {"aws:SourceAccount": "123456789012"}})
    assert not admits(document(under_one), ASKED, conditions=False)
    assert admits(document(under_one, allow()), ASKED, conditions=False)


def test_what_another_account_is_asked_for_may_be_refused_or_not() -> None:
    assert admits(document(allow(Condition={"StringNotEquals": {"kms:CallerAccount": "1"}})), ASKED)
    assert admits(document(allow(Condition={"StringLike": {"kms:CallerAccount": "*"}})), ASKED)
