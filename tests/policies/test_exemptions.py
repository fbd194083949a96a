from collections.abc import Mapping
from datetime import date

import pytest

from policies.exemptions import Exemptions

TODAY = date(2026, 11, 1)
STACK = "urn:pulumi:prod::shop::aws:rds/cluster:Cluster::shop"
RULES = ("conn-demand-fits", "scal-bounds", "hyg-exemption-valid")
GOOD = {
    "rule": "scal-bounds",
    "urn": "urn:pulumi:prod::shop::*::readers",
    "reason": "the readers are moved next week",
    "owner": "payments",
    "expires": "2026-11-01",
}
READERS = "urn:pulumi:prod::shop::aws:appautoscaling/target:Target::readers"


def objections(*values: Mapping[str, str], today: date = TODAY) -> list[str]:
    return ["; ".join(map(str, objection)) for objection in Exemptions(values, RULES, today).objections()]


def unmatched(*values: Mapping[str, str], stack: str = STACK) -> list[str]:
    exemptions = Exemptions(values, RULES, TODAY)
    exemptions.covering("scal-bounds", READERS)
    return [exemption.urn for exemption in exemptions.unmatched(stack)]


def test_a_valid_one_covers_the_rules_finding_and_is_not_objected_to() -> None:
    exemptions = Exemptions([GOOD], RULES, TODAY)
    covering = exemptions.covering("scal-bounds", READERS)
    assert covering is not None
    assert covering.note == "exempt until 2026-11-01 by payments: the readers are moved next week"
    assert list(exemptions.objections()) == []
    assert list(exemptions.unmatched(STACK)) == []


@pytest.mark.parametrize(
    ("rule", "urn"),
    [
        ("conn-demand-fits", READERS),
        ("scal-bounds", READERS.replace("prod", "dev")),
        ("scal-bounds", f"{READERS}-2"),
        ("scal-bounds", READERS.upper()),
        ("scal-bounds", ""),
    ],
)
def test_it_covers_nothing_else(rule: str, urn: str) -> None:
    assert Exemptions([GOOD], RULES, TODAY).covering(rule, urn) is None


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"reason": ""}, "has no reason; give it reason"),
        ({"reason": "  "}, "has no reason; give it reason"),
        ({"owner": "", "expires": ""}, "has no owner and no expires; give it owner and expires"),
        ({"rule": ""}, "has no rule; give it rule"),
        ({"expires": "2026-10-31"}, "expired on 2026-10-31; repair what it exempts, or renew it with a new reason"),
        ({"expires": "next year"}, "expires on 'next year', which is no date; write it as 2027-03-31"),
        ({"rule": "scal-bound"}, "names 'scal-bound', and there is no such rule; did you mean scal-bounds?"),
        ({"rule": "zzz"}, "names 'zzz', and there is no such rule; `headroom policies list` shows all"),
        ({"rule": "hyg-exemption-valid"}, "exempts from the rule about exemptions; delete it"),
        ({"urn": ""}, "has no urn; give it urn"),
    ],
)
def test_one_that_is_not_valid_exempts_nothing_and_is_objected_to(change: Mapping[str, str], objection: str) -> None:
    value = {**GOOD, **change}
    assert Exemptions([value], RULES, TODAY).covering("scal-bounds", READERS) is None
    name = f"the exemption of {value['urn'] or 'nothing'} from {value['rule'] or 'no rule'}"
    assert objections(value) == [f"{name}; {objection}"]


def test_one_of_another_stack_or_project_is_not_called_unmatched() -> None:
    for urn in ("urn:pulumi:staging::shop::*::readers", "urn:pulumi:prod::billing::*::readers", "urn:pulumi:s*::*"):
        assert unmatched({**GOOD, "urn": urn}) == []


@pytest.mark.parametrize("urn", ["urn:pulumi:prod::shop::*::x", "urn:pulumi:p*::*::x", "*::x", "x"])
def test_one_that_speaks_of_this_stack_and_matches_nothing_is_unmatched(urn: str) -> None:
    assert unmatched({**GOOD, "urn": urn}) == [urn]
    assert objections({**GOOD, "urn": urn}) == []


@pytest.mark.parametrize("change", [{"expires": "2026-10-31"}, {"reason": ""}, {"rule": "scal-bound"}])
def test_one_that_is_not_valid_is_not_called_unmatched_as_well(change: Mapping[str, str]) -> None:
    assert unmatched({**GOOD, **change}) == []


def test_it_holds_on_its_last_day_and_not_on_the_next() -> None:
    assert objections(GOOD, today=date(2026, 11, 1)) == []
    assert len(objections(GOOD, today=date(2026, 11, 2))) == 1


def test_of_two_that_cover_the_same_both_are_matched_and_the_first_is_named() -> None:
    second = {**GOOD, "urn": "*", "owner": "another"}
    exemptions = Exemptions([GOOD, second], RULES, TODAY)
    covering = exemptions.covering("scal-bounds", READERS)
    assert covering is not None
    assert covering.owner == "payments"
    assert list(exemptions.unmatched(STACK)) == []
