"""What is wrong with a stack file: every error at once, each with file, key, finding, and what to do instead."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, get_args

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


class Unreadable(NamedTuple):
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
    """pydantic's errors about the value at a path, in our words. The remedy is the description of the field at fault."""
    for error in details:
        if error["type"] == "default_factory_not_called":  # a consequence of another error, which is in the list
            continue
        parent, remedy = model, description
        at = path
        for part in error["loc"]:
            at += f"[{part}]" if isinstance(part, int) else step(part)
            field = model_fields(parent).get(str(part))
            if field is not None:
                remedy = field.description or remedy
                parent = _inner_model(field.annotation) or parent
        if error["type"] == "extra_forbidden":
            yield Problem(at, f"unknown key: {meant(str(error['loc'][-1]), model_fields(parent))}")
        elif error["type"] == "missing":
            yield Problem(at, f"is missing: {remedy}")
        else:
            yield Problem(at, f"{_finding(error)}: {remedy}")


def model_fields(model: type[BaseModel] | None) -> dict[str, FieldInfo]:
    return {} if model is None else dict(model.model_fields)


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _inner_model(inner))), None)


def _finding(error: ErrorDetails) -> str:
    kind, ctx, value = error["type"], error.get("ctx", {}), error["input"]
    got = f", got {shown(value)}"
    match kind:
        case "int_type":
            return f"must be a whole number{got}"
        case "float_type":
            return f"must be a number{got}"
        case "bool_type":
            return f"must be true or false{got}"
        case "string_type":
            return f"must be text{got}" + (" (quote it)" if isinstance(value, (int, float)) else "")
        case "tuple_type":
            return f"must be a list{got}"
        case "model_type":
            return f"must be a mapping{got}"
        case "enum":
            return f"must be {ctx['expected'].replace(chr(39), '')}{got}"
        case "greater_than_equal":
            return f"must be at least {ctx['ge']}{got}"
        case "greater_than":
            return f"must be above {ctx['gt']}{got}"
        case "less_than_equal":
            return f"must be at most {ctx['le']}{got}"
        case "multiple_of":
            return f"must be a multiple of {ctx['multiple_of']}{got}"
        case "finite_number":
            return f"must be a finite number{got}"
        case "too_short":
            return f"must have at least {ctx['min_length']} entr{'y' if ctx['min_length'] == 1 else 'ies'}, got {ctx['actual_length']}"
        case "too_long":
            return f"must have at most {ctx['max_length']} entries, got {ctx['actual_length'] or 'more'}"
        case "string_pattern_mismatch":
            return f"is not of the right form{got}"
        case "value_error":
            return f"{ctx['error']}{got}"
        case _:
            return f"{error['msg'].lower()}{got}"
