"""The alarm table: for a budget, everything that watches the stack.

Thresholds come from the budget's windows, or from named margins with their reasons; none is typed here. Anomaly bands
are on the dashboard only: a declared sale would set them off.
"""

from collections.abc import Iterator

from headroom.budget.alarms import connections, proxy, replicas, resources, storm
from headroom.budget.alarms.model import Alarm, AlarmTable, Composite, Events, Tier
from headroom.budget.model import Engine, Role
from headroom.budget.result import Budget

EXHAUSTION = "exhaustion-imminent"
EVENTS = (
    Events(
        key="rds-events",
        name="cluster-critical",
        tier=Tier.CRITICAL,
        source="db-cluster",
        categories=("failover", "failure"),
    ),
    Events(
        key="rds-events",
        name="cluster-warning",
        tier=Tier.WARNING,
        source="db-cluster",
        categories=("maintenance",),
    ),
    Events(
        key="rds-events",
        name="instances-critical",
        tier=Tier.CRITICAL,
        source="db-instance",
        categories=("failure", "low storage"),
    ),
    Events(
        key="rds-events",
        name="instances-warning",
        tier=Tier.WARNING,
        source="db-instance",
        categories=("availability", "maintenance", "recovery"),
    ),
    # No free address in the subnets (RDS-EVENT-0243), or clients throttled (RDS-EVENT-0275).
    Events(key="rds-events", name="proxy-critical", tier=Tier.CRITICAL, source="db-proxy", categories=("failure",)),
)


def alarm_table(budget: Budget) -> AlarmTable:
    """Everything that watches the stack; the same budget gives the same table."""
    alarms = tuple(_alarms(budget))
    return AlarmTable(
        alarms=alarms,
        composite=_composite(alarms),
        events=tuple(e for e in EVENTS if budget.stack.proxies or e.source != "db-proxy"),
        scaled_to_maximum=replicas.scaled_to_maximum(budget),
        log_metrics=storm.REFUSALS if budget.stack.cluster.engine is Engine.POSTGRESQL else (),
    )


def _alarms(budget: Budget) -> Iterator[Alarm]:
    for role_window in budget.thresholds.roles:
        yield from connections.role_connections(role_window, proxied=bool(budget.stack.proxies))
    yield from connections.instance_connections(budget)
    if budget.stack.proxies:
        timeout_seconds = min(p.connection_borrow_timeout_seconds for p in budget.stack.proxies)
        for pool_window in budget.thresholds.pools:
            yield from connections.pool_use(pool_window)
            yield from connections.borrow_latency(pool_window, timeout_seconds)
            yield from proxy.pinned(budget, pool_window.role)
            yield from proxy.availability(budget, pool_window.role)
        yield from proxy.setup_failures(budget)
    yield from storm.storms(budget)
    yield from replicas.replicas(budget)
    yield resources.writer_down(budget)
    yield from resources.of_a_role(budget, Role.WRITER)
    if budget.stack.cluster.readers or budget.stack.cluster.readers_max:
        yield from resources.of_a_role(budget, Role.READER)
    yield from resources.load(budget)
    yield from resources.of_the_cluster(budget)


def _composite(alarms: tuple[Alarm, ...]) -> Composite | None:
    """One page for all that says the same. Its children tell the warning topic, so which of them rang is on record.

    It has no suppressor: the only candidate, writer-down, rings for silence, too, and silence must keep no page back.
    """
    children = tuple(alarm.name for alarm in alarms if alarm.exhaustion)
    if not children:
        return None
    return Composite(
        key=EXHAUSTION,
        name=f"{EXHAUSTION}-{Tier.CRITICAL}",
        tier=Tier.CRITICAL,
        children=children,
        title="Exhaustion of connections is imminent",
        text=(
            "Database connections run out: the writer, the readers, a pool, or the logins that they refuse. The "
            "warnings that came before this page say which."
        ),
    )
