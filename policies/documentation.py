"""The documentation of the rules, from the rules: a page for each, and the table of all of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from policies.exemptions import RULE as EXEMPTIONS
from policies.rule import ENVIRONMENTS, GROUPS, Rule

EXAMPLES = Path(__file__).parent / "examples"
BAD, GOOD = "bad", "good"
_MADE = "<!-- Made from policies/rules and policies/examples: make golden -->"


def example(rule: Rule, which: str) -> Path:
    """A program that the rule refuses (BAD), or the same done right (GOOD)."""
    return EXAMPLES / rule.id.replace("-", "_") / f"{which}.py"


def as_json(rule: Rule) -> dict[str, Any]:
    """A rule as plain values, for `headroom policies list --json`."""
    return {
        "id": rule.id,
        "group": rule.group,
        "title": rule.title,
        "levels": {environment: rule.level(environment).value for environment in ENVIRONMENTS},
        "unknown_refused_in": [e for e in ENVIRONMENTS if e in rule.unknown_refused_in],
        "why": rule.why,
        "predicate": rule.predicate,
        "unknown": rule.unknown,
        "remedy": rule.remedy,
        "settings": [
            {
                "name": setting.name,
                "unit": setting.unit,
                "lowest": setting.lowest,
                "highest": setting.highest,
                "default": {environment: setting.of(environment) for environment in ENVIRONMENTS},
                "reason": setting.reason,
            }
            for setting in rule.settings
        ],
        "sources": list(rule.sources),
    }


def index(rules: Sequence[Rule]) -> str:
    """The table of all rules, by group."""
    lines = [
        _MADE,
        f"# The {len(rules)} rules",
        "",
        "What a level, a setting and an exemption are, and how to run the rules: [policies.md](../policies.md).",
    ]
    for group, name in GROUPS.items():
        own = [rule for rule in rules if rule.group == group]
        if own:
            lines += [
                "",
                f"## {name}",
                "",
                "| rule | what must hold | prod | staging | dev |",
                "| --- | --- | --- | --- | --- |",
            ]
            lines += [
                f"| [{rule.id}]({rule.id}.md) | {_cell(rule.title)} | "
                + " | ".join(rule.level(environment).value for environment in ENVIRONMENTS)
                + " |"
                for rule in own
            ]
    return "\n".join(lines) + "\n"


def page(rule: Rule) -> str:
    """One rule's page, as Markdown."""
    parts = [
        f"{_MADE}\n# {rule.id}",
        rule.title,
        _levels(rule),
        f"## Why\n\n{rule.why}",
        f"## What it refuses\n\n{rule.predicate}",
        f"## What unknown means\n\n{rule.unknown}{_harmless(rule)}",
        *([_settings(rule)] if rule.settings else []),
        f"## What to do\n\n{rule.remedy}",
        _program(rule, BAD, "Refused"),
        _program(rule, GOOD, "Not refused"),
        "## Sources\n\n" + "\n".join(f"- {source}" for source in rule.sources),
    ]
    return "\n\n".join(parts) + "\n"


def _levels(rule: Rule) -> str:
    unknown = ["as bad as a violation" if e in rule.unknown_refused_in else "advice" for e in ENVIRONMENTS]
    rows = [
        ["", *ENVIRONMENTS],
        ["---"] * 4,
        ["a violation is", *(rule.level(environment).value for environment in ENVIRONMENTS)],
        ["what can't be proven is", *unknown],
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _harmless(rule: Rule) -> str:
    return "".join(f"\n\n`{path}` may be unknown. {reason}" for path, reason in rule.harmless.items())


def _settings(rule: Rule) -> str:
    rows = [
        f"| `{s.name}` | {' | '.join(f'{s.of(e):,}' for e in ENVIRONMENTS)} | {s.lowest:,} to {s.highest:,} {s.unit} | "
        f"{_cell(s.reason)} |"
        for s in rule.settings
    ]
    head = "| setting | prod | staging | dev | range | why |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join(["## Settings", "", head, *rows])


def _program(rule: Rule, which: str, title: str) -> str:
    program = example(rule, which)
    config = program.with_suffix(".json")
    parts = [f"## {title}", f"```python\n{program.read_text(encoding='utf-8')}```"]
    if rule.id == EXEMPTIONS:
        parts.append(f"with this in the config:\n\n```json\n{config.read_text(encoding='utf-8')}```")
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
