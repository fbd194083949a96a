"""AWS's own registry as judge: CloudFormation's schema of each resource type, as cfn-lint's package carries them.

The schemas are read from the package's files; cfn-lint itself is not imported (it takes a second). What a schema says
about CloudFormation only, that a property is read-only for instance, isn't asked.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from headroom.local.aws.judge import Path, Wrong, judge
from headroom.local.aws.naming import member
from headroom.local.aws.registry_names import COUNTERPARTS, Counterpart
from headroom.local.aws.sdk import Kind, Property, schema
from headroom.local.aws.values import UNKNOWN, is_unknown

_KEYS, _VALUES = ("Key", "Name"), "Value"


class Said(NamedTuple):
    """What the registry says against one property; an empty property means the resource as a whole."""

    property: str
    words: str


def data(name: str) -> Any:
    """A JSON file of cfn-lint's package, by its path below cfnlint/data."""
    return json.loads(text(name))


def text(name: str) -> str:
    """The same as it is written: a part of a large file is read quicker than all of it."""
    package = find_spec("cfnlint")
    if package is None or not package.submodule_search_locations:
        raise LookupError("cfn-lint is not installed")
    return (FilePath(package.submodule_search_locations[0]) / "data" / f"{name}.json").read_text(encoding="utf-8")


@cache
def as_of() -> str:
    """The date of the lists: 2026-10-20."""
    return str(data("schemas/version")["schema_date"])[:10]


@cache
def _types(region: str) -> Mapping[str, str]:
    try:
        return dict(data(f"schemas/providers/{region}"))
    except FileNotFoundError:  # a region that is newer than the lists
        return dict(data("schemas/providers/us-east-1"))


@cache
def _file(name: str) -> Any:
    return data(f"schemas/{name}")


