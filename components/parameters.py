"""The engine's parameters that the budget rests on: the limit, the timeouts that free a slot, TLS, and the evidence.

PostgreSQL's are set on the cluster, where every instance has them, autoscaled ones too. Aurora MySQL takes its
connection limit and session timeouts on the instance (Aurora User Guide, "Aurora MySQL configuration parameters").
"""

from typing import NamedTuple

from headroom.budget.model import Engine
from headroom.settings.supply import Database


class Parameter(NamedTuple):
    """One parameter. A static one waits for a reboot, so it may only be sent as `pending-reboot`."""

    name: str
    value: str
    apply_method: str = "immediate"


# The database notices that a client's host died without a word after 60 + 6 x 10 seconds, not after two hours:
# its orphaned connections hold slots until then.
_KEEPALIVES = (
    Parameter("tcp_keepalives_idle", "60"),
    Parameter("tcp_keepalives_interval", "10"),
    Parameter("tcp_keepalives_count", "6"),
)
# Aurora MySQL has no keepalive parameters. Half an hour (RDS Proxy's own default for idle clients) instead of the
# default's eight bounds how long a dead host's connections hold slots.
_MYSQL_IDLE_SECONDS = "1800"
# A statement that takes as long is written to the log: a hundred times a usual hold (10 ms), and where log_lock_waits
# begins to tell of waits (deadlock_timeout, 1 s). Whatever happens, that is one line a second for each connection at
# most. MySQL's own default is ten seconds.
_SLOW_STATEMENT_SECONDS = 1
_LOG_CONNECTIONS_IS_A_LIST_SINCE = 18


def family(database: Database) -> str:
    """The parameter group family: `aurora-postgresql16`, `aurora-mysql8.0`."""
    major, _, rest = database.engine_version.partition(".")
    if database.engine is Engine.POSTGRESQL:
        return f"{database.engine}{major}"
    return f"{database.engine}{major}.{rest.split('.')[0]}"


def log_exports(database: Database) -> list[str]:
    """The logs that go to CloudWatch: where refused connections, lock waits and slow statements are seen."""
    return ["postgresql"] if database.engine is Engine.POSTGRESQL else ["error", "slowquery"]


def cluster_parameters(database: Database) -> list[Parameter]:
    """The cluster parameter group's."""
    if database.engine is Engine.MYSQL:
        return [Parameter("require_secure_transport", "ON")]
    return [
        # Without a number, the engine's default for the class stands. superuser_reserved_connections keeps its default
        # (3): the break-glass way needs them.
        *_limit(database, "pending-reboot"),
        Parameter("idle_in_transaction_session_timeout", _milliseconds(database.idle_in_transaction_timeout_seconds)),
        Parameter("statement_timeout", _milliseconds(database.statement_timeout_seconds)),
        # No lock_timeout: Aurora PostgreSQL's groups have none (docs/decisions/0013), each service's role has it.
        *_KEEPALIVES,
        Parameter("log_connections", _every_connection(database)),
        Parameter("log_disconnections", "1"),
        Parameter("log_lock_waits", "1"),
        Parameter("log_min_duration_statement", _milliseconds(_SLOW_STATEMENT_SECONDS)),
        # The values that a client binds are its customers' data; without this each slow statement's are written.
        Parameter("log_parameter_max_length", "0"),
        # RDS reports a change of this one as applied only after a reboot; `immediate` would differ for ever.
        Parameter("rds.force_ssl", "1", "pending-reboot"),
    ]


def instance_parameters(database: Database) -> list[Parameter]:
    """The instances' parameter group's; PostgreSQL needs none."""
    if database.engine is Engine.POSTGRESQL:
        return []
    return [
        *_limit(database, "immediate"),
        Parameter("wait_timeout", _MYSQL_IDLE_SECONDS),
        Parameter("interactive_timeout", _MYSQL_IDLE_SECONDS),
        Parameter("innodb_lock_wait_timeout", str(database.lock_timeout_seconds)),
        Parameter("max_execution_time", _milliseconds(database.statement_timeout_seconds)),  # SELECT only
        Parameter("slow_query_log", "1"),
        Parameter("long_query_time", str(_SLOW_STATEMENT_SECONDS)),
    ]


def _every_connection(database: Database) -> str:
    """PostgreSQL 18 made the switch a list of what to log of a connection; AWS refuses the switch's 1 there."""
    return "1" if int(database.engine_version.partition(".")[0]) < _LOG_CONNECTIONS_IS_A_LIST_SINCE else "all"


def _limit(database: Database, apply_method: str) -> list[Parameter]:
    if database.max_connections is None:
        return []
    return [Parameter("max_connections", str(database.max_connections), apply_method)]


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
