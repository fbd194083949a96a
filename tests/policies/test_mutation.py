import ast

import pytest

from tests.policies.mutation import EXPLAINED, FOLDER, SHARED, Mutant, mutants, noticed

SOURCE = """
def check(a, b):
    if a and not b:
        return [x for x in a if x <= 3]
    return min(a) if b else a[0] + 1
"""


def test_every_comparison_choice_and_number_is_changed_once_in_each_way() -> None:
    assert sorted(f"{m.before} -> {m.after}" for m in mutants("x.py", SOURCE)) == [
        "a and (not b) -> a or not b",
        "a[0] + 1 -> a[0] + 0",
        "a[0] + 1 -> a[0] + 2",
        "a[0] + 1 -> a[0] - 1",
        "a[0] -> a[-1]",
        "a[0] -> a[1]",
        "for x in a if x <= 3 -> for x in a",
        "if a and (not b):\n    return [x for x in a if x <= 3] -> if not (a and (not b)):\n"
        "    return [x for x in a if x <= 3]",
        "min -> max",
        "min(a) if b else a[0] + 1 -> min(a) if not b else a[0] + 1",
        "not b -> not not b",
        "x <= 3 -> x < 3",
        "x <= 3 -> x <= 2",
        "x <= 3 -> x <= 4",
        "x <= 3 -> x > 3",
    ]


def test_each_is_a_program_of_its_own_that_differs_in_one_place() -> None:
    whole = ast.unparse(ast.parse(SOURCE))
    texts = [ast.unparse(mutant.tree) for mutant in mutants("x.py", SOURCE)]
    assert len(set(texts)) == len(texts)
    assert whole not in texts


def test_what_always_holds_is_not_changed() -> None:
    assert list(mutants("x.py", "def f(a, b):\n    return zip(a, b, strict=True)\n")) == []


def test_every_explanation_is_a_sentence() -> None:
    assert all(reason.endswith(".") for reason in EXPLAINED.values())


@pytest.mark.parametrize("file", ["rules/conn_timeout_order.py", "rules/dur_deletion_guards.py"])
def test_the_tests_notice_every_change_of_a_rule(file: str) -> None:
    for mutant in mutants(file, (FOLDER / file).read_text()):
        assert mutant.explanation or noticed(mutant), f"{mutant.before} -> {mutant.after}"


def test_a_change_of_what_rules_share_is_noticed_and_undone() -> None:
    file = next(file for file in SHARED if file.endswith("ingress.py"))
    mutant = next(m for m in mutants(file, (FOLDER / file).read_text()) if "low <= number" in m.before)
    assert noticed(mutant)
    assert not noticed(Mutant(file, 0, "", "", ast.parse((FOLDER / file).read_text())))