class Judged:
    """A Pulumi type joined with its schema in the registry of one region."""

    def __init__(self, counterpart: Counterpart, inputs: Mapping[str, Property], region: str) -> None:
        self._counterpart = counterpart
        self._inputs = inputs
        self._places: dict[str, Path | None] = {}
        name, _, definition = counterpart.type.partition("#")
        self._root = _file(f"resources/{_types(region)[name]}") if name in _types(region) else {}
        whole = self._root.get("definitions", {}).get(definition, {}) if definition else self._root
        self._schema = {key: rule for key, rule in whole.items() if key not in counterpart.skipped}

    def said(self, values: Mapping[str, Any]) -> Iterator[Said]:
        """What the registry says against the values, with the names of the Pulumi properties."""
        trace: dict[Path, str] = {}
        instance: dict[str, Any] = {}
        unset = self._counterpart.unset
        for name, value in values.items():
            # An empty list is not sent; tags have limits of their own in each schema, narrower than the services'.
            if name in self._inputs and name != "tags" and value != [] and (name not in unset or value != unset[name]):
                self._place(instance, self._schema, (), name, name, value, self._inputs[name].kind, trace)
        schemas = [
            self._schema,
            *(_file(f"extensions/{name}") for name in self._counterpart.extensions if self._root),
        ]
        own = self.names
        for node in schemas:
            for wrong in judge(instance, node, self._find):
                if said := _translated(wrong, trace, own):
                    yield said

    @cached_property
    def names(self) -> dict[str, str]:
        """The registry's members that a property of the type stands for, with the property's name."""
        found = dict[str, str]()
        for name in self._inputs:
            where = self._where(name, name, self._schema)
            if where:
                found[str(where[0])] = name
        return found

    def without_counterpart(self) -> Iterator[str]:
        """The properties, nested ones too, that the registry doesn't know under any name."""
        yield from self._unmapped("", self._inputs, self._schema)

    def rules(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each property, nested ones too, with the registry's schema for it."""
        yield from self._ruled("", self._inputs, self._schema)

    def _unmapped(self, prefix: str, fields: Mapping[str, Property], node: Any) -> Iterator[str]:
        for name, field in fields.items():
            path = f"{prefix}{name}"
            where = self._where(path, name, node)
            if where is None:
                yield path
            elif inner := _fields(field.kind):
                yield from self._unmapped(f"{path}.", inner, self._element(self._at(node, where)))

    def _ruled(self, prefix: str, fields: Mapping[str, Property], node: Any) -> Iterator[tuple[str, Any]]:
        for name, field in fields.items():
            path = f"{prefix}{name}"
            where = self._where(path, name, node)
            if where is None:
                continue
            inner = self._at(node, where)
            yield path, inner
            if nested := _fields(field.kind):
                yield from self._ruled(f"{path}.", nested, self._element(inner))
            elif field.kind.name == "list":
                yield f"{path}[]", self._element(inner)

    def _find(self, reference: str) -> Any:
        place = self._root
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        return place

    def _resolved(self, node: Any) -> Any:
        while isinstance(node, dict) and "$ref" in node:
            node = self._find(node["$ref"])
        return node

    def _element(self, node: Any) -> Any:
        return self._resolved(node["items"]) if isinstance(node.get("items"), dict) else node

    def _where(self, path: str, name: str, node: Any) -> Path | None:
        """The member that a property names, by its path without indexes, below the node that its parent names."""
        if path not in self._places:
            self._places[path] = self._sought(path, name, node)
        return self._places[path]

    def _sought(self, path: str, name: str, node: Any) -> Path | None:
        members = node.get("properties", {})
        if path in self._counterpart.names:
            named = self._counterpart.names[path]
            return None if named is None else tuple(named.split(".")) if named else ()
        found = member(name, members, self._counterpart.prefixes)
        return (found,) if found else None

    def _at(self, node: Any, where: Path) -> Any:
        for part in where:
            node = self._resolved(node.get("properties", {}).get(part, {}))
        return self._resolved(node)

    def _place(
        self,
        into: dict[str, Any],
        node: Any,
        at: Path,
        path: str,
        name: str,
        value: Any,
        kind: Kind,
        trace: dict[Path, str],
    ) -> None:
        """Put a property's value where the registry has it, and remember from where it came."""
        plain = re.sub(r"\[\d+\]", "", path)
        where = self._where(plain, name, node)
        if where is None:
            return
        for part in where[:-1]:
            into = into.setdefault(str(part), {})
        inner = self._at(node, where)
        if where:
            into[str(where[-1])] = self._shaped(value, kind, inner, (*at, *where), path, trace)
        elif isinstance(value, dict):
            for field, item in value.items():
                if field in kind.fields:
                    self._place(into, node, at, f"{path}.{field}", field, item, kind.fields[field].kind, trace)

    def _shaped(self, value: Any, kind: Kind, node: Any, at: Path, path: str, trace: dict[Path, str]) -> Any:
        trace[at] = path
        if is_unknown(value):
            return UNKNOWN
        types = node.get("type", ())
        is_list = "items" in node or types == "array"
        if isinstance(value, dict) and kind.name == "map":
            return self._pairs(value, node, at, path, trace) if is_list else value
        if isinstance(value, list) and is_list:
            element = self._element(node)
            return [
                self._shaped(item, kind.item or kind, element, (*at, index), f"{path}[{index}]", trace)
                for index, item in enumerate(value)
            ]
        if isinstance(value, list):
            return self._shaped(value[0], kind.item or kind, node, at, path, trace) if value else {}
        if is_list:
            return [self._shaped(value, kind, self._element(node), (*at, 0), path, trace)]
        if isinstance(value, dict):
            result: dict[str, Any] = {}
            for field, item in value.items():
                if field in kind.fields:
                    self._place(result, node, at, f"{path}.{field}", field, item, kind.fields[field].kind, trace)
            return result
        if isinstance(value, str) and types in ("number", "integer"):
            return _number(value)
        return value

    def _pairs(self, value: Mapping[str, Any], node: Any, at: Path, path: str, trace: dict[Path, str]) -> Any:
        members = self._element(node).get("properties", {})
        key = next((name for name in _KEYS if name in members), _KEYS[0])
        for index, name in enumerate(value):
            for part in (key, _VALUES):
                trace[(*at, index, part)] = f"{path}.{name}"
        return [{key: name, _VALUES: item} for name, item in value.items()]


@cache
def judged(token: str, region: str) -> Judged:
    """The judge of a Pulumi type in a region. Raises LookupError if the table names no counterpart."""
    return Judged(COUNTERPARTS[token], schema(token).inputs, region)


def _fields(kind: Kind) -> Mapping[str, Property]:
    return (kind.item or kind).fields if kind.name in ("list", "object") else {}


def _translated(wrong: Wrong, trace: Mapping[Path, str], own: Mapping[str, str]) -> Said | None:
    """In Pulumi's names; None if it speaks only of what the Pulumi type doesn't have."""
    if wrong.path in trace or not wrong.path:
        place = trace.get(wrong.path, "")
    else:
        parent, last = wrong.path[:-1], wrong.path[-1]
        if parent and parent not in trace:
            return None
        name = own.get(str(last)) if not parent else None
        if name is None:
            return None
        place = name
    if wrong.names:
        names = [own[name] for name in wrong.names if name in own]
        if not names:
            return None
        words = re.sub(r"\{0\}(, \{\d+\})*", ", ".join(names), wrong.words)
        return Said(place, words)
    return Said(place, wrong.words)


def _number(value: str) -> Any:
    try:
        return float(value)
    except ValueError:
        return value
