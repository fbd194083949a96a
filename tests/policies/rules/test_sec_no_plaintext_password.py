from collections.abc import Sequence
from typing import Any

import pytest

from policies.reading import types as t
from policies.rules.sec_no_plaintext_password import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER,)


def password(value: object, managed: object = None, **more: Any) -> Declared:
    return shop().change("shop", manage_master_user_password=managed, master_password=value, **more)


CASES: Sequence[Case] = [
    Case(says="RDS makes it", declared=shop(), passes={"shop"}),
    Case(
        says="a literal",
        declared=password("hunter2"),
        refused={
            "shop": (
                "the master password of shop is given by the program or its config; it is kept in the state, "
                "and shows up in logs; who has it has the slots reserved for rescue; set "
                "manageMasterUserPassword: RDS makes it, keeps it in Secrets Manager and rotates it (or "
                "masterPasswordWo)"
            )
        },
    ),
    Case(
        says="a literal, although RDS makes it",
        declared=password("hunter2", True),
        refused={
            "shop": (
                "the master password of shop is given by the program or its config; it is kept in the state, "
                "and shows up in logs; who has it has the slots reserved for rescue; set "
                "manageMasterUserPassword: RDS makes it, keeps it in Secrets Manager and rotates it (or "
                "masterPasswordWo)"
            )
        },
    ),
    Case(
        says="from another resource",
        declared=password(Ref("stack")),
        advised={
            "shop": (
                "the master password of shop comes from another resource; it is kept in the state, and shows "
                "up in logs; who has it has the slots reserved for rescue; set manageMasterUserPassword: RDS "
                "makes it, keeps it in Secrets Manager and rotates it (or masterPasswordWo)"
            )
        },
    ),
    Case(says="write-only", declared=password(None, master_password_wo="hunter2"), passes={"shop"}),
    Case(
        says="a restored cluster brings its own",
        declared=password(None, False, snapshot_identifier="s"),
        passes={"shop"},
    ),
    Case(
        says="unknown whether RDS makes it",
        declared=password(None, Ref("stack")),
        unproven={
            "shop": (
                "manageMasterUserPassword of shop is known only after the update; so this cannot be proven "
                "safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="neither true nor false",
        declared=password(None, "maybe"),
        unproven={
            "shop": (
                "manageMasterUserPassword of shop must be true or false, got 'maybe'; so this cannot be "
                "proven safe; give it as true or false"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
