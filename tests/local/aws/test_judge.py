"""JSON schemas, of values that may not be known yet."""

from typing import Any

import pytest

from headroom.local.aws.judge import judge
from headroom.local.aws.values import UNKNOWN


def said(value: Any, schema: Any, root: Any = None) -> list[tuple[Any, ...]]:
    return [(*wrong.path, wrong.words) for wrong in judge(value, schema, lambda reference: (root or {})[reference])]


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        (5, {"minimum": 5, "maximum": 5}, []),
        (4, {"minimum": 5}, [("must be at least 5",)]),
        (6, {"minimum": 1, "maximum": 5}, [("must be between 1 and 5",)]),
        (0, {"exclusiveMinimum": 0}, [("must be greater than 0",)]),
        (90, {"multipleOf": 60}, [("must be a multiple of 60",)]),
        (0, {"multipleOf": 60}, []),
        ("7", {"type": "integer", "enum": [7, 31]}, [("must be integer",)]),
        (7, {"type": "string"}, []),
        ("true", {"type": "boolean"}, []),
        (8, {"enum": [7, 31]}, [("must be one of 7, 31",)]),
        ("x", {"const": "y"}, [("must be y",)]),
        ("", {"minLength": 1, "maxLength": 3}, [("must have between 1 and 3 characters, has 0",)]),
        ("four", {"maxLength": 3, "pattern": "^x"}, [("must have at most 3 characters, has 4",)]),
        ("ab", {"pattern": "^x"}, [("must match ^x",)]),
        ("10.0.0.0/33", {"format": "ipv4-network"}, [("must be a network: '33' is not a valid netmask",)]),
        ("10.0.0.0/8", {"format": "ipv4-network"}, []),
        ([1], {"minItems": 2}, [("must have at least 2 entries, has 1",)]),
        ([1, 2], {"items": {"maximum": 1}}, [(1, "must be at most 1")]),
        ([{"Sid": "a"}, {"Sid": "a"}], {"uniqueKeys": ["Sid"]}, [("has Sid a twice",)]),
        ({"a": 1}, {"additionalProperties": False}, [("a", "there is no such member")]),
        ({"a": 1}, {"patternProperties": {"^a": {"maximum": 0}}}, [("a", "must be at most 0")]),
        ({}, {"required": ["a"]}, [("a", "is required")]),
        ({"a": 1}, {"properties": {"a": False}}, [("a", "must not be given here")]),
        ({"a": 1}, {"not": {"properties": {"a": {"enum": [1]}}}}, [("must not be such",)]),
        (1, {"anyOf": [{"maximum": 0}, {"minimum": 5}]}, [("must be at most 0; or must be at least 5",)]),
        ({"a": 1}, {"if": {"required": ["a"]}, "then": {"required": ["b"]}}, [("b", "is required")]),
        ({}, {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}},
         [("c", "is required")]),
        ({}, {"requiredXor": ["a", "b"]}, [("needs one of {0}, {1}",)]),
        ({"a": 1, "b": 1}, {"requiredXor": ["a", "b"]}, [("b", "must not be given together with {0}")]),
        ({"a": 1, "b": 1}, {"requiredOr": ["a", "b"]}, []),
        ({"a": 1}, {"dependentRequired": {"a": ["b"]}}, [("b", "is required with {0}")]),
        ({"a": 1, "b": 1}, {"dependentExcluded": {"a": ["b"], "b": ["a"]}},
         [("b", "must not be given together with {0}")]),
    ],
)  # fmt: skip
def test_each_keyword(value: Any, schema: Any, expected: list[tuple[Any, ...]]) -> None:
    assert said(value, schema) == expected


def test_a_reference_is_followed() -> None:
    assert said({"a": 9}, {"properties": {"a": {"$ref": "#x"}}}, {"#x": {"maximum": 5}}) == [("a", "must be at most 5")]


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"enum": [1]}}},
        {"required": ["a"]},
        {"if": {"properties": {"a": {"const": 1}}}, "then": {"required": ["b"]}},
        {"not": {"properties": {"a": {"const": 1}}}},
        {"anyOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": 2}}}]},
    ],
)
def test_what_depends_on_an_unknown_value_is_not_judged(schema: Any) -> None:
    assert said({"a": UNKNOWN}, schema) == []


def test_what_is_said_in_spite_of_an_unknown_value_is_said() -> None:
    schema = {"if": {"properties": {"a": {"const": 1}}}, "then": False, "required": ["b"]}

    assert said({"a": UNKNOWN}, schema) == [("b", "is required")]
