"""Aurora Serverless v2: is the minimum too small for the connections that the maximum admits?

max_connections follows the maximum of ACUs, memory and CPU the present ones. An instance grows within seconds; here it
is judged by what it has before.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from headroom.budget.capacity import idle_connections, memory_cap
from headroom.budget.ceiling import ceiling, serverless_class
from headroom.budget.facts import SERVERLESS
from headroom.budget.model import Instance, InstanceClass, Serverless, Stack
from headroom.budget.result import Finding, Line, Severity
from headroom.budget.situations import situations

_STEP_ACU = 0.5  # also the least that runs: at 0 it is paused


def small_minimum(stack: Stack, lines: Sequence[Line]) -> Iterable[Finding]:
    """At most one warning of each kind, about the serverless instance where it is worst."""
    range_ = stack.cluster.serverless
    instances = {i.name: i for i in stack.cluster.instances if i.instance_class.name == SERVERLESS}
    if range_ is None or not instances:
        return
    there = [line for line in lines if line.instance in instances]
    yield from _capped(stack, range_, next(iter(instances.values())))
    yield from _out_of_memory(stack, range_, [line for line in there if line.situation == situations(stack)[0].name])
    yield from _slow_to_reconnect(stack, range_, there)


def _capped(stack: Stack, range_: Serverless, instance: Instance) -> Iterable[Finding]:
    """PostgreSQL's cap of 2,000, where the maximum gives more."""
    capped = ceiling(instance, stack.cluster)
    promised = ceiling(instance, replace(stack.cluster, serverless=replace(range_, min_acu=1.0)))
    if capped.low < promised.low:
        yield _warning(
            "serverless-cap",
            f"{instance.name}: with a minimum of {range_.min_acu:g} ACU it admits {capped.low:,} connections, where a "
            f"maximum of {range_.max_acu:g} gives {promised.low:,}: set min_acu to 1 or more, and reboot",
        )


def _out_of_memory(stack: Stack, range_: Serverless, normal: Sequence[Line]) -> Iterable[Finding]:
    """What may stay open on a calm day needs more memory than the minimum has for it."""
    if not normal:
        return
    held = {line: line.direct + idle_connections(stack, line.capacity.ceiling.low) for line in normal}
    worst = max(normal, key=lambda line: held[line])
    enough = _least_acu(range_, lambda size: memory_cap(stack, size.memory_gib) >= held[worst])
    if enough is not None and enough > _running(range_):
        gib = _size(_running(range_)).memory_gib
        fewer = ", or lower max_idle_connections_percent" if worst.direct <= memory_cap(stack, gib) else ""
        yield _warning(
            "serverless-memory",
            f"{worst.role} {worst.instance}: {gib:g} GiB at the minimum are memory for {memory_cap(stack, gib):,} "
            f"connections, and up to {held[worst]:,} may stay open when idle ({worst.direct:,} direct, "
            f"{held[worst] - worst.direct:,} of the proxy's idle share): set min_acu to {enough:g} or more{fewer}",
        )


def _slow_to_reconnect(stack: Stack, range_: Serverless, lines: Sequence[Line]) -> Iterable[Finding]:
    """After a failover to an instance that has idled at its minimum; what is too slow at the maximum is said anyway."""
    objective = stack.margins.reconnect_objective_seconds
    worst = max(lines, key=lambda line: line.reconnect_seconds)
    again = worst.reconnect_seconds * worst.capacity.connects_per_second

    def seconds(size: InstanceClass) -> float:
        return again / (size.vcpus * stack.margins.connects_per_second_per_vcpu)

    enough = _least_acu(range_, lambda size: seconds(size) <= objective)
    if enough is not None and enough > _running(range_):
        yield _warning(
            "serverless-reconnect",
            f"{worst.role} {worst.instance}, {worst.situation}: re-opening {again:,.0f} connections takes "
            f"{seconds(_size(_running(range_))):,.0f} s at the minimum of ACUs; the objective is {objective:,.0f} s: "
            f"set min_acu to {enough:g} or more",
        )


def _running(range_: Serverless) -> float:
    """At a minimum of 0 it is paused: what then runs first is one step."""
    return max(range_.min_acu, _STEP_ACU)


def _least_acu(range_: Serverless, suffices: Callable[[InstanceClass], bool]) -> float | None:
    """The fewest ACUs that suffice, up to the maximum; None where even that doesn't: an error says so, or a warning."""
    steps = range(1, int(range_.max_acu / _STEP_ACU) + 1)
    return next((step * _STEP_ACU for step in steps if suffices(_size(step * _STEP_ACU))), None)


def _size(acu: float) -> InstanceClass:
    return serverless_class(Serverless(min_acu=acu, max_acu=acu))


def _warning(code: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=message)
