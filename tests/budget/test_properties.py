"""What must hold for every stack."""

import json
from dataclasses import fields, replace
from random import Random

import pytest
from hypothesis import given, settings

from headroom.budget import evaluate
from headroom.budget.diff import diff
from headroom.budget.explain import explain
from headroom.budget.margins import Margins
from headroom.budget.model import Event, Path, Role, Service, ServiceKind, Stack
from headroom.budget.remedies import MOST, remedies
from headroom.budget.result import Budget, Line
from headroom.budget.serialize import demand, report, stack_from, summary
from tests.budget.oracle import ask
from tests.budget.shop import CHECKOUT, cluster, proxy, shop
from tests.budget.stacks import random_stack, seeded, stacks
from tests.searches import searched

MANY = settings(max_examples=searched(150), deadline=None)


@MANY
@given(stacks())
def test_the_same_stack_always_has_the_same_budget(stack: Stack) -> None:
    first = evaluate(stack)
    evaluate.cache_clear()
    again = evaluate(replace(stack))
    assert (first.lines, first.findings, first.thresholds) == (again.lines, again.findings, again.thresholds)
    assert summary(first) == summary(again)
    assert explain(first) == explain(again)


def needs(budget: Budget) -> dict[tuple[str, Role, str], tuple[int, int, int, float]]:
    """What each instance is asked for in each situation."""
    return {
        (line.situation, line.role, line.instance): (line.direct, line.borrowed, line.proxied, line.busy)
        for line in budget.lines
    }


def more_of(service: Service, what: str, factor: int) -> Service:
    """The service with more clients, or with more for each to do."""
    if what == "connections_max":
        return replace(
            service, pools=tuple(replace(p, connections_max=p.connections_max * factor) for p in service.pools)
        )
    if what == "transactions_per_second_peak":
        rate = service.transactions_per_second_peak
        return replace(service, transactions_per_second_peak=None if rate is None else rate * factor)
    if what == "pins":
        return replace(service, pins=True)
    return replace(service, **{what: getattr(service, what) * factor})


WHATS = (
    "instances_max",
    "processes_per_instance",
    "connections_max",
    "transactions_per_second_peak",
    "hold_ms",
    "orphaned_instances",
    "deploy_surge_percent",
    "serialized_percent",
    "pins",
)


@pytest.mark.parametrize("what", WHATS)
def test_more_clients_never_need_fewer_connections(what: str) -> None:
    for seed, stack in enumerate(seeded(120, first=10_000)):
        random = Random(seed)  # noqa: S311
        if not stack.services:
            continue
        index = random.randrange(len(stack.services))
        more = more_of(stack.services[index], what, random.choice((2, 3, 10)))
        grown = replace(stack, services=(*stack.services[:index], more, *stack.services[index + 1 :]))
        before, after = needs(evaluate(stack)), needs(evaluate(grown))
        for place, asked in before.items():
            assert all(b <= a + 1e-9 for b, a in zip(asked, after[place], strict=True)), (seed, place)


def test_more_traffic_at_an_event_never_needs_fewer_connections() -> None:
    for stack in seeded(120, first=20_000):
        events = tuple(replace(event, traffic_factor=event.traffic_factor * 2) for event in stack.events)
        before, after = needs(evaluate(stack)), needs(evaluate(replace(stack, events=events)))
        for place, asked in before.items():
            assert all(b <= a + 1e-9 for b, a in zip(asked, after[place], strict=True)), place


def test_one_more_service_never_needs_fewer_connections() -> None:
    for stack in seeded(120, first=30_000):
        before = needs(evaluate(replace(stack, services=stack.services[:-1])))
        after = needs(evaluate(stack))
        for place, asked in before.items():
            assert all(b <= a + 1e-9 for b, a in zip(asked, after[place], strict=True)), place


def test_the_ways_out_applied_fit_and_the_oracle_says_so_too() -> None:
    found = unhelped = 0
    for stack in seeded(40, first=40_000):
        ways = remedies(stack)
        if evaluate(stack).fits:
            assert ways == []
            continue
        assert len(ways) <= MOST
        assert len({way.title for way in ways}) == len(ways)
        for way in ways:
            assert evaluate(way.stack).fits, way.title
            assert ask(way.stack).fits, way.title
            assert way.stack != stack
        found += bool(ways)
        unhelped += not ways
    assert found > 10, "some stacks can be helped"
    assert unhelped > 0, "of some it must be said that nothing helps"


