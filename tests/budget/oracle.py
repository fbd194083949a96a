"""A second oracle: the budget again, from docs/budget-specification.md and the facts alone, by brute force.

Nothing of the package is used but the questions (model, margins) and the data files. Every world that the stack must
survive is built as a list of living instances; sums are exact fractions; Erlang C is the textbook's sum, term by term.
Slow on purpose, and written before the package's own evaluation was read.
"""

import csv
import math
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
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
    wrong: frozenset[str]


@dataclass(frozen=True)
class Answer:
    """Fits or not, why not, and every line."""

    fits: bool
    reasons: frozenset[str]
    lines: tuple[OracleLine, ...]


@cache
def exact(number: float) -> Fraction:
    """The number as a person wrote it: 0.1 is one tenth."""
    return Fraction(str(number))


# --- supply ---------------------------------------------------------------------------------------------------------


def formula(text: str, memory: Fraction, further: Callable[..., Any]) -> int:
    """AWS's formula as Python: a brace truncates, log is to base 2, rounded or not, whichever is further out."""
    python = re.sub(r"\{", "trunc(", text).replace("}", ")").replace("DBInstanceClassMemory", "memory")
    python = re.sub(r"\d+", lambda digits: f"Fraction({digits.group()})", python)
    names = {
        "trunc": math.trunc,
        "Fraction": Fraction,
        "memory": memory,
        "log": lambda x: further(Fraction(math.log2(x)), Fraction(round(math.log2(x)))),
        "LEAST": min,
        "GREATEST": max,
        "SUM": lambda *terms: sum(terms),
    }
    return int(eval(python, {"__builtins__": {}}, names))  # noqa: S307


def ceiling(cluster: Cluster, instance: Instance) -> tuple[int, int]:
    """max_connections' bounds."""
    engine, klass = cluster.engine, instance.instance_class
    default = LIMITS["connections"][engine]["default"]["value"]
    set_to = instance.max_connections if instance.max_connections is not None else cluster.max_connections
    known: tuple[int, int] | None = None
    if klass.name == "db.serverless":
        assert cluster.serverless is not None
        table = dict(zip(LIMITS["serverless"]["acu"]["value"], LIMITS["serverless"][engine]["value"], strict=True))
        most = cluster.serverless.max_acu
        known = (
            max(value for acu, value in table.items() if acu <= most),
            min(value for acu, value in table.items() if acu >= most),
        )
    else:
        documented = klass.documented_postgresql if engine is Engine.POSTGRESQL else klass.documented_mysql
        known = (documented, documented) if documented is not None else None
        if known and engine is Engine.POSTGRESQL and klass.name in ("db.r5.large", "db.r5.xlarge"):  # AWS rounded
            known = (known[0], math.floor(exact(klass.memory_gib) * GIB / 9531392))

    if isinstance(set_to, int):
        low, high = set_to, set_to
    elif set_to in (None, default) and known:
        low, high = known
    else:
        gib = exact(klass.memory_gib)
        per_gib = 80 if gib < 4 else LIMITS["bounds"]["postgresql_connections_per_gib"]["value"]
        least, most_memory = gib * per_gib * 9531392, gib * GIB
        if engine is Engine.POSTGRESQL and known and known[1] < 5000:  # the documented value gives the memory away
            least, most_memory = Fraction(known[0] * 9531392), Fraction((known[1] + 1) * 9531392 - 1)
        lowest, highest = (LIMITS["connections"][engine][end]["value"] for end in ("lowest", "highest"))
        low, high = formula(str(set_to or default), least, min), formula(str(set_to or default), most_memory, max)
        low, high = sorted((lowest, low, highest))[1], sorted((lowest, high, highest))[1]  # the engine's range
    if klass.name == "db.serverless" and engine is Engine.POSTGRESQL:
        assert cluster.serverless is not None
        if cluster.serverless.min_acu <= 0.5:
            low, high = min(low, 2000), high if set_to is not None else min(high, 2000)
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


@cache
def erlang_c(servers: int, erlangs: float) -> float:
    """P(a request waits) with that many connections: the textbook's sum, each term scaled by e^-erlangs."""
    if servers <= erlangs:
        return 1.0
    terms = [math.exp(k * math.log(erlangs) - erlangs - math.lgamma(k + 1)) for k in range(servers + 1)]
    last = terms[-1] * servers / (servers - erlangs)
    return last / (math.fsum(terms[:-1]) + last)


