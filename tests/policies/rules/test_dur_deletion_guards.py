from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.dur_deletion_guards import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER,)


def guards(**changes: Any) -> Declared:
    return shop().change("shop", **changes)


CASES: Sequence[Case] = [
    Case(says="both guards", declared=shop(), passes={"shop"}),
    Case(
        says="no protection",
        declared=guards(deletion_protection=False),
        refused={
            "shop": (
                "the cluster shop can be deleted (deletionProtection isn't true); a replacement or a destroy "
                "by mistake takes the data with it; set deletionProtection"
            )
        },
    ),
    Case(
        says="unset is no protection",
        declared=guards(deletion_protection=None),
        refused={
            "shop": (
                "the cluster shop can be deleted (deletionProtection isn't true); a replacement or a destroy "
                "by mistake takes the data with it; set deletionProtection"
            )
        },
    ),
    Case(
        says="no snapshot",
        declared=guards(skip_final_snapshot=True),
        refused={
            "shop": (
                "the cluster shop leaves no snapshot behind (skipFinalSnapshot); a replacement or a destroy "
                "by mistake takes the data with it; clear it and set finalSnapshotIdentifier"
            )
        },
    ),
    Case(
        says="neither",
        declared=guards(deletion_protection=False, skip_final_snapshot=True),
        refused={
            "shop": [
                (
                    "the cluster shop can be deleted (deletionProtection isn't true); a replacement or a destroy "
                    "by mistake takes the data with it; set deletionProtection"
                ),
                (
                    "the cluster shop leaves no snapshot behind (skipFinalSnapshot); a replacement or a destroy "
                    "by mistake takes the data with it; clear it and set finalSnapshotIdentifier"
                ),
            ]
        },
    ),
    Case(
        says="a local stack is made to be destroyed",
        declared=guards(deletion_protection=False).change("budget", environment="local"),
        passes={"shop"},
    ),
    Case(
        says="prod isn't",
        declared=guards(deletion_protection=False).change("budget", environment="prod"),
        refused={
            "shop": (
                "the cluster shop can be deleted (deletionProtection isn't true); a replacement or a destroy "
                "by mistake takes the data with it; set deletionProtection"
            )
        },
    ),
    Case(
        says="nobody says what it is",
        declared=guards(deletion_protection=False).drop("budget"),
        refused={
            "shop": (
                "the cluster shop can be deleted (deletionProtection isn't true); a replacement or a destroy "
                "by mistake takes the data with it; set deletionProtection"
            )
        },
    ),
    Case(
        says="unknown",
        declared=guards(deletion_protection=Ref("stack"), skip_final_snapshot=Ref("stack")),
        unproven={
            "shop": [
                (
                    "deletionProtection of shop is known only after the update; so this cannot be proven safe; "
                    "give it as a value that is known before the update"
                ),
                (
                    "skipFinalSnapshot of shop is known only after the update; so this cannot be proven safe; "
                    "give it as a value that is known before the update"
                ),
            ]
        },
    ),
    Case(
        says="neither true nor false",
        declared=guards(skip_final_snapshot="maybe"),
        unproven={
            "shop": (
                "skipFinalSnapshot of shop must be true or false, got 'maybe'; so this cannot be proven safe;"
                " give it as true or false"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
