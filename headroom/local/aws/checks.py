"""Is a resource's input acceptable? Said in preview, with the property in Pulumi's spelling and what is allowed.

Kinds and required properties come from pulumi_aws, enumerations, limits and patterns from botocore's service model;
then AWS's registry and the rules of aws_rules.py have their say. botocore's own validator isn't used: it knows no
enumerations, and its messages show the values of secrets.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, Shape, StructureShape

from headroom.local.aws import parameters
from headroom.local.aws.aws_rules import verdict
from headroom.local.aws.derive import Derived
from headroom.local.aws.model import Call
from headroom.local.aws.naming import equal, member, parse_json
from headroom.local.aws.patterns import matches
from headroom.local.aws.registry import Said
from headroom.local.aws.sdk import Kind
from headroom.local.aws.values import UNKNOWN, Properties, has_unknown, is_unknown

_LONGEST_SHOWN = 100  # characters of a value in a message
DEFAULTS = "__defaults"  # the bridge's own mark of the properties that check filled in; the engine doesn't display it
_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "whole number": (int,),
    "number": (int, float),
    "true or false": (bool,),
    "list": (list,),
    "map": (dict,),
    "object": (dict,),
}


class Failure(NamedTuple):
    """What is wrong with one property; an empty property means the resource as a whole."""

    property: str
    reason: str


class Findings(NamedTuple):
    """What is refused, and what AWS would take although it can't be checked here or does nothing."""

    failures: list[Failure]
    remarks: list[Failure]


def completed(
    derived: Derived, given: Mapping[str, Any], old: Mapping[str, Any], seed: bytes, resource_name: str
) -> dict[str, Any]:
    """The inputs with documents as text, AWS's defaults and a made-up name filled in."""
    entry, inputs = derived.entry, {name: value for name, value in given.items() if name != DEFAULTS}
    for name, value in inputs.items():
        prop = derived.schema.inputs.get(name)
        if isinstance(value, dict) and (name in entry.documents or (prop and prop.kind.is_document)):
            inputs[name] = UNKNOWN if has_unknown(value) else json.dumps(value)
    filled = [name for name in entry.defaults if name not in inputs]
    inputs |= {name: entry.defaults[name] for name in filled}
    if entry.name and entry.name not in inputs:
        prefix = inputs.get(f"{entry.name}Prefix")
        if not is_unknown(prefix):
            stem = prefix if prefix is not None else entry.name_form.format(name=f"{resource_name}-")
            # The engine asks again, without the old inputs, for a replacement: that one gets a name of its own.
            keeps = entry.name in old.get(DEFAULTS, ()) and str(old.get(entry.name)).startswith(prefix or "")
            inputs[entry.name] = old[entry.name] if keeps else stem + seed.hex()[:7]
            filled.append(entry.name)
    return {**inputs, DEFAULTS: sorted(filled)}


def findings(derived: Derived, inputs: Properties, old: Mapping[str, Any], region: str) -> Findings:
    """Everything that is wrong with the inputs, property by property, and what there is to remark."""
    found = _failures(derived, inputs, old)
    bad = {_top(failure.property) for failure in found}  # AWS's rules would stumble over the wrong kind
    values = {name: UNKNOWN if name in bad else value for name, value in inputs.items() if name != DEFAULTS}
    said = verdict(derived.entry.token, values, region, old)
    named = {failure.property for failure in found}
    found += [_told(one, inputs) for one in said.refused if one.property not in named]
    return Findings(sorted(found), [_told(one, inputs) for one in said.remarks])


def _told(said: Said, inputs: Properties) -> Failure:
    """What AWS says, with the value if it is short and no secret."""
    value: Any = inputs
    for part in re.findall(r"[^.\[\]]+", said.property):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    short = isinstance(value, int | float) or (
        isinstance(value, str) and len(value) <= _LONGEST_SHOWN and value[:1] not in ("{", "[")
    )
    if not short or ", has " in said.words or str(value) in said.words.split(" "):
        return Failure(said.property, said.words)
    got = _shown(value, _top(said.property) in inputs.secrets)
    return Failure(said.property, f"{said.words}{'; got ' if ', ' in said.words else ', got '}{got}")


def _top(path: str) -> str:
    return re.split(r"[.\[]", path)[0]


def _failures(derived: Derived, inputs: Properties, old: Mapping[str, Any]) -> list[Failure]:
    entry, found, schema = derived.entry, list[Failure](), derived.schema.inputs
    for name, value in inputs.items():
        if name == DEFAULTS or is_unknown(value):
            continue
        if name not in schema:
            found.append(Failure(name, f"{_kind_of(derived)} has no such property"))
        elif name in entry.refused:
            found.append(Failure(name, f"the local plugin does not serve it: {entry.refused[name]}"))
        else:
            shape = _shape(derived, name)
            hidden = name in inputs.secrets
            found += _walk(name, value, schema[name].kind, shape, entry.names, hidden)
            if name in entry.documents and isinstance(value, str) and parse_json(value) is None:
                found.append(Failure(name, "is not JSON"))
    found += [Failure(*item) for item in parameters.refused(entry.token, inputs)]
    found += [Failure(name, "is required") for name, prop in schema.items() if prop.required and name not in inputs]
    if old:
        found += [
            Failure(
                name, f"the local plugin knows no way to change it: neither in place nor by a new {_kind_of(derived)}"
            )
            for name in changed(derived, old, inputs)
            - derived.entry.replaces
            - derived.changeable
            - derived.unaccounted
            if name in schema and name not in entry.refused
        ]
    return found


