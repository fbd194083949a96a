from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_idle_client_timeout import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.PROXY,)


def seconds(value: object) -> Declared:
    return shop().change("proxy", idle_client_timeout=value)


CASES: Sequence[Case] = [
    Case(says="AWS's default", declared=shop(), passes={"proxy"}),
    Case(says="a quarter of an hour", declared=seconds(900), passes={"proxy"}),
    Case(says="AWS's least", declared=seconds(60), passes={"proxy"}),
    Case(
        says="below AWS's documented least",
        declared=seconds(59),
        advised={
            "proxy": (
                "the proxy proxy keeps a client that does nothing for 59 s; AWS documents 60 s as the least; "
                "set it to 60 or more"
            )
        },
    ),
    Case(
        says="the shortest that anybody takes",
        declared=seconds(1),
        advised={
            "proxy": (
                "the proxy proxy keeps a client that does nothing for 1 s; AWS documents 60 s as the least; "
                "set it to 60 or more"
            )
        },
    ),
    Case(
        says="none at all",
        declared=seconds(0),
        refused={
            "proxy": (
                "the proxy proxy keeps a client that does nothing for 0 s; AWS takes 60 to 28,800 s; set it "
                "to 1,800 or less"
            )
        },
    ),
    Case(says="half an hour", declared=seconds(1800), passes={"proxy"}),
    Case(
        says="longer than that",
        declared=seconds(1801),
        advised={
            "proxy": (
                "the proxy proxy keeps a client that does nothing for 1,801 s; above 1,800 s clients that "
                "died keep a pinned connection for as long; lower it, and the idle timeout of the "
                "application's pool below it"
            )
        },
    ),
    Case(
        says="eight hours",
        declared=seconds(28_800),
        advised={
            "proxy": (
                "the proxy proxy keeps a client that does nothing for 28,800 s; above 1,800 s clients that "
                "died keep a pinned connection for as long; lower it, and the idle timeout of the "
                "application's pool below it"
            )
        },
    ),
    Case(
        says="longer than AWS takes",
        declared=seconds(28_801),
        refused={
            "proxy": (
                "the proxy proxy keeps a client that does nothing for 28,801 s; AWS takes 60 to 28,800 s; set"
                " it to 1,800 or less"
            )
        },
    ),
    Case(
        says="a config that notes more",
        declared=seconds(901),
        numbers={"note_above_seconds": 900},
        advised={
            "proxy": (
                "the proxy proxy keeps a client that does nothing for 901 s; above 900 s clients that died "
                "keep a pinned connection for as long; lower it, and the idle timeout of the application's "
                "pool below it"
            )
        },
    ),
    Case(
        says="unknown",
        declared=seconds(Ref("stack")),
        unproven={
            "proxy": (
                "idleClientTimeout of proxy is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="not a number",
        declared=seconds("soon"),
        unproven={
            "proxy": (
                "idleClientTimeout of proxy must be a whole number, got 'soon'; so this cannot be proven "
                "safe; give it as a whole number"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
