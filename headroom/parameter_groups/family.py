"""The lists, read: a family and its parameters."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
READ = "2026-11-30"  # when the lists were read: each names its sources


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a family; an empty text is what the list doesn't say.

    Attributes:
        name: "max_connections".
        level: "both", or "cluster": only a cluster's group has it.
        apply: "dynamic", or "static": it takes effect after a reboot, so AWS takes it as `pending-reboot` only.
        modifiable: "yes" or "no".
        type: "boolean", "integer", "float", "string" or "list" (of values, with commas).
        allowed: "6-262143", "none,ddl,mod,all"; "..." as the last value: AWS has added values since.
    """

    name: str
    level: str
    apply: str
    modifiable: str
    type: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Family:
    """A family of parameter groups, "aurora-postgresql16".

    Attributes:
        name: the family.
        parameters: by name; empty if there is no list.
        complete: whether a name of the engine's own that is absent here doesn't exist.
        list: the family whose list this is: its own, or the nearest one's.
    """

    name: str
    parameters: Mapping[str, Parameter]
    complete: bool
    list: str


@cache
def families() -> Mapping[str, Family]:
    """Every known family."""
    return {name: _family(name, entry) for name, entry in _table()["families"].items()}


def family(name: str) -> Family | None:
    """The family of that name, if it is known."""
    return families().get(name)


def newest(engine: str) -> str:
    """The newest known version of an engine's families: `newest("aurora-postgresql") == "18"`."""
    return str(_table()["newest"][engine])


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((_FOLDER / "families.toml").read_text(encoding="utf-8"))


def _family(name: str, entry: Mapping[str, Any]) -> Family:
    source = entry.get("list", "")
    parameters = {k: v for k, v in (_list(source) if source else {}).items() if k not in entry.get("without", ())}
    for changed, values in entry.get("instead", {}).items():
        parameters[changed] = replace(parameters[changed], **values)
    return Family(name, parameters, entry.get("complete", False), source)


@cache
def _list(name: str) -> dict[str, Parameter]:
    with (_FOLDER / "lists" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {row["name"]: Parameter(**row) for row in rows}
