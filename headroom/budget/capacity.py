"""What one instance can carry, whatever the situation."""

import math
from typing import NamedTuple

from headroom.budget.ceiling import GIB, ceiling, reserved
from headroom.budget.facts import connections
from headroom.budget.model import Engine, Instance, Interval, Stack
from headroom.budget.situations import autoscaled_replica


class Capacity(NamedTuple):
    """An instance's limits, in connections.

    Attributes:
        ceiling: max_connections, as an interval.
        reserved: superuser, rds_superuser, AWS automation and break-glass slots.
        usable: ceiling.low - reserved.
        pool: what all proxies together may open on it, at ceiling.low: a throttle, not only a room.
        pool_at_most: the same at ceiling.high.
        cpu_cap: busy connections that its vCPUs carry before throughput falls.
        memory_cap: connections that fit beside the buffer cache.
        connects_per_second: new connections that it accepts.
    """

    ceiling: Interval
    reserved: int
    usable: int
    pool: int
    pool_at_most: int
    cpu_cap: int
    memory_cap: int
    connects_per_second: float


def capacity(stack: Stack, instance: Instance) -> Capacity:
    """The instance's limits.

    Raises:
        formula.FormulaError: a max_connections that is text, but no formula.
    """
    limit = ceiling(instance, stack.cluster)
    set_aside = reserved(stack.cluster.engine, stack.break_glass_connections)
    vcpus = instance.instance_class.vcpus
    return Capacity(
        ceiling=limit,
        reserved=set_aside,
        usable=limit.low - set_aside,
        pool=pool_connections(stack, limit.low),
        pool_at_most=pool_connections(stack, limit.high),
        cpu_cap=max(1, math.floor(vcpus * stack.margins.busy_connections_per_vcpu)),
        memory_cap=memory_cap(stack, instance.instance_class.memory_gib),
        connects_per_second=vcpus * stack.margins.connects_per_second_per_vcpu,
    )


def pool_connections(stack: Stack, max_connections: int) -> int:
    """floor(max_connections x MaxConnectionsPercent / 100) for each proxy (RDS User Guide, rds-proxy-connections)."""
    return sum(max_connections * proxy.max_connections_percent // 100 for proxy in stack.proxies)


def idle_connections(stack: Stack, max_connections: int) -> int:
    """What all proxies together may keep open on an instance while nobody asks: MaxIdleConnectionsPercent."""
    return sum(
        max_connections * min(p.max_idle_connections_percent, p.max_connections_percent) // 100 for p in stack.proxies
    )


def memory_cap(stack: Stack, gib: float) -> int:
    """For MySQL at AWS's own line, memory / 12,582,880 bytes; for PostgreSQL by the margins."""
    if stack.cluster.engine is Engine.MYSQL:
        return math.floor(gib * GIB / connections(Engine.MYSQL, "memory_line_bytes"))
    share_mib = gib * 1024 * stack.margins.connection_memory_percent / 100
    return math.floor(share_mib / stack.margins.connection_memory_mib)


def promotable(stack: Stack) -> list[Instance]:
    """Every instance that may play either role, an autoscaled replica included where there may be any.

    Failover priorities are hints: any reader may be promoted, and the writer comes back as a reader.
    """
    cluster = stack.cluster
    more = (cluster.readers_max or 0) > len(cluster.readers)
    return [cluster.writer, *cluster.readers, *([autoscaled_replica(cluster)] if more else [])]
