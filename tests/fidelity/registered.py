"""What the program registers for a stack file, with every use of another resource's output kept as a reference.

The program runs without the engine (`tests.components.program`). What AWS would decide - an ARN, an id, a generated
name - is answered with a mark, and a mark in an input, or inside a JSON document, says which resource's output it was.
"""

import importlib
import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import _types
from pulumi.runtime import mocks

from headroom.settings import yaml_file
from tests.components.program import Answers, run

# No quote, backslash or colon: a mark survives json.dumps, and a program that takes an ARN apart at its colons.
_MARK = re.compile(r"<<(\d+)\.(\w+)>>")


@dataclass(frozen=True)
class Reference:
    """An output of another resource."""

    resource: str  # `type::name`
    output: str


Text = tuple[str | Reference, ...]  # a text with references in it
Resolve = Callable[[Text], Any]


@dataclass(frozen=True)
class Resource:
    """A registered resource of AWS's; texts in `properties` may hold marks (`Stack.resolved`)."""

    type: str
    name: str
    properties: dict[str, Any]
    depends_on: frozenset[str]

    @property
    def key(self) -> str:
        return f"{self.type}::{self.name}"


@dataclass(frozen=True)
class Stack:
    """Everything of AWS's that one stack file makes, in one region."""

    name: str
    region: str
    tags: dict[str, str]  # of every resource that takes tags: the provider's
    resources: tuple[Resource, ...]
    marked: Mapping[str, str]  # number in a mark -> `type::name`

    def resolved(self, value: Any, resolve: Resolve) -> Any:
        """The value with each text that has marks replaced by what `resolve` makes of it."""
        if isinstance(value, dict):
            return {key: self.resolved(one, resolve) for key, one in value.items()}
        if isinstance(value, list):
            return [self.resolved(one, resolve) for one in value]
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, str) and _MARK.search(value):
            return resolve(self._parts(value))
        return value

    def _parts(self, text: str) -> Text:
        pieces = _MARK.split(text)  # text, number, output, text, number, output, text
        parts: list[str | Reference] = [pieces[0]]
        for number, output, after in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            parts += [Reference(self.marked[number], output), after]
        return tuple(part for part in parts if part)


class _Marks(Answers):
    """Answers with marks, and in the stack's own region."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.numbers = itertools.count(1)
        self.marked: dict[str, str] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        number = str(next(self.numbers))
        self.marked[number] = f"{args.typ}::{args.name}"
        state = {output: f"<<{number}.{output}>>" for output in _texts(args.typ)}
        if args.typ == "aws:rds/cluster:Cluster":
            state["masterUserSecrets"] = [{"secretArn": f"<<{number}.masterUserSecretArn>>"}]  # type: ignore[assignment]
        return f"<<{number}.id>>", {**state, **args.inputs}

    def call(self, args: mocks.MockCallArgs) -> Any:
        match args.token.rpartition(":")[2]:
            case "getRegion":
                return {"region": self.region, "name": self.region}
            case "getAvailabilityZones":
                return {"names": [f"{self.region}{zone}" for zone in "abc"]}
            case "getSubnet":
                found = super().call(args)
                return {**found, "availabilityZone": found["availabilityZone"].replace("eu-west-1", self.region)}
            case _:
                return super().call(args)


def _texts(token: str) -> list[str]:
    """The outputs of a resource type that are texts, by the SDK's own class."""
    package, path, name = token.split(":")
    if package != "aws":
        return []
    module = importlib.import_module(f"pulumi_aws.{path.split('/')[0]}")
    return [output for output, type_ in _types.resource_types(getattr(module, name)).items() if type_ is str]


def registered(file: Path, folder: Path, region: str = "") -> Stack:
    """Run the program for a stack file.

    Args:
        file: the stack's.
        folder: where a copy for another region may be written.
        region: instead of the file's own.
    """
    config = yaml_file.read(file)
    stack = file.stem.removeprefix("Pulumi.")
    if region:
        config = {**config, "aws:region": region}
        file = folder / f"Pulumi.{stack}-in-{region}.yaml"
        file.write_text(yaml.safe_dump({"config": config}))
    marks = _Marks(str(config["aws:region"]))
    with pytest.MonkeyPatch.context() as patch:
        program = run(file, patch, stack, answers=marks)
    ours = [one for one in program.declared if one.type.startswith("aws:")]
    keys = {one.key for one in ours}
    return Stack(
        name=stack,
        region=marks.region,
        tags=json.loads(program.one("pulumi:providers:aws")["defaultTags"])["tags"],
        resources=tuple(
            Resource(one.type, one.name, one.inputs, one.dependencies & keys)
            for one in sorted(ours, key=lambda one: one.key)
        ),
        marked=marks.marked,
    )
