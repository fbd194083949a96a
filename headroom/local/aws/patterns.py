"""AWS's regular expressions: Java's or JSON Schema's, with classes that Python's own `re` doesn't know."""

from functools import cache
from typing import Any

import regex

_SECONDS = 0.05  # for one match: some of AWS's expressions are exponential on a value that doesn't match


@cache
def compiled(pattern: str) -> Any | None:
    """The expression; None if it has no meaning here (a Java range of surrogates, for instance)."""
    try:
        return regex.compile(pattern)
    except regex.error:
        return None


def matches(pattern: str, value: str, *, whole: bool = False) -> bool:
    """True if the value matches, or if that can't be told.

    `whole`: all of the value must match, as botocore's patterns mean it, unless the pattern has anchors of its own.
    """
    expression = compiled(pattern)
    if expression is None:
        return True
    whole = whole and not pattern.startswith("^") and not pattern.endswith("$")
    try:
        found = (expression.fullmatch if whole else expression.search)(value, timeout=_SECONDS)
    except TimeoutError:
        return True
    return found is not None
