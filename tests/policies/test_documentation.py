import re

import pytest

from policies.documentation import index, page
from policies.pack import all_rules
from policies.rule import Rule
from tests.golden_files import check_golden
from tests.policies.harness import ROOT

FOLDER = ROOT / "docs" / "policies"
RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


@RULES
def test_every_rules_page_is_what_the_rule_says(rule: Rule) -> None:
    check_golden(FOLDER / f"{rule.id}.md", page(rule))


def test_the_table_is_what_the_rules_say() -> None:
    check_golden(FOLDER / "README.md", index(all_rules()))


def test_there_is_no_page_of_a_rule_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *(rule.id for rule in all_rules())}


def test_every_link_of_the_table_leads_to_a_page() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", index(all_rules())):
        assert (FOLDER / target).is_file(), target


@RULES
def test_a_page_shows_both_programs_and_every_number_that_a_config_may_change(rule: Rule) -> None:
    text = page(rule)
    assert text.count("```python\n") == 2
    for setting in rule.settings:
        assert f"`{setting.name}`" in text
        assert setting.reason.replace("|", "\\|") in text
    for path in rule.harmless:
        assert f"`{path}`" in text
