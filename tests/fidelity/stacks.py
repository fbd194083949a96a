"""What is converted: the project's stacks, the examples, and shapes that none of them has."""

import dataclasses
import functools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from headroom.settings import yaml_file
from tests.components.program import ROOT
from tests.fidelity.registered import Stack, registered

FILES = MappingProxyType(
    {
        file.stem.removeprefix("Pulumi."): file
        for file in (*sorted(ROOT.glob("Pulumi.*.yaml")), *sorted((ROOT / "docs/examples").glob("*.yaml")))
    }
)
_WRITES_ONLY = [
    {
        "name": "checkout",
        "instances_max": 4,
        "transactions_per_second_peak": 20,
        "authentication": "secret",
        "pools": [{"endpoint": "writer", "path": "proxy", "connections_max": 5}],
    }
]
# Sections that take the place of staging's; None removes one.
VARIANTS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "serverless": {
            "database": {
                "instance_class": "db.serverless",
                "max_connections": None,
                "serverless": {"min_acu": 2, "max_acu": 32},
            },
            "autoscaling": None,
            "events": None,
        },
        "no-readers": {
            "database": {"readers": 0, "monitoring_interval_seconds": 0},
            "autoscaling": None,
            "events": None,
            "services": _WRITES_ONLY,
        },
    }
)
ALL = (*FILES, *VARIANTS)


@functools.cache
def stack(name: str, region: str = "") -> Stack:
    """A stack of `ALL`, in its own region or another."""
    with tempfile.TemporaryDirectory() as folder:
        return registered(file(name, Path(folder)), Path(folder), region)


def file(name: str, folder: Path) -> Path:
    """The stack's file; a variant's is written into `folder`."""
    if name in FILES:
        return FILES[name]
    config: dict[str, Any] = dict(yaml_file.read(FILES["staging"]))
    for section, values in VARIANTS[name].items():
        key = f"headroom:{section}"
        config[key] = {**config[key], **values} if section == "database" else values
    database = {key: value for key, value in config["headroom:database"].items() if value is not None}
    written = {key: value for key, value in {**config, "headroom:database": database}.items() if value is not None}
    path = folder / f"Pulumi.{name}.yaml"
    path.write_text(yaml.safe_dump({"config": written}))
    return path


def environment(name: str) -> str:
    """Which environment's defaults the stack has."""
    with tempfile.TemporaryDirectory() as folder:
        return str(yaml_file.read(file(name, Path(folder)))["headroom:environment"])


def changed(original: Stack, changes: dict[str, dict[str, Any]]) -> Stack:
    """The stack with properties of some resources (named by their keys' ends) set to other values."""
    left = dict(changes)
    resources = []
    for resource in original.resources:
        ends = [end for end in changes if resource.key.endswith(end)]
        new = {**resource.properties, **(left.pop(ends[0]) if ends else {})}
        resources.append(dataclasses.replace(resource, properties=new))
    assert not left, f"no resource is called {list(left)}"
    return dataclasses.replace(original, resources=tuple(resources))
