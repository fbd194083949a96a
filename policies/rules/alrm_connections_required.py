"""alrm-connections-required: somebody is told before connections run out."""

from collections.abc import Iterator

from headroom.budget.model import Role
from policies.reading.alarms import (
    DATA_LATER,
    JUDGED_LATER,
    METRIC,
    REPORTED_ELSEWHERE,
    ConnectionAlarm,
    connection_alarms,
    on_every_instance,
    undecided,
    watched_roles,
)
from policies.reading.aurora import AuroraCluster, Reading
from policies.rule import Finding, Rule, unproven

_REMEDY = "give it an SNS topic in alarmActions (headroom:notify) and a threshold below the limit"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        alarms = connection_alarms(cluster)
        roles = (role for role in Role if role in watched_roles(cluster))
        watching = {role: _watching(cluster, role, alarms) for role in roles}
        unwatched = [
            _missing(cluster, role, silent) for role, silent in watching.items() if all(a.silence for a in silent)
        ]
        maybe = undecided(cluster)
        if unwatched and maybe:
            yield unproven(maybe[0])
        else:
            yield from unwatched


def _watching(cluster: AuroraCluster, role: Role, alarms: list[ConnectionAlarm]) -> list[ConnectionAlarm]:
    own = [alarm for alarm in alarms if role in alarm.roles]
    return [alarm for alarm in own if not alarm.silence] or on_every_instance(cluster, alarms) or own


def _missing(cluster: AuroraCluster, role: Role, watching: list[ConnectionAlarm]) -> Finding:
    if watching:
        why = "; ".join(f"{alarm.alarm.name}: {alarm.silence}" for alarm in watching)
        return Finding(
            urn=watching[0].alarm.urn,
            found=f"no alarm on the {role}'s connections of {cluster.name} can ring and tell somebody ({why})",
            allowed="one has to, before they run out",
            remedy="; ".join(dict.fromkeys(alarm.remedy or _REMEDY for alarm in watching)),
        )
    return Finding(
        urn=cluster.urn,
        found=f"no alarm watches the {role}'s connections of the cluster {cluster.name}",
        allowed=f"one on {METRIC} with the dimensions DBClusterIdentifier and Role={role.upper()} is needed",
        remedy=(
            "declare who is told (headroom:notify), and the component declares the alarms; or add one with alarmActions"
        ),
    )


RULE = Rule(
    id="alrm-connections-required",
    title="An alarm that reaches somebody watches the connections of the writer and of the readers.",
    why="On 2023-09-01 nobody was told that connections were running out; the first to notice were customers.",
    predicate=(
        "Refuses a cluster without an alarm on DatabaseConnections for its writer, and for its readers where it has "
        "or may "
        "get any. An alarm that can't ring doesn't count: without alarmActions or with its actions off, with none but "
        "topics that CloudWatch can't publish to (alrm-topic-publishable says which those are), one that rings "
        "when connections fall, asks for more data points than it evaluates, counts data points, or has a threshold "
        "that no instance can reach. Nor does one that never has data, because AWS doesn't publish what it watches: "
        "another namespace than AWS/RDS, dimensions that the metric doesn't have together, a dimension that isn't the "
        "identifier (a resource id, an ARN, an endpoint, other letters), another unit, a period under 60 s, another "
        "region than the cluster's. Alarms on single instances count where every instance has one and autoscaling "
        "adds none, whatever is beside them."
    ),
    unknown=(
        "An alarm on the cluster whose metric, role or actionsEnabled is unknown may be the one: not proven. "
        "Unknown topics count as actions. Which property of the cluster a dimension is can't be seen while it is "
        "unknown: judged at the end of `up` and in the state."
    ),
    remedy="Declare who is told (headroom:notify).",
    sources=(
        "headroom/budget/facts/metrics.csv: names, units and dimensions, with AWS's pages",
        "postmortem.txt",
        "Aurora User Guide, creating_alarms: role metrics follow a failover",
        "systeminvariant.dev, CTL.RDS.ALARM.CONNECTIONS.001",
    ),
    harmless={
        "alarmActions": "A topic is known only after the update; that one is given is what counts.",
        **REPORTED_ELSEWHERE,
        **JUDGED_LATER,
        **DATA_LATER,
        **dict.fromkeys(
            (
                "metricQueries.*.id",
                "metricQueries.*.expression",
                "metricQueries.*.metric.metricName",
                "metricQueries.*.metric.namespace",
            ),
            "What is known only after the update is judged at the end of `up` and in the state.",
        ),
    },
    check=check,
)
