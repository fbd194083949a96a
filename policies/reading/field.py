"""The one accessor of a resource's properties: it tells value, missing and unknown apart, and never raises.

In a preview, the engine sends a marker for what is known only after the update. The SDK's own proxies raise on it,
which turns a mandatory policy into a note and hides its other findings; here a marker is the value `UNKNOWN`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar, cast

from policies.reading.defaults import default

T = TypeVar("T")


class Absent(Enum):
    """Why there is no value."""

    MISSING = "missing"  # not given: the provider's default applies, if it has one
    UNKNOWN = "unknown"  # known only after the update

    def __repr__(self) -> str:
        return self.name


MISSING: Final = Absent.MISSING
UNKNOWN: Final = Absent.UNKNOWN


@dataclass(frozen=True, slots=True)
class Blank:
    """A property that a rule needs and can't use.

    Attributes:
        urn: the resource.
        path: the property.
        reason: why, as the end of a sentence ("is known only after the update").
        remedy: what to do about it.
    """

    urn: str
    path: str
    reason: str
    remedy: str = "give it as a value that is known before the update"

    def __str__(self) -> str:
        return f"{self.path} of {self.urn.rpartition('::')[2]} {self.reason}"


def field(properties: object, path: str) -> object:
    """The value at a dotted path (`"connectionPoolConfig.initQuery"`, `"parameters.0.name"`), MISSING or UNKNOWN.

    A path through something unknown is unknown; a path through anything that has no such part is missing.
    """
    value = properties
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part, MISSING)
        elif isinstance(value, Sequence) and not isinstance(value, str) and part.isdigit():
            value = value[int(part)] if int(part) < len(value) else MISSING
        elif value is not UNKNOWN:
            return MISSING
    return MISSING if value is None else value


def each(properties: object, path: str) -> list[object]:
    """The values at a path in which `*` stands for each item of a list."""
    outer, star, rest = path.partition("*")
    if not star:
        return [field(properties, path)] if path else []
    items = field(properties, outer.rstrip("."))
    found = [each(item, rest.lstrip(".")) if rest else [item] for item in (items if isinstance(items, list) else ())]
    return [value for values in found for value in values]


def read(urn: str, type_: str, properties: object, path: str, kind: type[T]) -> T | Blank | None:
    """The value at a path as a `kind`, the provider's default where it is missing, None where there is none either.

    Numbers and booleans may be given as text, as providers accept them. A value of another type is a `Blank`.
    """
    value = field(properties, path)
    if value is UNKNOWN:
        return Blank(urn, path, "is known only after the update")
    if value is MISSING:
        outer = _no_object(properties, path)
        if outer is not None:
            found = f"must be an object, got {field(properties, outer)!r}"
            return Blank(urn, outer, found, "give it as an object")
        return cast("T | None", default(type_, path))
    converted = _CONVERT[kind](value)
    if converted is None:
        return Blank(urn, path, f"must be {_NAMES[kind]}, got {value!r}", f"give it as {_NAMES[kind]}")
    return cast("T", converted)


def _no_object(properties: object, path: str) -> str | None:
    """The part of a path that is given, and is nothing that could hold the rest."""
    parts = path.split(".")
    for length in range(1, len(parts)):
        outer, rest = field(properties, ".".join(parts[:length])), parts[length]
        if outer is not MISSING and not isinstance(outer, list if rest.isdigit() else Mapping):
            return ".".join(parts[:length])
    return None


def _flag(value: object) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower())


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


_CONVERT: dict[type, Callable[[object], object]] = {int: _whole, float: _number, str: _text, bool: _flag}
_NAMES: dict[type, str] = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
