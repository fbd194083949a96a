from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.dur_backup_retention import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER,)


def days(value: object) -> Declared:
    return shop().change("shop", backup_retention_period=value)


CASES: Sequence[Case] = [
    Case(says="two weeks", declared=shop(), passes={"shop"}),
    Case(
        says="a day less",
        declared=days(13),
        refused={
            "shop": (
                "backups of shop are kept for 13 days; 14 to 35; unset it is 1; set backupRetentionPeriod to 14 or more"
            )
        },
    ),
    Case(
        says="unset is one day",
        declared=days(None),
        refused={
            "shop": (
                "backups of shop are kept for 1 day; 14 to 35; unset it is 1; set backupRetentionPeriod to 14 or more"
            )
        },
    ),
    Case(says="AWS's most", declared=days(35), passes={"shop"}),
    Case(
        says="more than AWS takes",
        declared=days(36),
        refused={
            "shop": (
                "backups of shop are kept for 36 days; 14 to 35; unset it is 1; set backupRetentionPeriod to 14 or more"
            )
        },
    ),
    Case(says="staging's least", declared=days(7), numbers={"retention_days_least": 7}, passes={"shop"}),
    Case(
        says="less than staging's",
        declared=days(6),
        numbers={"retention_days_least": 7},
        refused={
            "shop": (
                "backups of shop are kept for 6 days; 7 to 35; unset it is 1; set backupRetentionPeriod to 7 or more"
            )
        },
    ),
    Case(
        says="unknown",
        declared=days(Ref("stack")),
        unproven={
            "shop": (
                "backupRetentionPeriod of shop is known only after the update; so this cannot be proven safe;"
                " give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="not a number",
        declared=days("long"),
        unproven={
            "shop": (
                "backupRetentionPeriod of shop must be a whole number, got 'long'; so this cannot be proven "
                "safe; give it as a whole number"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
