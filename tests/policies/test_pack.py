"""What every rule must bring: a rule without it doesn't get in."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

from policies import rules
from policies.documentation import BAD, GOOD, example
from policies.pack import all_rules
from policies.rule import ENVIRONMENTS, GROUPS, Rule
from tests.policies.cases import Case

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
#: A source is something that can be looked up: an address, a document by its name, a check of another tool, our code.
SOURCE = re.compile(
    r"https://|User Guide|API Reference|Security Hub|Checkov|CKV|cfn-lint|cdk-nag|Trivy|Guard|AWS Config|postmortem"
    r"|headroom/|docs/|PostgreSQL documentation|MySQL Reference Manual"
)
RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


def module_name(rule: Rule) -> str:
    return rule.id.replace("-", "_")


def cases_of(rule: Rule) -> list[Case]:
    return list(importlib.import_module(f"tests.policies.rules.test_{module_name(rule)}").CASES)


def test_every_file_is_a_rule_and_every_rule_has_its_file_and_its_test() -> None:
    names = {f"{module_name(rule)}.py" for rule in all_rules()}
    assert names == {p.name for p in FOLDER.glob("*.py")} - {"__init__.py"}
    tests = Path(__file__).parent / "rules"
    assert {f"test_{name}" for name in names} == {p.name for p in tests.glob("test_*.py")}


def test_the_first_ten_rules_are_there_and_ids_are_unique() -> None:
    ids = [rule.id for rule in all_rules()]
    assert set(ids) >= FIRST_TEN
    assert len(ids) == len(set(ids))


@RULES
def test_a_rule_says_why_what_it_refuses_what_unknown_means_what_to_do_and_where_that_comes_from(rule: Rule) -> None:
    for text in (rule.title, rule.why, rule.predicate, rule.unknown, rule.remedy):
        assert text.rstrip().endswith((".", ")"))
    assert "\n" not in rule.title
    assert rule.group in GROUPS
    assert any(SOURCE.search(source) for source in rule.sources), rule.sources
    assert importlib.import_module(f"policies.rules.{module_name(rule)}").__doc__.startswith(f"{rule.id}: ")  # type: ignore[union-attr]


@RULES
def test_a_rule_has_a_case_that_is_refused_one_that_passes_and_no_two_alike(rule: Rule) -> None:
    cases = cases_of(rule)
    assert any(case.refused for case in cases)
    assert any(case.passes and not (case.refused or case.unproven or case.advised) for case in cases)
    assert len({case.says for case in cases}) == len(cases)


@RULES
def test_a_rule_has_a_case_of_something_unknown_or_says_that_it_reads_none(rule: Rule) -> None:
    reads_nothing = rule.unknown.startswith(("It reads no", "It reads no value of its own"))
    elsewhere = "conn-demand-fits" in rule.unknown  # a budget that can't be computed is its finding
    assert reads_nothing or elsewhere or any(case.unproven for case in cases_of(rule))


@RULES
def test_a_rule_has_a_bad_and_a_good_example(rule: Rule) -> None:
    assert example(rule, BAD).is_file()
    assert example(rule, GOOD).is_file()


@RULES
def test_a_rules_numbers_are_keywords_of_its_check_and_lie_in_their_range(rule: Rule) -> None:
    parameters = list(inspect.signature(rule.check).parameters.values())[1:]
    assert [p.name for p in parameters] == [setting.name for setting in rule.settings]
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters)
    for setting in rule.settings:
        assert setting.unit
        assert setting.reason.endswith((".", ")"))
        for environment in ENVIRONMENTS:
            value = setting.of(environment)
            assert setting.lowest <= value <= setting.highest
            assert isinstance(value, type(setting.default))


@RULES
def test_a_rules_number_is_tried_at_another_value(rule: Rule) -> None:
    tried = {name for case in cases_of(rule) for name in case.numbers}
    assert tried == {setting.name for setting in rule.settings}


@RULES
def test_no_environment_is_stricter_than_a_later_one(rule: Rule) -> None:
    order = ["disabled", "advisory", "mandatory"]
    assert order.index(rule.dev.value) <= order.index(rule.staging.value) <= order.index(rule.prod.value)
    assert rule.unknown_refused_in <= set(ENVIRONMENTS)
    assert not rule.unknown_refused_in or "prod" in rule.unknown_refused_in
