"""Random stacks, valid by the model's own words, of which two fifths fit: for properties of all that reads a budget.

`random_stack(random)` serves both: `Random(seed)` for many quick stacks, and hypothesis' own source for `stacks()`,
which then shrinks what it finds.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import strategies as st

from headroom.budget.margins import Margins
from headroom.budget.model import (
    Cluster,
    Engine,
    Event,
    Instance,
    InstanceClass,
    Path,
    Pool,
    Proxy,
    Role,
    Serverless,
    Service,
    ServiceKind,
    Stack,
)
from tests.budget.oracle import classes
from tests.searches import TIMES

CLASSES = classes()
UNKNOWN = (
    InstanceClass(name="db.z9.large", vcpus=2, memory_gib=12),
    InstanceClass(name="db.z9.4xlarge", vcpus=16, memory_gib=96),
)
FORMULAS = (
    "LEAST({DBInstanceClassMemory/9531392},5000)",
    "{DBInstanceClassMemory/40000000}",
    "GREATEST({log(DBInstanceClassMemory/805306368)*45},{log(DBInstanceClassMemory/8187281408)*1000})",
    "LEAST({DBInstanceClassMemory/50000000},GREATEST(200,400),800)",
    "SUM({DBInstanceClassMemory/100000000},100)",
)
SALE = datetime(2026, 11, 27, 8, tzinfo=UTC)


def stacks() -> st.SearchStrategy[Stack]:
    """Stacks for hypothesis."""
    return st.randoms(use_true_random=False).map(random_stack)


def seeded(count: int, first: int = 0) -> list[Stack]:
    """The same stacks every time; TIMES as many, with seeds that no other part has, at full length."""
    return [random_stack(Random(seed)) for seed in range(TIMES * first, TIMES * (first + count))]  # noqa: S311


def random_stack(random: Random) -> Stack:
    """One stack; small demands against medium clusters, with every feature of the model now and then."""
    cluster = _cluster(random)
    proxies = _proxies(random)
    events = tuple(_event(random, number) for number in range(random.choice((0, 1, 1, 2))))
    services = tuple(
        _service(random, number, cluster, bool(proxies) or random.random() < 0.03)
        for number in range(random.choice((0, 1, 2, 2, 3, 4)))
    )
    return Stack(
        name="random",
        cluster=cluster,
        proxies=proxies,
        services=services,
        events=events,
        break_glass_connections=random.choice((0, 5, 5, 12)),
        wait_objective_ms=random.choice((0.0, 1.0, 5.0, 10.0, 10.0, 50.0)),
        margins=_margins(random),
    )


def _cluster(random: Random) -> Cluster:
    engine = random.choice(list(Engine))
    readers = random.choice((0, 1, 1, 2, 2, 3, 4, 5))
    serverless = None
    if random.random() < 0.15:
        highest = random.choice((1, 2.5, 4, 8, 16, 20, 32, 64, 128, 200, 256))
        serverless = Serverless(min_acu=random.choice((0, 0.5, 1)), max_acu=highest)
        writer = InstanceClass(name="db.serverless", vcpus=highest * 0.25, memory_gib=highest * 2.0)
        others = [writer, random.choice(CLASSES)] if random.random() < 0.3 else [writer]
    else:
        writer = random.choice([*CLASSES, *UNKNOWN])
        others = [writer, random.choice(CLASSES)] if random.random() < 0.2 else [writer]
    limit = _limit(random, min(writer.vcpus, *(other.vcpus for other in others)))
    zones = random.choice(([""], ["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c"]))
    instances = tuple(
        Instance(
            name=f"{'reader' if number else 'writer'}-{number}",
            instance_class=random.choice(others) if number else writer,
            writer=number == 0,
            promotion_tier=min(number, 15),
            zone=zones[number % len(zones)],
            max_connections=_limit(random, writer.vcpus) if random.random() < 0.05 else None,
        )
        for number in range(1 + readers)
    )
    provisioned = all(instance.instance_class.name != "db.serverless" for instance in instances)
    autoscaled = random.random() < (0.35 if provisioned and (engine is Engine.POSTGRESQL or limit is None) else 0.03)
    return Cluster(
        engine=engine,
        engine_version="16.15" if engine is Engine.POSTGRESQL else "8.0.mysql_aurora.3.08.0",
        instances=instances,
        max_connections=limit,
        readers_max=max(readers, random.randint(1, 8)) if autoscaled else None,
        serverless=None if provisioned else serverless,
    )


def _limit(random: Random, vcpus: float) -> int | str | None:
    kind = random.random()
    if kind < 0.55:
        return max(40, int(max(vcpus, 1) * random.uniform(25, 90)))
    return random.choice(FORMULAS) if kind < 0.7 else None


def _proxies(random: Random) -> tuple[Proxy, ...]:
    count = random.choices((0, 1, 2), weights=(2, 7, 1))[0]
    percents = (1, 5, 10, 20, 40, 45, 60) if count == 1 else (5, 10, 20, 30, 60)
    return tuple(
        Proxy(
            name=f"proxy-{number}",
            max_connections_percent=(percent := random.choice(percents)),
            max_idle_connections_percent=percent // 2,
            connection_borrow_timeout_seconds=random.choice((0, 1, 2, 30, 120)),
        )
        for number in range(count)
    )


def _event(random: Random, number: int) -> Event:
    starts = SALE + timedelta(days=number)
    return Event(
        name=f"sale-{number}",
        starts=starts,
        ends=starts + timedelta(hours=6),
        traffic_factor=random.choice((1, 1.5, 2, 4, 6)),
        readers_min=random.choice((None, None, 1, 2, 4, 6)),
    )


def _service(random: Random, number: int, cluster: Cluster, proxied: bool) -> Service:
    kind = random.choices(list(ServiceKind), weights=(7, 1, 2))[0]
    small = min(instance.instance_class.vcpus for instance in cluster.instances)
    routes = [(role, path) for role in Role for path in Path]
    if not proxied:
        routes = [route for route in routes if route[1] is Path.DIRECT]
    if not cluster.readers and random.random() < 0.9:
        routes = [route for route in routes if route[0] is Role.WRITER]
    chosen = random.sample(routes, random.randint(1, min(2, len(routes))))
    rate = random.uniform(0, 100) * max(small, 0.5)
    return Service(
        name=f"service-{number}",
        user=f"user-{number}",
        kind=kind,
        instances_max=random.randint(1, max(2, int(small * 2))),
        processes_per_instance=random.choice((1, 1, 1, 2, 4)),
        transactions_per_second_peak=None if random.random() < 0.15 else round(rate, 1),
        hold_ms=random.choice((0.5, 2.0, 5.0, 10.0, 12.0, 40.0)),
        pools=tuple(
            Pool(
                endpoint=endpoint,
                path=path,
                connections_max=random.choice((1, 1, 2, 3, 5, 8) if path is Path.DIRECT else (1, 2, 5, 10, 20)),
                transactions_percent=random.choice((100.0, 100.0, 60.0, 12.5, 33.3, 0.0)),
            )
            for endpoint, path in chosen
        ),
        pins=random.random() < 0.1,
        deploy_surge_percent=random.choice((0.0, 7.0, 25.0, 33.3, 100.0)),
        orphaned_instances=random.choice((0, 1, 1, 3)),
        serialized_percent=random.choice((0.0, 0.0, 0.0, 1.0, 12.5)),
    )


def _margins(random: Random) -> Margins:
    margins = Margins()
    if random.random() < 0.8:
        return margins
    return replace(
        margins,
        burst_factor=random.choice((1.0, 1.25, 2.0)),
        proxy_node_factor=random.choice((1.0, 1.1, 1.3, 2.0)),
        reader_skew_factor=random.choice((1.0, 1.5, 2.0)),
        slow_hold_factor=random.choice((1.0, 2.0, 3.0)),
        busy_connections_per_vcpu=random.choice((2.0, 7.5, 16.0)),
        pool_over_cpu_cap_factor=random.choice((2.0, 4.0, 9.5)),
        connection_memory_mib=random.choice((2.5, 10.0, 12.0)),
    )
