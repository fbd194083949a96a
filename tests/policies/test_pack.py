import importlib
from pathlib import Path

import pytest

from policies import rules
from policies.pack import all_rules
from policies.rule import Rule

FOLDER = Path(rules.__path__[0])
FIRST_TEN = {
    "conn-proxy-required",
    "conn-pool-percent-max",
    "conn-max-connections-bounds",
    "conn-demand-fits",
    "conn-borrow-timeout",
    "scal-bounds",
    "scal-target-value",
    "alrm-connections-required",
    "alrm-connections-threshold",
    "sec-encrypted-private",
}


def module_name(rule: Rule) -> str:
    return rule.id.replace("-", "_")


def test_every_file_is_a_rule_and_every_rule_has_its_file() -> None:
    assert {f"{module_name(rule)}.py" for rule in all_rules()} == {p.name for p in FOLDER.glob("*.py")} - {
        "__init__.py"
    }


def test_the_first_ten_rules_are_there() -> None:
    assert {rule.id for rule in all_rules()} >= FIRST_TEN


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_says_why_what_it_refuses_what_unknown_means_what_to_do_and_where_that_comes_from(rule: Rule) -> None:
    for text in (rule.title, rule.why, rule.predicate, rule.unknown, rule.remedy):
        assert text.rstrip().endswith((".", ")"))
    assert rule.sources
    assert all(source.strip() for source in rule.sources)
    assert importlib.import_module(f"policies.rules.{module_name(rule)}").__doc__.startswith(f"{rule.id}: ")  # type: ignore[union-attr]


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_has_a_case_that_passes_and_one_that_fails(rule: Rule) -> None:
    cases = importlib.import_module(f"tests.policies.rules.test_{module_name(rule)}").CASES
    assert any(case.refused for case in cases)
    assert any(case.passes and not (case.refused or case.unproven or case.advised) for case in cases)
    assert len({case.says for case in cases}) == len(cases)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_no_environment_is_stricter_than_a_later_one(rule: Rule) -> None:
    order = ["disabled", "advisory", "mandatory"]
    assert order.index(rule.dev.value) <= order.index(rule.staging.value) <= order.index(rule.prod.value)
