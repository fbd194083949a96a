from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from headroom.budget.model import Event, Path, Pool, Role
from policies.reading import types as t
from policies.rules.scal_bounds import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import CHECKOUT, GREEDY, Declared, Ref, demand_of, shop

JUDGED = (t.CLUSTER, t.SCALING_TARGET)
READING = replace(GREEDY, pools=(Pool(endpoint=Role.READER, path=Path.DIRECT, connections_max=10),))
SALE = Event(
    name="black-friday",
    starts=datetime(2026, 11, 27, 8, tzinfo=UTC),
    ends=datetime(2026, 11, 28, 2, tzinfo=UTC),
    traffic_factor=2,
    readers_min=5,
)


def bounds(low: object, high: object) -> Declared:
    return shop().change("readers", min_capacity=low, max_capacity=high)


def fixed() -> Declared:
    return shop().drop("readers", "on-connections", "on-cpu")


CASES: Sequence[Case] = [
    Case(says="1 to 4 readers", declared=shop(), passes={"shop", "readers"}),
    Case(says="0 to 15", declared=bounds(0, 15), passes={"shop", "readers"}),
    Case(
        says="16 are too many",
        declared=bounds(1, 16),
        refused={
            "readers": (
                "replica autoscaling of shop keeps 1 to 16 readers; 0 to 15, and the minimum is not above the "
                "maximum; set minCapacity and maxCapacity within 0 to 15"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="the wrong way round",
        declared=bounds(5, 4),
        refused={
            "readers": (
                "replica autoscaling of shop keeps 5 to 4 readers; 0 to 15, and the minimum is not above the "
                "maximum; set minCapacity and maxCapacity within 0 to 15"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="a maximum below the declared readers",
        declared=bounds(0, 0),
        refused={
            "readers": (
                "replica autoscaling of shop keeps 0 to 0 readers, fewer than the 1 declared; AWS counts the "
                "declared readers too: with a maximum below them it can add none; raise maxCapacity to at least 1, "
                "better by the readers that a sale needs"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="an event that asks for more than the maximum",
        declared=bounds(1, 4).change("budget", demand=demand_of(CHECKOUT, events=(SALE,))),
        refused={
            "readers": (
                "replica autoscaling of shop keeps 1 to 4 readers, and the event black-friday asks for 5; a "
                "scheduled minimum can't be above the maximum; raise maxCapacity to at least 5"
            )
        },
        passes={"shop"},
    ),
    Case(says="no room to grow, and none is needed", declared=bounds(1, 1), passes={"shop", "readers"}),
    Case(
        says="no room to grow where the readers don't fit",
        declared=bounds(1, 1).change("budget", demand=demand_of(READING)),
        refused={
            "readers": (
                "the cluster shop has 1 declared reader, replica autoscaling may have at most 1, and they don't fit "
                "(reader shop-2, normal day, deploy: direct pools (1,260) and the proxy's pool (60) take 1,320 "
                "connections; 187 of 200 are usable: 1,133 too many); a fixed number of readers is fine where the "
                "budget fits; give replica autoscaling a maximum above the declared readers (headroom:autoscaling), "
                "and let events ask for theirs (readers_min), or declare more"
            )
        },
        passes={"shop"},
    ),
    Case(says="a fixed number of readers that fits", declared=fixed(), passes={"shop"}),
    Case(says="a fixed number of readers, and no demand", declared=fixed().drop("budget"), passes={"shop"}),
    Case(
        says="a fixed number of readers that doesn't fit is scal-target-required's",
        declared=fixed().change("budget", demand=demand_of(READING)),
        passes={"shop"},
    ),
    Case(
        says="a writer that doesn't fit is not the readers' business",
        declared=fixed().change("budget", demand=demand_of(replace(GREEDY, instances_max=30))),
        passes={"shop"},
    ),
    Case(
        says="unknown bounds",
        declared=bounds(Ref("stack"), Ref("stack")),
        unproven={
            "readers": [
                (
                    "minCapacity of readers is known only after the update; so this cannot be proven safe; give it "
                    "as a value that is known before the update"
                ),
                (
                    "maxCapacity of readers is known only after the update; so this cannot be proven safe; give it "
                    "as a value that is known before the update"
                ),
            ]
        },
        passes={"shop"},
    ),
    Case(
        says="not a number",
        declared=bounds(1, "many"),
        unproven={
            "readers": (
                "maxCapacity of readers must be a whole number, got 'many'; so this cannot be proven safe; give it "
                "as a whole number"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="another dimension than the number of replicas",
        declared=bounds(1, 99).change("readers", scalable_dimension="rds:cluster:Other"),
        passes={"shop", "readers"},
    ),
    Case(
        says="the least readers are none",
        declared=bounds(0, 4),
        passes={"readers", "shop"},
    ),
    Case(
        says="fewer than none",
        declared=bounds(-1, 4),
        refused={
            "readers": (
                "replica autoscaling of shop keeps -1 to 4 readers; 0 to 15, and the minimum is not "
                "above the maximum; set minCapacity and maxCapacity within 0 to 15"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="a bound that isn't given is AWS's to refuse",
        declared=shop().change("readers", min_capacity=None),
        passes={"readers", "shop"},
    ),
    Case(
        says="an event that asks for exactly the maximum",
        declared=bounds(1, 4).change("budget", demand=demand_of(CHECKOUT, events=(replace(SALE, readers_min=4),))),
        passes={"readers", "shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
