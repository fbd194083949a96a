"""The windows of thresholds, where they are written down for people."""

from dataclasses import replace

import pytest

from headroom.budget import evaluate
from headroom.budget.margins import Margins
from headroom.budget.model import Service, Stack
from tests.budget.shop import CHECKOUT, REPORTING, cluster, proxy, shop
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


def a_reader_away_from_the_mean(stack: Stack, readers: int, skew: float) -> float:
    """Connections of the busiest reader while the mean over all of them is the scaling target."""
    scaling = evaluate(stack).thresholds.scaling
    assert scaling is not None
    assert scaling.connections is not None
    return scaling.connections * min(skew, readers)


@pytest.mark.parametrize("skew", [1.0, 1.5, 2.0, 3.0])
def test_at_the_scaling_target_the_busiest_reader_is_below_its_cpu_cap(skew: float) -> None:
    """AWS compares the target with the mean over the readers; 128 is the CPU cap of 16 vCPUs."""
    stack = shop(cluster=cluster(readers_max=6), margins=Margins(reader_skew_factor=skew))
    busiest = a_reader_away_from_the_mean(stack, 6, skew)
    assert 128 - skew < busiest <= 128


def test_at_the_scaling_target_the_busiest_readers_direct_pools_and_share_of_the_pool_are_left_room() -> None:
    """Its 20 x 1.5 direct connections are skewed like its share of the pool: 70 % of 100 x 1.5 / 1.5."""
    direct = replace(REPORTING, instances_max=8)  # 40 clients on 2 readers
    stack = shop(
        cluster=cluster(readers_max=6), proxies=(proxy(max_connections_percent=10),), services=(CHECKOUT, direct)
    )
    busiest = a_reader_away_from_the_mean(stack, 6, 1.5)
    assert 20 * 1.5 + 70 - 1.5 < busiest <= 20 * 1.5 + 70


def test_a_single_reader_is_the_mean() -> None:
    one = cluster(instances=cluster().instances[:2], readers_max=1)
    scaling = evaluate(shop(cluster=one)).thresholds.scaling
    assert scaling is not None
    assert scaling.connections == 128
