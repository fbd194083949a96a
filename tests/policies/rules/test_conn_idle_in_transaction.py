from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_idle_in_transaction import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)
LIMIT = {"name": "max_connections", "value": "200"}


def postgresql(value: object) -> Declared:
    timeout = [] if value is None else [{"name": "idle_in_transaction_session_timeout", "value": value}]
    return shop().change("parameters", parameters=[LIMIT, *timeout])


def mysql(value: object, of_cluster: object = None) -> Declared:
    def timeout(of: object) -> list[dict[str, object]]:
        return [] if of is None else [{"name": "wait_timeout", "value": of}]

    return (
        shop()
        .change("shop", engine="aurora-mysql")
        .change("parameters", parameters=[LIMIT, *timeout(of_cluster)])
        .add(t.PARAMETER_GROUP, "own", family="aurora-mysql8.0", parameters=timeout(value))
        .change("shop-1", db_parameter_group_name=Ref("own"))
        .change("shop-2", db_parameter_group_name=Ref("own"))
    )


CASES: Sequence[Case] = [
    Case(says="a minute", declared=shop(), passes={"shop", "shop-1", "shop-2"}),
    Case(says="five minutes", declared=postgresql("300000"), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="longer",
        declared=postgresql("300001"),
        refused={
            "shop": (
                "on shop a session that does nothing in a transaction is kept 300.001 s "
                "(idle_in_transaction_session_timeout); at most 300 s: meanwhile it holds its locks and its "
                "connection, behind a proxy pinned; set idle_in_transaction_session_timeout to 300,000 or "
                "less"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="never",
        declared=postgresql("0"),
        refused={
            "shop": (
                "on shop a session that does nothing in a transaction is kept for ever "
                "(idle_in_transaction_session_timeout); at most 300 s: meanwhile it holds its locks and its "
                "connection, behind a proxy pinned; set idle_in_transaction_session_timeout to 300,000 or "
                "less"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="below nothing is never",
        declared=postgresql("-1"),
        refused={
            "shop": (
                "on shop a session that does nothing in a transaction is kept for ever "
                "(idle_in_transaction_session_timeout); at most 300 s: meanwhile it holds its locks and its "
                "connection, behind a proxy pinned; set idle_in_transaction_session_timeout to 300,000 or "
                "less"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(says="a millisecond", declared=postgresql("1"), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="unset is a day",
        declared=postgresql(None),
        refused={
            "shop": (
                "on shop a session that does nothing in a transaction is kept 86,400 s "
                "(idle_in_transaction_session_timeout); at most 300 s: meanwhile it holds its locks and its "
                "connection, behind a proxy pinned; set idle_in_transaction_session_timeout to 300,000 or "
                "less"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(says="MySQL, half an hour", declared=mysql("1800"), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="MySQL, longer",
        declared=mysql("1801"),
        refused={
            "shop-1": (
                "on shop-1 a session that does nothing in a transaction is kept 1,801 s (wait_timeout); at "
                "most 1,800 s: meanwhile it holds its locks and its connection, behind a proxy pinned; set "
                "wait_timeout to 1,800 or less"
            ),
            "shop-2": (
                "on shop-2 a session that does nothing in a transaction is kept 1,801 s (wait_timeout); at "
                "most 1,800 s: meanwhile it holds its locks and its connection, behind a proxy pinned; set "
                "wait_timeout to 1,800 or less"
            ),
        },
        passes={"shop"},
    ),
    Case(
        says="MySQL, unset is eight hours",
        declared=mysql(None),
        refused={
            "shop-1": (
                "on shop-1 a session that does nothing in a transaction is kept 28,800 s (wait_timeout); at "
                "most 1,800 s: meanwhile it holds its locks and its connection, behind a proxy pinned; set "
                "wait_timeout to 1,800 or less"
            ),
            "shop-2": (
                "on shop-2 a session that does nothing in a transaction is kept 28,800 s (wait_timeout); at "
                "most 1,800 s: meanwhile it holds its locks and its connection, behind a proxy pinned; set "
                "wait_timeout to 1,800 or less"
            ),
        },
        passes={"shop"},
    ),
    Case(says="MySQL, by the cluster's group", declared=mysql(None, "600"), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="MySQL, the instance's group comes first",
        declared=mysql("1801", "600"),
        refused={
            "shop-1": (
                "on shop-1 a session that does nothing in a transaction is kept 1,801 s (wait_timeout); at "
                "most 1,800 s: meanwhile it holds its locks and its connection, behind a proxy pinned; set "
                "wait_timeout to 1,800 or less"
            ),
            "shop-2": (
                "on shop-2 a session that does nothing in a transaction is kept 1,801 s (wait_timeout); at "
                "most 1,800 s: meanwhile it holds its locks and its connection, behind a proxy pinned; set "
                "wait_timeout to 1,800 or less"
            ),
        },
        passes={"shop"},
    ),
    Case(
        says="a config that allows less",
        declared=postgresql("60001"),
        numbers={"transaction_seconds_most": 60},
        refused={
            "shop": (
                "on shop a session that does nothing in a transaction is kept 60.001 s "
                "(idle_in_transaction_session_timeout); at most 60 s: meanwhile it holds its locks and its "
                "connection, behind a proxy pinned; set idle_in_transaction_session_timeout to 60,000 or less"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="a config that allows less on MySQL",
        declared=mysql("601"),
        numbers={"session_seconds_most": 600},
        refused={
            "shop-1": (
                "on shop-1 a session that does nothing in a transaction is kept 601 s (wait_timeout); at most"
                " 600 s: meanwhile it holds its locks and its connection, behind a proxy pinned; set "
                "wait_timeout to 600 or less"
            ),
            "shop-2": (
                "on shop-2 a session that does nothing in a transaction is kept 601 s (wait_timeout); at most"
                " 600 s: meanwhile it holds its locks and its connection, behind a proxy pinned; set "
                "wait_timeout to 600 or less"
            ),
        },
        passes={"shop"},
    ),
    Case(
        says="unknown",
        declared=postgresql(Ref("stack")),
        unproven={
            "parameters": (
                "parameters.1.value of parameters is known only after the update; so this cannot be proven "
                "safe; give it as a value that is known before the update"
            )
        },
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="not a number",
        declared=postgresql("soon"),
        unproven={
            "shop": (
                "idle_in_transaction_session_timeout of shop must be a whole number, got 'soon'; so this "
                "cannot be proven safe; give it as a whole number"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="a group outside the stack",
        declared=shop().change("shop", db_cluster_parameter_group_name="theirs"),
        unproven={
            "shop": (
                "dbClusterParameterGroupName of shop is 'theirs', a group outside this stack: its "
                "idle_in_transaction_session_timeout can't be read; so this cannot be proven safe; declare "
                "the parameter group in this stack"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
