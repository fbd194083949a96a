"""What the table leaves out, derived: which property goes into which call, and which call a changed property needs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jmespath
from botocore.model import ListShape, ServiceModel, Shape, StructureShape

from headroom.local.aws.model import Call, Custom, ResourceType, Template
from headroom.local.aws.naming import from_aws, member, to_aws
from headroom.local.aws.sdk import Schema, schema

_PLACE = re.compile(r"\{(\w+)\}")
_BY_THE_PLUGIN = frozenset({"region", "tags", "tagsAll"})  # every type's, and handled for all of them alike


@dataclass(frozen=True)
class Target:
    """Where a property goes in a request."""

    member: str
    shape: Shape
    within: bool


class Derived:
    """A table entry joined with the SDK's properties and botocore's shapes."""

    def __init__(self, entry: ResourceType, model: ServiceModel) -> None:
        self.entry = entry
        self.model = model
        self._targets: dict[str, dict[str, Target]] = {}

    @cached_property
    def schema(self) -> Schema:
        """The type's properties in pulumi_aws."""
        return schema(self.entry.token)

    def input_shape(self, operation: str) -> StructureShape:
        """The operation's request; an empty one if it takes nothing."""
        return self.model.operation_model(operation).input_shape or StructureShape("Empty", {"members": {}})

    def targets(self, call: Call) -> Mapping[str, Target]:
        """The properties that name a member of the call, and where each goes."""
        key = f"{call.operation}/{call.switch}"
        if key not in self._targets:
            entry, shape = self.entry, self.input_shape(call.operation)
            inner = _elements(shape.members[call.within]) if call.within else {}
            found = {}
            for name in self.schema.inputs:
                if name in self._outside_of_calls | call.properties:
                    continue
                named = call.names.get(name) or entry.names.get(name, ())
                if where := member(name, inner, entry.prefixes, named):
                    found[name] = Target(where, inner[where], True)
                elif where := member(name, shape.members, entry.prefixes, named):
                    found[name] = Target(where, shape.members[where], False)
            self._targets[key] = found
        return self._targets[key]

    @cached_property
    def _outside_of_calls(self) -> frozenset[str]:
        entry = self.entry
        prefix = {f"{entry.name}Prefix"} if entry.name else set()
        return _BY_THE_PLUGIN | entry.stored | entry.recorded | frozenset(entry.refused) | prefix

    @cached_property
    def created_with(self) -> frozenset[str]:
        """Properties that the create call sends."""
        return frozenset(self.targets(self.entry.create)) | self.entry.create.properties

    def triggers(self, step: Call | Custom) -> frozenset[str]:
        """Properties whose change makes an update take this step."""
        if isinstance(step, Custom):
            return frozenset({step.property})
        own = frozenset(self.targets(step)) - step.along
        return (
            (own if step.style != "attributes" else frozenset()) | step.properties | ({step.switch} - {""})
        ) - self.entry.replaces

    @cached_property
    def updated_with(self) -> frozenset[str]:
        """Properties whose change makes an update call something."""
        return frozenset[str]().union(*(self.triggers(step) for step in self.entry.updates))

    @cached_property
    def changeable(self) -> frozenset[str]:
        """Properties that may change in place, or whose change only the state needs to know."""
        entry = self.entry
        along = frozenset[str]().union(
            *(step.along for step in (*entry.updates, entry.delete) if isinstance(step, Call))
        )
        deleted_with = entry.delete.properties if entry.delete else frozenset()
        put = self.created_with if entry.put else frozenset()
        return (
            self.updated_with | along | deleted_with | put | entry.stored | entry.recorded | _BY_THE_PLUGIN
        ) - entry.replaces

    @cached_property
    def unaccounted(self) -> frozenset[str]:
        """Inputs that nothing in the table and no call's shape knows: they are recorded, and said to be."""
        known = self.created_with | self.changeable | self._outside_of_calls | {"region"}
        return frozenset(self.schema.inputs) - known - frozenset(self.entry.refused)

    def request(
        self,
        call: Call,
        values: Mapping[str, Any],
        old: Mapping[str, Any],
        context: Mapping[str, Any],
        only: frozenset[str] | None = None,
    ) -> dict[str, Any]:
        """The call's members for these property values; `only` limits which properties are sent."""
        shape, inner = self.input_shape(call.operation), dict[str, Any]()
        names = {**self.entry.names, **call.names}
        request = {name: fill(value, context) for name, value in call.fixed.items()}
        for name, target in self.targets(call).items():
            needed = target.member in shape.required_members
            if name not in values or not (only is None or name in only or name in call.along or needed):
                continue
            value = to_aws(values[name], self.schema.inputs[name].kind, target.shape, names, name)
            (inner if target.within else request)[target.member] = value
        if call.within:
            request[call.within] = [inner]
        if call.assemble and (only is None or call.properties & only):
            request.update(call.assemble(old, {**values, "id": context.get("id")}))
        return request

    def found_by(self, operation: str, context: Mapping[str, Any]) -> dict[str, Any]:
        """The members of the operation that say which resource is meant."""
        members = self.input_shape(operation).members
        return {name: fill(value, context) for name, value in self.entry.find.items() if name in members}

    def outputs_of(self, name: str, value: Any) -> dict[str, Any]:
        """A value of a further read, in the property's form."""
        prop = self.schema.outputs.get(name)
        return {name: from_aws(value, prop.kind, self.entry.names, name)} if prop else {}

    def outputs(self, described: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
        """The properties that can be read from what AWS described."""
        entry, found = self.entry, {}
        for name, prop in self.schema.outputs.items():
            if name in _BY_THE_PLUGIN or name in entry.unechoed:
                continue
            if name in entry.reads:
                value = search(entry.reads[name], described, context)
            else:
                named = entry.names.get(name, ())
                where = member(name, described, entry.prefixes, named)
                value = described[where] if where else None
            if value is not None:
                found[name] = from_aws(value, prop.kind, entry.names, name)
        return found


def _elements(shape: Shape) -> Mapping[str, Shape]:
    """The members of a list's elements."""
    element = shape.member if isinstance(shape, ListShape) else None
    return element.members if isinstance(element, StructureShape) else {}


def fill(template: Template, values: Mapping[str, Any]) -> Any:
    """The template with its {property} places filled. An unset property leaves nothing."""
    if isinstance(template, str):
        return _PLACE.sub(lambda place: str(values.get(place[1]) or ""), template)
    if isinstance(template, list):
        return [fill(item, values) for item in template]
    if isinstance(template, dict):
        return {name: fill(item, values) for name, item in template.items()}
    return template


def search(path: str, described: Any, context: Mapping[str, Any]) -> Any:
    """JMESPath over AWS's answer."""
    return jmespath.search(fill(path, context), described)


def parse_id(template: str, identifier: str) -> dict[str, str] | None:
    """The properties that an id is made of: the inverse of fill. None if the id doesn't have that form."""
    if "{" not in template:
        return {}
    pattern = "".join(
        f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(_PLACE.split(template))
    )
    match = re.fullmatch(pattern, identifier)
    return match.groupdict() if match else None
