"""Exemptions: a rule, a pattern of URNs, a reason, an owner and the last day on which it holds.

They stand in the config of the environment, under the rule that judges them. What is exempt stays in every report, as
advice; an exemption that isn't valid exempts nothing and is a violation itself. One that meets nothing is advised
about: what it is for may be there in a preview only, where a value is still unknown.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

RULE = "hyg-exemption-valid"
KEY = "exemptions"
FIELDS = ("rule", "urn", "reason", "owner", "expires")
#: For the engine. Which fields are empty is the rule's business: it can say more than a schema.
SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {name: {"type": "string"} for name in FIELDS},
        "additionalProperties": False,
    },
}


@dataclass(slots=True, kw_only=True)
class Exemption:
    """One exemption, as it is written; `used` once a finding has met it."""

    rule: str
    urn: str
    reason: str
    owner: str
    expires: str
    used: bool = False

    def __str__(self) -> str:
        return f"the exemption of {self.urn or 'nothing'} from {self.rule or 'no rule'}"

    @property
    def note(self) -> str:
        """What a report says of an exempted finding."""
        return f"exempt until {self.expires} by {self.owner}: {self.reason}"


def wrong_shape(values: object) -> list[str]:
    """Every error of the list in a config file, each with its place."""
    if not isinstance(values, list):
        return [f"{KEY}: must be a list, got {values!r}"]
    errors = []
    for index, value in enumerate(values):
        place = f"{KEY}[{index}]"
        if not isinstance(value, dict):
            errors.append(f"{place}: must be an object with {', '.join(FIELDS)}, got {value!r}")
            continue
        for key, text in value.items():
            if key not in FIELDS:
                close = get_close_matches(key, FIELDS, n=1)
                hint = f"did you mean {close[0]}?" if close else f"use {', '.join(FIELDS)}"
                errors.append(f"{place}.{key}: there is no such key: {hint}")
            elif not isinstance(text, str):
                errors.append(f"{place}.{key}: must be text, got {text!r}")
    return errors


class Exemptions:
    """The exemptions that a config lists, on a day.

    Args:
        values: as the config has them.
        rules: the ids that there are.
        today: the day that `expires` is compared with; it still holds on that day.
    """

    def __init__(self, values: Sequence[Mapping[str, str]], rules: Collection[str], today: date) -> None:
        self._all = [_exemption(value) for value in values]
        self._rules = rules
        self._today = today
        self._valid = [e for e in self._all if self._objection(e) is None]

    def covering(self, rule: str, urn: str) -> Exemption | None:
        """The exemption that a finding falls under, if any."""
        found = [e for e in self._valid if e.rule == rule and fnmatchcase(urn, e.urn)]
        for exemption in found:
            exemption.used = True
        return found[0] if found else None

    def objections(self) -> Iterator[tuple[Exemption, str, str]]:
        """What is wrong with an exemption as it is written, and what to do."""
        for exemption in self._all:
            objection = self._objection(exemption)
            if objection is not None:
                yield exemption, *objection

    def unmatched(self, stack: str) -> Iterator[Exemption]:
        """The valid ones that no finding met. To be asked when all findings have been compared.

        Args:
            stack: how the URNs of the stack at hand begin; an exemption of another stack isn't judged.
        """
        yield from (e for e in self._valid if not e.used and _concerns(e.urn, stack))

    def _objection(self, exemption: Exemption) -> tuple[str, str] | None:
        empty = [name for name in FIELDS if not getattr(exemption, name)]
        if empty:
            return f"has no {' and no '.join(empty)}", f"give it {' and '.join(empty)}"
        if exemption.rule not in self._rules:
            close = get_close_matches(exemption.rule, list(self._rules), n=1)
            hint = f"did you mean {close[0]}?" if close else "`headroom policies list` shows all"
            return f"names {exemption.rule!r}, and there is no such rule", hint
        if exemption.rule == RULE:
            return "exempts from the rule about exemptions", "delete it"
        try:
            expires = date.fromisoformat(exemption.expires)
        except ValueError:
            return f"expires on {exemption.expires!r}, which is no date", "write it as 2027-03-31"
        if expires < self._today:
            return f"expired on {expires}", "repair what it exempts, or renew it with a new reason"
        return None


def _exemption(value: Mapping[str, str]) -> Exemption:
    rule, urn, reason, owner, expires = (value.get(name, "").strip() for name in FIELDS)
    return Exemption(rule=rule, urn=urn, reason=reason, owner=owner, expires=expires)


def _concerns(pattern: str, stack: str) -> bool:
    """Whether a pattern speaks of this stack: one that begins urn:pulumi:<stack>::<project>:: may be another's."""
    if not pattern.startswith("urn:"):
        return True
    parts, own = pattern.split("::"), stack.split("::")
    return all(fnmatchcase(have, want) for want, have in zip(parts[:2], own[:2], strict=False))
