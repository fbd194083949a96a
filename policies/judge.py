"""All rules on one reading of a stack, as the config applies them: the same for the engine and for what is deployed."""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulumi_policy import EnforcementLevel

from policies.configuration import ADVISE, Applied
from policies.exemptions import RULE as EXEMPTIONS
from policies.exemptions import Exemptions
from policies.reading.aurora import Reading
from policies.rule import ADVISORY, DISABLED, Finding, Kind, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One finding as it counts.

    Attributes:
        rule: whose it is.
        level: mandatory or advisory.
        urn: the resource; "" if it is about none.
        message: one line, with the rule's id.
        why: the finding's kind, or "crashed", or "exempt".
    """

    rule: Rule
    level: EnforcementLevel
    urn: str
    message: str
    why: str


def judge(
    rules: Sequence[Rule],
    read: Callable[[], Reading],
    applied: Mapping[str, Applied],
    exemptions: Exemptions,
) -> Iterator[Verdict]:
    """Every rule's verdicts. A rule that fails is reported at its level, and the others still run.

    `read` is called until it has once succeeded. The rule about exemptions comes last: it needs to know what they met.
    """
    reading: Reading | None = None
    for rule in sorted(rules, key=lambda rule: rule.id == EXEMPTIONS):
        how = applied[rule.id]
        if how.level is DISABLED:
            continue
        try:
            if reading is None:
                reading = read()
                reading.exemptions = exemptions
            findings = rule.find(reading, how.numbers)
        except Exception as error:  # noqa: BLE001  one rule's bug must not hide what the others find
            yield Verdict(rule=rule, level=how.level, urn="", message=_crashed(rule, error), why="crashed")
            continue
        for finding in findings:
            yield _verdict(rule, finding, how, exemptions)


def _verdict(rule: Rule, finding: Finding, how: Applied, exemptions: Exemptions) -> Verdict:
    exemption = exemptions.covering(rule.id, finding.urn)
    if exemption is not None:
        message = f"[{rule.id}] {exemption.note} ({finding.found}; {finding.allowed})"
        return Verdict(rule=rule, level=ADVISORY, urn=finding.urn, message=message, why="exempt")
    advice = finding.kind is Kind.ADVICE or (finding.kind is Kind.UNPROVEN and how.unknown == ADVISE)
    level = ADVISORY if advice else how.level
    return Verdict(rule=rule, level=level, urn=finding.urn, message=rule.message(finding), why=finding.kind.value)


def _crashed(rule: Rule, error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"[{rule.id}] the rule itself failed: {type(error).__name__}: {error} ({where.filename}:{where.lineno}); "
        "a rule that doesn't end proves nothing, so this counts as a violation; report it with this line, "
        f"and until it is fixed set {rule.id} to advisory in the policy config"
    )
