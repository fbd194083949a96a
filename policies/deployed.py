"""The rules on what is deployed: the same judge, on the engine's state instead of its message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pulumi_policy import EnforcementLevel

from headroom.errors import UserError
from policies.configuration import FOLDER, near, read
from policies.exemptions import Exemptions
from policies.judge import Verdict, judge
from policies.reading import types as t
from policies.reading.aurora import Reading
from policies.reading.resources import Resources
from policies.reading.state import StateError, environment_of, read_state
from policies.rule import ENVIRONMENTS, Rule

STRICTEST = ENVIRONMENTS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the rules say of a deployed stack.

    Attributes:
        environment: whose config was applied; its path, where a project named its own.
        resources: how many of the stack's resources the rules read.
        rules: how many rules were asked.
        verdicts: theirs, the mandatory ones first.
    """

    environment: str
    resources: int
    rules: int
    verdicts: tuple[Verdict, ...]

    @property
    def refused(self) -> int:
        """How many mandatory violations there are."""
        return sum(verdict.level is EnforcementLevel.MANDATORY for verdict in self.verdicts)

    def as_json(self) -> dict[str, Any]:
        """For `headroom policies check --json`."""
        return {
            "passes": not self.refused,
            "environment": self.environment,
            "resources": self.resources,
            "rules": self.rules,
            "findings": [
                {"rule": v.rule.id, "level": v.level.value, "why": v.why, "urn": v.urn, "message": v.message}
                for v in self.verdicts
            ],
        }


def check(
    state: object,
    environment: str | None,
    rules: Sequence[Rule],
    now: datetime,
    source: str,
    config: Path | None = None,
) -> Report:
    """Judge a state.

    Args:
        state: what `pulumi stack export` writes.
        environment: whose config; None: that of the stack's own budget component, else the strictest.
        rules: which rules.
        now: what the rules take for the present.
        source: what to call the state in a message.
        config: a project's own config, in place of an environment's.

    Raises:
        UserError: it is no state, or one of something else; there is no such environment, or its config is wrong.
    """
    try:
        resources = read_state(state)
    except StateError as error:
        raise UserError("\n".join(f"{source}: {line}" for line in str(error).splitlines())) from None
    reading = Reading(resources, now)
    if not (reading.clusters or resources.of(t.PROXY)):  # another engine's cluster is of this type, too
        raise UserError(f"{source}: has no Aurora cluster and no RDS Proxy of its own: there is nothing to judge")
    environment = environment or _own(resources)
    applied, listed = read(config or config_of(environment), rules)
    exemptions = Exemptions(listed, [rule.id for rule in rules], now.date())
    verdicts = judge(rules, lambda: reading, applied, exemptions)
    ordered = sorted(verdicts, key=lambda v: (v.level is not EnforcementLevel.MANDATORY, v.why == "exempt", v.rule.id))
    return Report(
        environment=str(config or environment),
        resources=len(resources.by_urn),
        rules=len(rules),
        verdicts=tuple(ordered),
    )


def config_of(environment: str) -> Path:
    """The config of an environment.

    Raises:
        UserError: there is none.
    """
    path = FOLDER / f"{environment}.json"
    known = sorted(path.stem for path in FOLDER.glob("*.json"))
    if environment not in known:
        hint = near(environment, known, f"use {', '.join(known)}")
        raise UserError(f"{environment}: there is no such environment: {hint}")
    return path


def _own(resources: Resources) -> str:
    own = environment_of(resources)
    return own if own in ENVIRONMENTS else STRICTEST  # local takes prod's, as everything unnamed does
