"""conn-idle-in-transaction: a client that stopped in a transaction gives its connection back."""

from collections.abc import Iterator

from headroom.budget.model import Engine
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource, Resources
from policies.reading.supply import whole_parameter
from policies.rule import ADVISORY, DISABLED, Finding, Rule, Setting, unproven

POSTGRESQL, MYSQL = "idle_in_transaction_session_timeout", "wait_timeout"
MILLISECONDS = 1000
MYSQL_DEFAULT_SECONDS = 28_800
#: Aurora PostgreSQL's own parameter groups set a day.
POSTGRESQL_DEFAULT_SECONDS = 86_400


def check(reading: Reading, *, transaction_seconds_most: int, session_seconds_most: int) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        if cluster.cluster.field("engine") == Engine.MYSQL:
            for instance in cluster.instances:
                value = _of_instance(instance, cluster, reading.resources)
                seconds = MYSQL_DEFAULT_SECONDS if value is None else value
                yield from _judge(instance, MYSQL, seconds, 1, session_seconds_most)
        else:
            value = whole_parameter(cluster.cluster, reading.resources, POSTGRESQL)
            milliseconds = POSTGRESQL_DEFAULT_SECONDS * MILLISECONDS if value is None else value
            yield from _judge(cluster.cluster, POSTGRESQL, milliseconds, MILLISECONDS, transaction_seconds_most)


def _of_instance(instance: Resource, cluster: AuroraCluster, resources: Resources) -> int | Blank | None:
    """The instance's group comes before the cluster's."""
    own = whole_parameter(instance, resources, MYSQL)
    return own if own is not None else whole_parameter(cluster.cluster, resources, MYSQL)


def _judge(resource: Resource, name: str, value: int | Blank, per_second: int, most: int) -> Iterator[Finding]:
    if isinstance(value, Blank):
        yield unproven(value)
    elif not 0 < value <= most * per_second:
        seconds = f"{value / per_second:,.6g} s" if value > 0 else "for ever"
        yield Finding(
            urn=resource.urn,
            found=f"on {resource.name} a session that does nothing in a transaction is kept {seconds} ({name})",
            allowed=f"at most {most:,} s: meanwhile it holds its locks and its connection, behind a proxy pinned",
            remedy=f"set {name} to {most * per_second:,} or less",
        )


RULE = Rule(
    id="conn-idle-in-transaction",
    title="A session that does nothing within a transaction is ended within minutes.",
    why=(
        "A client that died in a transaction keeps its row locked; everybody who needs the row then holds a connection."
    ),
    predicate=(
        "Notes an idle_in_transaction_session_timeout (PostgreSQL, ms; unset a day, 0 never) above "
        "`transaction_seconds_most`, and on MySQL, which has none, a wait_timeout (s; unset 28,800) above "
        "`session_seconds_most`. Advice: it bounds how long a fault lasts, the budget holds without it."
    ),
    unknown="An unknown parameter, or a parameter group outside the stack, may keep them for ever: not proven.",
    remedy="Set the timeout in the parameter group.",
    sources=(
        "PostgreSQL documentation, runtime-config-client: idle_in_transaction_session_timeout",
        "MySQL Reference Manual, server system variables: wait_timeout, 28800",
        "headroom/settings/profiles.py: idle_in_transaction_timeout_seconds",
    ),
    settings=(
        Setting(
            name="transaction_seconds_most",
            default=300,
            unit="seconds",
            lowest=1,
            highest=86_400,
            reason="Our proposal: longer than a batch pauses, shorter than an incident.",
        ),
        Setting(
            name="session_seconds_most",
            default=1800,
            unit="seconds",
            lowest=1,
            highest=28_800,
            reason="RDS Proxy's own default for idle clients.",
        ),
    ),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
