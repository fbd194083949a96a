from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.reading import types as t
from policies.reading.field import MISSING, UNKNOWN, Blank, field, read

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("properties", "path", "value"),
    [
        ({"a": {"b": 3}}, "a.b", 3),
        ({"a": [{"b": 3}]}, "a.0.b", 3),
        ({"a": {"b": False}}, "a.b", False),
        ({"a": 0}, "a", 0),
        ({}, "a", MISSING),
        ({"a": None}, "a", MISSING),
        ({"a": {}}, "a.b", MISSING),
        ({"a": 3}, "a.b", MISSING),
        ({"a": "text"}, "a.0", MISSING),
        ({"a": []}, "a.0", MISSING),
        ({"a": UNKNOWN}, "a", UNKNOWN),
        ({"a": UNKNOWN}, "a.b.c", UNKNOWN),
        ({"a": [UNKNOWN]}, "a.0.b", UNKNOWN),
        (UNKNOWN, "a", UNKNOWN),
        (None, "a", MISSING),
    ],
)
def test_value_missing_and_unknown_are_told_apart(properties: object, path: str, value: object) -> None:
    assert field(properties, path) == value


@pytest.mark.parametrize(
    ("value", "kind", "found"),
    [
        (30, int, 30),
        (30.0, int, 30),
        ("30", int, 30),
        (2.5, float, 2.5),
        ("2.5", float, 2.5),
        (5, str, "5"),
        ("true", bool, True),
        ("False", bool, False),
        (True, bool, True),
    ],
)
def test_numbers_and_booleans_may_be_text_as_providers_accept_them(value: object, kind: type, found: object) -> None:
    assert read("urn::x", "type", {"a": value}, "a", kind) == found


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        ("many", int, "must be a whole number, got 'many'"),
        (2.5, int, "must be a whole number, got 2.5"),
        (True, int, "must be a whole number, got True"),
        ([3], float, "must be a number, got [3]"),
        (1, bool, "must be true or false, got 1"),
        ({}, str, "must be text, got {}"),
        (True, str, "must be text, got True"),
        pytest.param(10**400, float, f"must be a number, got {10**400}", id="too large"),
        (UNKNOWN, int, "is known only after the update"),
    ],
)
def test_what_cannot_be_used_is_a_blank_that_says_why(value: object, kind: type, reason: str) -> None:
    blank = read("urn:pulumi:test::shop::type::pool", "type", {"a": value}, "a", kind)
    assert isinstance(blank, Blank)
    assert str(blank) == f"a of pool {reason}"


def test_what_should_hold_a_value_and_is_no_object_is_a_blank_too() -> None:
    path = "connectionPoolConfig.maxConnectionsPercent"
    for value in (3, "many", ["many"]):
        blank = read("urn::pool", t.PROXY_TARGET_GROUP, {"connectionPoolConfig": value}, path, int)
        assert str(blank) == f"connectionPoolConfig of pool must be an object, got {value!r}"
    assert read("urn::x", "type", {"a": {"0": 1}}, "a.0.b", int) == Blank(
        "urn::x", "a", "must be an object, got {'0': 1}", "give it as an object"
    )


def test_a_missing_value_is_the_providers_default_or_none() -> None:
    path = "connectionPoolConfig.maxConnectionsPercent"
    assert read("urn", t.PROXY_TARGET_GROUP, {}, path, int) == 100
    assert read("urn", t.PROXY_TARGET_GROUP, {"connectionPoolConfig": None}, path, int) == 100
    assert read("urn", t.CLUSTER, {}, "storageEncrypted", bool) is False
    assert read("urn", t.CLUSTER, {}, "engineVersion", str) is None


@given(JSON, st.sampled_from(["a", "a.b", "a.0", "a.b.c.0", ""]), st.sampled_from([int, float, str, bool]))
def test_no_property_can_make_it_raise(properties: object, path: str, kind: type) -> None:
    found = read("urn::x", "type", properties, path, kind)
    assert found is None or isinstance(found, Blank | kind)
