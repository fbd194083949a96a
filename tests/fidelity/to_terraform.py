"""A stack as Terraform's JSON (https://developer.hashicorp.com/terraform/language/syntax/json).

Knows nothing of the project's own AWS plugin: the names follow a rule, terraform.toml has its exceptions, and
`problems` holds the result against the provider's own names and types.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from tests.fidelity import terraform_schema
from tests.fidelity.registered import Reference, Stack, Text

_TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "terraform.toml").read_text(encoding="utf-8"))
_ADDRESS = re.compile(r"\$\{(aws_\w+)\.([\w-]+)\.(\w+)[^}]*\}")


def to_terraform(stack: Stack) -> dict[str, Any]:
    """Convert a stack: the content of one `main.tf.json`, ready for json.dumps."""
    resources: dict[str, dict[str, Any]] = {}
    for resource in stack.resources:
        body = {
            _property(resource.type, name): stack.resolved(_renamed(value), _resolve)
            for name, value in resource.properties.items()
        }
        used = set(_addresses(body))
        awaited = sorted({_address(key) for key in resource.depends_on} - used)
        if awaited:
            body["depends_on"] = awaited
        type_, label = _address(resource.key).split(".")
        if resources.setdefault(type_, {}).setdefault(label, body) is not body:
            raise ValueError(f"two resources have the address {type_}.{label}")
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": {"region": stack.region, "default_tags": {"tags": stack.tags}}},
        "resource": resources,
    }


def problems(content: dict[str, Any]) -> list[str]:
    """What the provider's schema, and references to resources and attributes that aren't there, say against it."""
    schemas = terraform_schema.load()
    found = []
    for type_, labelled in content["resource"].items():
        if type_ not in schemas:
            found.append(f"{type_}: terraform_schema.json doesn't have it")
            continue
        for label, body in labelled.items():
            plain = {key: value for key, value in body.items() if key != "depends_on"}
            errors = jsonschema.Draft202012Validator(schemas[type_]).iter_errors(plain)
            found += [f"{type_}.{label}{error.json_path[1:]}: {error.message}" for error in errors]
            for to_type, to_label, attribute in _ADDRESS.findall(json.dumps(body)):
                if to_label not in content["resource"].get(to_type, {}):
                    found.append(f"{type_}.{label}: {to_type}.{to_label} isn't declared")
                elif attribute not in schemas[to_type]["attributes"]:
                    found.append(f"{type_}.{label}: {to_type} has no attribute {attribute}")
    return sorted(found)


def _property(type_: str, name: str) -> str:
    renamed: str = _TABLE["properties"].get(type_, {}).get(name, _snake(name))
    return renamed


def _renamed(value: Any) -> Any:
    """A block's own properties; a map's keys (tags, dimensions) are data, and are written in capitals or as words."""
    if isinstance(value, list):
        return [_renamed(one) for one in value]
    if isinstance(value, dict):
        return {
            _snake(key) if key[:1].islower() else key: one if key in {"dimensions", "tags"} else _renamed(one)
            for key, one in value.items()
        }
    return value


def _address(key: str) -> str:
    """`aws:rds/cluster:Cluster::headroom-prod` -> aws_rds_cluster.headroom-prod."""
    type_, name = key.split("::", 1)
    module, kind = type_.split(":")[1].split("/")[0], type_.rpartition(":")[2]
    return f"{_TABLE['types'].get(type_, f'aws_{module}_{_snake(kind)}')}.{re.sub('[^A-Za-z0-9_-]', '_', name)}"


def _resolve(parts: Text) -> str:
    return "".join(
        f"${{{_address(part.resource)}.{_TABLE['outputs'].get(part.output, _snake(part.output))}}}"
        if isinstance(part, Reference)
        else part.replace("${", "$${").replace("%{", "%%{")
        for part in parts
    )


def _addresses(value: Any) -> Iterator[str]:
    """The addresses that a value refers to."""
    for type_, label, _ in _ADDRESS.findall(json.dumps(value)):
        yield f"{type_}.{label}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
