"""checkov.toml: what Checkov has against the stacks, and what was decided."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "checkov.toml"


@dataclass(frozen=True)
class Declined:
    """A failed check that stays failed, and why."""

    check: str
    title: str
    resources: tuple[str, ...]
    reason: str
    except_: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fixed:
    """A check that passes since something was changed for it."""

    check: str
    title: str
    how: str


def declined() -> list[Declined]:
    """The rows, in the file's order."""
    return [
        Declined(**{"except_" if key == "except" else key: _frozen(value) for key, value in row.items()})
        for row in _rows("declined")
    ]


def fixed() -> list[Fixed]:
    """The rows, in the file's order."""
    return [Fixed(**row) for row in _rows("fixed")]


def _rows(kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))[kind]
    assert len({row["check"] for row in rows}) == len(rows), "one row for each check"
    return rows


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