@MANY
@given(stacks())
def test_thresholds_of_a_stack_that_fits_are_ordered_and_can_be_reached(stack: Stack) -> None:
    budget = evaluate(stack)
    if not budget.fits:
        return
    roles = {line.role for line in budget.lines if line.accepted}
    assert {threshold.role for threshold in budget.thresholds.roles} == roles
    for role in budget.thresholds.roles:
        accepted = [line for line in budget.lines if line.role is role.role and line.accepted]
        assert role.accepted_peak_connections == max(line.direct + line.proxied for line in accepted)
        assert (
            role.accepted_peak_connections
            < role.warning_connections
            < role.critical_connections
            < role.limit_connections
        )
        for line in accepted:  # an instance can come to the critical threshold before it refuses anybody
            assert role.critical_connections < line.capacity.usable
            if line.capacity.pool:
                most = max(each.direct for each in accepted) + line.capacity.pool
                assert role.limit_connections <= most
    for pool in budget.thresholds.pools:
        assert 0 <= pool.accepted_peak_percent < pool.warning_percent < pool.critical_percent < 100
        assert 0 < pool.borrow_latency_warning_microseconds < pool.borrow_latency_critical_microseconds
    if budget.stack.proxies and all(line.capacity.pool for line in budget.lines):
        assert {pool.role for pool in budget.thresholds.pools} == roles
    scaling = budget.thresholds.scaling
    assert (scaling is not None) == (stack.cluster.readers_max is not None)
    if scaling is not None and scaling.connections is not None:
        readers = [line for line in budget.lines if line.role is Role.READER]
        assert 0 < scaling.connections <= min(line.capacity.cpu_cap for line in readers)
        assert scaling.connections <= max(line.direct for line in readers) + min(line.capacity.pool for line in readers)


@MANY
@given(stacks())
def test_a_demand_written_as_json_and_read_again_is_the_same(stack: Stack) -> None:
    written = json.loads(json.dumps(demand(stack), allow_nan=False))
    assert stack_from(written, stack.cluster, stack.proxies, stack.name) == stack


@MANY
@given(stacks())
def test_a_demand_whose_whole_numbers_became_floats_on_the_way_is_the_same(stack: Stack) -> None:
    """Pulumi's engine hands every number over as a float."""
    written = json.loads(json.dumps(demand(stack)), parse_int=float)
    read = stack_from(written, stack.cluster, stack.proxies, stack.name)
    assert read == stack
    assert json.dumps(demand(read)) == json.dumps(demand(stack_from(demand(stack), stack.cluster, stack.proxies)))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"services": None}, "'NoneType' object is not iterable"),
        ({"margins": {"ease": 1}}, "Margins.__init__() got an unexpected keyword argument 'ease'"),
        ({"break_glass_connections": "many"}, "invalid literal for int() with base 10: 'many'"),
        ({"events": [{}]}, "'name'"),
    ],
)
def test_what_is_no_demand_is_refused(damage: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match="not a demand") as error:
        stack_from(demand(shop()) | damage, shop().cluster, shop().proxies)
    assert str(error.value) == f"not a demand that headroom registered: {message}"


@settings(max_examples=searched(10), deadline=None)
@given(stacks())
def test_the_report_of_any_stack_is_json(stack: Stack) -> None:
    json.dumps(report(evaluate(stack)), allow_nan=False)


@MANY
@given(stacks())
def test_the_difference_of_a_stack_with_itself_is_empty(stack: Stack) -> None:
    assert diff(evaluate(stack), evaluate(replace(stack))) == []


def test_a_difference_is_told_in_connections() -> None:
    before, after = evaluate(shop()), evaluate(shop(proxies=(proxy(max_connections_percent=50),)))
    told = [(change.role, change.figure, change.before, change.after, change.delta) for change in diff(before, after)]
    assert told == [
        (Role.WRITER, "proxy pool", 450, 500, 50),
        (Role.WRITER, "free slots", 537, 487, -50),
        (Role.WRITER, "warning", 161, 178, 17),
        (Role.WRITER, "critical", 306, 339, 33),
        (Role.READER, "proxy pool", 450, 500, 50),
        (Role.READER, "free slots", 512, 462, -50),
        (Role.READER, "warning", 181, 197, 16),
        (Role.READER, "critical", 325, 358, 33),
    ]


def test_a_role_that_is_gone_has_no_figures_afterwards() -> None:
    one = cluster(instances=shop().cluster.instances[:1])
    changes = diff(evaluate(shop()), evaluate(shop(cluster=one)))
    assert {change.after for change in changes if change.role is Role.READER} == {None}
    assert next(c for c in changes if c.role is Role.READER and c.figure == "instances").delta == -3


