from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.scal_serverless_writer import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, serverless, shop

JUDGED = (t.SCALING_TARGET,)


def classes(writer: object, reader: object) -> Declared:
    return (
        shop()
        .change("shop", serverlessv2_scaling_configuration={"min_capacity": 1, "max_capacity": 16})
        .change("shop-1", instance_class=writer)
        .change("shop-2", instance_class=reader)
    )


CASES: Sequence[Case] = [
    Case(says="provisioned", declared=shop(), passes={"readers"}),
    Case(
        says="a serverless writer",
        declared=classes("db.serverless", "db.serverless"),
        refused={
            "readers": (
                "shop has replica autoscaling, and serverless instances (shop-1, shop-2); AWS supports "
                "replica autoscaling for provisioned instances only: a replica copies the writer; declare the"
                " readers that a sale needs (an idle one scales down by itself), and remove it"
            )
        },
    ),
    Case(
        says="a serverless reader",
        declared=classes("db.r6g.large", "db.serverless"),
        refused={
            "readers": (
                "shop has replica autoscaling, and serverless instances (shop-2); AWS supports replica "
                "autoscaling for provisioned instances only: a replica copies the writer; declare the readers"
                " that a sale needs (an idle one scales down by itself), and remove it"
            )
        },
    ),
    Case(says="serverless without autoscaling", declared=serverless(1, 16), passes=set()),
    Case(
        says="an unknown class",
        declared=classes(Ref("stack"), "db.r6g.large"),
        unproven={
            "shop-1": (
                "instanceClass of shop-1 is known only after the update; so this cannot be proven safe; give "
                "it as a value that is known before the update"
            )
        },
        passes={"readers"},
    ),
    Case(
        says="an unknown class beside a serverless one",
        declared=classes(Ref("stack"), "db.serverless"),
        refused={
            "readers": (
                "shop has replica autoscaling, and serverless instances (shop-2); AWS supports replica "
                "autoscaling for provisioned instances only: a replica copies the writer; declare the readers"
                " that a sale needs (an idle one scales down by itself), and remove it"
            )
        },
    ),
    Case(
        says="a class of a wrong type",
        declared=classes(["db.r6g.large"], "db.r6g.large"),
        unproven={
            "shop-1": (
                "instanceClass of shop-1 must be text, got ['db.r6g.large']; so this cannot be proven safe; "
                "give it as text"
            )
        },
        passes={"readers"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
