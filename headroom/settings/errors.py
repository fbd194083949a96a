"""What is wrong with a stack file: every error at once, each with file, key, finding, and what to do instead."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from headroom.errors import UserError


class SettingsError(UserError):
    """A stack file that can't be used. `errors` has one sentence for each mistake; `str()` joins them, then counts."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = list(errors)
        count = len(self.errors)
        super().__init__("\n".join([*self.errors, f"{count} error{'s' if count != 1 else ''}"]))


class Problem(NamedTuple):
    """A key's path (`headroom:services[0].name`), and what is wrong with it."""

    path: str
    message: str


@dataclass(frozen=True)
class Unreadable:
    """Stands in the tree for a value that can't be taken: it fails every type check, and says why."""

    message: str


def shown(value: object) -> str:
    """A value as it appears in a message: short, printable, and the same for both readers of a stack file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def step(key: object) -> str:
    """One step of a path: `.engine`, or quoted where the key is not a plain word."""
    text = str(key)
    return f".{text}" if text.isascii() and text.replace("_", "").isalnum() and len(text) <= 40 else f".{shown(text)}"


def key_path(key: str) -> str:
    """The path of a whole key: `headroom:database`."""
    return f"headroom:{step(key)[1:]}"


def meant(key: str, known: Iterable[str]) -> str:
    """'did you mean engine?', or the known keys."""
    known = list(known)
    near = difflib.get_close_matches(key[:60], known, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(known)}"


def explained(
    path: str, details: Iterable[ErrorDetails], model: type[BaseModel] | None, description: str
) -> Iterator[Problem]:
    """What pydantic found about the value at a path, in our words; the description of the field at fault is the remedy.

    Args:
        path: of the value, as in `headroom:services[0]`.
        details: pydantic's errors.
        model: the value's model, if it is a mapping.
        description: the remedy for the value itself.
    """
    for error in details:
        if _follows_from_another(error):
            continue
        parent, remedy = model, description.rstrip(".")
        at = path
        for part in error["loc"]:
            at += f"[{part}]" if isinstance(part, int) else step(part)
            field = _model_fields(parent).get(str(part))
            if field is not None:
                remedy = (field.description or remedy).rstrip(".")
                parent = _inner_model(field.annotation) or parent
        if error["type"] == "extra_forbidden":
            yield Problem(at, f"unknown key: {meant(str(error['loc'][-1]), _model_fields(parent))}")
        elif error["type"] == "missing":
            yield Problem(at, f"is missing: {remedy}")
        else:
            yield Problem(at, f"{_finding(error)}: {remedy}")


def _follows_from_another(error: ErrorDetails) -> bool:
    """A default that needs a wrong value, or a list that is too short only without its wrong items."""
    if error["type"] == "too_short":
        return bool(len(error["input"]) >= error["ctx"]["min_length"])
    return error["type"] == "default_factory_not_called"


def _model_fields(model: type[BaseModel] | None) -> dict[str, FieldInfo]:
    return {} if model is None else dict(model.model_fields)


def _inner_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _inner_model(inner))), None)


_FINDINGS = {
    "int_type": "must be a whole number{got}",
    "float_type": "must be a number{got}",
    "bool_type": "must be true or false{got}",
    "string_type": "must be text{got}",
    "tuple_type": "must be a list{got}",
    "model_type": "must be a mapping{got}",
    "enum": "must be {expected}{got}",
    "greater_than_equal": "must be at least {ge}{got}",
    "greater_than": "must be above {gt}{got}",
    "less_than_equal": "must be at most {le}{got}",
    "multiple_of": "must be a multiple of {multiple_of}{got}",
    "finite_number": "must be a finite number{got}",
    "too_short": "must list at least {min_length}, got {actual_length}",
    "too_long": "must list at most {max_length}",
    "string_too_long": "must have at most {max_length} characters{got}",
    "string_pattern_mismatch": "is not of the right form{got}",
    "value_error": "{error}{got}",
}


def _finding(error: ErrorDetails) -> str:
    template = _FINDINGS.get(error["type"], error["msg"].replace("{", "{{").replace("}", "}}") + "{got}")
    context = {key: _plainly(value) for key, value in error.get("ctx", {}).items()}
    return template.format(**context, got=f", got {shown(error['input'])}")


def _plainly(value: object) -> object:
    """A limit without its `.0`; the allowed values of an enumeration without quotes."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.replace("'", "") if isinstance(value, str) else value
