"""Pulumi's names and values, and AWS's."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import Shape
from hypothesis import given
from hypothesis import strategies as st

from headroom.local.aws import sdk
from headroom.local.aws.connection import Connection
from headroom.local.aws.naming import equal, from_aws, member, same, text, to_aws

_CONNECTION = Connection("http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("name", "members", "prefixes", "expected"),
    [
        ("dbProxyName", ["DBProxyName"], (), "DBProxyName"),
        ("requireTls", ["RequireTLS"], (), "RequireTLS"),
        ("auths", ["Auth"], (), "Auth"),
        ("dbClusterIdentifier", ["DBClusterIdentifiers"], (), "DBClusterIdentifiers"),
        ("name", ["AlarmName", "MetricName"], ("Alarm",), "AlarmName"),
        ("name", ["Name", "AlarmName"], ("Alarm",), "Name"),
        (
            "serverlessv2ScalingConfiguration",
            ["ServerlessV2ScalingConfiguration"],
            (),
            "ServerlessV2ScalingConfiguration",
        ),
        ("subnetIds", ["Subnets"], (), None),
        ("port", ["DBPortNumber"], ("DB",), None),
    ],
)
def test_a_property_names_the_member_of_its_spelling(
    name: str, members: list[str], prefixes: tuple[str, ...], expected: str | None
) -> None:
    assert member(name, members, prefixes) == expected


def test_an_exception_wins_and_the_call_picks_among_several() -> None:
    assert member("policy", ["Policy", "PolicyDocument"], (), "PolicyDocument") == "PolicyDocument"
    assert member("secretArn", ["ARN"], (), ("SecretId", "ARN")) == "ARN"
    assert member("name", ["Name"], (), "GroupName") is None


def _shape(service: str, operation: str, name: str) -> Shape:
    shape = _CONNECTION.model(service).operation_model(operation).input_shape
    assert shape is not None
    return shape.members[name]


@pytest.mark.parametrize(
    ("token", "name", "call", "value", "expected"),
    [
        (
            "rds/proxy:Proxy",
            "auths",
            ("rds", "CreateDBProxy", "Auth"),
            [{"authScheme": "SECRETS", "iamAuth": "REQUIRED", "secretArn": "arn"}],
            [{"AuthScheme": "SECRETS", "IAMAuth": "REQUIRED", "SecretArn": "arn"}],
        ),
        (
            "rds/proxyTarget:ProxyTarget",
            "dbClusterIdentifier",
            ("rds", "RegisterDBProxyTargets", "DBClusterIdentifiers"),
            "shop",
            ["shop"],
        ),
        (
            "cloudwatch/metricAlarm:MetricAlarm",
            "dimensions",
            ("cloudwatch", "PutMetricAlarm", "Dimensions"),
            {"Role": "WRITER"},
            [{"Name": "Role", "Value": "WRITER"}],
        ),
        ("kms/key:Key", "tags", ("kms", "CreateKey", "Tags"), {"a": "b"}, [{"TagKey": "a", "TagValue": "b"}]),
        ("cloudwatch/logGroup:LogGroup", "tags", ("logs", "CreateLogGroup", "tags"), {"a": "b"}, {"a": "b"}),
        ("ec2/vpc:Vpc", "enableDnsSupport", ("ec2", "ModifyVpcAttribute", "EnableDnsSupport"), True, {"Value": True}),
        ("cloudwatch/metricAlarm:MetricAlarm", "threshold", ("cloudwatch", "PutMetricAlarm", "Threshold"), 900, 900.0),
        (
            "appautoscaling/policy:Policy",
            "stepScalingPolicyConfiguration",
            ("application-autoscaling", "PutScalingPolicy", "StepScalingPolicyConfiguration"),
            {"cooldown": 60, "stepAdjustments": [{"scalingAdjustment": 1, "metricIntervalLowerBound": "0"}]},
            {"Cooldown": 60, "StepAdjustments": [{"ScalingAdjustment": 1, "MetricIntervalLowerBound": 0.0}]},
        ),
    ],
)
def test_a_value_gets_the_form_that_the_member_asks_for_and_comes_back(
    token: str, name: str, call: tuple[str, str, str], value: Any, expected: Any
) -> None:
    kind = sdk.schema(f"aws:{token}").inputs[name].kind
    sent = to_aws(value, kind, _shape(*call), {}, name)
    assert sent == expected
    if name not in ("enableDnsSupport", "dbClusterIdentifier"):  # read from elsewhere
        assert same(value, from_aws(sent, kind, {}, name))


def test_a_nested_name_may_differ() -> None:
    kind = sdk.schema("aws:cloudwatch/logMetricFilter:LogMetricFilter").inputs["metricTransformation"].kind
    names = {f"metricTransformation.{name}": f"metric{name.title()}" for name in ("name", "namespace", "value")}
    shape = _shape("logs", "PutMetricFilter", "metricTransformations")
    sent = to_aws(
        {"name": "Refused", "namespace": "Headroom", "value": "1"}, kind, shape, names, "metricTransformation"
    )
    assert sent == [{"metricName": "Refused", "metricNamespace": "Headroom", "metricValue": "1"}]
    back = from_aws(sent, kind, names, "metricTransformation")
    assert back == {"name": "Refused", "namespace": "Headroom", "value": "1"}


def test_texts_are_as_aws_has_them() -> None:
    assert [text(value) for value in (True, False, 5, 2.0, 0.5, "x")] == ["true", "false", "5", "2", "0.5", "x"]
    assert text(datetime(2026, 11, 27, 8, tzinfo=UTC)) == "2026-11-27T08:00:00Z"
    assert text({"a": 1}) == '{"a": 1}'


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["b", "a"], ["a", "b"]),
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}'),
        ("0", "0.0"),
        ("role", "arn:aws:iam::123456789012:role/role"),
        ("shop", "arn:aws:rds:eu-west-1:123456789012:cluster:shop"),
        ({"authScheme": "SECRETS"}, {"authScheme": "SECRETS", "clientPasswordAuthType": "MYSQL"}),
        ([{"name": "x", "value": "1"}], [{"name": "x", "value": "1", "applyMethod": "immediate"}]),
    ],
)
def test_what_aws_only_spells_differently_is_the_same(wanted: Any, found: Any) -> None:
    assert same(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["a", "a"], ["a"]),
        (["a"], ["a", "b"]),
        ('{"a": 1}', '{"a": 2}'),
        ("{", "["),
        ("le", "arn:aws:iam::123456789012:role/role"),
        (True, 1),
        (False, None),
        ({"a": 1}, {}),
        ("x", "X"),
    ],
)
def test_what_differs_is_not_the_same(wanted: Any, found: Any) -> None:
    assert not same(wanted, found)


def test_equal_is_same_in_both_directions() -> None:
    assert not equal({"a": 1}, {"a": 1, "b": 2})
    assert not equal({"a": 1, "b": 2}, {"a": 1})
    assert equal([{"a": 1}, {"b": 2}], [{"b": 2}, {"a": 1}])


_values = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)


@given(_values)
def test_every_value_is_the_same_as_itself_after_a_journey_through_json(value: Any) -> None:
    assert same(value, json.loads(json.dumps(value)))


@given(st.lists(st.integers(), max_size=6), st.randoms())
def test_the_order_of_a_list_says_nothing(items: list[int], random: Any) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    assert equal(items, shuffled)
