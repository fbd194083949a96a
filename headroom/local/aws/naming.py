"""Pulumi's names and values to AWS's and back: `dbProxyName` is `DBProxyName`, a map a list of keys and values."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from headroom.local.aws.sdk import Kind, Property

Names = Mapping[str, str | tuple[str, ...]]
_KEY_MEMBERS = ("Key", "Name", "TagKey", "key", "name")
_VALUE_MEMBERS = ("Value", "TagValue", "value")


def member(
    name: str, members: Iterable[str], prefixes: Iterable[str] = (), named: str | tuple[str, ...] = ()
) -> str | None:
    """The member that a property names: by the exception given, else by spelling, prefix and number (auths: Auth)."""
    members = list(members)
    if named:
        return next(
            (candidate for candidate in ((named,) if isinstance(named, str) else named) if candidate in members), None
        )
    by_spelling = {candidate.lower(): candidate for candidate in members}
    for prefix in ("", *prefixes):
        word = (prefix + name).lower()
        for candidate in (word, word.removesuffix("s"), word + "s"):
            if candidate in by_spelling:
                return by_spelling[candidate]
    return None


def to_aws(value: Any, kind: Kind, shape: Shape, names: Names, path: str) -> Any:
    """A property's value in the form that the member's shape asks for."""
    if isinstance(shape, ListShape):
        if kind.name == "map":
            key, content = _pair(shape)
            return [{key: name, content: text(item)} for name, item in value.items()]
        items = value if isinstance(value, list) else [value]
        return [to_aws(item, kind.item or kind, shape.member, names, path) for item in items]
    if isinstance(shape, StructureShape):
        if kind.name == "list" and kind.item:  # a block that Pulumi lists although there is one at most
            return to_aws(value[0], kind.item, shape, names, path) if value else {}
        if kind.name != "object":  # EC2's {"Value": true}
            return {next(iter(shape.members)): value}
        request = {}
        for name, field in kind.fields.items():
            where = member(name, shape.members, (shape.name,), names.get(f"{path}.{name}", ()))
            if where and name in value:
                request[where] = to_aws(value[name], field.kind, shape.members[where], names, f"{path}.{name}")
        return request
    if isinstance(shape, MapShape):
        return {name: text(item) for name, item in value.items()}
    match shape.type_name:
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "string":
            return text(value)
    return value


def from_aws(value: Any, kind: Kind, names: Names, path: str) -> Any:
    """What AWS answered, in the form in which the Pulumi property has it."""
    match kind.name:
        case "object":
            value = (value[0] if value else None) if isinstance(value, list) else value
            return _fields(value, kind.fields, names, path) if value else None
        case "list":
            item = kind.item or kind
            return [from_aws(entry, item, names, path) for entry in (value if isinstance(value, list) else [value])]
        case "map":
            if isinstance(value, list):
                return {_first(entry, _KEY_MEMBERS): _first(entry, _VALUE_MEMBERS) for entry in value}
            return dict(value)
        case "whole number":
            return int(float(value))
        case "number":
            return float(value)
        case "true or false":
            return value if isinstance(value, bool) else str(value).lower() == "true"
        case "text":
            return text(value)
    return value


def text(value: Any) -> str:
    """A value as AWS's texts have it: true, 5, 2026-11-27T08:00:00Z, JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def same(wanted: Any, found: Any) -> bool:
    """True if AWS's answer is what was wanted, in whatever order or spelling AWS gives it.

    Lists are sets to AWS; a field that wasn't asked for doesn't count; JSON is compared as JSON, a number given as
    text as a number, and a name equals the ARN that ends with it.
    """
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(same(value, found.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        rest = list(found)
        for item in wanted:
            match = next((other for other in rest if same(item, other)), None)
            if match is None:
                return False
            rest.remove(match)
        return not rest
    if isinstance(wanted, bool) or isinstance(found, bool) or wanted is None or found is None:
        return bool(wanted is found)
    if wanted == found or text(wanted) == text(found):
        return True
    if not (isinstance(wanted, str) and isinstance(found, str)):
        return False
    if wanted.lstrip()[:1] in ("{", "["):
        return parse_json(wanted) is not None and parse_json(wanted) == parse_json(found)
    short, long = sorted((wanted, found), key=len)
    is_name_of_arn = long.startswith("arn:") and long.endswith((f"/{short}", f":{short}"))
    return is_name_of_arn or (_number(wanted) is not None and _number(wanted) == _number(found))


def equal(one: Any, other: Any) -> bool:
    """True if two values mean the same to AWS, whichever of them is the wish."""
    return same(one, other) and same(other, one)


def parse_json(document: str) -> Any:
    """The document, or None if it isn't JSON."""
    try:
        return json.loads(document)
    except ValueError:
        return None


def _fields(value: Mapping[str, Any], fields: Mapping[str, Property], names: Names, path: str) -> dict[str, Any]:
    result = {}
    for name, field in fields.items():
        named = names.get(f"{path}.{name}", ())
        where = member(name, value, (path.rsplit(".", 1)[-1].removesuffix("s"),), named)
        if where and value[where] is not None:
            result[name] = from_aws(value[where], field.kind, names, f"{path}.{name}")
    return result


def _pair(shape: ListShape) -> tuple[str, str]:
    members = shape.member.members if isinstance(shape.member, StructureShape) else {}
    return next(name for name in _KEY_MEMBERS if name in members), next(
        name for name in _VALUE_MEMBERS if name in members
    )


def _first(entry: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((entry[name] for name in names if name in entry), "")


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
