"""The windows of thresholds, where they are written down for people."""

from dataclasses import replace

import pytest

from headroom.budget import evaluate
from headroom.budget.margins import Margins
from headroom.budget.model import Service
from tests.budget.shop import CHECKOUT, REPORTING, shop
from tests.budget.stacks import seeded


def test_a_pools_thresholds_are_tenths_of_a_percent() -> None:
    pools = [pool for stack in [shop(), *seeded(200)] for pool in evaluate(stack).thresholds.pools]
    roomy = [pool for pool in pools if pool.accepted_peak_percent <= 99]
    assert len(roomy) > 50
    for pool in roomy:
        for percent in (pool.warning_percent, pool.critical_percent):
            assert percent == round(percent, 1)


def pinning(clients: int) -> Service:
    """It borrows as many connections as it has clients."""
    pools = tuple(replace(pool, connections_max=1) for pool in CHECKOUT.pools[:1])
    return replace(
        CHECKOUT, instances_max=clients, orphaned_instances=0, deploy_surge_percent=0, pools=pools, pins=True
    )


@pytest.mark.parametrize("free", [1, 2, 4, 5])
def test_a_pool_that_is_nearly_full_has_its_thresholds_in_order_all_the_same(free: int) -> None:
    """Of 450 connections one is 0.2 %: tenths of a percent would fall together."""
    stack = shop(services=(pinning(450 - free), REPORTING), margins=Margins(proxy_node_factor=1))
    writer = evaluate(stack).thresholds.pools[0]
    assert writer.accepted_peak_percent == pytest.approx(100 * (450 - free) / 450)
    assert writer.accepted_peak_percent < writer.warning_percent < writer.critical_percent < 100
