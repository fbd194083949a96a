from collections.abc import Sequence

import pytest

from policies.reading import types as t
from policies.rules.conn_explicit_limit import RULE
from tests.policies.cases import Case, assert_case
from tests.policies.declared import Declared, Ref, shop

JUDGED = (t.CLUSTER, t.CLUSTER_INSTANCE)


def mysql() -> Declared:
    return shop().change("shop", engine="aurora-mysql", engine_version="8.0.mysql_aurora.3.08.0")


NEWER = shop().change("shop-1", instance_class="db.r8g.large").change("shop-2", instance_class="db.r8g.large")
CASES: Sequence[Case] = [
    Case(says="an explicit limit", declared=shop(), passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="a documented default",
        declared=shop().change("parameters", parameters=None),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(says="an undocumented class with an explicit limit", declared=NEWER, passes={"shop", "shop-1", "shop-2"}),
    Case(
        says="an undocumented class without one",
        declared=shop()
        .change("parameters", parameters=None)
        .change("shop-1", instance_class="db.r8g.large")
        .change("shop-2", instance_class="db.r8g.large"),
        advised={
            "shop": (
                "db.r8g.large: AWS documents no max_connections for aurora-postgresql; between 1,600 and "
                "1,802 is assumed. Set max_connections, or read it from a running instance and declare the "
                "class; what every instance admits has to be known before it is needed; set it, or leave it "
                "to the engine where replicas are autoscaled on MySQL"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="MySQL, a limit, and autoscaling",
        declared=mysql(),
        refused={
            "shop": (
                "max_connections is set, on Aurora MySQL in the instances' parameter group, and AWS doesn't "
                "say which group an autoscaled replica gets: leave max_connections to the engine, or declare "
                "the readers instead of autoscaling them; what every instance admits has to be known before "
                "it is needed; no single change is enough: `headroom budget` shows every line and what binds "
                "it"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="without a demand, too",
        declared=mysql().drop("budget"),
        refused={
            "shop": (
                "max_connections is set, on Aurora MySQL in the instances' parameter group, and AWS doesn't "
                "say which group an autoscaled replica gets: leave max_connections to the engine, or declare "
                "the readers instead of autoscaling them; what every instance admits has to be known before "
                "it is needed; set it, or leave it to the engine where replicas are autoscaled on MySQL"
            )
        },
        passes={"shop-1", "shop-2"},
    ),
    Case(
        says="MySQL, a limit, and no autoscaling",
        declared=mysql().drop("readers", "on-connections", "on-cpu"),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="MySQL's own limit, and autoscaling",
        declared=mysql().change("parameters", parameters=None),
        passes={"shop", "shop-1", "shop-2"},
    ),
    Case(
        says="an unknown limit is conn-demand-fits' to report",
        declared=mysql().change("parameters", parameters=[{"name": "max_connections", "value": Ref("stack")}]),
        passes={"shop", "shop-1", "shop-2"},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_rule_says_exactly_this(case: Case) -> None:
    assert_case(RULE, case, JUDGED)
