from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.avail_multi_az import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)


def zones(first: object, second: object) -> Declared:
    return shop().change("shop-1", availability_zone=first).change("shop-2", availability_zone=second)


CASES: Sequence[Case] = [
    Case(says="two zones", declared=shop(), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="one zone",
        declared=zones("eu-west-1a", "eu-west-1a"),
        refused={
            "shop": (
                "all 2 instances of shop are in eu-west-1a; the loss of that zone is the loss of the "
                "database; spread them over zones, or leave availabilityZone to AWS"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(says="AWS chooses both", declared=zones(None, None), passes={"shop", "shop-1", "shop-2"}),
    Case(says="AWS chooses one", declared=zones("eu-west-1a", None), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="the writer alone",
        declared=shop().drop("shop-2"),
        refused={
            "shop": (
                "the cluster shop has 1 instance; with the writer alone, its failure is an outage of ten "
                "minutes and more; declare a reader in another zone: failover then takes less than a minute"
            )
        },
        passes={"shop-1"},
    ),
    Case(
        says="no instance",
        declared=shop().drop("shop-1", "shop-2"),
        refused={
            "shop": (
                "the cluster shop has 0 instances; with the writer alone, its failure is an outage of ten "
                "minutes and more; declare a reader in another zone: failover then takes less than a minute"
            )
        },
    ),
    Case(
        says="no demand",
        declared=zones("eu-west-1a", "eu-west-1a").drop("budget"),
        refused={
            "shop": (
                "all 2 instances of shop are in eu-west-1a; the loss of that zone is the loss of the "
                "database; spread them over zones, or leave availabilityZone to AWS"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="an unknown zone",
        declared=zones("eu-west-1a", Ref("stack")),
        unproven={
            "shop-2": (
                "availabilityZone of shop-2 is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            )
        },
        passes={"shop", "shop-1"},
    ),
    Case(
        says="both unknown",
        declared=zones(Ref("stack"), Ref("stack")),
        unproven={
            "shop-1": (
                "availabilityZone of shop-1 is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            ),
            "shop-2": (
                "availabilityZone of shop-2 is known only after the update; so this cannot be proven safe; "
                "give it as a value that is known before the update"
            ),
        },
        passes={"shop"},
    ),
    Case(
        says="not a zone",
        declared=zones("eu-west-1a", ["eu-west-1b"]),
        unproven={
            "shop-2": (
                "availabilityZone of shop-2 must be text, got ['eu-west-1b']; so this cannot be proven safe; "
                "give it as text"
            )
        },
        passes={"shop", "shop-1"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
