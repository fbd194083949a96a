"""A small shop that fits, for tests that change one thing about it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from headroom.budget.facts import instance_class
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
    Service,
    ServiceKind,
    Stack,
)

LARGE = instance_class("db.r6g.4xlarge")  # 16 vCPUs, 128 GiB
SMALL = instance_class("db.r6g.large")  # 2 vCPUs, 16 GiB

CHECKOUT = Service(
    name="checkout",
    user="checkout",
    instances_max=60,
    transactions_per_second_peak=400,
    hold_ms=10,
    pools=(
        Pool(endpoint=Role.WRITER, path=Path.PROXY, connections_max=8, transactions_percent=40),
        Pool(endpoint=Role.READER, path=Path.PROXY, connections_max=8, transactions_percent=60),
    ),
)
REPORTING = Service(
    name="reporting",
    user="reporting",
    kind=ServiceKind.BACKGROUND,
    instances_max=4,
    client_timeout_ms=60_000,
    pools=(Pool(endpoint=Role.READER, path=Path.DIRECT, connections_max=5),),
)
SALE = Event(
    name="sale",
    starts=datetime(2026, 11, 27, 8, tzinfo=UTC),
    ends=datetime(2026, 11, 28, 2, tzinfo=UTC),
    traffic_factor=4,
)


def instances(writer: InstanceClass = LARGE, *readers: InstanceClass) -> tuple[Instance, ...]:
    """A writer in zone a, readers in the zones after it."""
    return (
        Instance(name="writer", instance_class=writer, writer=True, promotion_tier=0, zone="a"),
        *(
            Instance(name=f"reader-{number}", instance_class=reader, zone="bc"[(number - 1) % 2])
            for number, reader in enumerate(readers, start=1)
        ),
    )


def cluster(**changes: Any) -> Cluster:
    """The shop's cluster, changed."""
    given = Cluster(
        engine=Engine.POSTGRESQL, engine_version="16.15", instances=instances(LARGE, LARGE, LARGE), max_connections=1000
    )
    return replace(given, **changes)


def proxy(**changes: Any) -> Proxy:
    """The shop's proxy, changed."""
    given = Proxy(max_connections_percent=45, max_idle_connections_percent=10, connection_borrow_timeout_seconds=2)
    return replace(given, **changes)


def shop(**changes: Any) -> Stack:
    """The shop, changed."""
    given = Stack(name="shop", cluster=cluster(), proxies=(proxy(),), services=(CHECKOUT, REPORTING), events=(SALE,))
    return replace(given, **changes)