@cache
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
    zones = max(2, len({i.zone for i in stack.cluster.instances}))
    if world.zone_lost and not background:
        orphans = max(orphans, math.ceil(Fraction(service.instances_max, zones)))
    held = math.ceil(share * (clients + orphans * each)) if pool.path is Path.DIRECT else 0

    everyone = 0
    if pool.path is Path.PROXY:
        everyone = math.ceil(share * (clients + (orphans * each if service.pins else 0)))
    if service.transactions_per_second_peak is None:
        return Need(held, everyone, share * clients)
    factor = exact(world.event.traffic_factor) if world.event and not background else Fraction(1)
    rate = exact(service.transactions_per_second_peak) * factor
    rate *= exact(margins.burst_factor) * exact(margins.traffic_uncertainty_factor)
    per_second = rate
    rate *= exact(pool.transactions_percent) / 100
    at_work = exact(service.hold_ms) / 1000
    hold = at_work * (exact(margins.slow_hold_factor) if world.slow else 1)
    queueing = exact(service.serialized_percent) / 100 if pool.endpoint is Role.WRITER else Fraction(0)
    writing = min(
        Fraction(100),
        sum((exact(p.transactions_percent) for p in service.pools if p.endpoint is Role.WRITER), Fraction(0)),
    )
    row = per_second * writing / 100 * queueing * hold
    stuck = row >= 1
    if not stuck:
        hold *= 1 + queueing * row / (1 - row)
    busy = share * min(rate * at_work, Fraction(clients))
    if pool.path is Path.DIRECT:
        return Need(held, 0, busy, stuck)
    if service.pins or stuck:
        return Need(0, everyone, busy, stuck)
    objective = exact(stack.wait_objective_ms) / 1000
    if not world.accepted and stack.proxies:
        timeouts = [Fraction(proxy.connection_borrow_timeout_seconds) for proxy in stack.proxies]
        gives_up = min(*timeouts, Fraction(service.client_timeout_ms, 1000))
        objective = max(objective, gives_up * exact(margins.borrow_wait_percent) / 100)
    return Need(0, connections_for(float(share * rate * hold), float(hold), float(objective), everyone), busy, stuck)


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
    normal = World("normal day", True, cluster.writer, cluster.readers)
    yield normal
    for event in (None, *stack.events):
        extras = scheduled(cluster, event)
        peak = replace(normal, event=event, readers=cluster.readers + extras)
        if event:
            peak = replace(peak, name=f"{event.name} peak")
            yield peak
        of = peak.name
        yield replace(peak, name=f"{of}, deploy", deploy=True)
        broken = replace(peak, accepted=False)
        yield replace(broken, name=f"{of}, slow database", slow=True)
        lost = replace(broken, name=f"{of}, instance lost")
        for promoted in promotions(lost):
            yield promoted
            yield replace(promoted, readers=(*promoted.readers, cluster.writer))  # it came back as a reader
        if not lost.readers:
            yield lost  # the only instance restarts
        for index in range(len(lost.readers)):
            yield replace(lost, readers=lost.readers[:index] + lost.readers[index + 1 :])
        zones = {i.zone for i in cluster.instances}
        for zone in zones if len(zones) >= 2 else ("elsewhere",):
            gone = math.ceil(Fraction(len(extras), max(2, len(zones))))
            left = tuple(reader for reader in cluster.readers if reader.zone != zone) + extras[gone:]
            dark = replace(broken, name=f"{of}, zone lost", readers=left, zone_lost=True)
            if cluster.writer.zone == zone:
                yield from promotions(dark)
            else:
                yield dark
        if event and event.readers_min is not None and event.readers_min > len(cluster.readers):
            yield replace(broken, name=f"{of}, replicas late", readers=cluster.readers)


@dataclass(frozen=True)
class Supply:
    """What one instance carries."""

    usable: int
    pool: int
    pool_high: int
    cpu: int
    memory: int


def supply(stack: Stack, instance: Instance) -> Supply:
    low, high = ceiling(stack.cluster, instance)
    return Supply(
        usable=low - reserved(stack),
        pool=pool_at(stack, low),
        pool_high=pool_at(stack, high),
        cpu=cpu_cap(stack, instance),
        memory=memory_cap(stack, instance),
    )


@dataclass(frozen=True)
class Demand:
    """What all pools ask of one instance."""

    direct: int
    proxied: int
    busy: Fraction
    stuck: bool


