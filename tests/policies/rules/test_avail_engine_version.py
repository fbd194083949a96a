from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.avail_engine_version import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER,)
DATED = "(list of 2026-10-20); AWS refuses to make such a cluster"
NEWER = (
    "isn't on the list of 2026-10-20, and is later than what is; whether AWS has it can't be told here; make sure that "
    "it exists; `make facts` renews the list"
)


def of(version: object, **args: object) -> Declared:
    return shop().change("shop", engine_version=version, **args)


def mysql(version: str) -> Declared:
    return of(version, engine="aurora-mysql")


CASES: Sequence[Case] = [
    Case(says="on the list", declared=shop(), passes={"shop"}),
    Case(says="a major version", declared=of("16"), passes={"shop"}),
    Case(says="MySQL's", declared=mysql("8.0.mysql_aurora.3.08.0"), passes={"shop"}),
    Case(says="a community version", declared=mysql("8.0"), passes={"shop"}),
    Case(says="limitless", declared=of("16.13-limitless"), passes={"shop"}),
    Case(says="unset: AWS takes its newest", declared=of(None), passes={"shop"}),
    Case(says="another engine", declared=of("8.0.36", engine="mysql"), passes={"shop"}),
    Case(
        says="retired",
        declared=of("16.6"),
        refused={"shop": f"shop: 16.6 can't be created any more {DATED}; take 16.15"},
    ),
    Case(
        says="retired, MySQL's",
        declared=mysql("8.0.mysql_aurora.3.06.0"),
        refused={
            "shop": f"shop: 8.0.mysql_aurora.3.06.0 can't be created any more {DATED}; take 8.0.mysql_aurora.3.13.0"
        },
    ),
    Case(
        says="retired, and running already",
        declared=of("16.6", engine_version_actual="16.6"),
        advised={
            "shop": (
                "shop: 16.6 can't be created any more (list of 2026-10-20); the cluster runs it already, and goes on "
                "until AWS upgrades it; a restored one is refused; upgrade it in an hour of your own, to 16.15"
            )
        },
    ),
    Case(
        says="retired, and the cluster runs another",
        declared=of("16.6", engine_version_actual="16.4"),
        refused={"shop": f"shop: 16.6 can't be created any more {DATED}; take 16.15"},
    ),
    Case(
        says="never was",
        declared=of("16.7"),
        refused={"shop": f"shop: 16.7 is no version of aurora-postgresql {DATED}; take 16.15"},
    ),
    Case(
        says="the other engine's",
        declared=mysql("16.15"),
        refused={"shop": f"shop: 16.15 is no version of aurora-mysql {DATED}; take 8.4.mysql_aurora.8.4.8"},
    ),
    Case(says="later than the list", declared=of("16.99"), advised={"shop": f"shop: 16.99 {NEWER}"}),
    Case(says="a later major version", declared=of("19"), advised={"shop": f"shop: 19 {NEWER}"}),
    Case(
        says="unknown",
        declared=of(Ref("stack")),
        unproven={
            "shop": (
                "engineVersion of shop is known only after the update; so this cannot be proven safe; give it as a "
                "value that is known before the update"
            )
        },
    ),
    Case(
        says="not text",
        declared=of(["16.15"]),
        unproven={
            "shop": (
                "engineVersion of shop must be text, got ['16.15']; so this cannot be proven safe; give it as text"
            )
        },
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
