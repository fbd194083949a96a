"""What a change does to the budgets: which files are compared, and how the answer is said."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from headroom.budget import Budget, evaluate
from headroom.budget.diff import Change, diff
from headroom.commands import stacks
from headroom.commands.budget_table import percent
from headroom.commands.stacks import Revision, StackFile
from headroom.errors import UserError
from headroom.settings import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A stack file and its budget."""

    file: StackFile
    budget: Budget

    def __str__(self) -> str:
        fits = "fits" if self.budget.fits else "doesn't fit"
        return f"{fits}, {percent(self.budget.headroom)} headroom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A stack before and after; None where it didn't, or doesn't, exist."""

    before: Side | None
    after: Side | None

    @property
    def name(self) -> str:
        """One name; both where two stacks are compared."""
        return " -> ".join(dict.fromkeys(side.file.name for side in (self.before, self.after) if side))

    @property
    def fits(self) -> bool:
        """What it becomes fits; a stack that is gone does."""
        return self.after is None or self.after.budget.fits

    @property
    def changes(self) -> list[Change]:
        """Every figure that differs."""
        return diff(self.before.budget, self.after.budget) if self.before and self.after else []


def compare(a: str, b: str, only: str | None) -> list[Comparison]:
    """What two arguments mean, each a stack, a stack file, or a git revision.

    A revision beside a stack or file is asked for that same file; between two revisions, for all stacks of either.

    Raises:
        SettingsError: a side that is none of these, or every error of every file.
        UserError: `only` without two revisions, or a stack that neither has.
    """
    left, right = _meant(a, b)
    pairs: list[tuple[StackFile | None, StackFile | None]]
    match left, right:
        case Revision(), Revision():
            pairs = _between(left, right, only)
        case _ if only is not None:
            raise UserError("--stack chooses among the stacks of two revisions: here A or B is a stack already")
        case Revision(), StackFile():
            pairs = [(right.at(left), right)]
        case StackFile(), Revision():
            pairs = [(left, left.at(right))]
        case StackFile(), StackFile():
            pairs = [(left, right)]
    files = [file for pair in pairs for file in pair if file]
    sides = dict(zip(files, stacks.each(_side, files), strict=True))
    return [Comparison(before=sides[x] if x else None, after=sides[y] if y else None) for x, y in pairs]


def _meant(a: str, b: str) -> list[StackFile | Revision]:
    try:
        return stacks.each(stacks.named_or_revision, (a, b))
    except SettingsError:  # one of them is nothing; what is wrong with the other one's file is said with it
        stacks.each(_understood, (a, b))
        raise


def _understood(text: str) -> None:
    meant = stacks.named_or_revision(text)
    if isinstance(meant, StackFile):
        meant.stack()


def _side(file: StackFile) -> Side:
    return Side(file=file, budget=evaluate(file.stack()))


def _between(left: Revision, right: Revision, only: str | None) -> list[tuple[StackFile | None, StackFile | None]]:
    old, new = ({file.name: file for file in stacks.all_files(side)} for side in (left, right))
    names = sorted({*old, *new})
    if not names:
        raise UserError(f"neither {left.name} nor {right.name} has a Pulumi.<stack>.yaml in this folder")
    if only is not None and only not in names:
        raise UserError(f"--stack {only}: neither revision has it: the stacks there are {', '.join(names)}")
    return [(old.get(name), new.get(name)) for name in names if only in (None, name)]


def told(comparison: Comparison) -> Iterator[str]:
    """The comparison in lines: the verdicts, each figure that moved, and why it doesn't fit where it doesn't."""
    name, before, after = comparison.name, comparison.before, comparison.after
    if before is None:
        yield f"{name}: new: {after}"
    elif after is None:
        yield f"{name}: gone; it was: {before}"
    elif str(before) != str(after):
        yield f"{name}: {before} -> {after}"
    elif not comparison.changes:
        yield f"{name}: no change: {after}"
    else:
        yield f"{name}: {after}, as before"
    for change in comparison.changes:
        figures = " -> ".join("none" if n is None else f"{n:,}" for n in (change.before, change.after))
        yield f"{name} {change.role}: {change.figure} {figures} ({change.delta:+,})"
    for finding in after.budget.errors if after else ():
        yield f"{name} doesn't fit: {finding.code}: {finding.message}"


def as_json(comparisons: list[Comparison]) -> dict[str, Any]:
    """The comparisons as JSON values (`docs/budget-diff.schema.json`)."""
    return {
        "fits": all(comparison.fits for comparison in comparisons),
        "stacks": [
            {
                "before": _json_side(comparison.before),
                "after": _json_side(comparison.after),
                "changes": [
                    {"role": c.role.value, "figure": c.figure, "before": c.before, "after": c.after, "delta": c.delta}
                    for c in comparison.changes
                ],
            }
            for comparison in comparisons
        ],
    }


def _json_side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "stack": side.file.name,
        "source": side.file.source,
        "fits": side.budget.fits,
        "headroom_percent": round(100 * side.budget.headroom, 1),
        "errors": [finding.message for finding in side.budget.errors],
    }