def demand(stack: Stack, world: World, role: Role) -> Demand:
    """What every pool asks of an instance in that role, added up."""
    needs = [
        need(stack, world, service, asked, share)
        for service in stack.services
        for asked in service.pools
        if (share := shares(world, role, asked.endpoint, stack.margins.reader_skew_factor)) > 0
    ]
    return Demand(
        direct=sum(n.held for n in needs),
        proxied=math.ceil(sum(n.borrowed for n in needs) * exact(stack.margins.proxy_node_factor)),
        busy=sum((n.busy for n in needs), Fraction(0)),
        stuck=any(n.stuck for n in needs),
    )


def line(world: World, role: Role, instance: Instance, has: Supply, asked: Demand) -> OracleLine:
    wrong = {
        "slots": asked.direct + has.pool > has.usable,
        "pool": asked.proxied > has.pool,
        "cpu": asked.busy > has.cpu,
        "memory": asked.direct + has.pool_high > has.memory,
        "hot-row": world.accepted and asked.stuck,
    }
    return OracleLine(
        situation=world.name,
        accepted=world.accepted,
        role=role,
        instance=instance.name,
        direct=asked.direct,
        proxied=asked.proxied,
        usable=has.usable,
        pool=has.pool,
        wrong=frozenset(reason for reason, true in wrong.items() if true),
    )


def ask(stack: Stack) -> Answer:
    """The whole question: does it fit?"""
    cluster = stack.cluster
    everybody = {instance: supply(stack, instance) for instance in cluster.instances}
    if (cluster.readers_max or 0) > len(cluster.readers):  # it may come, asked for or not
        replica = Instance(name="scheduled", instance_class=cluster.writer.instance_class)
        everybody[replica] = supply(stack, replica)
    demands: dict[tuple[str, int, Role], Demand] = {}  # of equal worlds; everything else is done again and again
    lines: list[OracleLine] = []
    for world in worlds(stack):
        for role, instance in [(Role.WRITER, world.writer)] + [(Role.READER, reader) for reader in world.readers]:
            if instance not in everybody:
                everybody[instance] = supply(stack, instance)
            key = (world.name, len(world.readers), role)
            if key not in demands:
                demands[key] = demand(stack, world, role)
            lines.append(line(world, role, instance, everybody[instance], demands[key]))
    wrong = {reason for found in lines for reason in found.wrong}
    if any(has.pool_high > has.cpu * exact(stack.margins.pool_over_cpu_cap_factor) for has in everybody.values()):
        wrong.add("throttle")
    for role in Role:
        accepted = [found for found in lines if found.accepted and found.role is role]
        if not accepted:
            continue
        peak = max(found.direct + found.proxied for found in accepted)
        direct = max(found.direct for found in accepted)
        limit = min(min(has.usable, direct + has.pool) if has.pool else has.usable for has in everybody.values())
        if peak + 3 > limit:
            wrong.add("thresholds")
    wrong |= declared_wrong(stack)
    return Answer(fits=not wrong, reasons=frozenset(wrong), lines=tuple(lines))


def declared_wrong(stack: Stack) -> set[str]:
    """What no arithmetic heals."""
    cluster, wrong = stack.cluster, set()
    pools = [pool for service in stack.services for pool in service.pools]
    if any(pool.path is Path.PROXY for pool in pools) and not stack.proxies:
        wrong.add("no-proxy")
    if sum(proxy.max_connections_percent for proxy in stack.proxies) > 100:
        wrong.add("proxy-percent-sum")
    reads = any(pool.path is Path.PROXY and pool.endpoint is Role.READER for pool in pools)
    if reads and not cluster.readers and stack.proxies:
        wrong.add("no-reader")
    if reads and cluster.readers and stack.proxies and not any(proxy.reader_endpoint for proxy in stack.proxies):
        wrong.add("no-reader-endpoint")
    if max(len(cluster.readers), cluster.readers_max or 0) > 15:
        wrong.add("reader-count")
    if cluster.readers_max is not None:
        if not cluster.readers:
            wrong.add("no-reader-to-scale")
        if any(i.instance_class.name == "db.serverless" for i in cluster.instances):
            wrong.add("serverless-autoscaling")
        explicit = [cluster.max_connections, *(i.max_connections for i in cluster.instances)]
        if cluster.engine is Engine.MYSQL and any(limit is not None for limit in explicit):
            wrong.add("mysql-explicit-autoscaled")
    return wrong
