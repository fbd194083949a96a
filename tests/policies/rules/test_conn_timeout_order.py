from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_timeout_order import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER,)


def timeouts(lock: object, statement: object) -> Declared:
    given = {"lock_timeout": lock, "statement_timeout": statement}
    parameters = [{"name": name, "value": value} for name, value in given.items() if value is not None]
    return shop().change("parameters", parameters=[{"name": "max_connections", "value": "200"}, *parameters])


CASES: Sequence[Case] = [
    Case(says="the lock first", declared=shop(), passes={"shop"}),
    Case(says="just before", declared=timeouts("9999", "10000"), passes={"shop"}),
    Case(
        says="at the same time",
        declared=timeouts("10000", "10000"),
        refused={
            "shop": (
                "on shop a lock may be waited for 10,000 ms, and a statement take 10,000 ms; the statement's "
                "end comes first, and nobody learns that it was a lock; set lock_timeout below "
                "statement_timeout"
            )
        },
    ),
    Case(
        says="after the statement",
        declared=timeouts("10001", "10000"),
        refused={
            "shop": (
                "on shop a lock may be waited for 10,001 ms, and a statement take 10,000 ms; the statement's "
                "end comes first, and nobody learns that it was a lock; set lock_timeout below "
                "statement_timeout"
            )
        },
    ),
    Case(says="no end of a statement", declared=timeouts("10000", "0"), passes={"shop"}),
    Case(says="no end of a wait for a lock", declared=timeouts("0", "10000"), passes={"shop"}),
    Case(says="only one of them", declared=timeouts(None, "10000"), passes={"shop"}),
    Case(says="neither", declared=timeouts(None, None), passes={"shop"}),
    Case(
        says="MySQL's are others",
        declared=timeouts("10001", "10000").change("shop", engine="aurora-mysql"),
        passes={"shop"},
    ),
    Case(
        says="an unknown timeout",
        declared=timeouts(Ref("stack"), "10000"),
        unproven={
            "parameters": (
                "parameters.1.value of parameters is known only after the update; so this cannot be proven "
                "safe; give it as a value that is known before the update"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="not a number",
        declared=timeouts("soon", "10000"),
        unproven={
            "shop": (
                "lock_timeout of shop must be a whole number, got 'soon'; so this cannot be proven safe; give"
                " it as a whole number"
            )
        },
    ),
    Case(
        says="a group outside the stack",
        declared=shop().change("shop", db_cluster_parameter_group_name="theirs"),
        unproven={
            "shop": [
                (
                    "dbClusterParameterGroupName of shop is 'theirs', a group outside this stack: its "
                    "lock_timeout can't be read; so this cannot be proven safe; declare the parameter group in "
                    "this stack"
                ),
                (
                    "dbClusterParameterGroupName of shop is 'theirs', a group outside this stack: its "
                    "statement_timeout can't be read; so this cannot be proven safe; declare the parameter group "
                    "in this stack"
                ),
            ]
        },
    ),
    Case(
        says="statements of a millisecond",
        declared=timeouts("1", "1"),
        refused={
            "shop": (
                "on shop a lock may be waited for 1 ms, and a statement take 1 ms; the statement's end "
                "comes first, and nobody learns that it was a lock; set lock_timeout below "
                "statement_timeout"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
