"""The pages refer to each other: every relative link leads to a file, and every anchor to a heading of it."""

import re
from pathlib import Path

import pytest

from headroom.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
RUNBOOK = ROOT / "docs" / "runbook.md"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        found = (page.parent / file).resolve() if file else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)

    assert broken == []


def test_every_alarm_s_section_has_its_four_parts_and_a_command() -> None:
    sections = re.split(r"^## ", RUNBOOK.read_text(encoding="utf-8").partition("# Alarms")[2], flags=re.MULTILINE)[1:]

    assert len(sections) > 20
    for section in sections:
        parts = re.findall(r"^\*\*(\w+)\.\*\*", section, re.MULTILINE)
        assert parts == ["Meaning", "Impact", "Diagnosis", "Mitigation"], section.splitlines()[0]
        assert "\n$ " in section, section.splitlines()[0]
        assert "TODO" not in section


def test_every_command_that_a_page_names_exists() -> None:
    known = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback} | {
        g.name for g in app.registered_groups
    }
    named = {
        word
        for page in PAGES
        for word in re.findall(r"(?:^\$ |`)headroom ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)
    }

    assert named - known == set()
