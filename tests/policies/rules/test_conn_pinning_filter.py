from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_pinning_filter import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.PROXY_TARGET_GROUP,)


def filters(value: object) -> Declared:
    pool = {"max_connections_percent": 30, "connection_borrow_timeout": 2, "session_pinning_filters": value}
    return shop().change("pool", connection_pool_config=pool)


CASES: Sequence[Case] = [
    Case(says="none", declared=shop(), passes={"pool"}),
    Case(says="an empty list", declared=filters([]), passes={"pool"}),
    Case(
        says="variables",
        declared=filters(["EXCLUDE_VARIABLE_SETS"]),
        refused={
            "pool": (
                "the pool pool doesn't pin sessions that set variables (EXCLUDE_VARIABLE_SETS); what one "
                "client sets then applies to the next one that gets its connection; leave it out, and move "
                "what every session sets to initQuery; if no client depends on what it sets, exempt this with"
                " the reason"
            )
        },
    ),
    Case(
        says="unknown",
        declared=filters(Ref("stack")),
        unproven={
            "pool": (
                "connectionPoolConfig.sessionPinningFilters of pool is known only after the update; so this "
                "cannot be proven safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="an unknown one",
        declared=filters([Ref("stack")]),
        unproven={
            "pool": (
                "connectionPoolConfig.sessionPinningFilters of pool is known only after the update; so this "
                "cannot be proven safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="not a list",
        declared=filters("EXCLUDE_VARIABLE_SETS"),
        unproven={
            "pool": (
                "connectionPoolConfig.sessionPinningFilters of pool must be a list, got "
                "'EXCLUDE_VARIABLE_SETS'; so this cannot be proven safe; give it as a list"
            )
        },
    ),
    Case(
        says="a proxy without settings",
        declared=shop().drop("pool").change("target", target_group_name="default"),
        passes=set(),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
