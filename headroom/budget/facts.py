"""What AWS decided, read from `facts/`: instance classes and limits, each with its source and the day it was read.

The files are read, and their readers imported, when the first fact is asked for: importing the budget stays quick.
"""

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


class UnknownClassError(ValueError):
    """An instance class that the facts don't know; the message names the nearest known ones."""


@cache
def _limits() -> dict[str, Any]:
    import tomllib

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
    import csv

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
    import difflib  # only an error needs it

    size = name.rpartition(".")[2]

    def distance(known: str) -> tuple[bool, float, str]:
        return known.rpartition(".")[2] != size, -difflib.SequenceMatcher(None, name, known).ratio(), known

    return sorted(instance_classes(), key=distance)[:count]


def instance_class(name: str) -> InstanceClass:
    """The class of that name.

    Raises:
        UnknownClassError: naming the nearest known classes, and how to declare it.
    """
    known = instance_classes().get(name)
    if known is None:
        near = ", ".join(nearest_classes(name))
        raise UnknownClassError(
            f"unknown instance class {name!r}: the nearest known ones are {near}; "
            "declare a new one under headroom:instance_classes"
        )

    return known


def family(instance_class: InstanceClass) -> list[InstanceClass]:
    """All known classes of the same family, smallest first (`db.r6g.large` -> every db.r6g)."""
    prefix = instance_class.name.rpartition(".")[0] + "."
    members = [c for c in instance_classes().values() if c.name.startswith(prefix)]
    return sorted(members, key=lambda c: c.memory_gib)
