"""The examples in the documentation do what it says of them: the bad one is refused by its rule, the good one isn't."""

import json
from pathlib import Path

import pytest

from policies.configuration import errors_of, interpret
from policies.documentation import EXAMPLES, example
from policies.exemptions import Exemptions
from policies.judge import judge
from policies.pack import all_rules
from policies.rule import Kind, Rule
from tests.policies.declared import NOW
from tests.policies.programs import read

RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


def said(rule: Rule, which: str) -> list[str]:
    """What the rule says of the example, with the config that lies beside it, if one does."""
    program = example(rule, which)
    beside = program.with_suffix(".json")
    config = json.loads(beside.read_text()) if beside.exists() else {}
    assert errors_of(config, all_rules()) == []
    applied, exemptions = interpret(config, all_rules())
    listed = Exemptions(exemptions, [r.id for r in all_rules()], NOW.date())
    # Exemptions meet what other rules find; for every other rule its own word is all.
    asked = all_rules() if config else [rule]
    verdicts = judge(asked, lambda: read(program), applied, listed)
    return [verdict.why for verdict in verdicts if verdict.rule is rule]


@RULES
def test_the_bad_example_is_refused(rule: Rule) -> None:
    assert Kind.VIOLATION.value in said(rule, "bad")


@RULES
def test_the_good_example_is_not_even_advised(rule: Rule) -> None:
    assert said(rule, "good") == []


def test_every_example_is_a_rules() -> None:
    expected = {example(rule, which) for rule in all_rules() for which in ("bad", "good")}
    assert set(Path(EXAMPLES).glob("*/*.py")) == expected


@RULES
def test_an_example_is_short_and_asks_for_nothing(rule: Rule) -> None:
    for which in ("bad", "good"):
        text = example(rule, which).read_text()
        assert len(text.splitlines()) <= 60
        assert "pulumi.Config" not in text
