"""Whose clients give up while the database is slow."""

from dataclasses import replace

import pytest

from headroom.budget import evaluate
from headroom.budget.model import Path, Pool, Role, Stack
from tests.budget.shop import CHECKOUT, proxy, shop

# 300 tps x 4 x 1.25 x 1.2 are 1,800 a second: 18 erlangs at 10 ms, 54 when the database is slow.
OWN = replace(CHECKOUT, instances_max=20, transactions_per_second_peak=300)


def direct(connections_max: int, **changes: object) -> Stack:
    """A shop whose checkout has 20 pools of its own to the writer."""
    pool = Pool(endpoint=Role.WRITER, path=Path.DIRECT, connections_max=connections_max)
    return shop(services=(replace(OWN, pools=(pool,), **changes),), proxies=())  # type: ignore[arg-type]


def warned(stack: Stack) -> list[str]:
    """The situations in which clients give up."""
    return [finding.situation for finding in evaluate(stack).findings if finding.code == "client-timeout"]


# With 60 connections P(wait) is 0.31: P(wait > t) = 0.31 exp(-6 t / 30 ms) is 5 % at t = 9.1 ms.
@pytest.mark.parametrize(("timeout_ms", "situations"), [(39, ["sale peak, slow database"]), (40, [])])
def test_clients_give_up_when_the_hold_and_the_wait_for_it_outlast_their_timeout(
    timeout_ms: int, situations: list[str]
) -> None:
    assert warned(direct(3, client_timeout_ms=timeout_ms)) == situations


def test_a_hold_that_outlasts_the_timeout_by_itself_is_one_on_a_normal_day_already() -> None:
    assert warned(direct(3, client_timeout_ms=30)) == ["normal day, slow database"]


def test_a_pool_that_only_a_slow_database_fills_makes_clients_give_up_whatever_their_timeout() -> None:
    assert warned(direct(2, client_timeout_ms=60_000)) == ["sale peak, slow database"]


def test_a_pool_that_is_too_small_on_a_good_day_is_objected_to_once() -> None:
    codes = [finding.code for finding in evaluate(direct(1, transactions_per_second_peak=400)).findings]
    assert codes.count("own-pool") == 1
    assert "client-timeout" not in codes


def test_without_a_rate_nobody_knows() -> None:
    assert warned(direct(3, client_timeout_ms=30, transactions_per_second_peak=None)) == []


def test_behind_a_proxy_the_wait_is_for_its_part_of_the_pool() -> None:
    """40 tps x 40 % x 4 x 1.25 x 1.2 x 1.2 s are 115 erlangs; 16 % of 1,000 lend 160 / 1.3 = 123, 19 % lend 146.

    With 300 ms left of 1,500 the first fits - p95 of the wait is below half the timeout - but some give up.
    """
    patient = replace(CHECKOUT, transactions_per_second_peak=40, hold_ms=400, client_timeout_ms=1500)
    service = replace(patient, pools=CHECKOUT.pools[:1])
    tight, roomy = (shop(services=(service,), proxies=(proxy(max_connections_percent=n),)) for n in (16, 19))
    assert evaluate(tight).fits
    assert warned(tight) == ["sale peak, slow database"]
    assert warned(roomy) == []
