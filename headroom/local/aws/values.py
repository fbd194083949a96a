"""Property values between the engine's protocol and plain Python: unknowns, secrets, whole numbers."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from google.protobuf import struct_pb2

# The protocol's own marks: <pulumi sdk>/go/common/resource/plugin/rpc.go and .../resource/properties.go.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 -- a mark, not a secret
_SHORTEST_SECRET_TO_SEARCH_FOR = 4  # a shorter one would be found by chance in every second output


class Properties(dict[str, Any]):
    """A resource's properties as plain values, and the names of those that hold a secret anywhere."""

    def __init__(self, values: Mapping[str, Any] | None = None, secrets: Iterable[str] = ()) -> None:
        super().__init__(values or {})
        self.secrets = set(secrets)


def is_unknown(value: Any) -> bool:
    """True for the stand-in that a preview sends for a value which only the update will know."""
    return isinstance(value, str) and value in _UNKNOWNS


def has_unknown(value: Any) -> bool:
    """True if the value, or anything inside it, is not known yet."""
    return any(is_unknown(leaf) for leaf in _leaves(value))


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """Read the engine's message. Nulls are dropped: to a resource, null and absent are the same."""
    found: set[str] = set()
    values = Properties()
    for name, field in struct.fields.items():
        secret: list[bool] = []
        value = _from_value(field, secret)
        if value is not None:
            values[name] = value
        if secret:
            found.add(name)
    values.secrets = found
    return values


def to_struct(properties: Mapping[str, Any], secrets: Collection[str] | None = None) -> struct_pb2.Struct:
    """Write the engine's message; the properties named in secrets (default: the object's own) are marked secret."""
    if secrets is None:
        secrets = properties.secrets if isinstance(properties, Properties) else ()
    struct = struct_pb2.Struct()
    struct.update(
        {
            name: {_SIGNATURE: _SECRET, "value": value} if name in secrets and value is not None else value
            for name, value in properties.items()
        }
    )
    return struct


def derived_secrets(outputs: Mapping[str, Any], inputs: Properties) -> set[str]:
    """Names of the outputs that must be secret: secret inputs, and whatever shows the text of one of them."""
    texts = {str(leaf) for name in inputs.secrets for leaf in _leaves(inputs.get(name)) if not isinstance(leaf, bool)}
    texts = {text for text in texts if len(text) >= _SHORTEST_SECRET_TO_SEARCH_FOR and not is_unknown(text)}
    tells = {
        name for name, value in outputs.items() if any(text in str(leaf) for leaf in _leaves(value) for text in texts)
    }
    if "tags" in inputs.secrets:
        tells.add("tagsAll")
    return (tells | inputs.secrets) & set(outputs)


def _from_value(value: struct_pb2.Value, secret: list[bool]) -> Any:
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_from_value(item, secret) for item in value.list_value.values]
        case "struct_value":
            fields = value.struct_value.fields
            if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET:
                secret.append(True)
                return _from_value(fields["value"], secret)
            items = {name: _from_value(item, secret) for name, item in fields.items()}
            return {name: item for name, item in items.items() if item is not None}
    return None


def _leaves(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield value
