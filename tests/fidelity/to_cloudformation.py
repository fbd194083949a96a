"""A stack as a CloudFormation template, so that judges of CloudFormation can judge it.

Knows nothing of the project's own AWS plugin: names and shapes are in cloudformation.toml, from AWS's reference.
"""

import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fidelity.registered import Reference, Resource, Stack, Text

_TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "cloudformation.toml").read_text(encoding="utf-8"))


@dataclass
class Conversion:
    """A template, and the account of what went into it.

    Attributes:
        template: what CloudFormation would be given.
        converted: Pulumi type -> how many resources of it.
        properties: how many properties were written.
        left_out: `type.property`, or a whole type -> why CloudFormation isn't told.
    """

    template: dict[str, Any]
    converted: Counter[str] = field(default_factory=Counter)
    properties: int = 0
    left_out: dict[str, str] = field(default_factory=dict)


def to_cloudformation(stack: Stack) -> Conversion:
    """Convert a stack.

    Raises:
        KeyError: a resource type or a used output that the table doesn't have.
        ValueError: a resource that can't be made part of the one it belongs to.
    """
    return _Converter(stack).convert()


class _Converter:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.resources = {resource.key: resource for resource in stack.resources}
        self.made: dict[str, dict[str, Any]] = {}
        self.conversion = Conversion({})

    def convert(self) -> Conversion:
        absent = [resource for resource in self.stack.resources if "absent" in _TABLE[resource.type]]
        folded = [resource for resource in self.stack.resources if "into" in _TABLE[resource.type]]
        whole = [resource for resource in self.stack.resources if resource not in (*absent, *folded)]
        self.conversion.left_out |= {resource.type: _TABLE[resource.type]["absent"] for resource in absent}
        for resource in whole:
            self.made[_logical_id(resource.key)] = self._resource(resource)
        if len(self.made) != len(whole):
            raise ValueError("two resources have one logical id")
        for resource in folded:
            self._fold(resource)
        for resource in (*whole, *folded):
            self._wait(resource)
        self.conversion.converted.update(resource.type for resource in (*whole, *folded))
        self.conversion.template.update(
            {
                "AWSTemplateFormatVersion": "2010-09-09",
                "Description": f"The Pulumi stack {self.stack.name}",
                "Resources": self.made,
            }
        )
        return self.conversion

    def _resource(self, resource: Resource) -> dict[str, Any]:
        row = _TABLE[resource.type]
        for path, reason in row.get("left_out", {}).items():
            if "." in path and path.split(".")[0] in resource.properties:  # its shape doesn't have it
                self.conversion.left_out[f"{resource.type}.{path}"] = reason
        made: dict[str, Any] = {"Type": row["type"], "Properties": dict(row.get("always", {}))}
        if "named" in row:
            made["Properties"][row["named"]] = resource.name
        for name, value in resource.properties.items():
            if row.get("shape", {}).get(name) == "deletion":
                made["DeletionPolicy"] = made["UpdateReplacePolicy"] = "Delete" if value else "Snapshot"
            if self._is_left_out(resource, name):
                continue
            self.conversion.properties += 1
            target = made["Properties"]
            *outer, last = row.get("rename", {}).get(name, _capital(name)).split(".")
            for part in outer:
                target = target.setdefault(part, {})
            target[last] = self._value(row, name, value)
        return made

    def _fold(self, resource: Resource) -> None:
        """Write a resource into the one that it depends on."""
        row = _TABLE[resource.type]
        into = row["into"]
        host = self._host(resource)
        values = {
            row.get("rename", {}).get(name, _capital(name)): self._value(row, name, value)
            for name, value in resource.properties.items()
            if not self._is_left_out(resource, name)
        }
        self.conversion.properties += len(values)
        if "value" in into:
            (part,) = values.values()
        else:
            part = values
        self.made[_logical_id(host)]["Properties"].setdefault(into["property"], []).append(part)

    def _host(self, resource: Resource) -> str:
        type_ = _TABLE[resource.type]["into"]["type"]
        hosts = [key for key in resource.depends_on if self.resources[key].type == type_]
        if len(hosts) != 1:
            raise ValueError(f"{resource.key} belongs to one {type_}, but depends on {hosts}")
        return hosts[0]

    def _is_left_out(self, resource: Resource, name: str) -> bool:
        row = _TABLE[resource.type]
        reason = row.get("left_out", {}).get(name)
        if name in row.get("into", {}).get("repeats", []):
            reason = f"the {row['into']['type']} that it is written into says it"
        if reason:
            self.conversion.left_out[f"{resource.type}.{name}"] = reason
        return bool(reason)

    def _wait(self, resource: Resource) -> None:
        """What Pulumi would wait for, CloudFormation waits for, too, where no reference says so already."""
        owner = self._place(resource.key)
        made = self.made[owner]
        referred = set(_referred(made["Properties"]))
        awaited = {self._place(key) for key in resource.depends_on} - referred - {owner}
        if awaited:
            made["DependsOn"] = sorted(awaited | set(made.get("DependsOn", [])))

    def _place(self, key: str) -> str:
        """The logical id of the resource that `key` became, or became part of."""
        resource = self.resources[key]
        return _logical_id(self._host(resource) if "into" in _TABLE[resource.type] else key)

    def _value(self, row: dict[str, Any], path: str, value: Any) -> Any:
        shape = row.get("shape", {}).get(path)
        match shape:
            case "document":
                return self.stack.resolved(json.loads(value), self._resolve)
            case "tags":
                return [{"Key": key, "Value": self._plain(one)} for key, one in value.items()]
            case "dimensions":
                return self._dimensions(value)
            case "parameters":
                return {parameter["name"]: self._plain(parameter["value"]) for parameter in value}
            case "metric_stat":
                return self._metric_stat(**value)
            case "number":
                return float(value)
        plain = self._nested(row, path, value)
        return [plain] if shape == "list" else plain

    def _nested(self, row: dict[str, Any], path: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                row.get("rename", {}).get(f"{path}.{key}", _capital(key)): self._value(row, f"{path}.{key}", one)
                for key, one in value.items()
            }
        if isinstance(value, list):
            return [self._nested(row, path, one) for one in value]
        return self._plain(value)

    def _metric_stat(  # camel case: these are Pulumi's own names, and another one is an error
        self,
        *,
        namespace: str,
        metricName: str,  # noqa: N803
        stat: str,
        period: float,
        dimensions: dict[str, Any] | None = None,
        unit: str | None = None,
    ) -> dict[str, Any]:
        metric = {"Namespace": self._plain(namespace), "MetricName": metricName}
        stats = {"Stat": stat, "Period": int(period), **({"Unit": unit} if unit else {})}
        return {"Metric": {**metric, "Dimensions": self._dimensions(dimensions or {})}, **stats}

    def _dimensions(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"Name": key, "Value": self._plain(one)} for key, one in value.items()]

    def _plain(self, value: Any) -> Any:
        return self.stack.resolved(value, self._resolve)

    def _resolve(self, parts: Text) -> Any:
        if len(parts) == 1 and isinstance(parts[0], Reference):
            target, attribute = self._target(parts[0])
            return {"Ref": target} if attribute == "Ref" else {"Fn::GetAtt": [target, attribute]}
        texts: list[str] = []
        for part in parts:
            if isinstance(part, str):
                texts.append(part.replace("${", "${!"))
            else:
                target, attribute = self._target(part)
                texts.append(f"${{{target}}}" if attribute == "Ref" else f"${{{target}.{attribute}}}")
        return {"Fn::Sub": "".join(texts)}

    def _target(self, reference: Reference) -> tuple[str, str]:
        row = _TABLE[self.resources[reference.resource].type]
        if reference.output not in row.get("outputs", {}):
            if "into" in row or "always" in row:  # the proxy's default target group has a name that everybody knows
                raise KeyError(f"{reference.resource}: nobody may use {reference.output}")
            raise KeyError(f"{reference.resource}: what is its output {reference.output} in CloudFormation?")
        return _logical_id(reference.resource), row["outputs"][reference.output]


def _logical_id(key: str) -> str:
    """`aws:rds/cluster:Cluster::headroom-prod` -> HeadroomProdRdsCluster."""
    type_, name = key.split("::", 1)
    module, kind = type_.split(":")[1].split("/")[0], type_.rpartition(":")[2]
    return "".join(_capital(word) for word in re.findall("[A-Za-z0-9]+", f"{name} {module} {kind}"))


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _referred(value: Any) -> list[str]:
    """The logical ids that a value refers to."""
    if isinstance(value, list):
        return [one for item in value for one in _referred(item)]
    if not isinstance(value, dict):
        return []
    if set(value) == {"Ref"}:
        return [value["Ref"]]
    if set(value) == {"Fn::GetAtt"}:
        return [value["Fn::GetAtt"][0]]
    if set(value) == {"Fn::Sub"}:
        return [found.split(".")[0] for found in re.findall(r"\$\{([A-Za-z0-9.]+)\}", value["Fn::Sub"])]
    return [one for item in value.values() for one in _referred(item)]
