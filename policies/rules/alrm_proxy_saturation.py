"""alrm-proxy-saturation: somebody is told when clients queue at the proxy."""

from collections.abc import Iterator

from headroom.budget.model import Path, Stack
from policies.reading.alarms import ALLOWED, JUDGED_LATER, WAIT, dataless, heard, unclear, unreachable, watches
from policies.reading.aurora import Reading
from policies.reading.field import Blank
from policies.reading.metrics import REMEDY
from policies.reading.resources import Resource
from policies.reading.supply import ProxyParts
from policies.reading.topics import CLOUDWATCH, remedy
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    # Where no declared service uses it, nobody can queue there.
    budgets = [(cluster.budget, cluster.proxies) for cluster in reading.clusters]
    unused = {p.proxy.urn for budget, proxies in budgets if budget and not _used(budget.stack) for p in proxies}
    for parts in (parts for parts in reading.proxies if parts.proxy.urn not in unused):
        telling = [a for a in parts.alarms if heard(reading, a) and not dataless([parts.proxy], a)]
        missing = [
            _missing(reading, parts, what, metric)
            for what, metric in (("how long clients wait", WAIT), ("how full its pool is", ALLOWED))
            if not any(watches(alarm, metric) for alarm in telling)
        ]
        maybe = [blank for alarm in parts.alarms for blank in _undecided(alarm)] if missing else []
        yield from map(unproven, maybe) if maybe else missing


def _used(stack: Stack) -> bool:
    return any(pool.path is Path.PROXY for service in stack.services for pool in service.pools)


def _undecided(alarm: Resource) -> Iterator[Blank]:
    yield from unclear(alarm)
    enabled = alarm.read("actionsEnabled", bool)
    if isinstance(enabled, Blank):
        yield enabled


def _missing(reading: Reading, parts: ProxyParts, what: str, metric: str) -> Finding:
    on_it = [alarm for alarm in parts.alarms if watches(alarm, metric)]
    unheard = {alarm.name: unreachable(reading, alarm) for alarm in on_it}
    nothing = {alarm.name: dataless([parts.proxy], alarm) for alarm in on_it}
    why = "; ".join(f"{name}: {unheard[name] or nothing[name]}" for name in unheard if unheard[name] or nothing[name])
    remedies = [remedy(CLOUDWATCH)] * any(unheard.values()) + [REMEDY] * any(nothing.values())
    add = (
        f"add one on {WAIT}"
        if metric == WAIT
        else f"add one on 100 * DatabaseConnectionsCurrentlyBorrowed / {ALLOWED} (both Sum, 60 s)"
    )
    return Finding(
        urn=parts.proxy.urn,
        found=f"no alarm that tells somebody watches {what} at the proxy {parts.proxy.name}" + f" ({why})" * bool(why),
        allowed=f"behind a proxy the database looks calm while clients queue: {metric} shows it",
        remedy="; ".join(remedies) or add,
    )


RULE = Rule(
    id="alrm-proxy-saturation",
    title="Alarms watch how long clients wait at the proxy, and how full its pool is.",
    why="A proxy moves the queue out of the database's sight: DatabaseConnections stays below its limit all the while.",
    predicate=(
        "Refuses an RDS Proxy without an alarm that tells somebody on DatabaseConnectionsBorrowLatency, and without "
        "one whose expression uses MaxDatabaseConnectionsAllowed, which is lower than the percentage promises. One "
        "with none but topics that CloudWatch can't publish to (alrm-topic-publishable says which those are) tells "
        "nobody, and one on what AWS doesn't publish of a proxy (another namespace, dimensions that the metric doesn't "
        "have together, a dimension that isn't the proxy's name, another unit, a period under 60 s) never rings. A "
        "proxy that no declared service uses needs none."
    ),
    unknown="An alarm on the proxy whose metric is unknown may be the one: not proven. Unknown topics are some.",
    remedy="Add alarms on the borrow latency and on the use of the pool.",
    sources=("RDS User Guide, rds-proxy.monitoring", "headroom/budget/thresholds.py: pools"),
    harmless={**JUDGED_LATER, "alarmActions": "An action that is known only after the update is an action."},
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
