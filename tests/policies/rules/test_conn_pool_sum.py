from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_pool_sum import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Ref, second_proxy, shop

JUDGED = (t.CLUSTER,)
CASES: Sequence[Case] = [
    Case(says="a single proxy", declared=shop(), passes={"shop"}),
    Case(
        says="a single proxy with everything is conn-pool-percent-max's",
        declared=shop().drop("pool").change("target", target_group_name="default"),
        passes={"shop"},
    ),
    Case(says="two that share 99 %", declared=second_proxy(69), passes={"shop"}),
    Case(
        says="two that share everything",
        declared=second_proxy(70),
        advised={
            "shop": (
                "the proxies of shop (proxy, second) may open 100 % of max_connections together; 100 % is all"
                " there is, and then nothing is left; lower maxConnectionsPercent, or let one proxy serve "
                "them all (AWS's advice)"
            )
        },
    ),
    Case(
        says="two that share more than there is",
        declared=second_proxy(71),
        refused={
            "shop": (
                "the proxies of shop (proxy, second) may open 101 % of max_connections together; 100 % is all"
                " there is; lower maxConnectionsPercent, or let one proxy serve them all (AWS's advice)"
            )
        },
    ),
    Case(
        says="without a target group it is 100 %",
        declared=second_proxy(70).drop("second-pool").change("second-target", target_group_name=Ref("second")),
        refused={
            "shop": (
                "the proxies of shop (proxy, second) may open 130 % of max_connections together; 100 % is all"
                " there is; lower maxConnectionsPercent, or let one proxy serve them all (AWS's advice)"
            )
        },
    ),
    Case(
        says="no demand, no known class",
        declared=second_proxy(71).drop("budget").change("shop-1", instance_class="db.r0.huge"),
        refused={
            "shop": (
                "the proxies of shop (proxy, second) may open 101 % of max_connections together; 100 % is all"
                " there is; lower maxConnectionsPercent, or let one proxy serve them all (AWS's advice)"
            )
        },
    ),
    Case(
        says="an unknown percentage",
        declared=second_proxy(Ref("stack")),
        unproven={
            "second-pool": (
                "connectionPoolConfig.maxConnectionsPercent of second-pool is known only after the update; so"
                " this cannot be proven safe; give it as a value that is known before the update"
            )
        },
        passes={"shop"},
    ),
    Case(
        says="not a number",
        declared=second_proxy("many"),
        unproven={
            "second-pool": (
                "connectionPoolConfig.maxConnectionsPercent of second-pool must be a whole number, got "
                "'many'; so this cannot be proven safe; give it as a whole number"
            )
        },
        passes={"shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
