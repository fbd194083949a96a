"""What the budget objects to, each with the limit that bound it and by how much.

One finding for each code and role: the worst situation speaks for the others.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from headroom.budget.capacity import capacity, promotable
from headroom.budget.facts import fact
from headroom.budget.model import Engine, Path, Role, Stack
from headroom.budget.patience import impatient_clients
from headroom.budget.result import Finding, Line, Severity
from headroom.budget.situations import no_failover_target


def of_stack(stack: Stack) -> list[Finding]:
    """Objections that hold in every situation."""
    return [*_shape(stack), *_throttle(stack), *_certainty(stack)]


def _shape(stack: Stack) -> Iterable[Finding]:
    cluster = stack.cluster
    proxied = [s.name for s in stack.services if any(p.path is Path.PROXY for p in s.pools)]
    if proxied and not stack.proxies:
        yield _error("no-proxy", f"{', '.join(proxied)}: pools go through a proxy, but the cluster has none")
    percent = sum(p.max_connections_percent for p in stack.proxies)
    highest = fact("service", "proxy_percent_sum_highest").value
    if percent > highest:
        yield _error(
            "proxy-percent-sum", f"the proxies' max_connections_percent add up to {percent}: {highest} is all there is"
        )
    most = fact("service", "readers_highest").value
    readers = max(len(cluster.readers), cluster.readers_max or 0)
    if readers > most:
        yield _error("reader-count", f"{readers} readers: a cluster has at most {most}")
    if len(stack.proxies) > 1:
        yield _warning(
            "several-proxies",
            f"{len(stack.proxies)} proxies: which service uses which isn't declared, so all of them are taken to share "
            "one pool; no proxy lends its part to another",
        )
    reading = [s.name for s in stack.services for p in s.pools if p.endpoint is Role.READER and p.path is Path.PROXY]
    if reading and cluster.readers and stack.proxies and not any(p.reader_endpoint for p in stack.proxies):
        yield _error(
            "no-reader-endpoint", f"{', '.join(reading)}: reads go through the proxy, but it has no read-only endpoint"
        )
    if not cluster.readers:
        if reading and stack.proxies:
            yield _error(
                "no-reader",
                f"{', '.join(reading)}: the proxy's read-only endpoint refuses everybody: no reader is declared",
            )
        if cluster.readers_max is not None:
            yield _error(
                "no-reader-to-scale", "replica autoscaling measures readers: with none declared it never starts one"
            )
    if cluster.engine is Engine.MYSQL and cluster.readers_max is not None and _explicit(stack):
        yield _error(
            "mysql-explicit-autoscaled",
            "max_connections is set, on Aurora MySQL in the instances' parameter group, and AWS doesn't say which "
            "group an autoscaled replica gets: leave max_connections to the engine, or declare the readers instead of "
            "autoscaling them",
        )


def _explicit(stack: Stack) -> bool:
    return any(
        p is not None for p in (stack.cluster.max_connections, *(i.max_connections for i in stack.cluster.instances))
    )


def _throttle(stack: Stack) -> Iterable[Finding]:
    """A pool far above the CPU cap throttles nothing: the CPU dies first (NASA-IMPACT/veda-backend#649)."""
    factor = stack.margins.pool_over_cpu_cap_factor
    limits = [(instance, capacity(stack, instance)) for instance in promotable(stack)]
    over = [(c.pool_at_most - c.cpu_cap * factor, i.name, c) for i, c in limits if c.pool_at_most > c.cpu_cap * factor]
    if over:
        excess, name, limit = max(over, key=lambda entry: entry[0])
        yield Finding(
            code="throttle",
            severity=Severity.ERROR,
            instance=name,
            short_by_connections=round(excess),
            message=(
                f"{name}: the proxy may open {limit.pool_at_most:,} connections, {factor:g} times the CPU cap of "
                f"{limit.cpu_cap:,} is {limit.cpu_cap * factor:,.0f}: a pool that size throttles nothing"
            ),
        )


def _certainty(stack: Stack) -> Iterable[Finding]:
    bounds = {i.instance_class.name: c for i in promotable(stack) if (c := capacity(stack, i).ceiling).basis == "bound"}
    for name, limit in bounds.items():
        yield _warning(
            "undocumented-class",
            f"{name}: AWS documents no max_connections for {stack.cluster.engine}; between {limit.low:,} and "
            f"{limit.high:,} is assumed. Set max_connections, or read it from a running instance and declare the class",
        )
    if stack.cluster.instances and no_failover_target(stack.cluster):
        yield _warning(
            "no-failover-target", "no reader stands in another zone than the writer: the loss of that zone is an outage"
        )
    serverless = stack.cluster.serverless
    if serverless is not None and stack.cluster.readers_max is not None:
        yield _error(
            "serverless-autoscaling", "replica autoscaling doesn't exist for Aurora Serverless v2: declare the readers"
        )
    if serverless is not None and serverless.min_acu == 0 and stack.proxies:
        yield _warning(
            "serverless-never-pauses",
            "the proxy keeps a connection open to every instance: with min_acu 0 none ever pauses",
        )


class _Check(NamedTuple):
    """A term of a line: by how many connections it is exceeded, and how to say it."""

    code: str
    excess: Callable[[Line], float]
    say: Callable[[Line], str]


_CHECKS = (
    _Check(
        "slots",
        lambda line: line.taken - line.capacity.usable,
        lambda line: (
            f"direct pools ({line.direct:,}) and the proxy's pool ({line.capacity.pool:,}) take {line.taken:,} "
            f"connections; {line.capacity.usable:,} of {line.capacity.ceiling} are usable"
        ),
    ),
    _Check(
        "pool",
        lambda line: line.proxied - line.capacity.pool,
        lambda line: (
            f"the proxied services need {line.proxied:,} pooled connections; the pool has {line.capacity.pool:,}"
        ),
    ),
    _Check(
        "cpu",
        lambda line: line.busy - line.capacity.cpu_cap,
        lambda line: f"{line.busy:,.0f} connections are busy at once; the vCPUs carry {line.capacity.cpu_cap:,}",
    ),
    _Check(
        "memory",
        lambda line: line.direct + line.capacity.pool_at_most - line.capacity.memory_cap,
        lambda line: (
            f"up to {line.direct + line.capacity.pool_at_most:,} connections may be open; "
            f"beside the buffer cache there is memory for {line.capacity.memory_cap:,}"
        ),
    ),
)


def of_lines(stack: Stack, lines: Sequence[Line]) -> list[Finding]:
    """Objections to the worst line of each kind."""
    found: list[Finding] = []
    for check in _CHECKS:
        for role in Role:
            over = [line for line in lines if line.role is role and check.excess(line) > 0]
            if over:
                worst = max(over, key=check.excess)
                excess = -int(-check.excess(worst) // 1)
                found.append(
                    Finding(
                        code=check.code,
                        severity=Severity.ERROR,
                        role=role,
                        situation=worst.situation,
                        instance=worst.instance,
                        short_by_connections=excess,
                        message=f"{role} {worst.instance}, {worst.situation}: {check.say(worst)}: {excess:,} too many",
                    )
                )
    return [
        *found,
        *_hot_rows(lines),
        *_own_pools(lines),
        *_unthrottled(stack, lines),
        *impatient_clients(stack, lines),
        *_reconnects(stack, lines),
    ]


def _hot_rows(lines: Sequence[Line]) -> Iterable[Finding]:
    """A row serves 1 / hold transactions a second, whatever the pool: more connections only wait in more places.

    On an accepted day that is an error, and the worst such day speaks; on a bad one somebody should know.
    """
    worst: dict[str, tuple[bool, float, Line]] = {}
    for line in lines:
        for demand in line.demand:
            asked = (line.accepted, demand.row_utilisation, line)
            name = demand.service.name
            if demand.row_utilisation >= 1 and (name not in worst or asked[:2] > worst[name][:2]):
                worst[name] = asked
    for name, (accepted, utilisation, line) in worst.items():
        yield Finding(
            code="hot-row",
            severity=Severity.ERROR if accepted else Severity.WARNING,
            role=line.role,
            situation=line.situation,
            instance=line.instance,
            message=(
                f"{name}, {line.situation}: transactions queue on one row, which is asked for {utilisation:.1f} times "
                "as fast as it can be locked and released: no number of connections helps; hold the row shorter, "
                "spread it, or shed load"
            ),
        )


def _own_pools(lines: Sequence[Line]) -> Iterable[Finding]:
    waiting: dict[str, Finding] = {}
    for line in lines:
        for demand in line.demand:
            if line.accepted and demand.waits_in_its_own_pool and demand.service.name not in waiting:
                waiting[demand.service.name] = _warning(
                    "own-pool",
                    f"{demand.service.name}, {line.situation}: its traffic needs more than the {demand.clients:,} "
                    f"connections of its own {demand.pool.endpoint} pools: it will wait inside the application",
                )
    return waiting.values()


def _unthrottled(stack: Stack, lines: Sequence[Line]) -> Iterable[Finding]:
    """What is said of a proxy's pool holds for direct ones: far above the CPU cap they throttle nothing.

    They fit as long as few of them are busy. When the database is slow, or clients try again, all are.
    """
    factor = stack.margins.pool_over_cpu_cap_factor
    for role in Role:
        over = [
            line
            for line in lines
            if line.role is role and line.accepted and line.direct > line.capacity.cpu_cap * factor
        ]
        if over:
            worst = max(over, key=lambda line: line.direct - line.capacity.cpu_cap * factor)
            cap = worst.capacity.cpu_cap
            yield Finding(
                code="direct-throttle",
                severity=Severity.WARNING,
                role=role,
                situation=worst.situation,
                instance=worst.instance,
                message=(
                    f"{role} {worst.instance}, {worst.situation}: direct pools hold {worst.direct:,} connections open, "
                    f"{factor:g} times the CPU cap of {cap:,} is {cap * factor:,.0f}: should all of them be busy, "
                    "nothing throttles them. Lower the pools, or put a proxy before them"
                ),
            )


def _reconnects(stack: Stack, lines: Sequence[Line]) -> Iterable[Finding]:
    objective = stack.margins.reconnect_objective_seconds
    slowest = max(lines, key=lambda line: line.reconnect_seconds)
    if slowest.reconnect_seconds > objective:
        again = slowest.direct + min(slowest.proxied, slowest.capacity.pool)
        yield _warning(
            "reconnect",
            f"{slowest.role} {slowest.instance}, {slowest.situation}: re-opening {again:,} connections takes "
            f"{slowest.reconnect_seconds:,.0f} s; the objective is {objective:,.0f} s",
        )


def _error(code: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message)


def _warning(code: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message)
