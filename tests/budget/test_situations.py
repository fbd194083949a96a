from dataclasses import replace

import pytest

from headroom.budget import evaluate
from headroom.budget.model import Cluster, Instance, Role
from headroom.budget.situations import AUTOSCALED, Situation, situations, standings
from tests.budget.shop import CHECKOUT, LARGE, SALE, SMALL, cluster, instances, shop


def placed(*zones: str) -> Cluster:
    """A writer in the first zone, readers in the others."""
    return cluster(
        instances=tuple(
            Instance(name=f"i{number}", instance_class=LARGE, writer=number == 0, zone=zone)
            for number, zone in enumerate(zones)
        )
    )


def ways(losing: str, supply: Cluster, readers: int = 0) -> list[str]:
    """Each way in which the situation can go: the writer, then the readers."""
    situation = Situation(name="any", losing=losing, scheduled_readers=readers)
    return [" ".join(i.name for i in (way.writer, *way.readers)) for way in standings(situation, supply)]


def test_every_day_has_its_own_bad_luck() -> None:
    stack = shop(events=(replace(SALE, readers_min=4),))
    assert [situation.name for situation in situations(stack)] == [
        "normal day",
        "sale peak",
        "normal day, deploy",
        "normal day, slow database",
        "normal day, instance lost",
        "normal day, zone lost",
        "sale peak, deploy",
        "sale peak, slow database",
        "sale peak, instance lost",
        "sale peak, zone lost",
        "sale peak, replicas late",
    ]
    assert [situation.name for situation in situations(stack) if situation.accepted] == [
        "normal day",
        "sale peak",
        "normal day, deploy",
        "sale peak, deploy",
    ]


def test_an_instance_lost_is_a_reader_or_the_writer_which_comes_back_as_a_reader() -> None:
    assert ways("instance", placed("a", "b", "c")) == ["i0 i2", "i1 i2", "i1 i2 i0", "i0 i1", "i2 i1", "i2 i1 i0"]


def test_a_lone_instance_restarts() -> None:
    assert ways("instance", placed("a")) == ["i0"]


def test_autoscaled_readers_are_lost_and_promoted_like_the_others() -> None:
    supply = replace(placed("a", "b"), readers_max=2)
    extra = AUTOSCALED
    assert ways("instance", supply, readers=2) == [
        f"i0 {extra}", f"i1 {extra}", f"i1 {extra} i0",
        "i0 i1", f"{extra} i1", f"{extra} i1 i0",
    ]  # fmt: skip


def test_with_the_writers_zone_each_reader_elsewhere_is_promoted() -> None:
    assert ways("zone", placed("a", "a", "b", "c")) == ["i2 i3", "i3 i2", "i0 i1 i3", "i0 i1 i2"]


def test_a_lost_zone_takes_its_share_of_the_autoscaled_readers_rounded_up() -> None:
    supply = replace(placed("a", "b", "c"), readers_max=6)
    assert [way.count(AUTOSCALED) for way in ways("zone", supply, readers=6)] == [2] * 5  # one of them promoted, or not


@pytest.mark.parametrize("zones", [("a", "a", "a"), ("a",), ("", "", "")])
def test_where_all_stand_in_one_zone_another_is_lost_with_the_services_hosts_in_it(zones: tuple[str, ...]) -> None:
    assert ways("zone", placed(*zones)) == [" ".join(f"i{number}" for number in range(len(zones)))]


def test_without_autoscaling_no_scheduled_reader_comes_and_with_it_never_more_than_its_maximum() -> None:
    assert ways("", placed("a", "b"), readers=4) == ["i0 i1"]
    assert ways("", replace(placed("a", "b"), readers_max=2), readers=4) == [f"i0 i1 {AUTOSCALED}"]


def test_a_line_is_the_worst_way_even_where_another_leaves_the_same_headroom() -> None:
    """The pool's slots bind in either way; with zone b gone, two readers are left instead of three."""
    stack = shop(cluster=placed("c", "a", "b", "b", "c"), services=(CHECKOUT,))
    lines = {(line.situation, line.role, line.instance): line for line in evaluate(stack).lines}
    line = lines["sale peak, zone lost", Role.READER, "i4"]
    assert line.binds == "slots"
    assert {pool.share for pool in line.demand} == {0.75}


def test_a_small_writer_carries_its_share_of_the_reads_when_it_comes_back() -> None:
    stack = shop(cluster=cluster(instances=instances(SMALL, LARGE, LARGE)))
    reading = [line for line in evaluate(stack).lines if line.instance == "writer" and line.role is Role.READER]
    assert {line.situation for line in reading} == {"normal day, instance lost", "sale peak, instance lost"}
    assert not all(line.fits for line in reading)
