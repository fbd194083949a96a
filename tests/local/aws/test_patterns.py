"""AWS's regular expressions: what they match, and which of them have no meaning in Python."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from headroom.local.aws.model import Call
from headroom.local.aws.patterns import compiled, matches
from headroom.local.aws.registry import judged
from headroom.local.aws.registry_names import COUNTERPARTS
from headroom.local.aws.table import TYPES
from tests.local.aws.offline import derived

# Ranges of UTF-16 surrogates, which Python's text doesn't have.
WITHOUT_MEANING = {r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*"}


def test_an_expression_without_anchors_is_meant_for_the_whole_value_in_botocore_only() -> None:
    assert not matches("[^:*]*", "a:b", whole=True)
    assert matches("[^:*]*", "a:b")
    assert matches("^[^:]", "a:b", whole=True)


def test_letters_of_all_languages_are_letters() -> None:
    assert matches(r"^[\p{L}]+$", "été")
    assert not matches(r"^[\p{L}]+$", "a1")


def test_an_expression_that_takes_for_ever_is_given_up() -> None:
    assert matches(r"(a|aa)+", "a" * 100 + "!", whole=True)


@pytest.mark.parametrize("pattern", sorted(WITHOUT_MEANING))
def test_an_expression_without_meaning_refuses_nothing(pattern: str) -> None:
    assert compiled(pattern) is None
    assert matches(pattern, "anything", whole=True)


def test_every_other_pattern_of_every_type_can_be_read() -> None:
    found = set[str]()
    for token, entry in TYPES.items():
        for call in (entry.create, *entry.updates):
            if isinstance(call, Call):
                found |= {p for target in derived(token).targets(call).values() for p in _of_shape(target.shape)}
        for _, rule in judged(token, "us-east-1").rules():
            found |= set(_of_schema(rule))

    assert {pattern for pattern in found if compiled(pattern) is None} == WITHOUT_MEANING
    assert len(found) > 40
    assert set(COUNTERPARTS) == set(TYPES)


def _of_shape(shape: Shape, depth: int = 0) -> Iterator[str]:
    if "pattern" in shape.metadata:
        yield shape.metadata["pattern"]
    inner = list(shape.members.values()) if isinstance(shape, StructureShape) else []
    inner += [shape.member] if isinstance(shape, ListShape) else []
    inner += [shape.key, shape.value] if isinstance(shape, MapShape) else []
    for item in inner if depth < 6 else []:
        yield from _of_shape(item, depth + 1)


def _of_schema(rule: Any) -> Iterator[str]:
    def pick(item: dict[str, Any]) -> dict[str, Any]:
        if isinstance(item.get("pattern"), str):
            found.append(item["pattern"])
        return item

    found: list[str] = []
    json.loads(json.dumps(rule), object_hook=pick)
    yield from found
