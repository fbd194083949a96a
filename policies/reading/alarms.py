"""Alarms on a cluster's `DatabaseConnections`, as the rules need them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from headroom.budget.capacity import capacity, promotable
from headroom.budget.model import Role, Stack
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.metrics import REMEDY, no_data
from policies.reading.resources import Resource
from policies.reading.topics import CLOUDWATCH, dead_end, remedy

ACTIONS = "alarmActions"
METRIC = "DatabaseConnections"
#: A proxy's: how long clients wait (microseconds), and what its pool may hold.
WAIT = "DatabaseConnectionsBorrowLatency"
ALLOWED = "MaxDatabaseConnectionsAllowed"
RISING = ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold")
#: They compare with a band that CloudWatch learns, not with a number.
BANDS = ("GreaterThanUpperThreshold", "LessThanLowerOrGreaterThanUpperThreshold")
FALLING = ("LessThanThreshold", "LessThanOrEqualToThreshold", "LessThanLowerThreshold")
#: Why a rule about alarms on connections may say nothing of an alarm on something unknown.
NOT_JUDGED = {
    "metricName": "An alarm on an unknown metric isn't judged; alrm-connections-required asks whether there is one.",
}
#: Why a rule may take an alarm for one that rings where what decides about that is unknown.
REPORTED_ELSEWHERE = {
    **dict.fromkeys(
        ("comparisonOperator", "threshold"), "Alrm-connections-threshold reports an unknown one of every alarm."
    ),
    **dict.fromkeys(("datapointsToAlarm", "evaluationPeriods"), "Alrm-latency-to-page reports an unknown one."),
    "statistic": "Alrm-statistic reports an unknown one.",
}
_LATER = "What is known only after the update is judged at the end of `up` and in the state."
#: Why it may take an alarm for one that has data.
DATA_LATER = {
    **dict.fromkeys(("namespace", "unit", "region"), _LATER),
    "period": "Alrm-latency-to-page reports an unknown one.",
}
#: Why it may take a topic for one that CloudWatch can publish to.
JUDGED_LATER = dict.fromkeys(("kmsMasterKeyId", "policy"), _LATER)
_ROLES = {role.value.upper(): role for role in Role}


@dataclass(frozen=True, kw_only=True)
class ConnectionAlarm:
    """One alarm on the number of connections.

    Attributes:
        alarm: the resource.
        roles: the roles whose instances it sees; both, if it has no dimension `Role`. Empty: single instances only.
        instances: URNs of the instances that it is keyed by.
        plain: it compares the metric itself, not an expression, so its threshold is a number of connections.
        composites: the composite alarms that speak for it.
        blank: why it can't be told which instances it sees, if it can't.
        silence: why nobody will ever hear of it, as the end of a sentence; "" if that can't be said.
        remedy: against that, where it isn't a matter of actions and thresholds.
    """

    alarm: Resource
    roles: frozenset[Role]
    instances: frozenset[str]
    plain: bool
    composites: Sequence[Resource] = ()
    blank: Blank | None = None
    silence: str = ""
    remedy: str = ""


def heard(where: AuroraCluster | Reading, alarm: Resource) -> bool:
    """It tells somebody, or a composite alarm does that speaks for it."""
    return any(_tells_somebody(where, each) for each in (alarm, *where.composites.get(alarm.urn, ())))


def _tells_somebody(where: AuroraCluster | Reading, alarm: Resource) -> bool:
    """Its actions are on, and it has one for the state ALARM that may reach somebody."""
    on = alarm.read("actionsEnabled", bool) is True
    return on and not all(dead_end(where.resources, alarm, ACTIONS, each, CLOUDWATCH) for each in actions(alarm))


def actions(alarm: Resource) -> list[object]:
    """Its actions for the state ALARM; one that is unknown, where the whole list is."""
    given = alarm.field(ACTIONS)
    return [] if given is MISSING else given if isinstance(given, list) else [given]


def how_silent(where: AuroraCluster | Reading, alarm: Resource) -> str:
    """Why an alarm that nobody hears isn't heard, as the end of a sentence."""
    if alarm.read("actionsEnabled", bool) is False:
        return "its actions are off"
    return unreachable(where, alarm) or "it has no alarmActions"


def unreachable(where: AuroraCluster | Reading, alarm: Resource) -> str:
    """Why CloudWatch can't tell anybody at the topics that it and its composite alarms ring at; "" if it has none."""
    ends = [
        dead_end(where.resources, each, ACTIONS, action, CLOUDWATCH)
        for each in (alarm, *where.composites.get(alarm.urn, ()))
        for action in actions(each)
    ]
    return " and ".join(dict.fromkeys(filter(None, ends)))


def watched_roles(cluster: AuroraCluster) -> frozenset[Role]:
    """The roles whose connections somebody has to be told about."""
    return frozenset(Role) if cluster.has_readers else frozenset({Role.WRITER})


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
    """The cluster's alarms on connections, read once; those of its proxies are others."""
    if "connection alarms" not in cluster.memo:
        found = [_read(alarm, cluster) for alarm in cluster.alarms]
        cluster.memo["connection alarms"] = [alarm for alarm in found if alarm is not None]
    return list(cluster.memo["connection alarms"])


