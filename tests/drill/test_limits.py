from dataclasses import replace
from pathlib import Path

import pytest

from headroom.budget import evaluate
from headroom.drill import scenario as scenarios
from headroom.drill.limits import at_machine_size, declared_limits, find_stack, scaled
from headroom.errors import UserError

ROOT = Path(__file__).parents[2]
WORKED = str(ROOT / "docs/examples/worked.yaml")


def test_the_worked_example_is_scaled_to_forty_connections() -> None:
    limits = scaled(WORKED, cores=2)
    assert limits.describe() == [
        "limits of worked.yaml, 1:3.75: max_connections 150 -> 40, 3 reserved, 37 usable",
        "proxy: MaxConnectionsPercent 30 -> a pool of 12, borrow timeout 2 s",
    ]
    assert limits.scale == pytest.approx(40 / 150)


def test_one_core_carries_half_and_says_so() -> None:
    limits = scaled(WORKED, cores=1)
    assert (limits.max_connections, limits.machine_factor) == (20, 0.5)
    assert limits.describe()[-1] == "one core: the scenario's rates and instances x 0.5"


def test_more_cores_do_not_make_the_drill_larger() -> None:
    assert scaled(WORKED, cores=64).max_connections == 40


def test_a_stack_without_a_proxy_gets_an_assumed_one_that_is_called_so() -> None:
    stack = replace(scaled(WORKED, cores=2).budget.stack, proxies=())
    limits = at_machine_size(evaluate(stack), "staging", "mine.yaml", cores=2)
    assert limits.proxy_assumed
    assert limits.describe()[1].endswith("(the stack has no proxy: these are the drill's own)")


def test_the_pool_never_asks_for_more_than_is_usable() -> None:
    limits = scaled(WORKED, cores=2)
    whole = replace(limits, proxy=replace(limits.proxy, max_connections_percent=100))
    assert whole.pool_connections == whole.usable_connections == 37


def test_mysql_is_refused() -> None:
    with pytest.raises(UserError) as caught:
        scaled(str(ROOT / "docs/examples/mysql.yaml"))
    assert str(caught.value).endswith(
        "mysql.yaml: headroom:database.engine: the drill runs a PostgreSQL, not 'aurora-mysql'"
    )


def test_a_stack_file_that_is_missing_is_said_to_be() -> None:
    with pytest.raises(UserError, match=r"^/nowhere/x\.yaml: no such stack file$"):
        find_stack("/nowhere/x.yaml")
    with pytest.raises(UserError) as caught:
        find_stack("no-such-stack")
    assert str(caught.value) == (
        "no Pulumi.no-such-stack.yaml here or above: run this inside the checkout, or name a file with --stack"
    )


def test_role_limits_follow_what_was_declared_not_what_the_fleet_does() -> None:
    scenario = scenarios.load("greedy-service")
    limits = scaled(WORKED, cores=2)
    found = {x.user: x.limit_connections for x in declared_limits(scenario.services_on(scenario.sides[1]), limits)}
    # 2 declared instances x 4, and one lost host's orphans; the fleet of 9 wants 36.
    assert found["reporting"] == 3 * 4
    assert found["checkout"] >= limits.pool_connections  # the proxy opens its connections in the service's name
