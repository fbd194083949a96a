"""Is there room on the instances now for a larger pool? By what CloudWatch has, and not by the budget.

A slot that is free now may be one that the pool, as large as it is, takes a moment later: so what others than the pool
hold, and the whole of the larger pool, must fit. The proxy counts its connections by role, and not by instance.
"""

import math

from headroom.budget.alarms.measures import of_instance, of_target
from headroom.budget.alarms.model import Metric
from headroom.ops.errors import RefusedError
from headroom.ops.live import STALE_SECONDS, LiveInstance, Series, read_cluster, read_metrics
from headroom.ops.session import Session
from headroom.ops.status import latest, live_capacity, pool_roles

_METRICS = {"connections": "DatabaseConnections", "cpu": "CPUUtilization"}
WITHOUT_CONNECTIONS = {"creating", "deleting"}
"""States of an instance that nobody is led to yet, or any more. In any other it may serve, and be full."""


def room(session: Session, percent: int) -> list[str]:
    """What the instances that the proxy leads to have free now, a line each.

    Args:
        session: the stack.
        percent: of max_connections, 1-100: what the pool is to have on each of them.

    Raises:
        RefusedError: slots or CPU aren't free, or nobody knows; one line, with every instance that says no.
        LackError: the cluster can't be read.
    """
    roles = pool_roles(session)
    members = [i for i in read_cluster(session).instances if i.role in roles and i.status != "creating"]
    instances = [i for i in members if i.status not in WITHOUT_CONNECTIONS]
    wanted: dict[str, Metric] = {
        f"{what} {i.name}": of_instance(metric, "Maximum", i.name)
        for i in instances
        for what, metric in _METRICS.items()
    }
    wanted |= {f"pool {role}": of_target("DatabaseConnections", "Sum", role) for role in roles}
    read = read_metrics(session, wanted)
    if not instances:
        raise RefusedError("no instance serves: there is nothing to raise")
    lines: list[str] = []
    reasons: dict[str, list[str]] = {}
    for instance in instances:
        try:
            lines.append(f"{instance.name}: {_free(session, instance, members, read, percent)}")
        except RefusedError as error:
            reasons.setdefault(str(error), []).append(instance.name)
    if reasons:
        raise RefusedError("; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items()))
    return lines


def _free(
    session: Session, live: LiveInstance, members: list[LiveInstance], read: dict[str, Series], percent: int
) -> str:
    limits = live_capacity(session, live)
    if limits is None:
        raise RefusedError(f"class {live.instance_class or 'unknown'}: nobody knows its limit")
    open_, cpu = latest(read, f"connections {live.name}"), latest(read, f"cpu {live.name}")
    if open_ is None or cpu is None:
        silent = [name for name, point in zip(_METRICS.values(), (open_, cpu), strict=True) if point is None]
        raise RefusedError(
            f"no data of the last {STALE_SECONDS // 60} minutes for {' and '.join(silent)}, and what isn't known isn't "
            "free"
        )
    busy = session.budget.stack.margins.cpu_warning_percent
    if cpu.value >= busy:
        raise RefusedError(
            f"the CPU is at {cpu.value:.0f} % now ({busy:.0f} % is busy): a larger pool would make every transaction "
            "slower"
        )
    larger = limits.ceiling.low * percent // 100
    held, pooled = math.ceil(open_.value), _pooled(session, live, members, read, percent)
    others = held - pooled
    counted = (
        f"of {held:,} connections now {pooled:,} are surely the pool's"
        f"{'' if latest(read, f'pool {live.role}') else ' (the proxy tells no number)'}: "
        f"the other {others:,} and a pool of {larger:,}"
    )
    if others + larger > limits.usable:
        raise RefusedError(f"{counted} are more than {limits.usable:,} usable slots")
    return f"{counted} fit into {limits.usable:,} usable slots, and the CPU is at {cpu.value:.0f} %."


def _pooled(
    session: Session, live: LiveInstance, members: list[LiveInstance], read: dict[str, Series], percent: int
) -> int:
    """How many of the instance's connections are the pool's, at least: what the others of its role can't hold.

    0 where the proxy is silent, or another one's share has no bound: then all are taken for somebody else's.
    """
    whole = latest(read, f"pool {live.role}")
    left = whole.value if whole else 0.0
    for other in members:
        if other.role is live.role and other is not live:
            left -= _pooled_at_most(session, other, read, percent)
    return math.floor(max(0.0, min(left, _pooled_at_most(session, live, read, percent))))


def _pooled_at_most(session: Session, live: LiveInstance, read: dict[str, Series], percent: int) -> float:
    """Of one that is being deleted nothing but the pool's size is known, and of an unknown class nothing at all."""
    limits, open_ = live_capacity(session, live), latest(read, f"connections {live.name}")
    pool = math.inf if limits is None else limits.ceiling.high * percent // 100
    return min(pool, math.inf if open_ is None else open_.value)
