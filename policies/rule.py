"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pulumi_policy import EnforcementLevel

from policies.reading.field import Blank

if TYPE_CHECKING:
    from policies.reading.aurora import Reading

MANDATORY = EnforcementLevel.MANDATORY
ADVISORY = EnforcementLevel.ADVISORY
DISABLED = EnforcementLevel.DISABLED


class Kind(Enum):
    """How much a finding weighs."""

    VIOLATION = "violation"  # at the rule's level: mandatory stops the update
    UNPROVEN = "unproven"  # something that decides is unknown: the rule's level, or advice where the config says so
    ADVICE = "advice"  # worth knowing; never stops anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence about one resource: what was found, what is allowed, what to do; with the numbers."""

    urn: str
    found: str
    allowed: str
    remedy: str
    kind: Kind = Kind.VIOLATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        id: stable, with hyphens; its file has underscores.
        title: what must hold, one line.
        why: the incident, or what AWS says.
        predicate: when it refuses, and what it only advises, in words.
        unknown: what a value that is known only after the update means.
        remedy: what to do, in general.
        sources: where its numbers come from.
        prod, staging, dev: its level in each environment (`local` uses prod's).
        check: the predicate.
    """

    id: str
    title: str
    why: str
    predicate: str
    unknown: str
    remedy: str
    sources: tuple[str, ...]
    prod: EnforcementLevel = MANDATORY
    staging: EnforcementLevel = MANDATORY
    dev: EnforcementLevel = ADVISORY
    check: "Callable[[Reading], Iterable[Finding]]"

    def message(self, finding: Finding) -> str:
        """The finding as one line, with the rule's id."""
        return f"[{self.id}] {finding.found}; {finding.allowed}; {finding.remedy}"


def unproven(blank: Blank) -> Finding:
    """What a rule says about a value that it needs and can't use."""
    return Finding(
        urn=blank.urn,
        found=str(blank),
        allowed="so this cannot be proven safe",
        remedy=blank.remedy,
        kind=Kind.UNPROVEN,
    )
