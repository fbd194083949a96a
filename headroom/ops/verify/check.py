"""One check: what was looked at, and the answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """A check's answer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "can't tell"
    SKIPPED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check.

    Attributes:
        what: in a few words.
        verdict: yes: as declared.
        text: the numbers; for no, what differs and what to do.
    """

    what: str
    verdict: Verdict
    text: str


def judged(what: str, wrong: Iterable[str], well: str) -> Check:
    """No, with everything that is wrong; or yes."""
    found = list(wrong)
    return Check(what=what, verdict=Verdict.NO if found else Verdict.YES, text="; ".join(found) if found else well)
