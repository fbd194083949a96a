"""The values of a config, whoever read them: a YAML reader, or the engine, which hands each key's value as a string.

Both become the same tree of mappings, lists, text, numbers and booleans, so that both give the same settings or errors.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from headroom.settings.errors import Problem, Unreadable, shown, step
from headroom.settings.yaml_file import UNQUOTED_TIME

_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?")
_GO_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [-+]\d{4} \S+")
_DEPTH_MAX = 20
_VALUES_MAX = 100_000
_EXACT_MAX = 2**53  # the engine's numbers are IEEE doubles


def top_level(value: object, *, text: bool) -> object:
    """The value of a whole key. The engine hands all of them as strings, so a string here may hold JSON or a number.

    Args:
        value: as a YAML reader or the engine gives it.
        text: the key's value is text, so `12` stays text.
    """
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, (int, float)) and text:
        value = f"{value:g}" if isinstance(value, float) else str(value) if abs(value) < 10**20 else "a huge number"
    if not isinstance(value, str):
        return value
    if value == "":
        return None  # what the engine makes of null
    if value.lstrip()[:1] in ("{", "["):
        return _json(value)
    if not text and _NUMBER.fullmatch(value):
        return float(value)
    return value


def _json(text: str) -> object:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            found[key] = Unreadable("is given twice: keep one of them") if key in found else value
        return found

    def number(digits: str) -> float:
        return float(digits) if len(digits) < 400 else float("inf")

    try:
        value: object = json.loads(text, object_pairs_hook=unique, parse_int=number, parse_float=number)
    except ValueError as error:
        return Unreadable(f"is not valid JSON ({error}): write it as a YAML mapping or list")
    except RecursionError:
        return Unreadable("is nested too deeply: write it as a YAML mapping or list")
    return value


class Cleaner:
    """Turns values into plain ones and notes what can't be taken. Bounded in depth and number, whatever the aliases."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.left = _VALUES_MAX

    def clean(self, value: object, path: str, depth: int = 0) -> Any:
        self.left -= 1
        if depth > _DEPTH_MAX or self.left < 0:
            value = Unreadable("is nested too deeply, or too large: write what is needed, without aliases")
        match value:
            case Unreadable():
                self.problems.append(Problem(path, value.message))
                return value
            case bool():
                return value
            case None:
                self.problems.append(Problem(path, "has no value: give it one, or remove the key"))
                return Unreadable("")
            case int() | float():
                return _number(value)
            case str():
                return self._text(value, path)
            case date():
                return self.clean(Unreadable(UNQUOTED_TIME), path, depth)
            case Mapping():
                return {
                    str(key): self.clean(item, path + step(key), depth + 1) for key, item in self._some(value.items())
                }
            case list() | tuple():
                return [self.clean(item, f"{path}[{i}]", depth + 1) for i, item in self._some(enumerate(value))]
            case _:
                return self.clean(Unreadable(f"is a {type(value).__name__}: write a plain value"), path, depth)

    def _some(self, items: Any) -> Iterator[Any]:
        for item in items:
            yield item
            if self.left < 0:
                return

    def _text(self, value: str, path: str) -> object:
        if _GO_TIME.fullmatch(value):
            self.problems.append(Problem(path, UNQUOTED_TIME))
            return Unreadable("")
        if not value.isprintable():
            self.problems.append(
                Problem(
                    path, f"must not hold control characters or line breaks, got {shown(value)}: write it on one line"
                )
            )
            return Unreadable("")
        return value


def _number(value: float) -> float:
    """Whole numbers as int, whether they were written 2 or 2.0: the engine doesn't tell them apart."""
    if isinstance(value, int):
        return value if abs(value) <= _EXACT_MAX else float("inf") if value > 0 else float("-inf")
    return int(value) if value.is_integer() and abs(value) <= _EXACT_MAX else value
