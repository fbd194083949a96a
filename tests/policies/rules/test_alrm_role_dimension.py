from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.alrm_role_dimension import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import OTHER_ALARMS, Declared, Ref, shop

JUDGED = (t.ALARM,)
ROLES = ("writer-warning", "writer-critical", "reader-warning", "reader-critical")


def by_instance(*names: str) -> Declared:
    declared = shop().drop(*OTHER_ALARMS)
    for name in names:
        declared.add(
            t.ALARM,
            f"on-{name}",
            namespace="AWS/RDS",
            metric_name="DatabaseConnections",
            dimensions={"DBInstanceIdentifier": Ref(name)},
        )
    return declared


CASES: Sequence[Case] = [
    Case(
        says="by role",
        declared=by_instance(),
        passes={"reader-critical", "reader-warning", "writer-critical", "writer-warning"},
    ),
    Case(
        says="by role, and by instance as well",
        declared=by_instance("shop-1"),
        passes={"on-shop-1", "reader-critical", "reader-warning", "writer-critical", "writer-warning"},
    ),
    Case(
        says="by instance only",
        declared=by_instance("shop-1", "shop-2").drop(*ROLES),
        refused={
            "on-shop-1": (
                "the alarm on-shop-1 is keyed by an instance, as are all of shop; after a failover it watches"
                " what is now a reader, and replicas that come have none; use the dimensions "
                "DBClusterIdentifier and Role"
            ),
            "on-shop-2": (
                "the alarm on-shop-2 is keyed by an instance, as are all of shop; after a failover it watches"
                " what is now a reader, and replicas that come have none; use the dimensions "
                "DBClusterIdentifier and Role"
            ),
        },
    ),
    Case(says="no alarms", declared=by_instance().drop(*ROLES), passes=set()),
    Case(
        says="a role of a wrong type",
        declared=by_instance("shop-1")
        .drop(*ROLES)
        .change("on-shop-1", dimensions={"DBClusterIdentifier": Ref("shop"), "Role": ["WRITER"]}),
        unproven={
            "on-shop-1": (
                "dimensions.Role of on-shop-1 must be text, got ['WRITER']; so this cannot be proven safe; "
                "give it as text"
            )
        },
        passes=set(),
    ),
    Case(
        says="an unknown metric isn't judged",
        declared=by_instance("shop-1").drop(*ROLES).change("on-shop-1", metric_name=Ref("stack")),
        passes={"on-shop-1"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
