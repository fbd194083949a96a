"""What the budget is asked about: a declared stack, as plain values.

A `Stack` is supply (`Cluster`, `Proxy`) and demand (`Service`, `Event`, the operators' share). `evaluate(stack)`
answers with a `Budget`. Everything is frozen and hashable, so the same question costs nothing the second time.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from headroom.budget.margins import Margins


class Engine(StrEnum):
    """The database engine, by AWS's name."""

    POSTGRESQL = "aurora-postgresql"
    MYSQL = "aurora-mysql"


class Role(StrEnum):
    """An instance's role in its cluster, as CloudWatch's dimension `Role` knows it (in upper case there)."""

    WRITER = "writer"
    READER = "reader"


class Path(StrEnum):
    """How a pool reaches the database: through RDS Proxy, or straight to the cluster's endpoint."""

    PROXY = "proxy"
    DIRECT = "direct"


class ServiceKind(StrEnum):
    """What holds the connections: it decides about rolling deploys, orphans and sales.

    - `service`: containers or hosts that autoscale, deploy by replacement, and follow a sale's traffic.
    - `function`: Lambda; `instances_max` is its reserved concurrency. A deploy overlaps by the surge; a frozen sandbox
      keeps its connection, so all of them count.
    - `background`: migrations, cron jobs, BI tools. A sale doesn't multiply it, and it isn't deployed during one.
    """

    SERVICE = "service"
    FUNCTION = "function"
    BACKGROUND = "background"


class Interval(NamedTuple):
    """A number that is known between two bounds, both included. Low decides what fits, high what may be consumed.

    `basis` says where it comes from: explicit, documented, formula, or bound (AWS documents no value).
    """

    low: int
    high: int
    basis: str = ""

    def __str__(self) -> str:
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,}-{self.high:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceClass:
    """An instance class: AWS's name, vCPUs, memory in GiB, and the documented default of max_connections, if any.

    `db.serverless` has the vCPUs and memory of its *maximum* ACU in these fields (see `ceiling.serverless_class`).
    """

    name: str
    vcpus: float
    memory_gib: float
    documented_postgresql: int | None = None
    documented_mysql: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Serverless:
    """Aurora Serverless v2's capacity range in ACU (1 ACU is about 2 GiB), steps of 0.5, 0 to 256."""

    min_acu: float
    max_acu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One declared cluster instance.

    Attributes:
        name: the identifier, for messages.
        instance_class: its class.
        writer: declared as the writer (the first instance); readers are what failover promotes.
        promotion_tier: 0 (first) to 15 (last).
        zone: the availability zone, any label; instances that share it are lost together.
        max_connections: an instance-level parameter; an integer, or AWS's formula syntax; None: the cluster's.
    """

    name: str
    instance_class: InstanceClass
    writer: bool = False
    promotion_tier: int = 1
    zone: str = ""
    max_connections: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The declared Aurora cluster.

    Attributes:
        engine: PostgreSQL or MySQL.
        engine_version: as declared; empty: not known.
        region: AWS's name of it; empty: not known. With the version it says which classes there are.
        instances: the declared instances; exactly one is the writer.
        max_connections: the cluster's parameter; an integer, or AWS's formula syntax; None: the engine's default.
        readers_max: replica autoscaling's maximum, declared readers included (0-15); None: no autoscaling.
        serverless: set when an instance's class is `db.serverless`.
        lock_timeout_seconds: the longest wait for a lock, which is set on each service's role; None: not by role.
    """

    engine: Engine
    engine_version: str = ""
    region: str = ""
    instances: tuple[Instance, ...]
    max_connections: int | str | None = None
    readers_max: int | None = None
    serverless: Serverless | None = None
    lock_timeout_seconds: int | None = None

    @property
    def writer(self) -> Instance:
        """The declared writer."""
        return next(i for i in self.instances if i.writer)

    @property
    def readers(self) -> tuple[Instance, ...]:
        """The declared readers, in their order."""
        return tuple(i for i in self.instances if not i.writer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """One RDS Proxy on the cluster. Its pool is a share of max_connections on *every* instance of the target.

    Attributes:
        name: its name, for messages.
        max_connections_percent: 1-100; AWS's default is 100.
        max_idle_connections_percent: 0-max; what the proxy keeps open; AWS's default is half of the maximum.
        connection_borrow_timeout_seconds: 0-300; how long a client waits for a connection before it is refused.
        reader_endpoint: a read-only endpoint exists.
    """

    name: str = "proxy"
    max_connections_percent: int = 100
    max_idle_connections_percent: int = 50
    connection_borrow_timeout_seconds: int = 120
    reader_endpoint: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One connection pool in each process of a service.

    Attributes:
        endpoint: the role that it connects to.
        path: through the proxy, or direct.
        connections_max: the pool's maximum, in each process.
        transactions_percent: the share of the service's transactions that goes through this pool, 0-100.
    """

    endpoint: Role
    path: Path
    connections_max: int
    transactions_percent: float = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Who holds connections, and how busy they are.

    Attributes:
        name: its name; unique in the stack.
        user: its own database role; unique in the stack.
        database: the database that it connects to.
        kind: service, function (Lambda) or background.
        instances_max: the autoscaler's maximum (a function's reserved concurrency), not the current count.
        processes_per_instance: worker processes that each open the pools.
        transactions_per_second_peak: of the whole service in a normal day's busiest minute; None: not known, then every
            client connection is counted as busy.
        hold_ms: milliseconds from borrow to return of a connection, not the query's time.
        client_timeout_ms: milliseconds after which its clients give up.
        pools: its pools, at most one for each endpoint and path.
        pins: it keeps session state, so the proxy pins each client connection to a database connection.
        deploy_surge_percent: extra instances while a deploy rolls (Kubernetes' maxSurge, ECS's maximumPercent - 100).
        orphaned_instances: hosts that died without closing; the database keeps their connections until keepalive ends.
        serialized_percent: the share of its transactions that queue on one row (the article on sale), 0-100.
    """

    name: str
    user: str
    database: str = "app"
    kind: ServiceKind = ServiceKind.SERVICE
    instances_max: int
    processes_per_instance: int = 1
    transactions_per_second_peak: float | None = None
    hold_ms: float = 10.0
    client_timeout_ms: int = 3000
    pools: tuple[Pool, ...]
    pins: bool = False
    deploy_surge_percent: float = 25.0
    orphaned_instances: int = 1
    serialized_percent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A declared sale: from when to when (aware datetimes), how much traffic, how many readers before it starts."""

    name: str
    starts: datetime
    ends: datetime
    traffic_factor: float
    readers_min: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Everything that the budget is computed from.

    Attributes:
        name: the stack's name, for messages.
        cluster: the supply of connections.
        proxies: the proxies on the cluster; none is legitimate.
        services: the demand.
        events: the sale calendar.
        break_glass_connections: slots on every instance that stay free for the operators.
        wait_objective_ms: p95 of the wait for a pooled connection, on a normal day and at an event's peak.
        margins: the named margins.
    """

    name: str = ""
    cluster: Cluster
    proxies: tuple[Proxy, ...] = ()
    services: tuple[Service, ...] = ()
    events: tuple[Event, ...] = ()
    break_glass_connections: int = 5
    wait_objective_ms: float = 10.0
    margins: Margins = field(default_factory=Margins)
