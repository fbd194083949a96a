"""Alarms on a cluster's `DatabaseConnections`, as the rules need them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from headroom.budget.model import Role
from policies.reading.aurora import AuroraCluster
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource

METRIC = "DatabaseConnections"
#: Why a rule about alarms on connections may say nothing of an alarm on something unknown.
NOT_JUDGED = {
    "metricName": "An alarm on an unknown metric isn't judged; alrm-connections-required asks whether there is one.",
}
_ROLES = {role.value.upper(): role for role in Role}


@dataclass(frozen=True, kw_only=True)
class ConnectionAlarm:
    """One alarm on the number of connections.

    Attributes:
        alarm: the resource.
        roles: the roles whose instances it sees; both, if it has no dimension `Role`. Empty: single instances only.
        instances: URNs of the instances that it is keyed by.
        plain: it compares the metric itself, not an expression, so its threshold is a number of connections.
        blank: why it can't be told which instances it sees, if it can't.
    """

    alarm: Resource
    roles: frozenset[Role]
    instances: frozenset[str]
    plain: bool
    composites: Sequence[Resource] = ()
    blank: Blank | None = None

    @property
    def tells_somebody(self) -> bool:
        """An alarm without an action, or with its actions off, rings for nobody."""
        return any(map(tells_somebody, (self.alarm, *self.composites)))


def tells_somebody(alarm: Resource) -> bool:
    """Its actions are on, and it has one for the state ALARM."""
    actions = alarm.field("alarmActions")
    return alarm.read("actionsEnabled", bool) is True and actions is not MISSING and actions != []


def heard(cluster: AuroraCluster, alarm: Resource) -> bool:
    """It tells somebody, or a composite alarm does that refers to it."""
    return any(map(tells_somebody, (alarm, *cluster.composites.get(alarm.urn, ()))))


def metrics(alarm: Resource) -> list[str]:
    """The paths of what it watches: "" for the alarm's own metric, else that of a query's, if it has one."""
    own = [""] if alarm.field("metricName") is not MISSING else []
    return own + [f"metricQueries.{index}.metric." for index, _ in enumerate(_queries(alarm))]


def unclear(alarm: Resource) -> list[Blank]:
    """What keeps it from being known which metrics it watches."""
    queries = alarm.field("metricQueries")
    if queries is not MISSING and not isinstance(queries, list):
        return [_no("metricQueries", "a list", alarm)]
    found = [alarm.read("metricName", str)]
    for index, _ in enumerate(_queries(alarm)):
        path = f"metricQueries.{index}.metric"
        whole = alarm.field(path) is MISSING or isinstance(alarm.field(path), Mapping)
        found.append(alarm.read(f"{path}.metricName", str) if whole else _no(path, "an object", alarm))
    return [value for value in found if isinstance(value, Blank)]


def _no(path: str, kind: str, alarm: Resource) -> Blank:
    value = alarm.field(path)
    reason = "is known only after the update" if value is UNKNOWN else f"must be {kind}, got {value!r}"
    return Blank(alarm.urn, path, reason)


def watches(alarm: Resource, *names: str) -> bool:
    """Whether one of its metrics has one of these names."""
    return any(alarm.field(f"{path}metricName") in names for path in metrics(alarm))


def on_connections(cluster: AuroraCluster) -> list[Resource]:
    """The alarms that say that connections run out: on the cluster's connections, and on its proxies."""
    proxies = (alarm for parts in cluster.proxies for alarm in parts.alarms)
    found = {a.urn: a for a in (*(c.alarm for c in connection_alarms(cluster)), *proxies)}
    return list(found.values())


def connection_alarms(cluster: AuroraCluster) -> list[ConnectionAlarm]:
    """The cluster's alarms on connections; those of its proxies are others."""
    return [found for alarm in cluster.alarms if (found := _read(alarm, cluster)) is not None]


def undecided(cluster: AuroraCluster) -> list[Blank]:
    """What keeps an alarm on the cluster from being known for one on connections that tells somebody."""
    deciding: tuple[tuple[str, type], ...] = (("metricName", str), ("dimensions.Role", str), ("actionsEnabled", bool))
    values = (alarm.read(path, kind) for alarm in cluster.alarms for path, kind in deciding)
    return [value for value in values if isinstance(value, Blank)]


def _read(alarm: Resource, cluster: AuroraCluster) -> ConnectionAlarm | None:
    path = next((path for path in metrics(alarm) if alarm.field(f"{path}metricName") == METRIC), None)
    if path is None:
        return None
    plain = not path or alarm.field(path.replace(".metric.", ".returnData")) is True
    return _alarm(alarm, path, cluster, plain=plain)


def _queries(alarm: Resource) -> Iterator[object]:
    queries = alarm.field("metricQueries")
    yield from queries if isinstance(queries, list) else ()


def _alarm(alarm: Resource, path: str, cluster: AuroraCluster, *, plain: bool) -> ConnectionAlarm:
    key, role_key = f"{path}dimensions.DBInstanceIdentifier", f"{path}dimensions.Role"
    instances: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    if alarm.field(key) is not MISSING:
        instances = _instances(alarm, alarm.field(key), cluster)
    else:
        role = alarm.field(role_key)
        roles = (
            frozenset(Role)
            if role is MISSING
            else frozenset({_ROLES[role]} if isinstance(role, str) and role in _ROLES else ())
        )
    blanks = () if roles or instances else (alarm.read(key, str), alarm.read(role_key, str))
    blank = next((value for value in blanks if isinstance(value, Blank)), None)
    return ConnectionAlarm(
        alarm=alarm,
        roles=roles,
        instances=instances,
        plain=plain,
        blank=blank,
        composites=cluster.composites.get(alarm.urn, ()),
    )


def _instances(alarm: Resource, identifier: object, cluster: AuroraCluster) -> frozenset[str]:
    referred = {urn for urns in alarm.property_dependencies.values() for urn in urns}
    literal = identifier if isinstance(identifier, str) else None
    return frozenset(i.urn for i in cluster.instances if i.urn in referred or i.field("identifier") == literal)
