"""Is there room on the instances now for a larger pool? By what CloudWatch has, and not by the budget."""

import math

from headroom.budget.alarms.measures import of_instance
from headroom.budget.alarms.model import Metric
from headroom.ops.errors import RefusedError
from headroom.ops.live import STALE_SECONDS, LiveInstance, Series, read_cluster, read_metrics
from headroom.ops.session import Session
from headroom.ops.status import latest, live_capacity, pool_roles

_METRICS = {"connections": "DatabaseConnections", "cpu": "CPUUtilization"}
_WITHOUT_CONNECTIONS = {"creating", "deleting"}
"""States of an instance that the proxy doesn't lead to yet, or any more."""


def room(session: Session, percent: int) -> list[str]:
    """What the instances that the proxy leads to have free now, a line each.

    Args:
        session: the stack.
        percent: of max_connections, 1-99: by so much the pool is to grow on each of them.

    Raises:
        RefusedError: slots or CPU aren't free, or nobody knows; one line, with every instance that says no.
        LackError: the cluster can't be read.
    """
    roles = pool_roles(session)
    instances = [i for i in read_cluster(session).instances if i.role in roles and i.status not in _WITHOUT_CONNECTIONS]
    wanted: dict[str, Metric] = {
        f"{what} {i.name}": of_instance(metric, "Maximum", i.name)
        for i in instances
        for what, metric in _METRICS.items()
    }
    read = read_metrics(session, wanted)
    judged = [_judged(session, instance, read, percent) for instance in instances]
    if reasons := [reason for _, reason in judged if reason] or ([] if instances else ["no instance serves"]):
        raise RefusedError("; ".join(reasons))
    return [line for line, _ in judged]


def _judged(session: Session, live: LiveInstance, read: dict[str, Series], percent: int) -> tuple[str, str]:
    """(what is free, why not): one of them is empty."""
    limits = live_capacity(session, live)
    open_, cpu = latest(read, f"connections {live.name}"), latest(read, f"cpu {live.name}")
    busy = session.budget.stack.margins.cpu_warning_percent
    if limits is None:
        return "", f"{live.name}: class {live.instance_class or 'unknown'}: nobody knows its limit"
    missing = [name for name, point in zip(_METRICS.values(), (open_, cpu), strict=True) if point is None]
    if open_ is None or cpu is None:
        return "", (
            f"{live.name}: no data of the last {STALE_SECONDS // 60} minutes for {' and '.join(missing)}, and what "
            "isn't known isn't free"
        )
    free, more = limits.usable - math.ceil(open_.value), math.ceil(limits.ceiling.low * percent / 100)
    if cpu.value >= busy:
        return "", (
            f"{live.name}: the CPU is at {cpu.value:.0f} % now ({busy:.0f} % is busy): a larger pool would make every "
            "transaction slower"
        )
    if free < more:
        return "", (
            f"{live.name}: {max(free, 0):,} of {limits.usable:,} usable slots are free now, and the pool would grow by "
            f"{more:,}"
        )
    return (
        f"{live.name}: now {free:,} of {limits.usable:,} usable slots are free, and the CPU is at {cpu.value:.0f} %.",
        "",
    )
