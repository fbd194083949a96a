"""The package and the second oracle (`oracle.py`) agree: what fits, why not, and every line's numbers."""

from collections import defaultdict

import pytest
from hypothesis import given, settings

from headroom.budget import evaluate
from headroom.budget.model import Role, Stack
from headroom.budget.situations import AUTOSCALED
from tests.budget.oracle import Answer, ask
from tests.budget.stacks import seeded, stacks
from tests.searches import TIMES, searched

Figures = dict[tuple[str, Role, str], tuple[int, int, int, int]]


def place(situation: str, role: Role, instance: str) -> tuple[str, Role, str]:
    """Where the package shows it: all autoscaled readers are one line."""
    return situation, role, AUTOSCALED if instance.startswith("scheduled") else instance


def the_oracles_figures(answer: Answer) -> Figures:
    """Of all ways in which a situation can go, the largest demand on each instance."""
    found: dict[tuple[str, Role, str], list[tuple[int, int, int, int]]] = defaultdict(list)
    for line in answer.lines:
        figures = (line.direct, line.proxied, line.usable, line.pool)
        found[place(line.situation, line.role, line.instance)].append(figures)
    return {
        key: (max(a), max(b), c[0], d[0]) for key, lines in found.items() for a, b, c, d in [zip(*lines, strict=True)]
    }


def check(stack: Stack) -> bool:
    """Compare everything; is the stack one that fits?"""
    budget, answer = evaluate(stack), ask(stack)
    figures = {
        (line.situation, line.role, line.instance): (
            line.direct,
            line.proxied,
            line.capacity.usable,
            line.capacity.pool,
        )
        for line in budget.lines
    }
    short = {place(line.situation, line.role, line.instance) for line in answer.lines if line.wrong - {"hot-row"}}
    assert {finding.code for finding in budget.errors} == answer.reasons
    assert {(line.situation, line.role, line.instance) for line in budget.lines if not line.fits} == short
    assert budget.fits == answer.fits
    assert figures == the_oracles_figures(answer)
    return answer.fits


@pytest.mark.parametrize("first", range(0, 2000, 250))
def test_the_package_and_the_oracle_agree_on_two_thousand_random_stacks(first: int) -> None:
    verdicts = []
    for number, stack in enumerate(seeded(250, first), start=TIMES * first):
        try:
            verdicts.append(check(stack))
        except AssertionError as error:
            raise AssertionError(f"seed {number}: {stack}\n{error}") from error
    assert 0.25 < sum(verdicts) / len(verdicts) < 0.6, "a good mix fits, and a good mix doesn't"


@settings(max_examples=searched(50), deadline=None)
@given(stacks())
def test_the_package_and_the_oracle_agree_on_stacks_that_hypothesis_looks_for(stack: Stack) -> None:
    check(stack)
