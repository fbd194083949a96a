"""The names and types of Terraform's AWS provider, as a JSON Schema for each resource type.

Terraform's own validation needs its program and the provider's, which no package registry has. PyPI has bindings that
HashiCorp generated from the provider's schema (cdktf-cdktf-provider-aws 21.22.1, for provider 6.25.0). This reads them:

    pip download --no-deps cdktf-cdktf-provider-aws==21.22.1
    python -m tests.fidelity.terraform_schema cdktf_cdktf_provider_aws-21.22.1-py3-none-any.whl aws_vpc aws_subnet ...

Without names of types it renews those that the file has. What the provider checks beyond names and types (formats,
ranges, arguments that exclude each other) isn't in the bindings, so nothing here judges it.
"""

import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "terraform_schema.json"
_TERRAFORM_NAME = re.compile(r"docs/resources/\w+#(\w+) ")  # in a property's summary, or a block's remarks
_PROVIDER = re.compile(r"hashicorp/aws/([\d.]+)/docs/resources/(\w+) (aws_\w+)\}")
_INTERPOLATION = {"type": "string", "pattern": r"^\$\{.+\}$"}


def load() -> dict[str, dict[str, Any]]:
    """Terraform type -> its JSON Schema; `attributes` are the names that a reference may use."""
    types: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["types"]
    return types


def main() -> None:
    """Write the file from the bindings' wheel."""
    wheel, *wanted = sys.argv[1:]
    with zipfile.ZipFile(wheel) as outer:
        (archive,) = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(outer.read(archive))) as inner:
            assembly = inner.extractfile("package/.jsii")
            assert assembly is not None
            types = json.load(assembly)["types"]
    wanted = sorted(wanted or load())
    made, version = {}, ""
    for type_ in types.values():
        found = _PROVIDER.search(type_.get("docs", {}).get("summary", ""))
        if found and found[3] in wanted and type_["kind"] == "class":
            version = found[1]
            made[found[3]] = {**_schema(types, f"{type_['fqn']}Config"), "attributes": _attributes(type_)}
    assert sorted(made) == wanted, set(wanted) - set(made)
    source = f"{Path(wheel).name.split('-py3')[0]} (PyPI), generated from hashicorp/aws {version}"
    rows = [f"{json.dumps(name)}: {json.dumps(schema, sort_keys=True)}" for name, schema in sorted(made.items())]
    text = f'{{"source": {json.dumps(source)}, "types": {{\n' + ",\n".join(rows) + "\n}}\n"  # a line for each type
    FILE.write_text(text, encoding="utf-8")


def _schema(types: dict[str, Any], name: str) -> dict[str, Any]:
    properties, required = {}, []
    for member in types[name].get("properties", []):
        found = _TERRAFORM_NAME.search(json.dumps(member["docs"]))
        assert found, member
        properties[found[1]] = _type(types, member["type"])
        if not member.get("optional"):
            required.append(found[1])
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _type(types: dict[str, Any], type_: dict[str, Any]) -> dict[str, Any]:
    if type_.get("primitive") == "string":
        return {"type": ["string", "number", "boolean"]}  # Terraform writes numbers and booleans as text where it must
    if "primitive" in type_:
        return {"anyOf": [{"type": type_["primitive"]}, _INTERPOLATION]}
    if "collection" in type_:
        element = _type(types, type_["collection"]["elementtype"])
        if type_["collection"]["kind"] == "array":
            return {"type": "array", "items": element}
        return {"type": "object", "additionalProperties": element}
    if "union" in type_:  # of the type, and of a value that is known later
        first, *others = [one for one in type_["union"]["types"] if one.get("fqn") != "cdktf.IResolvable"]
        return {"anyOf": [_type(types, one) for one in (first, *others)]} if others else _type(types, first)
    return _schema(types, type_["fqn"])


def _attributes(class_: dict[str, Any]) -> list[str]:
    names = [one["name"] for one in class_["properties"] if not one["name"].endswith("Input") and not one.get("static")]
    return sorted(re.sub("([A-Z])", r"_\1", name).lower() for name in names)


if __name__ == "__main__":
    main()
