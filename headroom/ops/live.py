"""What runs, and what CloudWatch has measured of it, as the API tells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from headroom import clock
from headroom.budget.alarms.model import Metric
from headroom.budget.model import Role
from headroom.ops.errors import LackError
from headroom.ops.session import Session

AUTOSCALED = "application-autoscaling-"
"""How the names of Application Auto Scaling's replicas begin (Aurora User Guide, Aurora.Integrating.AutoScaling)."""
WINDOW = timedelta(minutes=15)
FAILED = ("Failed", "Unfulfilled")
"""What Application Auto Scaling calls an activity that brought no reader (its API, ScalingActivity)."""
DAY = timedelta(hours=24)
STALE_SECONDS = 240
"""RDS publishes once a minute, and CloudWatch shows it a minute or two later: older than this, something is wrong."""
_QUERIES_AT_ONCE = 500  # of one GetMetricData


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveInstance:
    """One member of the cluster.

    Attributes:
        name: its identifier.
        role: its role now.
        instance_class: AWS's name; empty where it can't be read.
        status: AWS's word; empty where it can't be read.
        described: all that DescribeDBInstances says; empty where it can't be read.
    """

    name: str
    role: Role
    instance_class: str
    status: str
    described: Mapping[str, Any]

    @property
    def autoscaled(self) -> bool:
        """Application Auto Scaling made it."""
        return self.name.startswith(AUTOSCALED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCluster:
    """The cluster and its members, the writer first."""

    described: Mapping[str, Any]
    instances: tuple[LiveInstance, ...]

    @property
    def readers(self) -> tuple[LiveInstance, ...]:
        """Those in a reader's role."""
        return tuple(i for i in self.instances if i.role is Role.READER)


@dataclass(frozen=True, slots=True)
class Point:
    """A minute's value, and how many seconds ago that minute began."""

    value: float
    age_seconds: float

    @property
    def stale(self) -> bool:
        """Too old to stand for now."""
        return self.age_seconds > STALE_SECONDS


Series = tuple[Point, ...]
"""The newest first; a minute without data is not in it."""


def read_cluster(session: Session) -> LiveCluster:
    """The cluster; its instances' classes are missing, and noted, where only they can't be read.

    Raises:
        LackError: the cluster isn't there, or can't be read.
    """
    aws = session.aws
    try:
        found = aws.all("rds", "DescribeDBClusters", "DBClusters", DBClusterIdentifier=session.name)
    except LackError as error:
        if error.absent:
            raise _no_cluster(session) from None
        raise
    if not found:
        raise _no_cluster(session)
    cluster = found[0]
    in_cluster = [{"Name": "db-cluster-id", "Values": [session.name]}]
    described = aws.tried(lambda: aws.all("rds", "DescribeDBInstances", "DBInstances", Filters=in_cluster)) or []
    by_name = {i["DBInstanceIdentifier"]: i for i in described}
    members = sorted(cluster.get("DBClusterMembers", []), key=lambda m: (not m["IsClusterWriter"], _place(m)))
    instances = tuple(
        LiveInstance(
            name=m["DBInstanceIdentifier"],
            role=Role.WRITER if m["IsClusterWriter"] else Role.READER,
            instance_class=by_name.get(m["DBInstanceIdentifier"], {}).get("DBInstanceClass", ""),
            status=by_name.get(m["DBInstanceIdentifier"], {}).get("DBInstanceStatus", ""),
            described=by_name.get(m["DBInstanceIdentifier"], {}),
        )
        for m in members
    )
    return LiveCluster(described=cluster, instances=instances)


def _no_cluster(session: Session) -> LackError:
    return LackError(
        f"no cluster {session.name} in {session.aws.region}: is the stack deployed, and are these the credentials of "
        "its account?",
        code="DBClusterNotFoundFault",
    )


def _place(member: Mapping[str, Any]) -> tuple[bool, str]:
    return member["DBInstanceIdentifier"].startswith(AUTOSCALED), member["DBInstanceIdentifier"]


def unused(session: Session, wanted: Mapping[str, Metric], read: Mapping[str, Series]) -> frozenset[str]:
    """Those of `wanted` that had no datapoint all day: nobody uses what they measure.

    One that had any, and has none in `read`, fell silent: that is no all-clear. Nor is one that can't be asked.
    """
    hours = {key: replace(metric, period_seconds=3600) for key, metric in wanted.items() if read.get(key) == ()}
    day = read_metrics(session, hours, window=DAY) if hours else {}
    return frozenset(key for key, series in day.items() if not series)


def read_metrics(
    session: Session, wanted: Mapping[str, Metric], now: datetime | None = None, *, window: timedelta = WINDOW
) -> dict[str, Series]:
    """Each metric's last quarter of an hour; what can't be read is noted, and isn't in the answer.

    Only whole minutes: in the running one, a proxy's nodes haven't all published yet, and a sum would be too small.
    """
    now = now or clock.now()
    end = now.replace(second=0, microsecond=0)
    found: dict[str, Series] = {}
    keys = list(wanted)
    for start in range(0, len(keys), _QUERIES_AT_ONCE):
        part = {f"m{n}": key for n, key in enumerate(keys[start : start + _QUERIES_AT_ONCE])}
        queries = [_query(identifier, session.metric(wanted[key])) for identifier, key in part.items()]
        results = session.aws.tried(
            lambda queries=queries: session.aws.all(  # type: ignore[misc]
                "cloudwatch",
                "GetMetricData",
                "MetricDataResults",
                MetricDataQueries=queries,
                StartTime=end - window,
                EndTime=end,
                ScanBy="TimestampDescending",
            )
        )
        if results is None:
            continue
        found |= dict.fromkeys(part.values(), ())
        for result in results:
            if result.get("StatusCode") in {"InternalError", "Forbidden", "PartialData"}:
                metric = wanted[part[result["Id"]]].name
                session.aws.note(f"cloudwatch:GetMetricData: {metric}: {result['StatusCode']}: it may be incomplete")
            pairs = zip(result.get("Timestamps", []), result.get("Values", []), strict=False)
            read = (Point(float(value), (now - at).total_seconds()) for at, value in pairs)
            found[part[result["Id"]]] = (*found[part[result["Id"]]], *read)
    return {key: tuple(sorted(points, key=lambda p: p.age_seconds)) for key, points in found.items()}


def _query(identifier: str, metric: Metric) -> dict[str, Any]:
    return {
        "Id": identifier,
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions],
            },
            "Period": metric.period_seconds,
            "Stat": metric.statistic,
        },
        "ReturnData": True,
    }
