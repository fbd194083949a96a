"""A row: which property of which types, what must hold, in which words it is refused, and which page of AWS says so."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headroom.local.aws.registry import Said
from headroom.local.aws.values import is_unknown


class UnknownError(Exception):
    """The rule asks for a value that isn't known yet: it can't be judged."""


class Given:
    """The resource's other values, as a rule asks for them. Whatever isn't known yet ends the rule."""

    def __init__(self, values: Mapping[str, Any], item: Mapping[str, Any], region: str) -> None:
        self._values = values
        self.item = item  # of a list's elements: the one that is judged
        self.region = region

    def __call__(self, name: str, default: Any = None) -> Any:
        """The value of one of the resource's properties, the default if it isn't given."""
        return read(self._values, name, default)

    def own(self, name: str, default: Any = None) -> Any:
        """The same of the object that is judged."""
        return read(self.item, name, default)


def read(values: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """A known value; raises UnknownError for one that isn't known yet."""
    value = values.get(name, default)
    if is_unknown(value):
        raise UnknownError
    return value


Holds = Callable[[Any, Given], bool]


@dataclass(frozen=True)
class Rule:
    """A rule for a property such as `port` or `metricQueries[].period`.

    Without a property, or if `absent` is set, the rule is asked even where the property isn't given (value None).
    """

    types: tuple[str, ...]
    property: str
    words: str  # completes "port: ..."
    source: str
    holds: Holds
    absent: bool = False
    remark: bool = False  # AWS takes it, and it doesn't do what is meant: said, not refused


def check(rules: tuple[Rule, ...], token: str, values: Mapping[str, Any], region: str) -> Iterator[tuple[Rule, Said]]:
    """The rules that don't hold."""
    for rule in rules:
        if token not in rule.types:
            continue
        for path, value, item in _places(rule.property, values):
            if (value is None and not rule.absent) or is_unknown(value):
                continue
            try:
                holds = rule.holds(value, Given(values, item, region))
            except UnknownError:
                continue
            if not holds:
                yield rule, Said(path, rule.words)


def _places(path: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Each value that a path such as metricQueries[].period names, with its own path and the object around it."""
    head, dot, rest = path.partition(".")
    name = head.removesuffix("[]")
    value = values.get(name)
    if not head.endswith("[]"):
        if not dot:
            yield name, value, values
        elif isinstance(value, dict):
            for where, inner, item in _places(rest, value):
                yield f"{name}.{where}", inner, item
        return
    for index, entry in enumerate(value if isinstance(value, list) else []):
        if not dot:
            yield f"{name}[{index}]", entry, values
        elif isinstance(entry, dict):
            for where, inner, item in _places(rest, entry):
                yield f"{name}[{index}].{where}", inner, item


# --- predicates that several rows share ---


def one_of(*allowed: Any) -> Holds:
    """The value is one of these."""
    return lambda value, given: value in allowed


def between(low: float, high: float) -> Holds:
    """The value lies in the range, its ends included."""
    return lambda value, given: low <= value <= high


def with_other(name: str) -> Holds:
    """Another property of the resource is given, too."""
    return lambda value, given: given(name) is not None


def full(pattern: str) -> Holds:
    """All of the text matches."""
    expression = re.compile(pattern)
    return lambda value, given: isinstance(value, str) and expression.fullmatch(value) is not None


def api(service: str, shape: str) -> str:
    """The page of an operation or a data type in AWS's API reference."""
    return f"https://docs.aws.amazon.com/{service}/API_{shape}.html"
