"""The values of a config, whoever read them: a YAML reader, or the engine, which hands each key's value as a string.

Both become the same tree of mappings, lists, text, numbers and booleans, so that both give the same settings or errors.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import date

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
    elif text and isinstance(value, (int, float)):
        value = str(_number(value))
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
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in pairs:
            found[key] = Unreadable("is given twice: keep one of them") if key in found else value
        return found

    try:
        value: object = json.loads(text, object_pairs_hook=unique, parse_int=float)
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

    def clean(self, value: object, path: str, depth: int = 0) -> object:
        """The plain value at a path; an `Unreadable` where there is none."""
        self.left -= 1
        if depth > _DEPTH_MAX or self.left < 0:
            value = Unreadable("is nested too deeply, or too large: write what is needed, without aliases")
        elif isinstance(value, Mapping):
            return {str(k): self.clean(v, path + step(k), depth + 1) for k, v in value.items() if self.left >= 0}
        elif isinstance(value, (list, tuple)):
            return [self.clean(v, f"{path}[{i}]", depth + 1) for i, v in enumerate(value) if self.left >= 0]
        else:
            value = _scalar(value)
        if isinstance(value, Unreadable):
            self.problems.append(Problem(path, value.message))
        return value


def _scalar(value: object) -> object:
    if value is None:
        return Unreadable("has no value: give it one, or remove the key")
    if isinstance(value, date) or (isinstance(value, str) and _GO_TIME.fullmatch(value)):
        return Unreadable(UNQUOTED_TIME)
    if isinstance(value, str) and not value.isprintable():
        return Unreadable(f"must not hold control characters or line breaks, got {shown(value)}: write it on one line")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number(value)
    if isinstance(value, (str, bool, Unreadable)):
        return value
    return Unreadable(f"is a {type(value).__name__}: write a plain value")


def _number(value: float) -> object:
    """Whole numbers as int, whether they were written 2 or 2.0: the engine doesn't tell them apart."""
    if isinstance(value, int) and abs(value) > _EXACT_MAX:
        try:
            value = float(value)
        except OverflowError:
            value = math.inf if value > 0 else -math.inf
    if not math.isfinite(value):
        return Unreadable(f"must be a finite number, got {value}: write a plain decimal number")
    return int(value) if value == int(value) and abs(value) <= _EXACT_MAX else value
