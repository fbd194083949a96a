"""The first line, and the checks behind it."""

from dataclasses import dataclass

from headroom.budget.alarms.model import runbook_link
from headroom.ops.dsn import Dsn
from headroom.ops.session import Session
from headroom.ops.triage.checks import CHECKS
from headroom.ops.triage.evidence import gather
from headroom.ops.triage.judgement import Check, Verdict

_CONNECTIONS = ("exhausted", "role-limit", "pinned", "storm")
_ALWAYS_HEARD = ("pinned", "storm")  # a role's refusals are in a log, which is silent on a good day, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """The first line, the checks in their order, and what couldn't be read."""

    headline: str
    verdict: Verdict
    checks: tuple[Check, ...]
    lacks: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 connections aren't the problem, 1 they are, 2 it can't be told."""
        return {Verdict.NO: 0, Verdict.YES: 1, Verdict.UNKNOWN: 2}[self.verdict]


def triage(session: Session, dsn: Dsn | None) -> Triage:
    """Read everything that can be read, and judge it."""
    evidence = gather(session, dsn)
    checks = tuple(check(evidence) for check in CHECKS)
    verdict, headline = _headline(checks)
    return Triage(headline=headline, verdict=verdict, checks=checks, lacks=tuple(session.aws.lacks))


def _headline(checks: tuple[Check, ...]) -> tuple[Verdict, str]:
    """Yes if any of the first four says so; no only if the first could be answered."""
    about = [c for c in checks if c.key in _CONNECTIONS]
    guilty = next((c for c in about if c.verdict is Verdict.YES), None)
    if guilty is not None:
        return Verdict.YES, f"It IS the database's connections: {guilty.text} ({runbook_link(guilty.section)})"
    if about[0].verdict is Verdict.UNKNOWN:
        return Verdict.UNKNOWN, f"Can't tell whether it is the database's connections: {about[0].text}"
    other = next((c for c in checks if c.verdict is Verdict.YES), None)
    hint = f" But: {other.question.lower()} yes ({runbook_link(other.section)})" if other else ""
    open_ = [c.question.lower() for c in about if c.verdict is Verdict.UNKNOWN and c.key in _ALWAYS_HEARD]
    unknown = f" Not known: {' '.join(open_)}" if open_ else ""
    return Verdict.NO, f"connections are not the problem: {about[0].text}.{unknown}{hint}"
