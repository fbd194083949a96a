"""What is printed about the repository's own stacks, and the help, compared whole (`make golden` renews it)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.conftest import ROOT, Headroom
from tests.golden_files import FOLDER, RENEWING, check_golden

STACKS = [*sorted(ROOT.glob("Pulumi.*.yaml")), *sorted((ROOT / "docs" / "examples").glob("*.yaml"))]
BUDGETS = FOLDER / "budgets"


def _name(path: Path) -> str:
    return path.stem.removeprefix("Pulumi.")


@pytest.mark.parametrize("path", STACKS, ids=_name)
def test_the_golden_budget_of_a_stack_is_what_is_printed(path: Path, headroom: Headroom) -> None:
    table, arithmetic = headroom("budget", str(path)), headroom("budget", str(path), "--explain")

    assert (table.err, arithmetic.err) == ("", "")
    check_golden(BUDGETS / f"{_name(path)}.txt", f"{table.out}\n\n{arithmetic.out}")


def test_every_golden_budget_has_its_stack() -> None:
    names = {f"{_name(path)}.txt" for path in STACKS}
    for path in BUDGETS.iterdir() if RENEWING else ():
        if path.name not in names:
            path.unlink()
    assert {path.name for path in BUDGETS.iterdir()} == names
    assert len(names) == len(STACKS), "two stack files have one name"


@pytest.mark.parametrize("arguments", [["budget"], ["budget", "diff"]], ids=" ".join)
def test_the_golden_help_is_what_is_printed(arguments: list[str]) -> None:
    installed = Path(sys.executable).with_name("headroom")
    environment = {"PATH": os.environ["PATH"], "TERMINAL_WIDTH": "100", "LC_ALL": "C.UTF-8"}
    ran = subprocess.run([installed, *arguments, "--help"], env=environment, capture_output=True, text=True, check=True)

    text = "\n".join(line.rstrip() for line in ran.stdout.splitlines()).strip("\n") + "\n"
    check_golden(FOLDER / "help" / f"{'-'.join(arguments)}.txt", text)
