from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.avail_instance_class import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, serverless, shop

JUDGED = (t.CLUSTER_INSTANCE,)
REFUSES = "AWS refuses to make such an instance"
NOT_TOLD = "whether AWS has it can't be told here; make sure that it exists; `make facts` renews the list"
DATED = "(list of 2026-10-20)"
BOTH = frozenset({"shop-1", "shop-2"})


def reader(instance_class: object, region: str = "") -> Declared:
    return shop().change("shop-2", instance_class=instance_class, of_region=region)


CASES: Sequence[Case] = [
    Case(says="offered", declared=reader("db.r6g.large", "eu-west-1"), passes=BOTH),
    Case(says="serverless", declared=serverless(1, 16), passes=BOTH),
    Case(says="of another region, and this one isn't known", declared=reader("db.r8g.48xlarge"), passes=BOTH),
    Case(says="another engine", declared=reader("db.t3.micro").change("shop", engine="mysql"), passes=BOTH),
    Case(
        says="not of this engine",
        declared=reader("db.t4g.small"),
        refused={
            "shop-2": (
                f"shop-2: aurora-postgresql has no db.t4g.small {DATED}; {REFUSES}; take another class: the nearest "
                "are db.t3.small, db.t4g.large, db.t4g.medium"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="not of this region",
        declared=reader("db.r8g.xlarge", "af-south-1"),
        refused={
            "shop-2": (
                f"shop-2: af-south-1 has no db.r8g.xlarge for aurora-postgresql {DATED}; {REFUSES}; take another "
                "class: the nearest are db.r6g.xlarge, db.r7g.xlarge, db.r5.xlarge"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="not of this version",
        declared=reader("db.r4.large"),
        refused={
            "shop-2": (
                f"shop-2: aurora-postgresql 16.15 has no db.r4.large {DATED}; {REFUSES}; take another class: the "
                "nearest are db.r5.large, db.r6g.large, db.r6i.large"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="not of the older version",
        declared=reader("db.r8g.large").change("shop", engine_version="13.9"),
        refused={
            "shop-2": (
                f"shop-2: aurora-postgresql 13.9 has no db.r8g.large {DATED}; {REFUSES}; take another class: the "
                "nearest are db.r6g.large, db.r5.large, db.r6i.large"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="of any version, where it isn't known",
        declared=reader("db.r4.large").change("shop", engine_version=Ref("stack")),
        passes=BOTH,
    ),
    Case(
        says="on no list",
        declared=reader("db.r9g.large", "eu-west-1").change("shop-1", instance_class="db.r9g.large"),
        advised={"shop-1": f"shop-1: db.r9g.large isn't on the list of 2026-10-20 in any region; {NOT_TOLD}"},
        passes={"shop-2"},
    ),
    Case(
        says="in a region that the lists don't have",
        declared=reader("db.r6g.large", "eu-north-9"),
        advised={
            "shop-2": f"shop-2: eu-north-9 isn't on the list of 2026-10-20, nor what it has of db.r6g.large; {NOT_TOLD}"
        },
        passes={"shop-1"},
    ),
    Case(says="unset, unknown: conn-demand-fits' finding", declared=reader(Ref("stack")), passes=BOTH),
    Case(says="not a class", declared=reader(["db.r6g.large"]), passes=BOTH),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
