"""A case of a rule: a small stack, what the rule says about it, and what it leaves alone. Both sets, exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from policies.exemptions import Exemptions
from policies.pack import all_rules
from policies.rule import Kind, Rule
from tests.policies.declared import NOW, Declared

Messages = Mapping[str, str | list[str]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Resource's name -> the whole message, for each weight; and the judged resources that pass.

    `numbers` are what a config says of the rule's settings, `exemptions` what it lists.
    """

    says: str
    declared: Declared
    refused: Messages = field(default_factory=dict)
    unproven: Messages = field(default_factory=dict)
    advised: Messages = field(default_factory=dict)
    passes: frozenset[str] | set[str] = frozenset()
    numbers: Mapping[str, float] = field(default_factory=dict)
    now: datetime = NOW
    exemptions: Sequence[Mapping[str, str]] = ()

    def __str__(self) -> str:
        return self.says


def assert_case(rule: Rule, case: Case, judged: tuple[str, ...]) -> None:
    """The rule finds exactly what the case says, and every other resource of the judged types passes."""
    reading = case.declared.reading(case.now)
    reading.exemptions = Exemptions(case.exemptions, [rule.id for rule in all_rules()], case.now.date())
    findings = rule.find(reading, case.numbers)
    for kind, expected in ((Kind.VIOLATION, case.refused), (Kind.UNPROVEN, case.unproven), (Kind.ADVICE, case.advised)):
        found: dict[str, list[str]] = {}
        for finding in findings:
            if finding.kind is kind:
                found.setdefault(finding.urn, []).append(rule.message(finding))
        whole = {
            (name and case.declared.urn(name)): [
                f"[{rule.id}] {m}" for m in ([text] if isinstance(text, str) else text)
            ]
            for name, text in expected.items()
        }
        assert found == whole, kind
    named = {finding.urn.rpartition("::")[2] for finding in findings}
    assert case.declared.names(*judged) - named == case.passes
