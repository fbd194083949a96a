"""For which alarms a composite alarm speaks: it rings because they do."""

import re
from collections.abc import Iterable, Mapping, Sequence

from policies.reading import types as t
from policies.reading.resources import Resource, Resources

_TOKEN = re.compile(
    r'\b(?P<state>ALARM|OK|INSUFFICIENT_DATA)\(\s*(?:"(?P<quoted>[^"]*)"|(?P<bare>[^"()]*?))\s*\)'
    r"|\b(?P<not>NOT)\b|(?P<parenthesis>[()])"
)
_ARN = re.compile(r"^arn:.*:alarm:")


def composites(resources: Resources) -> Mapping[str, Sequence[Resource]]:
    """Alarm's URN -> the composite alarms that speak for it."""
    found: dict[str, list[Resource]] = {}
    for composite in resources.of(t.COMPOSITE_ALARM):
        for alarm in _spoken_for(composite, resources.linked(composite, t.ALARM)):
            found.setdefault(alarm.urn, []).append(composite)
    return found


def _spoken_for(composite: Resource, alarms: Iterable[Resource]) -> Iterable[Resource]:
    """All that the rule refers to, but those that it asks only whether they are quiet. An unknown rule asks for all."""
    rule = composite.field("alarmRule")
    if not isinstance(rule, str):
        return alarms
    asked = _asked(rule)
    return [alarm for alarm in alarms if asked.get(str(alarm.field("name")), True)]


def _asked(rule: str) -> dict[str, bool]:
    """Alarm's name -> whether the rule asks anywhere if it rings: `ALARM(...)`, or `NOT OK(...)`."""
    asked: dict[str, bool] = {}
    around = [False]  # for each open parenthesis, whether what it holds is negated
    negated = False
    for token in _TOKEN.finditer(rule):
        if token["not"]:
            negated = not negated
        elif token["parenthesis"] == ")":
            around = around[:-1] or [False]
        else:
            inverted = around[-1] != negated
            negated = False
            if token["parenthesis"]:
                around.append(inverted)
            else:
                name = _ARN.sub("", token["quoted"] or token["bare"] or "")
                rings = token["state"] == ("OK" if inverted else "ALARM")
                asked[name] = asked.get(name, False) or rings
    return asked
