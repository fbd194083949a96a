"""What is read from the SDK's sources, and that it hasn't moved."""

import inspect
import json
from typing import Any

import pulumi_aws
import pytest

from headroom.local.aws import sdk
from headroom.local.aws.table import TYPES
from tests.golden_files import FOLDER, check_golden


def test_the_properties_of_the_served_types_have_not_moved() -> None:
    """After an upgrade of pulumi_aws: a new property must find its place in the table."""
    found = {token: _described(sdk.schema(token)) for token in sorted(TYPES)}
    check_golden(FOLDER / "aws_properties.json", json.dumps(found, indent=1) + "\n")


def test_a_type_of_another_sdk_is_named() -> None:
    with pytest.raises(LookupError, match=r"^pulumi_aws has no rds/no_such\.py$"):
        sdk.schema("aws:rds/noSuch:NoSuch")


@pytest.mark.parametrize("token", ["rds/cluster:Cluster", "vpc/securityGroupIngressRule:SecurityGroupIngressRule"])
def test_the_sources_say_what_the_classes_say(token: str) -> None:
    """The pattern reads all that Python reads."""
    module, _, name = token.replace("/", ":").split(":")
    arguments = inspect.signature(getattr(getattr(pulumi_aws, module), f"{name}Args").__init__).parameters
    found = sdk.schema(f"aws:{token}").inputs
    assert len(found) == len(arguments) - 1
    required = {key for key, parameter in arguments.items() if parameter.default is inspect.Parameter.empty} - {
        "__self__"
    }
    assert {prop.name for prop in found.values() if prop.required} == {_camel(key) for key in required}


def test_kinds_are_read_to_the_bottom() -> None:
    queries = sdk.schema("aws:cloudwatch/metricAlarm:MetricAlarm").inputs["metricQueries"].kind
    assert queries.name == "list"
    assert queries.item is not None
    metric = queries.item.fields["metric"].kind
    assert (metric.fields["dimensions"].kind.name, metric.fields["period"].kind.name) == ("map", "whole number")
    assert metric.fields["stat"].required
    assert sdk.schema("aws:iam/role:Role").inputs["assumeRolePolicy"].kind.is_document


def _described(schema: sdk.Schema) -> dict[str, Any]:
    return {
        "inputs": {
            name: _kind(prop.kind) + ("!" if prop.required else "") for name, prop in sorted(schema.inputs.items())
        },
        "outputs": sorted(set(schema.outputs) - set(schema.inputs)),
    }


def _kind(kind: sdk.Kind) -> str:
    if kind.item:
        return f"{kind.name} of {_kind(kind.item)}"
    return f"{kind.name}({', '.join(sorted(kind.fields))})" if kind.fields else kind.name


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
