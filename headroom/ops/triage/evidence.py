"""All that a triage reads, once; whatever can't be read is missing, and noted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.model import Alarm, Expression, Metric
from headroom.ops.database import Database, DatabaseLimitError, FullError, RoleLimitError, connected
from headroom.ops.dsn import Dsn
from headroom.ops.errors import LackError
from headroom.ops.live import LiveCluster, Series, read_cluster, read_metrics, unused
from headroom.ops.roles import read_limits
from headroom.ops.session import Session
from headroom.ops.sessions import Inside, look_inside

FAILOVER_MINUTES = 60


@dataclass(slots=True, kw_only=True)
class Evidence:
    """All that was read; whatever couldn't be is None or missing.

    Attributes:
        session: the stack.
        cluster: its members.
        series: alarm's metric -> its minutes.
        unused: those of the proxy's metrics in `series` that had no datapoint all day.
        inside: what one connection saw.
        refused: the database's words, if it is full.
        limits: each service's role -> its limit in the database, -1 for none; empty where that couldn't be read.
        limited: the database's words, if the DSN's role, or its database, has reached its own limit.
        dsn: where it looked, or tried to.
        activities: autoscaling's of the last hour.
        target: autoscaling's.
        events: RDS's of the last hour.
    """

    session: Session
    cluster: LiveCluster | None = None
    series: dict[str, Series] = field(default_factory=dict)
    unused: frozenset[str] = frozenset()
    inside: Inside | None = None
    refused: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    limited: RoleLimitError | DatabaseLimitError | None = None
    dsn: Dsn | None = None
    activities: list[Any] | None = None
    target: list[Any] | None = None
    events: list[Any] | None = None

    def alarms(self, *keys: str) -> list[Alarm]:
        """The alarm table's, by key."""
        return [a for a in alarm_table(self.session.budget).alarms if a.key in keys]


def gather(session: Session, dsn: Dsn | None) -> Evidence:
    """One reading of everything; each lack is noted in `session.aws`."""
    aws, found = session.aws, Evidence(session=session, dsn=dsn)
    found.cluster = aws.tried(lambda: read_cluster(session))
    wanted = _metrics(session, found.cluster)
    found.series = read_metrics(session, wanted)
    found.unused = unused(
        session,
        {key: metric for key, metric in wanted.items() if "ProxyName" in dict(metric.dimensions)},
        found.series,
    )
    resource = f"cluster:{session.name}"
    if session.settings.autoscaling:
        found.target = aws.tried(
            lambda: aws.all(
                "application-autoscaling",
                "DescribeScalableTargets",
                "ScalableTargets",
                ServiceNamespace="rds",
                ResourceIds=[resource],
            )
        )
        found.activities = aws.tried(
            lambda: aws.all(
                "application-autoscaling",
                "DescribeScalingActivities",
                "ScalingActivities",
                ServiceNamespace="rds",
                ResourceId=resource,
            )
        )
    found.events = aws.tried(
        lambda: aws.all(
            "rds",
            "DescribeEvents",
            "Events",
            SourceType="db-cluster",
            SourceIdentifier=session.name,
            Duration=FAILOVER_MINUTES,
        )
    )
    if dsn is not None:
        try:
            with connected(dsn) as database:
                found.inside = _inside(database, session)
                found.limits = _limits(database, session)
        except FullError as error:
            found.refused = str(error)
            aws.note(str(error))
        except (RoleLimitError, DatabaseLimitError) as error:
            found.limited = error
            aws.note(str(error))
        except LackError as error:
            aws.note(str(error))
    return found


def _inside(database: Database, session: Session) -> Inside:
    inside = look_inside(database, session.budget.stack.cluster.engine)
    if inside.hidden:
        session.aws.note(
            f"the DSN's user may not see the state of {inside.hidden:,} sessions: GRANT pg_read_all_stats, or the "
            "master user, shows it"
        )
    return inside


def _limits(database: Database, session: Session) -> dict[str, int]:
    """The limits in effect: `relieve limit-role` may have lowered one."""
    stack = session.budget.stack
    try:
        return read_limits(database, stack.cluster.engine, [service.user for service in stack.services])
    except LackError as error:
        session.aws.note(f"{error}: the roles' limits are taken for the budget's")
        return {}


def _metrics(session: Session, cluster: LiveCluster | None) -> dict[str, Metric]:
    """What the alarms of interest measure, and each instance's connections."""
    wanted: dict[str, Metric] = {}
    for alarm in alarm_table(session.budget).alarms:
        parts = alarm.measure.metrics if isinstance(alarm.measure, Expression) else (("", alarm.measure),)
        wanted |= {f"{alarm.name} {name}": metric for name, metric in parts}
    for live in cluster.instances if cluster else ():
        metric = Metric(
            name="DatabaseConnections", statistic="Maximum", dimensions=(("DBInstanceIdentifier", live.name),)
        )
        wanted[f"instance {live.name}"] = metric
    return wanted
