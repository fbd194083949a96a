from collections.abc import Sequence
from dataclasses import replace

import pytest

from headroom.budget.model import Path
from policies.reading import types as t
from policies.rules.conn_borrow_timeout import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, GREEDY, Declared, Ref, demand_of, shop

JUDGED = (t.PROXY_TARGET_GROUP,)
PATIENT = replace(CHECKOUT, name="patient", user="patient", client_timeout_ms=200_000)


def timeout(seconds: object) -> Declared:
    return shop().change(
        "pool", connection_pool_config={"max_connections_percent": 30, "connection_borrow_timeout": seconds}
    )


CASES: Sequence[Case] = [
    Case(says="2 s before clients that wait 3 s", declared=shop(), passes={"pool"}),
    Case(
        says="as long as the client",
        declared=timeout(3),
        refused={
            "pool": (
                "the proxy proxy lets a client wait 3 s for a connection, and checkout gives up after 3,000 ms; the "
                "proxy has to answer first: who has given up still holds its place in the queue, and comes back as a "
                "retry; lower headroom:proxy.connection_borrow_timeout_seconds below the client's timeout, or raise "
                "that one (the trade: during a failover, up to 60 s, clients get errors sooner and have to retry)"
            )
        },
    ),
    Case(
        says="unset counts as 120 s",
        declared=shop().change("pool", connection_pool_config={"max_connections_percent": 30}),
        refused={
            "pool": (
                "the proxy proxy lets a client wait 120 s for a connection, and checkout gives up after 3,000 ms; "
                "the proxy has to answer first: who has given up still holds its place in the queue, and comes back "
                "as a retry; lower headroom:proxy.connection_borrow_timeout_seconds below the client's timeout, or "
                "raise that one (the trade: during a failover, up to 60 s, clients get errors sooner and have to "
                "retry)"
            )
        },
    ),
    Case(
        says="no target group counts as 120 s",
        declared=shop().drop("pool").change("target", target_group_name="default"),
        refused={
            "proxy": (
                "the proxy proxy lets a client wait 120 s for a connection, and checkout gives up after 3,000 ms; "
                "the proxy has to answer first: who has given up still holds its place in the queue, and comes back "
                "as a retry; lower headroom:proxy.connection_borrow_timeout_seconds below the client's timeout, or "
                "raise that one (the trade: during a failover, up to 60 s, clients get errors sooner and have to "
                "retry)"
            )
        },
    ),
    Case(
        says="120 s before clients that wait longer",
        declared=timeout(120).change("budget", demand=demand_of(PATIENT)),
        passes={"pool"},
    ),
    Case(
        says="the fastest client decides",
        declared=timeout(120).change("budget", demand=demand_of(PATIENT, CHECKOUT)),
        refused={
            "pool": (
                "the proxy proxy lets a client wait 120 s for a connection, and checkout gives up after 3,000 ms; "
                "the proxy has to answer first: who has given up still holds its place in the queue, and comes back "
                "as a retry; lower headroom:proxy.connection_borrow_timeout_seconds below the client's timeout, or "
                "raise that one (the trade: during a failover, up to 60 s, clients get errors sooner and have to "
                "retry)"
            )
        },
    ),
    Case(
        says="direct clients don't wait for the proxy",
        declared=timeout(120).change("budget", demand=demand_of(GREEDY)),
        passes={"pool"},
    ),
    Case(
        says="0 refuses at once",
        declared=timeout(0),
        refused={
            "pool": (
                "the proxy proxy lets a client wait 0 s for a connection; 1 to 300 s; at 0 it refuses at once "
                "whenever no connection happens to be open; set it below the shortest client timeout"
            )
        },
    ),
    Case(
        says="more than AWS takes",
        declared=timeout(301).drop("budget"),
        refused={
            "pool": (
                "the proxy proxy lets a client wait 301 s for a connection; 1 to 300 s; at 0 it refuses at once "
                "whenever no connection happens to be open; set it below the shortest client timeout"
            )
        },
    ),
    Case(says="without a demand only the range counts", declared=timeout(300).drop("budget"), passes={"pool"}),
    Case(
        says="unknown",
        declared=timeout(Ref("stack")),
        unproven={
            "pool": (
                "connectionPoolConfig.connectionBorrowTimeout of pool is known only after the update; so this cannot "
                "be proven safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="not a number",
        declared=timeout(2.5),
        unproven={
            "pool": (
                "connectionPoolConfig.connectionBorrowTimeout of pool must be a whole number, got 2.5; so this "
                "cannot be proven safe; give it as a whole number"
            )
        },
    ),
    Case(
        says="1 s",
        declared=timeout(1),
        passes={"pool"},
    ),
    Case(
        says="a millisecond before the client",
        declared=timeout(2).change("budget", demand=demand_of(replace(CHECKOUT, client_timeout_ms=2001))),
        passes={"pool"},
    ),
    Case(
        says="a service with some of its pools through the proxy",
        declared=timeout(3).change(
            "budget",
            demand=demand_of(
                replace(CHECKOUT, pools=(replace(CHECKOUT.pools[0], path=Path.DIRECT), CHECKOUT.pools[1]))
            ),
        ),
        refused={
            "pool": (
                "the proxy proxy lets a client wait 3 s for a connection, and checkout gives up after "
                "3,000 ms; the proxy has to answer first: who has given up still holds its place in the "
                "queue, and comes back as a retry; lower "
                "headroom:proxy.connection_borrow_timeout_seconds below the client's timeout, or raise "
                "that one (the trade: during a failover, up to 60 s, clients get errors sooner and have "
                "to retry)"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
