"""The package and the second oracle (`oracle.py`) agree: what fits, why not, and every line's numbers."""

from collections import defaultdict

import pytest
from hypothesis import given, settings

from headroom.budget import evaluate
from headroom.budget.model import Role, Stack
from headroom.budget.situations import AUTOSCALED
from tests.budget.oracle import Answer, ask
from tests.budget.stacks import seeded, stacks

Figures = dict[tuple[str, Role, str], tuple[int, int, int, int]]


def the_oracles_figures(answer: Answer) -> Figures:
    """Of all ways in which a situation can go, the largest demand on each instance."""
    found: dict[tuple[str, Role, str], list[tuple[int, int, int, int]]] = defaultdict(list)
    for line in answer.lines:
        name = AUTOSCALED if line.instance.startswith("scheduled") else line.instance
        found[line.situation, line.role, name].append((line.direct, line.proxied, line.usable, line.pool))
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
    assert {finding.code for finding in budget.errors} == answer.reasons
    assert budget.fits == answer.fits
    assert figures == the_oracles_figures(answer)
    return answer.fits


@pytest.mark.parametrize("first", range(0, 2000, 250))
def test_the_package_and_the_oracle_agree_on_two_thousand_random_stacks(first: int) -> None:
    verdicts = []
    for number, stack in enumerate(seeded(250, first), start=first):
        try:
            verdicts.append(check(stack))
        except AssertionError as error:
            raise AssertionError(f"seed {number}: {stack}\n{error}") from error
    assert 0.25 < sum(verdicts) / len(verdicts) < 0.6, "a good mix fits, and a good mix doesn't"


@settings(max_examples=50, deadline=None)
@given(stacks())
def test_the_package_and_the_oracle_agree_on_stacks_that_hypothesis_looks_for(stack: Stack) -> None:
    check(stack)
