"""Storm signals: connections that are asked for again and again, and logins that the database refuses.

PostgreSQL writes a FATAL line for each refusal with SQLSTATE 53300. The code is in the line only where log_line_prefix
has %e, and Aurora's default is `%t:%r:%u@%d:[%p]:` (RDS User Guide, "RDS for PostgreSQL database log files"), so the
filters look for the messages of that code (PostgreSQL's postinit.c and proc.c). Those of a full server and those of a
role's or a database's own limit are counted apart: the first is everybody's outage, the second one service's.

For error 1040 (Too many connections) Aurora MySQL documents neither a line in an exported log nor a CloudWatch metric:
refusals can't be counted there. What can be had is the attempts (ConnectionAttempts), refused ones included.
"""

from collections.abc import Iterator

from headroom.budget.alarms.measures import AT_ONCE, EARLY, SILENT_PROXY, of_endpoint, of_role
from headroom.budget.alarms.model import Alarm, LogMetric, Metric, Missing, Symbol, Tier
from headroom.budget.alarms.proxy import client_connections
from headroom.budget.capacity import capacity, promotable
from headroom.budget.model import Engine, Role
from headroom.budget.result import Budget

OF_A_ROLE = "too many connections for role"
OF_A_DATABASE = "too many connections for database"
REFUSED_LOGINS = LogMetric(
    key="refused-logins",
    name="RefusedLogins",
    log="postgresql",
    phrases=("sorry, too many clients already", "remaining connection slots are reserved"),
)
ROLE_REFUSALS = LogMetric(
    key="role-refusals",
    name="RoleRefusals",
    log="postgresql",
    phrases=(OF_A_ROLE, OF_A_DATABASE),
)
REFUSALS = (REFUSED_LOGINS, ROLE_REFUSALS)


def client_storm(budget: Budget) -> Iterator[Alarm]:
    """Client connections that the proxy receives: more than every client once a minute are clients that try again."""
    clients = client_connections(budget)
    for tier, times in ((Tier.WARNING, 1), (Tier.CRITICAL, 2)):
        threshold = max(1, round(times * budget.stack.margins.reconnects_per_client_per_minute * clients))
        yield Alarm(
            key="client-storm",
            name=f"client-storm-{tier}",
            tier=tier,
            measure=of_endpoint("ClientConnectionsReceived", "Sum", Role.WRITER),
            **EARLY._asdict(),
            threshold=threshold,
            unit="connections a minute",
            missing=Missing.IGNORE,
            missing_reason=SILENT_PROXY,
            title="Client connections that the proxy receives",
            text=(
                f"Clients open {threshold:,} or more connections to the proxy a minute. The whole fleet has "
                f"{clients:,}, with a deploy's surge: they are opened again and again."
            ),
            exhaustion=tier is Tier.CRITICAL,
        )


def attempts(budget: Budget) -> Iterator[Alarm]:
    """MySQL: logins that are tried, granted or not, against what the vCPUs can take."""
    per_minute = round(60 * min(capacity(budget.stack, i).connects_per_second for i in promotable(budget.stack)))
    for role in Role if budget.stack.cluster.readers else (Role.WRITER,):
        yield Alarm(
            key="connection-attempts",
            name=f"{role}-connection-attempts-warning",
            tier=Tier.WARNING,
            measure=of_role("ConnectionAttempts", "Maximum", role),
            **EARLY._asdict(),
            threshold=per_minute,
            unit="attempts a minute",
            missing=Missing.MISSING,
            missing_reason="instances come and go; one that is there counts its attempts, also when there are none",
            title=f"Connection attempts, {role}",
            text=(
                f"{per_minute:,} or more connections a minute are tried on one {role}: as many as its vCPUs can open. "
                "Expected after a failover only; Aurora MySQL doesn't tell how many were refused."
            ),
        )


def refused_logins(budget: Budget) -> Iterator[Alarm]:
    """PostgreSQL: one refusal is one too many; several a minute are customers who are turned away."""
    slots = "The database refused {count:,.0f} or more logins in a minute because no slot was free (SQLSTATE 53300). "
    limit = (
        "The database refused {count:,.0f} or more logins in a minute because a role had reached its own limit "
        "(SQLSTATE 53300). Expected none: one service holds more than its share, or its limit is lower than the "
        "budget's; slots may be free, and the others are served."
    )
    yield from _refusals(budget, REFUSED_LOGINS, "Logins refused for want of a slot", slots + "Expected none.")
    yield from _refusals(budget, ROLE_REFUSALS, "Logins refused by a role's limit", limit)


def _refusals(budget: Budget, metric: LogMetric, title: str, text: str) -> Iterator[Alarm]:
    for tier, threshold, debounce in (
        (Tier.WARNING, 1.0, AT_ONCE),
        (Tier.CRITICAL, budget.stack.margins.refused_logins_per_minute, EARLY),
    ):
        yield Alarm(
            key=metric.key,
            name=f"{metric.key}-{tier}",
            tier=tier,
            measure=Metric(namespace=Symbol.NAMESPACE, name=metric.name, statistic="Sum"),
            **debounce._asdict(),
            threshold=threshold,
            unit="refusals a minute",
            missing=Missing.IGNORE,
            missing_reason=(
                "each line of the log counts, as 0 or 1, so no datapoint means that no log came: that is no all-clear"
            ),
            title=title,
            text=text.format(count=threshold),
            # A role's limit is no exhaustion: its page is its own, with another remedy.
            exhaustion=tier is Tier.CRITICAL and metric is REFUSED_LOGINS,
        )


def storms(budget: Budget) -> Iterator[Alarm]:
    """What the engine and the proxy let be counted."""
    if budget.stack.proxies and client_connections(budget):
        yield from client_storm(budget)
    yield from attempts(budget) if budget.stack.cluster.engine is Engine.MYSQL else refused_logins(budget)