@MANY
@given(stacks())
def test_a_lines_numbers_add_up(stack: Stack) -> None:
    for line in evaluate(stack).lines:
        assert line.direct == sum(pool.open for pool in line.demand)
        assert line.borrowed == sum(pool.borrowed for pool in line.demand)
        assert line.proxied >= line.borrowed * stack.margins.proxy_node_factor - 1e-6
        assert line.capacity.usable == line.capacity.ceiling.low - line.capacity.reserved
        assert line.taken == line.direct + line.capacity.pool
        assert line.fits == (
            line.taken <= line.capacity.usable
            and line.proxied <= line.capacity.pool
            and line.busy <= line.capacity.cpu_cap
            and line.direct + line.capacity.pool_at_most <= line.capacity.memory_cap
        )


@MANY
@given(stacks())
def test_a_pool_holds_its_share_of_the_clients_that_exist(stack: Stack) -> None:
    def check(line: Line) -> None:
        for pool in line.demand:
            assert 0 < pool.share <= 1
            assert pool.busy <= pool.share * pool.clients + 1e-9
            held = pool.open if pool.pool.path is Path.DIRECT else pool.borrowed
            assert held <= pool.share * (pool.clients + pool.orphans) + 1

    for line in evaluate(stack).lines:
        check(line)


def test_a_sale_multiplies_neither_background_work_nor_the_clients() -> None:
    service = replace(CHECKOUT, kind=ServiceKind.BACKGROUND)
    budget = evaluate(shop(services=(service,)))
    calm, busy = (
        next(line for line in budget.lines if line.situation == name and line.role is Role.WRITER)
        for name in ("normal day", "sale peak, deploy")
    )
    assert calm.demand == busy.demand


def test_every_margin_has_a_unit_a_reason_and_a_range_around_its_default() -> None:
    for margin in fields(Margins):
        assert margin.metadata["low"] <= margin.default <= margin.metadata["high"]
        assert len(margin.metadata["reason"]) > 40
        assert Margins.reasons()[margin.name] == (margin.default, margin.metadata["unit"], margin.metadata["reason"])


def test_a_margin_that_is_raised_never_leaves_more_headroom() -> None:
    """But for those that are a capacity, or a patience."""
    careful = (
        "burst_factor",
        "traffic_uncertainty_factor",
        "proxy_node_factor",
        "reader_skew_factor",
        "slow_hold_factor",
    )
    for name in careful:
        for stack in seeded(30, first=50_000):
            raised = replace(stack.margins, **{name: getattr(stack.margins, name) * 1.5})
            assert evaluate(replace(stack, margins=raised)).headroom <= evaluate(stack).headroom + 1e-9


def test_the_random_stacks_have_every_feature_of_the_model() -> None:
    sample = [random_stack(Random(seed)) for seed in range(1000)]  # noqa: S311
    services = [service for stack in sample for service in stack.services]
    events: list[Event] = [event for stack in sample for event in stack.events]
    features = {
        "mysql": any(stack.cluster.engine == "aurora-mysql" for stack in sample),
        "serverless": any(stack.cluster.serverless for stack in sample),
        "mixed classes": any(len({i.instance_class for i in stack.cluster.instances}) > 1 for stack in sample),
        "a formula": any(isinstance(stack.cluster.max_connections, str) for stack in sample),
        "an explicit limit": any(isinstance(stack.cluster.max_connections, int) for stack in sample),
        "an instance's own limit": any(i.max_connections for stack in sample for i in stack.cluster.instances),
        "the default limit": any(stack.cluster.max_connections is None for stack in sample),
        "an unknown class": any(i.instance_class.name == "db.z9.large" for s in sample for i in s.cluster.instances),
        "autoscaling": any(stack.cluster.readers_max for stack in sample),
        "no proxy": any(not stack.proxies for stack in sample),
        "several proxies": any(len(stack.proxies) > 1 for stack in sample),
        "five readers": any(len(stack.cluster.readers) == 5 for stack in sample),
        "no reader": any(not stack.cluster.readers for stack in sample),
        "no event": any(not stack.events for stack in sample),
        "scheduled readers": any(event.readers_min for event in events),
        "pins": any(service.pins for service in services),
        "a hot row": any(service.serialized_percent for service in services),
        "no rate": any(service.transactions_per_second_peak is None for service in services),
        "every kind": {service.kind for service in services} == set(ServiceKind),
    }
    assert [feature for feature, there in features.items() if not there] == []
