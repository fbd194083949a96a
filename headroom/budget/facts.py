"""What AWS decided, read from `facts/`: instance classes and limits, each with its source and the day it was read."""

import csv
import difflib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from headroom.budget.model import Engine, InstanceClass

FOLDER = Path(__file__).parent / "facts"
SERVERLESS = "db.serverless"


class Fact(NamedTuple):
    """One fact. `basis`: "documented" (AWS), "community" (the engine's own documentation) or "bound" (derived)."""

    value: Any
    basis: str
    source: str
    read: str


class UnknownClass(ValueError):
    """An instance class that the facts don't know; the message names the nearest known ones."""


@cache
def _limits() -> dict[str, Any]:
    return tomllib.loads((FOLDER / "limits.toml").read_text(encoding="utf-8"))


@cache
def fact(*keys: str) -> Fact:
    """The fact at a path of `limits.toml`: `fact("service", "readers_highest").value == 15`."""
    entry: Any = _limits()
    for key in keys:
        entry = entry[key]
    return Fact(**entry)


def connections(engine: Engine, name: str) -> int:
    """A whole number about an engine's connections: `connections(Engine.MYSQL, "highest") == 16000`."""
    return int(fact("connections", engine.value, name).value)


@cache
def instance_classes() -> dict[str, InstanceClass]:
    """Every known provisioned class, by name."""
    with (FOLDER / "instance_classes.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {
            row["name"]: InstanceClass(
                name=row["name"],
                vcpus=int(row["vcpus"]),
                memory_gib=float(row["memory_gib"]),
                documented_mysql=int(row["documented_mysql"]) if row["documented_mysql"] else None,
                documented_postgresql=int(row["documented_postgresql"]) if row["documented_postgresql"] else None,
            )
            for row in rows
        }


def nearest_classes(name: str, count: int = 3) -> list[str]:
    """The known classes whose names are nearest to `name`: same size first, then by spelling."""
    size = name.rpartition(".")[2]
    known = sorted(instance_classes(), key=lambda k: (k.rpartition(".")[2] != size, -_likeness(name, k), k))
    return known[:count]


def _likeness(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a, b).ratio()


def instance_class(name: str) -> InstanceClass:
    """The class of that name.

    Raises:
        UnknownClass: naming the nearest known classes, and how to declare it.
    """
    known = instance_classes().get(name)
    if known is None:
        near = ", ".join(nearest_classes(name))
        msg = f"unknown instance class {name!r}: the nearest known ones are {near}; declare a new one under headroom:instance_classes"
        raise UnknownClass(msg)
    return known


def family(instance_class: InstanceClass) -> list[InstanceClass]:
    """All known classes of the same family, smallest first (`db.r6g.large` -> every db.r6g)."""
    prefix = instance_class.name.rpartition(".")[0] + "."
    members = [c for c in instance_classes().values() if c.name.startswith(prefix)]
    return sorted(members, key=lambda c: c.memory_gib)
