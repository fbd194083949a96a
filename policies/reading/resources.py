"""The resources of a stack as the engine sends them, decoded once, and the links between them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from pulumi_policy import proxy as sdk_markers

from policies.reading import types as t
from policies.reading.field import UNKNOWN, Blank, each, read
from policies.reading.field import field as property_at
from policies.reading.links import IDENTIFIERS, LINKS

T = TypeVar("T")
Message: TypeAlias = Any  # of protobuf, whose classes are made at run time
Value: TypeAlias = Any  # what JSON can say, or UNKNOWN

_UNKNOWN_MARKERS = frozenset(getattr(sdk_markers, name) for name in dir(sdk_markers) if name.startswith("UNKNOWN_"))
SIGNATURE = "4dabf18193072939515e22adb298388d"  # the key by which the engine marks a special object
#: A secret's mark, and an output's. Compared, not hashed: what stands there may be a list.
WRAPPED = ("1b47061264138c4ac30d75fd1eb44270", "d0e6a833031e9bbcd3f4e8bde6ca49a4")


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource: outputs merged with inputs, in the provider's names.

    Attributes:
        type_: Pulumi's type token.
        urn: its URN.
        properties: plain values; what is given and known only after the update is `UNKNOWN`.
        parent: its parent's URN, or "".
        dependencies: URNs that it depends on in any way.
        property_dependencies: property -> URNs that its value comes from.
        ignore_changes: properties that an update leaves as they are.
        provider: the URN of its provider, which has one account and one region.
        region: AWS's name of it: its own, else its provider's; empty where neither is known.
    """

    type_: str
    urn: str
    properties: Mapping[str, Value]
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignore_changes: tuple[str, ...] = ()
    provider: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        # What a program passes and doesn't know yet comes from another resource. An unknown that comes from nowhere was
        # never given: the provider will compute it, so its default is what is declared. A component has no provider.
        if self.type_ != t.BUDGET:
            given = {k: v for k, v in self.properties.items() if self.property_dependencies.get(k)}
            object.__setattr__(self, "properties", {**_without_computed(self.properties), **given})

    @property
    def name(self) -> str:
        """The last part of the URN: for messages only, never for a link."""
        return self.urn.rpartition("::")[2]

    def field(self, path: str) -> object:
        """The raw value at a path, MISSING or UNKNOWN."""
        return property_at(self.properties, path)

    def read(self, path: str, kind: type[T]) -> T | Blank | None:
        """The value at a path as a `kind`; the provider's default; None; or a `Blank` that says why not."""
        return read(self.urn, self.type_, self.properties, path, kind)


