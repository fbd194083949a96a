"""The one accessor of a resource's properties. It tells a value, a missing one and an unknown one apart, and never raises.

In a preview, the engine sends a marker for what is known only after the update. The SDK's own proxies raise on it, which
turns a mandatory policy into a note and hides its other findings; here a marker is the value `UNKNOWN`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar

from policies.reading.defaults import default

T = TypeVar("T", int, float, str, bool)


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
    """

    urn: str
    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} of {self.urn.rpartition('::')[2]} {self.reason}"


def field(properties: object, path: str) -> object:
    """The value at a dotted path (`"connectionPoolConfig.maxConnectionsPercent"`, `"parameters.0.name"`), MISSING or UNKNOWN.

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


def read(urn: str, type_: str, properties: object, path: str, kind: type[T]) -> T | None | Blank:
    """The value at a path as a `kind`, the provider's default where it is missing, None where there is none either.

    Numbers and booleans may be given as text, as providers accept them. A value of another type is a `Blank`.
    """
    value = field(properties, path)
    if value is UNKNOWN:
        return Blank(urn, path, "is known only after the update")
    if value is MISSING:
        found = default(type_, path)
        return None if found is None else kind(found)
    converted = _convert(value, kind)
    return Blank(urn, path, f"must be {_NAMES[kind]}, got {value!r}") if converted is None else converted


_NAMES = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}


def _convert(value: object, kind: type[T]) -> T | None:
    if kind is bool:
        return kind(str(value).lower() == "true") if str(value).lower() in {"true", "false"} else None
    if isinstance(value, bool):
        return None
    if kind is str:
        return kind(value) if isinstance(value, str | int | float) else None
    if isinstance(value, str | int | float):
        try:
            number = float(value)
        except ValueError:
            return None
        if kind is float or number.is_integer():
            return kind(number)
    return None
