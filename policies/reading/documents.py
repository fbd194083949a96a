"""Whether a resource's policy, as the JSON document that AWS evaluates, lets an AWS service do something.

IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements reference". What can't be told is in favour of
the service: an Allow counts unless something in it excludes the service, a Deny only if everything in it is met.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

Answer = bool | None  # None: it can't be told

#: The request doesn't have this key.
ABSENT: Final = object()
#: It has it, with a value that isn't this account's.
FOREIGN: Final = object()

_OPERATOR = re.compile(
    r"^(?:ForAnyValue:|ForAllValues:)?(?P<kind>String|Arn|Bool|Null)(?P<negated>Not)?(?P<how>Equals|Like)?"
    r"(?:IgnoreCase)?(?P<optional>IfExists)?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a service asks for.

    Attributes:
        service: its principal: `cloudwatch.amazonaws.com`.
        action: `sns:Publish`.
        resource: the ARN that it is asked of; "" if that isn't known.
        context: condition key, in small letters -> its value, `ABSENT` or `FOREIGN`; a value with `*` in it is known
            in its other parts. A key that isn't here can't be told.
    """

    service: str
    action: str
    resource: str = ""
    context: Mapping[str, object] = field(default_factory=dict)


def statements(document: object) -> list[Mapping[str, Any]] | None:
    """The statements of a document, as text or as an object; None if it isn't one."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            return None
    found = document.get("Statement") if isinstance(document, Mapping) else None
    found = [found] if isinstance(found, Mapping) else found
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        return None
    return found


def admits(document: object, request: Request, *, conditions: bool = True) -> bool:
    """Whether the document lets the service in, as far as can be told; one that can't be read may.

    Args:
        document: the policy.
        request: what is asked for.
        conditions: False: a statement with conditions admits nobody.
    """
    found = statements(document)
    if found is None:
        return True
    allowed = (each for each in found if each.get("Effect") == "Allow" and (conditions or not each.get("Condition")))
    denied = (each for each in found if each.get("Effect") == "Deny")
    return any(_applies(each, request) is not False for each in allowed) and not any(
        _applies(each, request) is True for each in denied
    )


def _applies(statement: Mapping[str, Any], request: Request) -> Answer:
    parts = (
        _of_principal(statement, request.service),
        _of_words(statement, "Action", request.action.lower()),
        _of_words(statement, "Resource", request.resource),
        _of_conditions(statement.get("Condition"), request.context),
    )
    return _all(parts)


def _all(answers: Sequence[Answer]) -> Answer:
    return False if False in answers else None if None in answers else True


def _not(answer: Answer) -> Answer:
    return None if answer is None else not answer


def _of_principal(statement: Mapping[str, Any], service: str) -> Answer:
    if "NotPrincipal" in statement:
        return _not(_names(statement["NotPrincipal"], service))
    return _names(statement.get("Principal"), service)


def _names(principal: object, service: str) -> Answer:
    if not isinstance(principal, Mapping):
        return True if principal == "*" else False if principal is None or isinstance(principal, str) else None
    everybody = [*_texts(principal.get("AWS")), *_texts(principal.get("*"))]
    services = [*_texts(principal.get("Service"))]
    if "*" in everybody or service in services or "*" in services:
        return True
    return False if all(isinstance(each, str) for each in (*everybody, *services)) else None


def _texts(value: object) -> Iterator[object]:
    yield from value if isinstance(value, list) else () if value is None else (value,)


def _of_words(statement: Mapping[str, Any], element: str, asked: str) -> Answer:
    """`Action` or `Resource`, or `NotAction` or `NotResource`."""
    if f"Not{element}" in statement:
        return _not(_one_of(statement[f"Not{element}"], asked, element))
    return _one_of(statement[element], asked, element) if element in statement else None


def _one_of(patterns: object, asked: str, element: str) -> Answer:
    found = list(_texts(patterns))
    if not asked:
        return True if "*" in found else None
    texts = [each.lower() if element == "Action" else each for each in found if isinstance(each, str)]
    if any(fnmatchcase(asked, each) for each in texts):
        return True
    return False if len(texts) == len(found) else None


def _of_conditions(condition: object, context: Mapping[str, object]) -> Answer:
    if not condition:
        return True
    if not isinstance(condition, Mapping):
        return None
    return _all(
        [
            _of_key(operator, context.get(str(key).lower()), list(_texts(values)))
            for operator, keys in condition.items()
            for key, values in (keys.items() if isinstance(keys, Mapping) else [("", None)])
        ]
    )


def _of_key(operator: str, value: object, wanted: Sequence[object]) -> Answer:
    how = _OPERATOR.match(str(operator))
    if value is None or how is None or not wanted or not all(isinstance(each, str | bool) for each in wanted):
        return None
    if how["kind"] == "Null":
        return (value is ABSENT) == (str(wanted[0]).lower() == "true")
    if value is ABSENT:
        return True if how["optional"] else bool(how["negated"])
    if value is FOREIGN:
        return None if how["negated"] or "*" in wanted else False
    answers = [_equals(str(value), str(each), glob=how["kind"] == "Arn" or how["how"] == "Like") for each in wanted]
    found = True if True in answers else None if None in answers else False
    return _not(found) if how["negated"] else found


def _equals(value: str, pattern: str, *, glob: bool) -> Answer:
    """A value against a pattern; part by part, since of an ARN some parts may not be known."""
    if pattern == "*" and glob:
        return True
    values, patterns = value.split(":", 5), pattern.split(":", 5)
    if len(values) != len(patterns):
        return None if "*" in pattern or "*" in value else False
    return _all([_part(one, other, glob=glob) for one, other in zip(values, patterns, strict=True)])


def _part(value: str, pattern: str, *, glob: bool) -> Answer:
    if "*" not in value:
        return fnmatchcase(value.lower(), pattern.lower()) if glob else value.lower() == pattern.lower()
    if glob and pattern == "*":
        return True
    # Known as far as the first `*`: "alarm:*" is none of "rule/...", and may be "alarm:full".
    known, fixed = value.partition("*")[0].lower(), re.split(r"[*?]", pattern)[0].lower() if glob else pattern.lower()
    return None if known.startswith(fixed) or fixed.startswith(known) else False
