"""The names that AWS is given: `<project>-<stack>`, and what the program makes of it.

AWS refuses a wrong one only when its resource's turn comes, halfway through the first deploy.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from headroom.budget.facts import fact
from headroom.settings.errors import Problem, shown

AT = "the stack's name"
# RDS takes a letter, then letters, digits and single hyphens; it keeps capitals as small letters: a change for ever.
_FORM = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PULUMIS_OWN = "-0123456"  # what Pulumi appends to a name that the program leaves to it


class Named(NamedTuple):
    """A stack as `pulumi` knows it."""

    project: str
    stack: str

    @property
    def base(self) -> str:
        """The first part of every resource's name, and the cluster's whole one."""
        return f"{self.project}-{self.stack}"


class Derived(NamedTuple):
    """A name that the program makes of the base: what it is of, what follows, and AWS's longest."""

    what: str
    suffix: str
    longest: int


def derived(sections: Mapping[str, Any]) -> Iterator[Derived]:
    """Those that reach AWS's limits first, of what the settings ask for."""
    yield Derived("the cluster's last instance", "-16", _longest("rds_identifier"))
    if (database := sections.get("database")) is not None and database.monitoring_interval_seconds:
        yield Derived("the monitoring role", f"-monitoring{_PULUMIS_OWN}", _longest("iam_role"))
    if sections.get("proxy") is not None:
        yield Derived("the proxy's role", f"-proxy{_PULUMIS_OWN}", _longest("iam_role"))
        yield Derived("the proxy's read-only endpoint", "-read-only", _longest("rds_identifier"))
    if sections.get("autoscaling") is not None and sections.get("notify") is not None:
        yield Derived("the rule that sees the readers at their maximum", "-readers-at-maximum", _longest("events_rule"))


def _longest(of: str) -> int:
    return int(fact("characters", of).value)


def problems(named: Named, sections: Mapping[str, Any]) -> Iterator[Problem]:
    """What AWS won't take of a name, before it is asked.

    Args:
        named: the project and the stack.
        sections: of the stack file, the well-formed ones.
    """
    wrong = list(_misformed(named))
    yield from wrong
    if wrong:
        return
    tightest = min(derived(sections), key=lambda d: d.longest - len(d.suffix))
    most = tightest.longest - len(tightest.suffix)
    if len(named.base) > most:
        yield Problem(
            AT,
            f"has {len(named.stack)} characters, at most {most - len(named.project) - 1} fit: {tightest.what} would be "
            f"{named.base}{tightest.suffix}, and AWS takes {tightest.longest}; call the file by a shorter name",
        )


def _misformed(named: Named) -> Iterator[Problem]:
    for at, name, how in (
        ("the project's name", named.project, "write name: {} into Pulumi.yaml"),
        (AT, named.stack, "call the file Pulumi.{}.yaml"),
    ):
        if not _FORM.fullmatch(f"a-{name}" if at == AT else name):  # what follows a hyphen may begin with a digit
            instead = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-0123456789" if at != AT else "-") or "shop"
            yield Problem(
                at,
                f"is {shown(name)}, so the cluster would be {named.base}: RDS takes small letters, digits and single "
                f"hyphens between them; {how.format(instead)}, before the first deploy",
            )


def project_of(folder: Path) -> str | None:
    """The project's name in the folder's Pulumi.yaml; None where there is none, or none that can be read."""
    try:
        content = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    name = content.get("name") if isinstance(content, dict) else None
    return name if isinstance(name, str) and name else None