def on_every_instance(cluster: AuroraCluster, alarms: Sequence[ConnectionAlarm]) -> list[ConnectionAlarm]:
    """Those of the alarms that watch single instances and can ring.

    They do as well as alarms by role where each instance has one and autoscaling can't add others; else none.
    """
    keyed = [alarm for alarm in alarms if alarm.instances and not alarm.silence]
    covered = {urn for alarm in keyed for urn in alarm.instances}
    complete = bool(cluster.instances) and covered >= {i.urn for i in cluster.instances}
    return keyed if complete and not cluster.scaling_targets else []


def undecided(cluster: AuroraCluster) -> list[Blank]:
    """What keeps an alarm on the cluster from being known for one on connections that tells somebody."""
    deciding: tuple[tuple[str, type], ...] = (("metricName", str), ("dimensions.Role", str), ("actionsEnabled", bool))
    values = (alarm.read(path, kind) for alarm in cluster.alarms for path, kind in deciding)
    return [value for value in values if isinstance(value, Blank)]


def dataless(owners: Sequence[Resource], alarm: Resource, *, in_doubt: bool = False) -> str:
    """Why what the alarm watches never has data, as the end of a sentence; "" where it may have some.

    `owners` are the cluster and its instances, or the proxy; `in_doubt` takes what AWS doesn't document for what it
    doesn't publish.
    """
    filled = "FILL" in _expressions(alarm)
    names = {
        path: METRIC if _is_connections(alarm, path) else ""
        for path in metrics(alarm)
        if _compared(alarm, path) or (_used(alarm, path) and not filled)
    }
    found = (no_data(alarm, path, owners, name, in_doubt=in_doubt) for path, name in names.items())
    return next(filter(None, found), "")


def _is_connections(alarm: Resource, path: str) -> bool:
    """However it is written: in other letters it is another metric, which nobody publishes."""
    return str(alarm.field(f"{path}metricName")).lower() == METRIC.lower()


def _compared(alarm: Resource, path: str) -> bool:
    """It is the metric itself that is compared with the threshold."""
    return not path or alarm.field(path.replace(".metric.", ".returnData")) is True


def _used(alarm: Resource, path: str) -> bool:
    """It is compared, or an expression may compute with it."""
    name, expressions = alarm.field(path.replace(".metric.", ".id")) if path else "", _expressions(alarm)
    named = not isinstance(name, str) or bool(re.search(rf"\b{re.escape(name)}\b|\bMETRICS\(", expressions))
    return _compared(alarm, path) or named or str(UNKNOWN) in expressions


def _expressions(alarm: Resource) -> str:
    given = (alarm.field(f"metricQueries.{index}.expression") for index, _ in enumerate(_queries(alarm)))
    return " ".join(map(str, given))


def _read(alarm: Resource, cluster: AuroraCluster) -> ConnectionAlarm | None:
    paths = (path for path in metrics(alarm) if _is_connections(alarm, path) and _used(alarm, path))
    path = next(paths, None)
    if path is None:
        return None
    return _alarm(alarm, path, cluster, plain=_compared(alarm, path))


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
            else frozenset({_ROLES[role.upper()]} if isinstance(role, str) and role.upper() in _ROLES else ())
        )
    blanks = () if roles or instances else (alarm.read(key, str), alarm.read(role_key, str))
    blank = next((value for value in blanks if isinstance(value, Blank)), None)
    silence = _silence(alarm, path, cluster, plain=plain)
    return ConnectionAlarm(
        alarm=alarm,
        roles=roles,
        instances=instances,
        plain=plain,
        blank=blank,
        composites=cluster.composites.get(alarm.urn, ()),
        silence=silence,
        remedy=_remedy(alarm, cluster, silence),
    )


def _remedy(alarm: Resource, cluster: AuroraCluster, silence: str) -> str:
    """Against a silence that is none of actions and thresholds."""
    if not silence:
        return ""
    remedies = {unreachable(cluster, alarm): remedy(CLOUDWATCH), dataless(cluster.parts, alarm): REMEDY}
    return remedies.get(silence, "")


def _silence(alarm: Resource, path: str, cluster: AuroraCluster, *, plain: bool) -> str:
    if not heard(cluster, alarm):
        return how_silent(cluster, alarm)
    nothing = dataless(cluster.parts, alarm)
    if nothing:
        return nothing
    comparison = alarm.field("comparisonOperator")
    if comparison in FALLING:
        return f"it rings when they fall ({comparison})"
    every, some = alarm.read("evaluationPeriods", int), alarm.read("datapointsToAlarm", int)
    if isinstance(every, int) and isinstance(some, int) and some > every:
        return f"it asks for {some} data points of {every}"
    threshold = alarm.read("threshold", float)
    if plain and isinstance(threshold, float | int) and cluster.limits is not None:
        statistic = alarm.field(f"{path}stat" if path else "statistic")
        return _out_of_reach(cluster.limits.stack, statistic, comparison, threshold)
    return ""


def _out_of_reach(stack: Stack, statistic: object, comparison: object, threshold: float) -> str:
    if statistic == "SampleCount":
        return "it counts data points (SampleCount)"
    most = max(capacity(stack, instance).ceiling.high for instance in promotable(stack))
    never = threshold >= most if comparison == "GreaterThanThreshold" else threshold > most
    return f"it rings at {threshold:,.6g}, and no instance admits more than {most:,}" * (never and statistic != "Sum")


def _instances(alarm: Resource, identifier: object, cluster: AuroraCluster) -> frozenset[str]:
    referred = {urn for urns in alarm.property_dependencies.values() for urn in urns}
    literal = identifier if isinstance(identifier, str) else None
    return frozenset(i.urn for i in cluster.instances if i.urn in referred or i.field("identifier") == literal)
