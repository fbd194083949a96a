"""alrm-role-dimension: an alarm follows the role through a failover."""

from collections.abc import Iterator

from policies.reading.alarms import NOT_JUDGED, ConnectionAlarm, connection_alarms
from policies.reading.aurora import AuroraCluster, Reading
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        alarms = connection_alarms(cluster)
        if any(alarm.roles for alarm in alarms):
            continue  # others follow the roles; these are more of them
        for alarm in alarms:
            yield unproven(alarm.blank) if alarm.blank else _by_instance(cluster, alarm)


def _by_instance(cluster: AuroraCluster, alarm: ConnectionAlarm) -> Finding:
    return Finding(
        urn=alarm.alarm.urn,
        found=f"the alarm {alarm.alarm.name} is keyed by an instance, as are all of {cluster.name}",
        allowed="after a failover it watches what is now a reader, and replicas that come have none",
        remedy="use the dimensions DBClusterIdentifier and Role",
    )


RULE = Rule(
    id="alrm-role-dimension",
    title="Alarms on connections are keyed by role, not only by instance.",
    why="After a failover the writer's alarm watches a reader; a replica that autoscaling adds has no alarm at all.",
    predicate=(
        "Notes alarms on DatabaseConnections keyed by DBInstanceIdentifier where a cluster has no others. Beside "
        "alarms by role they are welcome."
    ),
    unknown="A dimension of a wrong type may be either: not proven. An unknown instance is one.",
    remedy="Use DBClusterIdentifier and Role.",
    sources=("Aurora User Guide, creating_alarms: use the WRITER and READER roles instead of instance ids",),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    harmless=NOT_JUDGED,
    check=check,
)
