"""The language of composite alarms' rules, read far enough to know whether CloudWatch can read it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

import re
from collections.abc import Iterator

_STATE = r"(?:ALARM|OK|INSUFFICIENT_DATA)"
_TOKEN = re.compile(
    rf"\s*(?:({_STATE}\s*\(\s*(?:\"[^\"]+\"|'[^']+'|[^()\"']+?)\s*\))|(AT_LEAST\s*\()|(\w+|[(),%]))", re.IGNORECASE
)
_NAME = re.compile(rf"{_STATE}\s*\(\s*(.*?)\s*\)$", re.IGNORECASE | re.DOTALL)


def is_rule(text: str) -> bool:
    """True if the text is a rule: alarms and constants, joined by AND, OR, NOT and parentheses."""
    found = list(_tokens(text))
    if None in found:
        return False
    tokens = [token for token in found if token is not None]
    if any(token.startswith("AT_LEAST") for token in tokens):
        return tokens.count("(") + sum(token.startswith("AT_LEAST") for token in tokens) == tokens.count(")")
    rest = _either(tokens)
    return rest is not None and not rest


def children(text: str) -> Iterator[str]:
    """The alarms that a rule names, by name or ARN."""
    for token in _tokens(text):
        if token and (name := _NAME.match(token)):
            yield name[1].strip("\"'")


def elements(text: str) -> int:
    """How many elements CloudWatch counts: alarms, constants, parentheses."""
    words = [token for token in _tokens(text) if token]
    return sum(token.upper() not in ("AND", "OR", "NOT") for token in words)


def _tokens(text: str) -> Iterator[str | None]:
    """The rule's words; None where there is none."""
    place, end = 0, len(text.rstrip())
    while place < end:
        token = _TOKEN.match(text, place)
        if token is None:
            yield None
            return
        yield (token[1] or token[2] or token[3]).strip()
        place = token.end()


def _either(tokens: list[str]) -> list[str] | None:
    """What is left after terms joined by AND and OR; None if there is no such thing."""
    rest = _term(tokens)
    while rest and rest[0].upper() in ("AND", "OR"):
        rest = _term(rest[1:])
    return rest


def _term(tokens: list[str]) -> list[str] | None:
    if not tokens:
        return None
    word = tokens[0].upper()
    if word == "NOT":
        return _term(tokens[1:])
    if word == "(":
        rest = _either(tokens[1:])
        return rest[1:] if rest and rest[0] == ")" else None
    return tokens[1:] if word in ("TRUE", "FALSE") or _NAME.match(tokens[0]) else None
