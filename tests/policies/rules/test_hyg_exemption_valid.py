from collections.abc import Mapping, Sequence

import pytest

from policies.rules.hyg_exemption_valid import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import shop

EXEMPTION = {
    "rule": "scal-bounds",
    "urn": "urn:pulumi:other::shop::*::readers",
    "reason": "moved next week",
    "owner": "payments",
    "expires": "2026-12-31",
}
JUDGED = ("aws:rds/cluster:Cluster",)


def exempting(says: str, change: Mapping[str, str], message: str) -> Case:
    return Case(
        says=says,
        declared=shop(),
        exemptions=[{**EXEMPTION, **change}],
        refused={"": (f"the exemption of {change.get('urn', EXEMPTION['urn'])} from scal-bounds {message}")},
        passes={"shop"},
    )


#: The rule reads no resource; what an exemption does to findings is tested with `judge`.
CASES: Sequence[Case] = [
    Case(says="no exemptions at all", declared=shop(), passes={"shop"}),
    Case(says="one of another stack", declared=shop(), exemptions=[EXEMPTION], passes={"shop"}),
    exempting(
        "without a reason",
        {"reason": ""},
        "has no reason; it exempts nothing: what it was for counts again; give it reason",
    ),
    exempting(
        "past its day",
        {"expires": "2026-10-31"},
        "expired on 2026-10-31; it exempts nothing: what it was for counts again; repair what it exempts, or renew it "
        "with a new reason",
    ),
    Case(
        says="for this stack, where nothing is found",
        declared=shop(),
        exemptions=[{**EXEMPTION, "urn": "urn:pulumi:test::shop::*::readers"}],
        advised={
            "": (
                "the exemption of urn:pulumi:test::shop::*::readers from scal-bounds matches no finding; what it is "
                "for is repaired, or was found only where a value was still unknown; delete it if no preview of a new "
                "stack needs it, or correct its urn"
            )
        },
        passes={"shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
