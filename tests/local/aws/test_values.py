"""Values between the protocol and Python, and what must stay secret."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.local.aws.values import UNKNOWN, Properties, derived_secrets, from_struct, has_unknown, to_struct

_values = st.recursive(
    st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), _values, max_size=4))
def test_values_survive_the_protocol(values: dict[str, Any]) -> None:
    assert from_struct(to_struct(values)) == values


@given(st.dictionaries(st.text(min_size=1, max_size=4), _values, min_size=1, max_size=4), st.data())
def test_the_mark_of_a_secret_survives_too(values: dict[str, Any], data: st.DataObject) -> None:
    secrets = data.draw(st.sets(st.sampled_from(sorted(values))))
    again = from_struct(to_struct(Properties(values, secrets)))
    assert (again, again.secrets) == (values, secrets)


def test_a_secret_inside_makes_the_whole_property_one() -> None:
    inner = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "x"}
    found = from_struct(to_struct({"tags": {"token": inner, "team": "shop"}, "name": "y"}))
    assert (found, found.secrets) == ({"tags": {"token": "x", "team": "shop"}, "name": "y"}, {"tags"})


def test_whole_numbers_are_whole_and_nulls_are_absent() -> None:
    found = from_struct(to_struct({"a": 5.0, "b": 0.5, "c": None, "d": {"e": None, "f": True}, "g": [None]}))
    assert found == {"a": 5, "b": 0.5, "d": {"f": True}, "g": [None]}
    assert isinstance(found["a"], int)


@pytest.mark.parametrize("value", [UNKNOWN, [1, UNKNOWN], {"a": [{"b": UNKNOWN}]}])
def test_an_unknown_is_found_wherever_it_is(value: Any) -> None:
    assert has_unknown(value)
    assert not has_unknown({"a": [1, "x", None]})


def test_whatever_shows_a_secret_is_secret() -> None:
    inputs = Properties({"name": "open-sesame", "tags": {"a": "b"}, "port": 5432}, ["name", "tags"])
    outputs = {
        "name": "open-sesame",
        "arn": "arn:aws:sns:::open-sesame",
        "tags": {"a": "b"},
        "tagsAll": {"a": "b", "c": "d"},
        "port": 5432,
        "nested": [{"x": "open-sesame!"}],
        "flag": True,
        "nothing": None,
    }
    assert derived_secrets(outputs, inputs) == {"name", "arn", "tags", "tagsAll", "nested"}


def test_a_secret_too_short_to_look_for_hides_only_itself() -> None:
    inputs = Properties({"password": "a"}, ["password"])
    assert derived_secrets({"password": "a", "name": "a cat", "tagsAll": {}}, inputs) == {"password"}
