"""A second oracle: the budget again, from docs/budget.md and the facts alone, by brute force.

Nothing of the package is used but the questions (model, margins) and the data files. Every world that the stack must
survive is built as a list of living instances; sums are exact fractions; Erlang C is the textbook's sum, term by term.
Slow on purpose, and written before the package's own evaluation was read.
"""

import csv
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path as File
from typing import Any

from headroom.budget.model import Cluster, Engine, Event, Instance, InstanceClass, Path, Pool, Role, Service, Stack
from headroom.budget.model import ServiceKind as Kind

FACTS = File(__file__).parents[2] / "headroom" / "budget" / "facts"
LIMITS: dict[str, dict[str, Any]] = tomllib.loads((FACTS / "limits.toml").read_text())
GIB = 2**30
WAIT_SHARE = 0.05  # p95


def classes() -> list[InstanceClass]:
    """The facts file's classes, read independently of the package."""
    lines = [line for line in (FACTS / "instance_classes.csv").read_text().splitlines() if not line.startswith("#")]
    return [
        InstanceClass(
            name=row["name"],
            vcpus=float(row["vcpus"]),
            memory_gib=float(row["memory_gib"]),
            documented_postgresql=int(row["documented_postgresql"]) if row["documented_postgresql"] else None,
            documented_mysql=int(row["documented_mysql"]) if row["documented_mysql"] else None,
        )
        for row in csv.DictReader(lines)
    ]


@dataclass(frozen=True)
class World:
    """One situation, with the instances that are alive in it."""

    name: str
    accepted: bool
    writer: Instance
    readers: tuple[Instance, ...]
    event: Event | None = None
    deploy: bool = False
    slow: bool = False
    zone_lost: bool = False


@dataclass(frozen=True)
class OracleLine:
    """What one instance carries in one world."""

    situation: str
    accepted: bool
    role: Role
    instance: str
    direct: int
    proxied: int
    usable: int
    pool: int
    busy: Fraction
    fits: bool


@dataclass(frozen=True)
class Answer:
    """Fits or not, why not, and every line."""

    fits: bool
    reasons: frozenset[str]
    lines: tuple[OracleLine, ...]


def exact(number: float) -> Fraction:
    """The number as a person wrote it: 0.1 is one tenth."""
    return Fraction(str(number))


# --- supply ---------------------------------------------------------------------------------------------------------


def formula(text: str, memory: Fraction) -> int:
    """AWS's formula as Python: a brace truncates, log is to base 2."""
    python = re.sub(r"\{", "trunc(", text).replace("}", ")").replace("DBInstanceClassMemory", "memory")
    python = re.sub(r"\d+", lambda digits: f"Fraction({digits.group()})", python)
    names = {
        "trunc": math.trunc,
        "Fraction": Fraction,
        "memory": memory,
        "log": lambda x: Fraction(math.log2(x)),
        "LEAST": min,
        "GREATEST": max,
        "SUM": lambda *terms: sum(terms),
    }
    return int(eval(python, {"__builtins__": {}}, names))  # noqa: S307


def ceiling(cluster: Cluster, instance: Instance) -> tuple[int, int]:
    """max_connections' bounds."""
    engine, klass = cluster.engine, instance.instance_class
    serverless = klass.name == "db.serverless"
    set_to = instance.max_connections if instance.max_connections is not None else cluster.max_connections
    documented = klass.documented_postgresql if engine is Engine.POSTGRESQL else klass.documented_mysql
    memory = (
        exact(klass.memory_gib) * LIMITS["bounds"]["postgresql_connections_per_gib"]["value"] * 9531392,
        exact(klass.memory_gib) * GIB,
    )
    if isinstance(set_to, int):
        low, high = set_to, set_to
    elif isinstance(set_to, str):
        low, high = formula(set_to, memory[0]), formula(set_to, memory[1])
    elif serverless:
        assert cluster.serverless is not None
        table = dict(zip(LIMITS["serverless"]["acu"]["value"], LIMITS["serverless"][engine]["value"], strict=True))
        low = max(value for acu, value in table.items() if acu <= cluster.serverless.max_acu)
        high = min(value for acu, value in table.items() if acu >= cluster.serverless.max_acu)
    elif documented is not None:
        low, high = documented, documented
    else:
        default = LIMITS["connections"][engine]["default"]["value"]
        low, high = formula(default, memory[0]), formula(default, memory[1])
    if serverless and engine is Engine.POSTGRESQL and cluster.serverless and cluster.serverless.min_acu <= 0.5:
        low, high = min(low, 2000), min(high, 2000)
    return low, high


def reserved(stack: Stack) -> int:
    facts = LIMITS["connections"][stack.cluster.engine]
    fixed = sum(facts[name]["value"] for name in facts if name.endswith("_reserved"))
    return int(fixed + stack.break_glass_connections)


