from collections.abc import Sequence
from dataclasses import replace

import pytest

from headroom.budget.model import Path, Pool, Role
from policies.reading import types as t
from policies.rules.scal_target_required import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import GREEDY, Declared, Ref, demand_of, serverless, shop

JUDGED = (t.CLUSTER, t.SCALING_TARGET)
READING = replace(GREEDY, pools=(Pool(endpoint=Role.READER, path=Path.DIRECT, connections_max=10),))
POLICIES = ("on-connections", "on-cpu")


def fixed() -> Declared:
    return shop().drop("readers", *POLICIES)


CASES: Sequence[Case] = [
    Case(says="a target with policies", declared=shop(), passes={"readers", "shop"}),
    Case(says="a fixed number of readers that fits", declared=fixed(), passes={"shop"}),
    Case(says="a fixed number of readers, and no demand", declared=fixed().drop("budget"), passes={"shop"}),
    Case(
        says="a fixed number of readers that doesn't fit",
        declared=fixed().change("budget", demand=demand_of(READING)),
        refused={
            "shop": (
                "the cluster shop has 1 declared reader, none may be added, and they don't fit (reader "
                "shop-2, normal day, deploy: direct pools (1,260) and the proxy's pool (60) take 1,320 "
                "connections; 187 of 200 are usable: 1,133 too many); a fixed number of readers is fine where"
                " the budget fits; let replica autoscaling add some (headroom:autoscaling), and events ask "
                "for theirs (readers_min), or declare more"
            )
        },
    ),
    Case(
        says="no reader", declared=fixed().drop("shop-2").change("budget", demand=demand_of(READING)), passes={"shop"}
    ),
    Case(
        says="a target that nothing moves",
        declared=shop().drop(*POLICIES),
        advised={
            "readers": (
                "replica autoscaling of shop (readers) has bounds, and nothing that asks for a replica; a "
                "scalable target by itself never scales; add a target-tracking policy (connections, CPU) or a"
                " scheduled action, or remove the target"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="a target that nothing moves, and readers that don't fit",
        declared=shop().drop(*POLICIES).change("budget", demand=demand_of(READING)),
        refused={
            "readers": (
                "replica autoscaling of shop (readers) has bounds, and nothing that asks for a replica; a "
                "scalable target by itself never scales; add a target-tracking policy (connections, CPU) or a"
                " scheduled action, or remove the target"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="a calendar moves it",
        declared=shop()
        .drop(*POLICIES)
        .add(
            t.SCHEDULED_ACTION,
            "sale",
            resource_id=Ref("readers"),
            scalable_dimension=Ref("readers"),
            schedule="rate(1 day)",
        ),
        passes={"readers", "shop"},
    ),
    Case(
        says="serverless readers can't be autoscaled",
        declared=serverless(1, 1).change("budget", demand=demand_of(READING)),
        passes={"shop"},
    ),
    Case(
        says="an unknown class is conn-demand-fits' to report",
        declared=fixed().change("budget", demand=demand_of(READING)).change("shop-2", instance_class=Ref("stack")),
        passes={"shop"},
    ),
    Case(
        says="serverless and provisioned instances can't be autoscaled together",
        declared=serverless(1, 16)
        .change("shop-2", instance_class="db.r6g.large")
        .change("budget", demand=demand_of(READING)),
        passes={"shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