def changed(
    derived: Derived, old: Mapping[str, Any], new: Mapping[str, Any], state: Mapping[str, Any] | None = None
) -> frozenset[str]:
    """The inputs that differ.

    As with AWS's own plugin, one that is removed and that nothing resets keeps its value,
    and one that is added makes no difference if the resource has that value already.
    """
    entry, result = derived.entry, set()
    for name in (set(old) | set(new)) - {DEFAULTS}:
        if name in new:
            had = old[name] if name in old else (state or {}).get(name)
            differs = had is None or has_unknown(new[name]) or not equal(had, new[name])
        else:
            reset = name in entry.removed and not equal(old[name], entry.removed[name])
            differs = entry.put or reset or name == "tags"
        if differs:
            result.add(name)
    return frozenset(result)


def _walk(
    path: str, value: Any, kind: Kind, shape: Shape | None, names: Mapping[str, Any], hidden: bool
) -> Iterator[Failure]:
    if is_unknown(value):
        return
    wanted = _TYPES.get(kind.name)
    if wanted and (not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)):
        yield Failure(path, f"must be {_a(kind.name)}, got {_shown(value, hidden)}")
        return
    if kind.name == "object":
        yield from _walk_object(path, value, kind, shape, names, hidden)
    elif kind.name == "list" and kind.item:
        inner = shape.member if isinstance(shape, ListShape) else shape
        yield from _size(path, len(value), shape, "entries") if isinstance(shape, ListShape) else ()
        for index, item in enumerate(value):
            yield from _walk(f"{path}[{index}]", item, kind.item, inner, names, hidden)
    elif kind.name == "map" and kind.item:
        inner = shape.value if isinstance(shape, MapShape) else None
        for key, item in value.items():
            yield from _walk(f"{path}.{key}", item, kind.item, inner, names, hidden)
    else:
        yield from _scalar(path, value, shape, hidden)


def _walk_object(
    path: str, value: Mapping[str, Any], kind: Kind, shape: Shape | None, names: Mapping[str, Any], hidden: bool
) -> Iterator[Failure]:
    shape = shape.member if isinstance(shape, ListShape) else shape
    members = shape.members if isinstance(shape, StructureShape) else {}
    plain = re.sub(r"\[\d+\]", "", path)
    for name, item in value.items():
        if name not in kind.fields:
            yield Failure(f"{path}.{name}", f"there is no such property; there are: {', '.join(sorted(kind.fields))}")
            continue
        where = member(name, members, (shape.name,) if shape else (), names.get(f"{plain}.{name}", ()))
        yield from _walk(
            f"{path}.{name}", item, kind.fields[name].kind, members[where] if where else None, names, hidden
        )
    for name, field in kind.fields.items():
        if field.required and name not in value:
            yield Failure(f"{path}.{name}", "is required")


def _scalar(path: str, value: Any, shape: Shape | None, hidden: bool) -> Iterator[Failure]:
    if shape is None:
        return
    allowed = shape.metadata.get("enum")
    if allowed and str(value) not in allowed:
        yield Failure(path, f"must be one of {', '.join(allowed)}; got {_shown(value, hidden)}")
    elif isinstance(value, str) and shape.type_name == "string":
        size = list(_size(path, len(value), shape, "characters"))
        yield from size
        pattern = shape.metadata.get("pattern")
        if pattern and not size and not matches(pattern, value, whole=True):
            yield Failure(path, f"must match {pattern}, got {_shown(value, hidden)}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if (low is not None and value < low) or (high is not None and value > high):
            limits = (
                f"at least {low}" if high is None else f"at most {high}" if low is None else f"between {low} and {high}"
            )
            yield Failure(path, f"must be {limits}, got {_shown(value, hidden)}")


def _size(path: str, size: int, shape: Shape, what: str) -> Iterator[Failure]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and size < low) or (high is not None and size > high):
        limits = (
            f"at least {low}" if high is None else f"at most {high}" if low is None else f"between {low} and {high}"
        )
        yield Failure(path, f"must have {limits} {what}, has {size}")


def _shape(derived: Derived, name: str) -> Shape | None:
    for call in (derived.entry.create, *derived.entry.updates):
        if isinstance(call, Call) and name in derived.targets(call):
            shape = derived.targets(call)[name].shape
            if isinstance(shape, StructureShape) and derived.schema.inputs[name].kind.name not in ("object", "list"):
                return next(iter(shape.members.values()))
            return shape
    return None


def _kind_of(derived: Derived) -> str:
    return derived.entry.token.split(":")[-1]


def _a(kind: str) -> str:
    return {
        "whole number": "a whole number",
        "number": "a number",
        "list": "a list",
        "map": "a map",
        "object": "an object",
    }.get(kind, kind)


def _shown(value: Any, hidden: bool) -> str:
    return "[secret]" if hidden else json.dumps(value)