def pool_at(stack: Stack, limit: int) -> int:
    return sum(limit * proxy.max_connections_percent // 100 for proxy in stack.proxies)


def cpu_cap(stack: Stack, instance: Instance) -> int:
    return max(1, math.floor(exact(instance.instance_class.vcpus) * exact(stack.margins.busy_connections_per_vcpu)))


def memory_cap(stack: Stack, instance: Instance) -> int:
    gib, margins = exact(instance.instance_class.memory_gib), stack.margins
    if stack.cluster.engine is Engine.MYSQL:
        return math.floor(gib * GIB / 12582880)
    percent, each = exact(margins.connection_memory_percent), exact(margins.connection_memory_mib)
    return math.floor(gib * 1024 * percent / 100 / each)


# --- demand ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=None)
def erlang_c(servers: int, erlangs: float) -> float:
    """P(a request waits) with that many connections: the textbook's sum, each term scaled by e^-erlangs."""
    if servers <= erlangs:
        return 1.0
    terms = [math.exp(k * math.log(erlangs) - erlangs - math.lgamma(k + 1)) for k in range(servers + 1)]
    last = terms[-1] * servers / (servers - erlangs)
    return last / (math.fsum(terms[:-1]) + last)


@lru_cache(maxsize=None)
def connections_for(erlangs: float, hold_seconds: float, objective_seconds: float, most: int) -> int:
    """Count up until P(wait > objective) <= 5 %, or all the clients have one."""
    if erlangs == 0:
        return 0
    count = math.floor(erlangs)
    while count < most:
        waits = erlang_c(count, erlangs)
        if count > erlangs and waits * math.exp(-(count - erlangs) * objective_seconds / hold_seconds) <= WAIT_SHARE:
            return count
        count += 1
    return most


@dataclass(frozen=True)
class Need:
    held: int = 0
    borrowed: int = 0
    busy: Fraction = Fraction(0)
    stuck: bool = False


def need(stack: Stack, world: World, service: Service, pool: Pool, share: Fraction) -> Need:
    """What one pool of one service asks of one instance."""
    margins, background = stack.margins, service.kind is Kind.BACKGROUND
    each = service.processes_per_instance * pool.connections_max
    surge = math.ceil(service.instances_max * exact(service.deploy_surge_percent) / 100)
    clients = (service.instances_max + (surge if world.deploy and not background else 0)) * each
    orphans = service.orphaned_instances
    zones = len({i.zone for i in stack.cluster.instances if i.zone})
    if world.zone_lost and zones >= 2 and not background:
        orphans = max(orphans, math.ceil(Fraction(service.instances_max, zones)))
    held = math.ceil(share * (clients + orphans * each)) if pool.path is Path.DIRECT else 0

    if service.transactions_per_second_peak is None:
        everyone = math.ceil(share * clients) if pool.path is Path.PROXY else 0
        return Need(held, everyone, share * clients)
    factor = exact(world.event.traffic_factor) if world.event and not background else Fraction(1)
    rate = exact(service.transactions_per_second_peak) * factor
    rate *= exact(margins.burst_factor) * exact(margins.traffic_uncertainty_factor)
    rate *= exact(pool.transactions_percent) / 100
    at_work = exact(service.hold_ms) / 1000
    hold = at_work * (exact(margins.slow_hold_factor) if world.slow else 1)
    queueing = exact(service.serialized_percent) / 100 if pool.endpoint is Role.WRITER else Fraction(0)
    row = rate * queueing * hold
    stuck = row >= 1
    if not stuck:
        hold *= 1 + queueing * row / (1 - row)
    busy = share * min(rate * at_work, Fraction(clients))
    if pool.path is Path.DIRECT:
        return Need(held, 0, busy, stuck)
    most = math.ceil(share * clients)
    if service.pins or stuck:
        return Need(0, most, busy, stuck)
    objective = exact(stack.wait_objective_ms) / 1000
    if not world.accepted and stack.proxies:
        timeout = min(proxy.connection_borrow_timeout_seconds for proxy in stack.proxies)
        objective = max(objective, timeout * exact(margins.borrow_wait_percent) / 100)
    return Need(0, connections_for(float(share * rate * hold), float(hold), float(objective), most), busy, stuck)


def shares(world: World, role: Role, endpoint: Role, skew: float) -> Fraction:
    """The share of an endpoint's connections that an instance in that role gets."""
    readers = len(world.readers)
    if endpoint is Role.WRITER:
        return Fraction(role is Role.WRITER)
    if role is Role.WRITER:
        return Fraction(readers == 0)
    return min(Fraction(1), exact(skew) / readers)


# --- worlds ---------------------------------------------------------------------------------------------------------


def scheduled(cluster: Cluster, event: Event | None) -> tuple[Instance, ...]:
    """The readers that come for an event, each one of them: the writer's class, the cluster's limit."""
    if event is None or event.readers_min is None or cluster.readers_max is None:
        return ()
    wanted = min(event.readers_min, cluster.readers_max)
    return tuple(
        Instance(name=f"scheduled-{number}", instance_class=cluster.writer.instance_class)
        for number in range(len(cluster.readers), wanted)
    )


def promotions(world: World) -> Iterator[World]:
    """The writer is gone: each living reader takes its place."""
    for index, reader in enumerate(world.readers):
        yield replace(world, writer=reader, readers=world.readers[:index] + world.readers[index + 1 :])


def worlds(stack: Stack) -> Iterator[World]:
    cluster = stack.cluster
    normal = World("normal", True, cluster.writer, cluster.readers)  # noqa: FBT003
    yield normal
    for event in stack.events or (None,):
        extras = scheduled(cluster, event)
        peak = replace(normal, event=event, readers=cluster.readers + extras)
        if event:
            yield replace(peak, name=f"peak {event.name}")
        of = event.name if event else "normal"
        yield replace(peak, name=f"deploy {of}", deploy=True)
        broken = replace(peak, accepted=False)
        yield replace(broken, name=f"slow {of}", slow=True)
        lost = replace(broken, name=f"instance lost {of}")
        yield from promotions(lost)
        for index in range(len(lost.readers)):
            yield replace(lost, readers=lost.readers[:index] + lost.readers[index + 1 :])
        zones = {i.zone for i in cluster.instances if i.zone}
        for zone in sorted(zones) if len(zones) >= 2 else ():
            gone = math.ceil(Fraction(len(extras), len(zones)))
            left = tuple(reader for reader in cluster.readers if reader.zone != zone) + extras[gone:]
            dark = replace(broken, name=f"zone lost {of}", readers=left, zone_lost=True)
            if cluster.writer.zone == zone:
                yield from promotions(dark)
            else:
                yield dark
        if event and event.readers_min is not None and event.readers_min > len(cluster.readers):
            yield replace(broken, name=f"replicas late {of}", readers=cluster.readers)


def line(stack: Stack, world: World, role: Role, instance: Instance) -> tuple[OracleLine, set[str]]:
    low, high = ceiling(stack.cluster, instance)
    usable, pool, pool_high = low - reserved(stack), pool_at(stack, low), pool_at(stack, high)
    needs = [
        need(stack, world, service, asked, share)
        for service in stack.services
        for asked in service.pools
        if (share := shares(world, role, asked.endpoint, stack.margins.reader_skew_factor)) > 0
    ]
    direct = sum(n.held for n in needs)
    proxied = math.ceil(sum(n.borrowed for n in needs) * exact(stack.margins.proxy_node_factor))
    busy = sum((n.busy for n in needs), Fraction(0))
    wrong = set()
    if direct + pool > usable:
        wrong.add("slots")
    if proxied > pool:
        wrong.add("pool")
    if busy > cpu_cap(stack, instance):
        wrong.add("cpu")
    if direct + pool_high > memory_cap(stack, instance):
        wrong.add("memory")
    found = OracleLine(
        world.name, world.accepted, role, instance.name, direct, proxied, usable, pool, busy, not wrong
    )
    if world.accepted and any(n.stuck for n in needs):
        wrong.add("hot row")
    return found, wrong


def ask(stack: Stack) -> Answer:
    """The whole question: does it fit?"""
    lines: list[OracleLine] = []
    wrong: set[str] = set()
    everybody = {i: None for i in stack.cluster.instances}
    for world in worlds(stack):
        for role, instance in [(Role.WRITER, world.writer)] + [(Role.READER, reader) for reader in world.readers]:
            everybody[instance] = None
            found, reasons = line(stack, world, role, instance)
            lines.append(found)
            wrong |= reasons
    for instance in everybody:
        roomy = cpu_cap(stack, instance) * exact(stack.margins.pool_over_cpu_cap_factor)
        if pool_at(stack, ceiling(stack.cluster, instance)[1]) > roomy:
            wrong.add("throttle")
    for role in Role:
        accepted = [found for found in lines if found.accepted and found.role is role]
        if not accepted:
            continue
        peak = max(found.direct + found.proxied for found in accepted)
        direct = max(found.direct for found in accepted)
        limits = []
        for instance in everybody:
            if role is Role.WRITER or instance != stack.cluster.writer:
                low = ceiling(stack.cluster, instance)[0]
                usable = low - reserved(stack)
                limits.append(min(usable, direct + pool_at(stack, low)) if stack.proxies else usable)
        if peak + 3 > min(limits):
            wrong.add("thresholds")
    return Answer(not (wrong := wrong | declared_wrong(stack)), frozenset(wrong), tuple(lines))


def declared_wrong(stack: Stack) -> set[str]:
    """What no arithmetic heals."""
    cluster, wrong = stack.cluster, set()
    pools = [pool for service in stack.services for pool in service.pools]
    if any(pool.path is Path.PROXY for pool in pools) and not stack.proxies:
        wrong.add("no proxy")
    if sum(proxy.max_connections_percent for proxy in stack.proxies) > 100:
        wrong.add("percents")
    if any(pool.path is Path.PROXY and pool.endpoint is Role.READER for pool in pools) and not cluster.readers:
        wrong.add("no reader")
    if max(len(cluster.readers), cluster.readers_max or 0) > 15:
        wrong.add("readers")
    if cluster.readers_max is not None:
        if any(i.instance_class.name == "db.serverless" for i in cluster.instances):
            wrong.add("serverless autoscaling")
        explicit = [cluster.max_connections, *(i.max_connections for i in cluster.instances)]
        if cluster.engine is Engine.MYSQL and any(limit is not None for limit in explicit):
            wrong.add("unknown limit")
    return wrong
