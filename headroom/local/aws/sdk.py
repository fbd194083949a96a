"""What pulumi_aws says about a type: its properties, their kinds, which are required. Read from the SDK's sources.

The sources are read by pattern, not imported: importing pulumi_aws costs more than the plugin's whole start.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

_ARGUMENT = re.compile(r"^ {17}(\w+): pulumi\.Input\[(.*)\](?: = None)?(?:,|\):)$", re.MULTILINE)
_GETTER = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @\w.*\n)*    def (\w+)\(self\)')
_SCALARS = {
    "_builtins.str": "text",
    "_builtins.int": "whole number",
    "_builtins.float": "number",
    "_builtins.bool": "true or false",
}


@dataclass(frozen=True)
class Kind:
    """A property's kind: one of text, whole number, number, true or false, list, map, object, any."""

    name: str
    item: "Kind | None" = None  # of a list or map
    fields: Mapping[str, "Property"] = field(default_factory=lambda: MappingProxyType({}))
    is_document: bool = False  # text that may be given as an object: a policy


@dataclass(frozen=True)
class Property:
    """One property by its Pulumi name, for instance dbProxyName."""

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True)
class Schema:
    """A type's inputs, and its outputs (every input is an output too)."""

    inputs: Mapping[str, Property]
    outputs: Mapping[str, Property]


@cache
def schema(token: str) -> Schema:
    """The properties of a type such as aws:rds/proxyTarget:ProxyTarget.

    Raises LookupError if the installed pulumi_aws has no such type.
    """
    _, module, name = token.split(":")
    module = module.partition("/")[0]
    source = _source(module, _snake(name))
    return Schema(_properties(module, source, f"{name}Args"), _properties(module, source, f"_{name}State"))


def _source(module: str, file: str) -> str:
    package = find_spec("pulumi_aws")
    if package is None or not package.submodule_search_locations:
        raise LookupError("pulumi_aws is not installed")
    path = Path(package.submodule_search_locations[0]) / module / f"{file}.py"
    if not path.is_file():
        raise LookupError(f"pulumi_aws has no {module}/{file}.py")
    return _read(path)


@cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _nested(module: str, name: str) -> Mapping[str, Property]:
    if name.startswith("_root_inputs."):
        module, name = ".", name.removeprefix("_root_inputs.")
    elif name.startswith("_"):  # "_iam.PolicyDocumentArgs": another module's
        module, name = name[1:].split(".")[0], name.split(".")[-1]
    return _properties(module, _source(module, "_inputs"), name)


def _properties(module: str, source: str, name: str) -> Mapping[str, Property]:
    start = source.find(f"\nclass {name}:")
    if start < 0:
        raise LookupError(f"pulumi_aws has no class {name}")
    end = source.find("\nclass ", start + 1)
    body = source[start : end if end > 0 else len(source)]
    head = body[: body.find("):\n") + 3]
    names = {python: pulumi or python for pulumi, python in _GETTER.findall(body)}
    required = {match[1]: not match[0].rstrip(",):").endswith("= None") for match in _ARGUMENT.finditer(head)}
    return {
        names[python]: Property(names[python], _kind(module, annotation), required[python])
        for python, annotation in _ARGUMENT.findall(head)
    }


def _kind(module: str, annotation: str) -> Kind:
    text = annotation
    if inner := re.fullmatch(r"(?:pulumi\.Input|Optional)\[(.*)\]", text):
        return _kind(module, inner[1])
    if inner := re.fullmatch(r"Sequence\[(.*)\]", text):
        return Kind("list", _kind(module, inner[1]))
    if inner := re.fullmatch(r"Mapping\[str, (.*)\]", text):
        return Kind("map", _kind(module, inner[1]))
    if inner := re.fullmatch(r"Union\[([\w.]+), (.*)\]", text):
        return Kind(_SCALARS[inner[1]], is_document="PolicyDocumentArgs" in inner[2])
    if text in _SCALARS:
        return Kind(_SCALARS[text])
    if inner := re.fullmatch(r"'([\w.]+Args)'", text):
        return Kind("object", fields=_nested(module, inner[1]))
    if re.fullmatch(r"'\w+'", text):
        return Kind("text")  # one of the SDK's enumerations: suggestions, not limits
    return Kind("any")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