class Resources:
    """All resources that the rules read, by URN and by type, in a fixed order.

    Attributes:
        by_urn: URN -> resource.
        memo: what is worked out of them once, for all rules.
    """

    def __init__(self, resources: Iterable[Resource], parents: Mapping[str, str] | None = None) -> None:
        self.by_urn = {r.urn: r for r in resources}
        self._parents = parents or {r.urn: r.parent for r in self.by_urn.values()}
        self._by_type: dict[str, list[Resource]] = {}
        self._by_identifier: dict[str, dict[str, list[Resource]]] = {}
        self._referring: dict[tuple[str, str], dict[str, list[Resource]]] = {}
        self.memo: dict[object, Any] = {}
        for resource in self.by_urn.values():
            self._by_type.setdefault(resource.type_, []).append(resource)

    @classmethod
    def from_message(cls, messages: Iterable[Message]) -> "Resources":
        """From the engine's `AnalyzeStackRequest.resources`; types that no rule reads are not decoded."""
        everything = sorted(messages, key=lambda message: str(message.urn))  # the engine's order is another each time
        parents = {m.urn: m.parent for m in everything}
        return cls((_resource(m) for m in everything if m.type in t.READ), parents)

    def of(self, *types: str) -> list[Resource]:
        """All resources of these types."""
        return [resource for type_ in types for resource in self._by_type.get(type_, ())]

    def linked(self, resource: Resource, type_: str) -> list[Resource]:
        """The resources of a type that this one refers to, directly or through others; `links.LINKS` says by what.

        A reference is where a property's value comes from; or a known value that is the identifier which AWS knows the
        other one by, as AWS itself compares. Pulumi's names are never compared.
        """
        found: dict[str, Resource] = {}
        for link in LINKS.get(resource.type_, {}).get(type_, ()):
            others = [self.by_urn.get(urn) for urn in resource.property_dependencies.get(link.property, ())]
            for text in (value for value in each(resource.properties, link.path) if isinstance(value, str)):
                named = re.findall(link.pattern, text)
                others += [self._identified(link.of or type_, name, resource.provider) for name in named]
            for other in (other for other in others if other is not None):
                found.update({r.urn: r for r in ([other] if other.type_ == type_ else self.linked(other, type_))})
        return list(found.values())

    def referring(self, resource: Resource, type_: str) -> list[Resource]:
        """The resources of a type that refer to this one, directly or through others."""
        pair = (type_, resource.type_)
        if pair not in self._referring:
            found = self._referring.setdefault(pair, {})
            for other in self.of(type_):
                for referred in self.linked(other, resource.type_):
                    found.setdefault(referred.urn, []).append(other)
        return self._referring[pair].get(resource.urn, [])

    def sources(self, resource: Resource, property_: str, value: object, type_: str) -> list[Resource] | None:
        """The resources of a type that a value of a property comes from, or names; None: not all of them can be seen.

        Args:
            resource: whose property it is.
            property_: its name; what a list's unknown items come from is known of the list only.
            value: of the property, or of one of its items.
            type_: which resources are looked for.
        """
        if isinstance(value, str) and value.startswith("arn:"):
            links = LINKS[resource.type_][type_]
            named = [name for link in links for name in re.findall(link.pattern, value)]
            found = [self._identified(type_, name, resource.provider) for name in named]
            return None if not found or None in found else [each for each in found if each is not None]
        several: list[Resource] = []
        for urn in resource.property_dependencies.get(property_, ()):
            other = self.by_urn.get(urn)
            led = [] if other is None else [other] if other.type_ == type_ else self.linked(other, type_)
            if not led:
                return None
            several += led
        return several or None

    def _identified(self, type_: str, name: str, provider: str) -> Resource | None:
        """The resource that AWS knows by a name. One that several have (in several regions) is nobody's."""
        if type_ not in self._by_identifier:
            named = self._by_identifier.setdefault(type_, {})
            for resource in self.of(type_):
                identifier = resource.field(IDENTIFIERS.get(type_, "id"))
                if isinstance(identifier, str):
                    named.setdefault(identifier, []).append(resource)
        found = self._by_identifier[type_].get(name, [])
        if len(found) > 1:
            found = [resource for resource in found if resource.provider == provider]
        return found[0] if len(found) == 1 else None

    def ancestors(self, urn: str) -> Iterator[str]:
        """The URNs of its parents, nearest first; last the empty one above everything."""
        seen = set()
        while urn and urn not in seen:  # a state that somebody has edited may go in circles
            seen.add(urn)
            urn = self._parents.get(urn, "")
            yield urn


def _without_computed(values: Mapping[str, Value]) -> dict[str, Value]:
    return {k: _known(v) for k, v in values.items() if v is not UNKNOWN}


def _known(value: Value) -> Value:
    if isinstance(value, Mapping):
        return _without_computed(value)
    return [_known(v) for v in value] if isinstance(value, list) else value


def region_of(properties: Mapping[str, Value], provider: Mapping[str, Value]) -> str:
    """A resource's own region (pulumi_aws 7 has one for each), else its provider's; empty where neither is known."""
    return next((of["region"] for of in (properties, provider) if isinstance(of.get("region"), str)), "")


def _resource(message: Message) -> Resource:
    properties = _struct(message.properties)
    return Resource(
        type_=message.type,
        urn=message.urn,
        properties=properties,
        parent=message.parent,
        dependencies=tuple(message.dependencies),
        property_dependencies={name: tuple(d.urns) for name, d in message.propertyDependencies.items()},
        ignore_changes=tuple(message.options.ignoreChanges),
        provider=message.provider.urn,
        region=region_of(properties, _struct(message.provider.properties)),
    )


def _struct(struct: Message) -> dict[str, Value]:
    return {name: _value(value) for name, value in struct.fields.items()}


def _value(value: Message) -> Value:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWN_MARKERS else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_value(item) for item in value.list_value.values]
        case "struct_value":
            decoded = _struct(value.struct_value)
            return decoded.get("value", UNKNOWN) if decoded.get(SIGNATURE) in WRAPPED else decoded
        case _:
            return None
