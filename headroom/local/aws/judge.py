"""A value against one of AWS's JSON schemas, of which a part may not be known yet.

The `jsonschema` library isn't used: importing it takes longer than all the checks of a preview, it knows no unknown
values, and most of what these schemas say beyond the standard (requiredXor, dependentExcluded) would be ours anyway.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from headroom.local.aws.patterns import matches
from headroom.local.aws.values import has_unknown, is_unknown

Path = tuple[str | int, ...]
Schema = Mapping[str, Any] | bool
Find = Callable[[str], Schema]


class Wrong(NamedTuple):
    """What a schema says against a value; `names` are the members that the words speak of, as {0}, {1}."""

    path: Path
    words: str
    names: tuple[str, ...] = ()


class _UnknownError(Exception):
    """It depends on a value that isn't known yet."""


_TYPES: dict[str, tuple[type, ...]] = {  # Pulumi writes some numbers as text, and the reverse
    "string": (str, int, float),
    "integer": (int, float),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_PARTITION = r"^arn:aws[a-z-]*:"
_FORMATS = {
    "AWS::EC2::SecurityGroup.Id": r"^sg-[0-9a-f]+$",
    "AWS::EC2::VPC.Id": r"^vpc-[0-9a-f]+$",
    "AWS::IAM::Role.Arn": _PARTITION + r"iam::\d{12}:role/.+$",
    "AWS::KMS::Alias.AliasName": r"^alias/[a-zA-Z0-9:/_-]+$",
    "AWS::KMS::Key.Arn": _PARTITION + r"kms:[a-z0-9-]+:\d{12}:(key|alias)/.+$",
    "AWS::KMS::Key.Id": r"^(mrk-)?[0-9a-f-]+$",
    "AWS::SNS::Topic.Arn": _PARTITION + r"sns:[a-z0-9-]+:\d{12}:.+$",
    "AWS::SQS::Queue.Arn": _PARTITION + r"sqs:[a-z0-9-]+:\d{12}:.+$",
    "AWS::Lambda::Function.Arn": _PARTITION + r"lambda:[a-z0-9-]+:\d{12}:function:.+$",
}
_NETWORKS = {"ipv4-network": ipaddress.IPv4Network, "ipv6-network": ipaddress.IPv6Network}


def judge(value: Any, schema: Schema, find: Find, path: Path = (), *, strict: bool = False) -> Iterator[Wrong]:
    """What the schema says against the value. `find` resolves a $ref; `strict` raises at an unknown value."""
    if schema is True:
        return
    if schema is False:
        yield Wrong(path, "must not be given here")
        return
    if "$ref" in schema:
        yield from judge(value, find(schema["$ref"]), find, path, strict=strict)
    if is_unknown(value):
        if strict:
            raise _UnknownError
        return
    wanted = schema.get("type")
    if wanted is not None and not _is(value, [wanted] if isinstance(wanted, str) else wanted):
        yield Wrong(path, f"must be {wanted if isinstance(wanted, str) else ' or '.join(wanted)}")
        return
    if isinstance(value, dict):
        yield from _object(value, schema, find, path, strict)
    elif isinstance(value, list):
        yield from _list(value, schema, find, path, strict)
    else:
        yield from _scalar(value, schema, path)
    yield from _combined(value, schema, find, path, strict)


def _object(value: dict[str, Any], schema: Mapping[str, Any], find: Find, path: Path, strict: bool) -> Iterator[Wrong]:
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    for name, item in value.items():
        others = [rule for pattern, rule in patterns.items() if matches(pattern, name)]
        for rule in [known[name]] if name in known else others or [schema.get("additionalProperties", True)]:
            if rule is False and name not in known:
                yield Wrong((*path, name), "there is no such member")
            else:
                yield from judge(item, rule, find, (*path, name), strict=strict)
    yield from _together(value, schema, path)


def _together(value: dict[str, Any], schema: Mapping[str, Any], path: Path) -> Iterator[Wrong]:
    """Which members must, may and must not be given together."""
    for name in schema.get("required", ()):
        if name not in value:
            yield Wrong((*path, name), "is required")
    for key, low, high in (("requiredXor", 1, 1), ("requiredOr", 1, None)):
        names = tuple(schema.get(key, ()))
        given = tuple(name for name in names if name in value)
        if names and len(given) < low:
            yield Wrong(path, f"needs one of {_places(names)}", names)
        elif high and len(given) > high:
            yield Wrong((*path, given[1]), "must not be given together with {0}", given[:1])
    for name, needed in schema.get("dependentRequired", {}).items():
        missing = [other for other in needed if other not in value] if name in value else []
        yield from (Wrong((*path, other), "is required with {0}", (name,)) for other in missing)
    excluding, seen = schema.get("dependentExcluded", {}), set[str]()
    for name in (name for name in excluding if name in value):
        seen.add(name)
        others = [other for other in excluding[name] if other in value and other not in seen]
        yield from (Wrong((*path, other), "must not be given together with {0}", (name,)) for other in others)


def _list(value: list[Any], schema: Mapping[str, Any], find: Find, path: Path, strict: bool) -> Iterator[Wrong]:
    low, high = schema.get("minItems"), schema.get("maxItems", schema.get("maxUniqueItems"))
    if (low is not None and len(value) < low) or (high is not None and len(value) > high):
        yield Wrong(path, f"must have {_limits(low, high)} entries, has {len(value)}")
    for key in schema.get("uniqueKeys", ()):
        found = [item[key] for item in value if isinstance(item, dict) and key in item and not has_unknown(item[key])]
        for text in sorted({str(one) for one in found if found.count(one) > 1}):
            yield Wrong(path, f"has {key} {text} twice")
    for index, item in enumerate(value):
        yield from judge(item, schema.get("items", True), find, (*path, index), strict=strict)


def _scalar(value: Any, schema: Mapping[str, Any], path: Path) -> Iterator[Wrong]:
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if allowed is not None and not any(_same(value, one) for one in allowed):
        yield Wrong(path, f"must be {'one of ' if len(allowed) > 1 else ''}{', '.join(str(one) for one in allowed)}")
        return
    if isinstance(value, str):
        yield from _text(value, schema, path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum"), schema.get("maximum")
        if (low is not None and value < low) or (high is not None and value > high):
            yield Wrong(path, f"must be {_limits(low, high)}")
        if value <= schema.get("exclusiveMinimum", value - 1):
            yield Wrong(path, f"must be greater than {schema['exclusiveMinimum']}")
        if value % schema.get("multipleOf", value or 1):
            yield Wrong(path, f"must be a multiple of {schema['multipleOf']}")


def _text(value: str, schema: Mapping[str, Any], path: Path) -> Iterator[Wrong]:
    low, high = schema.get("minLength"), schema.get("maxLength")
    if (low and len(value) < low) or (high is not None and len(value) > high):
        yield Wrong(path, f"must have {_limits(low, high)} characters, has {len(value)}")
    elif "pattern" in schema and not matches(schema["pattern"], value):
        yield Wrong(path, f"must match {schema['pattern']}")
    elif (form := schema.get("format")) in _FORMATS and not matches(_FORMATS[form], value):
        yield Wrong(path, f"must be the {form.split('::')[-1].replace('.', ' ')}, such as {_FORMATS[form]}")
    elif form in _NETWORKS:
        try:
            _NETWORKS[form](value)
        except ValueError as error:
            yield Wrong(path, f"must be a network: {error}")


def _combined(value: Any, schema: Mapping[str, Any], find: Find, path: Path, strict: bool) -> Iterator[Wrong]:
    for part in schema.get("allOf", ()):
        yield from judge(value, part, find, path, strict=strict)
    try:
        if "if" in schema:
            branch = "then" if _holds(value, schema["if"], find) else "else"
            yield from judge(value, schema.get(branch, True), find, path, strict=strict)
        if "not" in schema and _holds(value, schema["not"], find):
            yield Wrong(path, f"must not be {', '.join(str(one) for one in _forbidden(schema['not']))}")
        for key in ("anyOf", "oneOf"):
            parts = schema.get(key, ())
            if parts and not any(_holds(value, part, find) for part in parts):
                first = [next(iter(judge(value, part, find, path)), None) for part in parts]
                yield Wrong(path, "; or ".join(dict.fromkeys(wrong.words for wrong in first if wrong)))
    except _UnknownError:
        if strict:
            raise


def _holds(value: Any, schema: Schema, find: Find) -> bool:
    return next(iter(judge(value, schema, find, strict=True)), None) is None


def _forbidden(schema: Schema) -> list[Any]:
    return list(schema.get("enum", ["such"])) if isinstance(schema, Mapping) else ["such"]


def _is(value: Any, wanted: list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in wanted or "string" in wanted
    if isinstance(value, str) and value in ("true", "false") and "boolean" in wanted:
        return True
    return any(isinstance(value, _TYPES[name]) for name in wanted if name in _TYPES)


def _same(value: Any, allowed: Any) -> bool:
    return bool(value == allowed) or (not isinstance(value, dict | list) and str(value) == str(allowed))


def _places(names: tuple[str, ...]) -> str:
    return ", ".join(f"{{{index}}}" for index in range(len(names)))


def _limits(low: float | None, high: float | None) -> str:
    return f"at least {low}" if high is None else f"at most {high}" if not low else f"between {low} and {high}"
