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
    if not instances:
        raise RefusedError("no instance serves: there is nothing to raise")
    lines: list[str] = []
    reasons: dict[str, list[str]] = {}
    for instance in instances:
        try:
            lines.append(f"{instance.name}: {_free(session, instance, read, percent)}")
        except RefusedError as error:
            reasons.setdefault(str(error), []).append(instance.name)
    if reasons:
        raise RefusedError("; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items()))
    return lines


def _free(session: Session, live: LiveInstance, read: dict[str, Series], percent: int) -> str:
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
    free, more = limits.usable - math.ceil(open_.value), math.ceil(limits.ceiling.low * percent / 100)
    if free < more:
        raise RefusedError(
            f"{max(free, 0):,} of {limits.usable:,} usable slots are free now, and the pool would grow by {more:,}"
        )
    return f"now {free:,} of {limits.usable:,} usable slots are free, and the CPU is at {cpu.value:.0f} %."
