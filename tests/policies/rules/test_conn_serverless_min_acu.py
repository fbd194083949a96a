from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_serverless_min_acu import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Ref, serverless, shop

JUDGED = (t.CLUSTER,)
CASES: Sequence[Case] = [
    Case(says="no serverless instance", declared=shop(), passes={"shop"}),
    Case(says="a minimum of 1", declared=serverless(1, 16).drop("budget"), passes={"shop"}),
    Case(
        says="a minimum of 0.5 caps 3,360 at 2,000",
        declared=serverless(0.5, 16).drop("budget"),
        refused={
            "shop": (
                "shop scales from 0.5 to 16 ACU, and admits 2,000 connections instead of 3,360; with a "
                "minimum of 0 or 0.5 ACU Aurora PostgreSQL admits 2,000 at most; set minCapacity to 1 or "
                "more, and reboot the instances: max_connections is static"
            )
        },
    ),
    Case(
        says="a minimum of 0 does, too",
        declared=serverless(0, 16).drop("budget"),
        refused={
            "shop": (
                "shop scales from 0 to 16 ACU, and admits 2,000 connections instead of 3,360; with a minimum "
                "of 0 or 0.5 ACU Aurora PostgreSQL admits 2,000 at most; set minCapacity to 1 or more, and "
                "reboot the instances: max_connections is static"
            )
        },
    ),
    Case(says="a maximum that gives less anyway", declared=serverless(0.5, 8).drop("budget"), passes={"shop"}),
    Case(
        says="the budget fits all the same",
        declared=serverless(0.5, 16).change(
            "pool", connection_pool_config={"max_connections_percent": 3, "connection_borrow_timeout": 2}
        ),
        advised={
            "shop": (
                "shop scales from 0.5 to 16 ACU, and admits 2,000 connections instead of 3,360; with a "
                "minimum of 0 or 0.5 ACU Aurora PostgreSQL admits 2,000 at most; set minCapacity to 1 or "
                "more, and reboot the instances: max_connections is static"
            )
        },
    ),
    Case(
        says="a lower limit of one's own",
        declared=serverless(0.5, 16)
        .drop("budget")
        .change("parameters", parameters=[{"name": "max_connections", "value": "500"}]),
        passes={"shop"},
    ),
    Case(
        says="MySQL has no such cap",
        declared=serverless(0.5, 16).drop("budget").change("shop", engine="aurora-mysql"),
        passes={"shop"},
    ),
    Case(
        says="an unknown minimum",
        declared=serverless(Ref("stack"), 16).drop("budget"),
        unproven={
            "shop": (
                "serverlessv2ScalingConfiguration.minCapacity of shop is known only after the update; so this"
                " cannot be proven safe; give it as a value that is known before the update"
            )
        },
    ),
    Case(
        says="not a number",
        declared=serverless("half", 16).drop("budget"),
        unproven={
            "shop": (
                "serverlessv2ScalingConfiguration.minCapacity of shop must be a number, got 'half'; so this "
                "cannot be proven safe; give it as a number"
            )
        },
    ),
    Case(
        says="a serverless reader beside a provisioned writer",
        declared=serverless(0.5, 128).change("shop-1", instance_class="db.r6g.large"),
        refused={
            "shop": (
                "shop scales from 0.5 to 128 ACU, and admits 2,000 connections instead of 5,000; with a "
                "minimum of 0 or 0.5 ACU Aurora PostgreSQL admits 2,000 at most; set minCapacity to 1 or "
                "more, and reboot the instances: max_connections is static"
            )
        },
        advised={
            "shop": (
                "reader shop-2: 1 GiB at the minimum are memory for 30 connections, and up to 80 may stay open "
                "when idle (0 direct, 80 of the proxy's idle share): set "
                "min_acu to 1.5 or more, or lower max_idle_connections_percent; "
                "max_connections follows the maximum; memory and CPU "
                "follow the load, from the minimum on; set minCapacity to that"
            )
        },
    ),
    Case(
        says="MySQL isn't capped, but has no memory for what the proxy keeps open",
        declared=serverless(0.5, 128).change("shop", engine="aurora-mysql"),
        advised={
            "shop": (
                "writer shop-1: 1 GiB at the minimum are memory for 85 connections, and up to 200 may stay open "
                "when idle (0 direct, 200 of the proxy's idle share): set "
                "min_acu to 1.5 or more, or lower max_idle_connections_percent; "
                "max_connections follows the maximum; memory and CPU "
                "follow the load, from the minimum on; set minCapacity to that"
            )
        },
    ),
    Case(
        says="a minimum that has it",
        declared=serverless(1.5, 128).change("shop", engine="aurora-mysql"),
        passes={"shop"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
