"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from pulumi_policy import EnforcementLevel

from policies.reading.field import Blank

MANDATORY = EnforcementLevel.MANDATORY
ADVISORY = EnforcementLevel.ADVISORY
DISABLED = EnforcementLevel.DISABLED

#: The strictest first; it is what applies without a config.
ENVIRONMENTS = ("prod", "staging", "dev")
#: The first part of a rule's id.
GROUPS = {
    "conn": "Connections and pools",
    "scal": "Scaling",
    "alrm": "Alarms",
    "avail": "Availability",
    "sec": "Security",
    "dur": "Durability",
    "obs": "Observability",
    "cost": "Cost",
    "hyg": "Hygiene",
}


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
class Setting:
    """A number of a rule that a config may change.

    Attributes:
        name: the key in the config, and the keyword argument of the rule's `check`.
        default: prod's, and what applies without a config. A whole number takes only whole ones.
        unit: of the number ("seconds", "percent", "days").
        lowest, highest: what a config may say, both included.
        reason: why this default, with a source if it has one.
        staging, dev: their numbers, where they differ from prod's.
    """

    name: str
    default: float
    unit: str
    lowest: float
    highest: float
    reason: str
    staging: float | None = None
    dev: float | None = None

    def of(self, environment: str) -> float:
        """The number in an environment."""
        own = {"staging": self.staging, "dev": self.dev}.get(environment)
        return self.default if own is None else own


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """One rule. Its bad and its good example are programs: `examples/<id>/bad.py` and `good.py`.

    Attributes:
        id: stable, with hyphens; its file has underscores. Its first part is one of `GROUPS`.
        title: what must hold, one line.
        why: the incident, or what AWS says.
        predicate: when it refuses, and what it only advises, in words.
        unknown: what a value that is known only after the update means.
        remedy: what to do, in general.
        sources: where its numbers come from.
        prod, staging, dev: its level in each environment (`local` uses prod's).
        unknown_refused_in: the environments where "cannot be proven safe" weighs as much as a violation; elsewhere it
            is advice.
        harmless: property -> why the rule may stay silent where that property is unknown or of a wrong type. A test
            makes every property that the rule reads unknown: what isn't named here has to be reported.
        settings: the numbers that a config may change.
        check: the predicate. It is given the reading, and each setting as a keyword.
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
    unknown_refused_in: frozenset[str] = frozenset({"prod"})
    harmless: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    check: Callable[..., Iterable[Finding]]

    @property
    def group(self) -> str:
        """The first part of its id."""
        return self.id.partition("-")[0]

    def level(self, environment: str) -> EnforcementLevel:
        """Its level in an environment."""
        return {"staging": self.staging, "dev": self.dev}.get(environment, self.prod)

    def find(self, reading: object, numbers: Mapping[str, float] | None = None) -> list[Finding]:
        """What it finds; `numbers` replace the settings' defaults."""
        return list(self.check(reading, **{s.name: (numbers or {}).get(s.name, s.default) for s in self.settings}))

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
