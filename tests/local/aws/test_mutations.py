"""Values that AWS doesn't take: the check refuses each by the property's name, or the data says why not."""

import re
from collections import Counter
from typing import Any

import pytest

from headroom.local.aws import checks
from headroom.local.aws.table import TYPES
from headroom.local.aws.values import Properties
from tests.local.aws.mutations import KNOWN, MUTATIONS, REMOVED, Mutation
from tests.local.aws.offline import derived
from tests.local.aws.samples import SAMPLES

REGION = "eu-west-1"
GOOD = {name: (token, inputs) for name, token, inputs, _ in SAMPLES}
LONGEST_LIST_OF_ACCEPTED = 16


def known(value: Any) -> Any:
    """A sample's value, with the references as they are once everything is made."""
    if isinstance(value, str):
        return re.sub(r"\{([a-z-]+\.\w+)\}", lambda found: KNOWN[found[1]], value.replace("{n}", "7"))
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    return [known(item) for item in value] if isinstance(value, list) else value


def judged(token: str, values: dict[str, Any], old: dict[str, Any] | None = None) -> checks.Findings:
    entry = derived(token)
    inputs = Properties(checks.completed(entry, values, old or {}, b"abcd", "it"))
    return checks.findings(entry, inputs, old or {}, REGION)


def mutated(mutation: Mutation) -> checks.Findings:
    token, inputs = GOOD[mutation.sample]
    values = known(inputs) | {mutation.property: mutation.value}
    return judged(token, {name: value for name, value in values.items() if value is not REMOVED})


@pytest.mark.parametrize(("name", "token", "inputs", "changes"), SAMPLES, ids=[sample[0] for sample in SAMPLES])
def test_the_good_samples_are_accepted_with_each_of_their_changes(
    name: str, token: str, inputs: dict[str, Any], changes: list[dict[str, Any]]
) -> None:
    values, old = known(inputs), dict[str, Any]()
    for change in [{}, *changes]:
        values = values | known(change)
        assert judged(token, values, old) == ([], []), change
        old = values


def test_each_type_that_is_served_is_mutated() -> None:
    assert {GOOD[mutation.sample][0] for mutation in MUTATIONS} == set(TYPES)


@pytest.mark.parametrize("sample", GOOD)
def test_each_value_that_aws_refuses_is_refused_by_name(sample: str) -> None:
    wrong = {}
    for mutation in (mutation for mutation in MUTATIONS if mutation.sample == sample):
        named = {failure.property for failure in mutated(mutation).failures}
        if named != set((mutation.at or "").split(",") if mutation.at is not None else ()):
            wrong[f"{mutation.property}: {mutation.value!r}"] = named

    assert wrong == {}


def test_what_is_accepted_has_a_reason_and_is_little() -> None:
    gaps = [mutation for mutation in MUTATIONS if mutation.at is None]

    assert all(gap.why for gap in gaps)
    assert len(gaps) <= LONGEST_LIST_OF_ACCEPTED
    assert len(MUTATIONS) - len(gaps) >= 150


def test_no_mutation_is_listed_twice() -> None:
    found = Counter((m.sample, m.property, repr(m.value)) for m in MUTATIONS)

    assert [key for key, count in found.items() if count > 1] == []
