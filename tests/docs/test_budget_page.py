"""docs/budget.md: its examples run, and it knows every option of the command."""

import doctest
import re
from pathlib import Path

import pytest
import typer

from headroom.commands.budget import app
from tests.commands.conftest import ROOT

PAGE = ROOT / "docs" / "budget.md"


def test_the_examples_of_the_budget_page_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    ran = doctest.testfile(str(PAGE), module_relative=False, optionflags=doctest.REPORT_NDIFF)

    assert ran.failed == 0
    assert ran.attempted > 20


def test_every_option_and_command_of_headroom_budget_is_on_the_budget_page() -> None:
    text = PAGE.read_text()
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = {option for command in commands.values() for option in _options(command)}

    assert options == {"--explain", "--json", "--sql", "--stack"}
    assert [option for option in sorted(options) if option not in text] == []
    assert [name for name in commands if name != "show" and f"headroom budget {name}" not in text] == []


def test_every_file_that_the_budget_page_names_exists() -> None:
    text = PAGE.read_text()
    named = set(re.findall(r"`((?:docs|headroom)/[\w./-]+)`", text)) | {
        f"docs/{path}" for path in re.findall(r"\]\(([\w./-]+)\)", text)
    }

    assert len(named) >= 5
    assert [path for path in sorted(named) if not Path(ROOT, path).exists()] == []


def _options(command: object) -> list[str]:
    return [o for p in command.params for o in p.opts if o.startswith("--") and o != "--help"]  # type: ignore[attr-defined]
