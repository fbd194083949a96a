"""alrm-actions: every alarm about connections tells somebody."""

from collections.abc import Iterator

from headroom.budget.model import Role
from policies.reading.alarms import (
    ALLOWED,
    JUDGED_LATER,
    NOT_JUDGED,
    WAIT,
    ConnectionAlarm,
    connection_alarms,
    heard,
    how_silent,
    on_connections,
    on_every_instance,
    unreachable,
    watches,
)
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import Blank
from policies.reading.resources import Resource
from policies.reading.topics import CLOUDWATCH, remedy
from policies.rule import Finding, Rule, unproven
from policies.spare import advised


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        alarms = connection_alarms(cluster)
        silent_roles = set() if on_every_instance(cluster, alarms) else _said_already(alarms)
        silent: list[Finding] = []
        for alarm in on_connections(cluster):
            enabled = alarm.read("actionsEnabled", bool)
            if isinstance(enabled, Blank):
                yield unproven(enabled)
            elif not heard(cluster, alarm) and alarm.urn not in silent_roles | _unwatched(cluster):
                silent.append(_silent(cluster, alarm))
        yield from advised(cluster, silent)


def _silent(cluster: AuroraCluster, alarm: Resource) -> Finding:
    shut = unreachable(cluster, alarm)
    return Finding(
        urn=alarm.urn,
        found=f"the alarm {alarm.name} tells nobody: {how_silent(cluster, alarm)}",
        allowed="an alarm has to reach somebody" if shut else "OK and INSUFFICIENT_DATA actions don't ring",
        remedy=remedy(CLOUDWATCH)
        if shut
        else "give it a topic in alarmActions and leave actionsEnabled on, or remove it",
    )


def _said_already(alarms: list[ConnectionAlarm]) -> set[str]:
    """Alarms of a role that none of its alarms tells about: alrm-connections-required names them."""
    of_roles = {role: [alarm for alarm in alarms if role in alarm.roles] for role in Role}
    silent = [several for several in of_roles.values() if all(alarm.silence for alarm in several)]
    return {alarm.alarm.urn for several in silent for alarm in several}


def _unwatched(cluster: AuroraCluster) -> set[str]:
    """Alarms at topics that nothing gets to, on what no other alarm of the proxy tells: alrm-proxy-saturation's."""
    found = set()
    for parts in cluster.proxies:
        for metric in (WAIT, ALLOWED):
            on_it = [alarm for alarm in parts.alarms if watches(alarm, metric)]
            if not any(heard(cluster, alarm) for alarm in on_it):
                found |= {alarm.urn for alarm in on_it if unreachable(cluster, alarm)}
    return found


RULE = Rule(
    id="alrm-actions",
    title="Every alarm on connections and proxies tells somebody when it rings.",
    why="An alarm without an action turns red on a page that nobody looks at; other rule sets accept an OK action.",
    predicate=(
        "Refuses an alarm on a cluster's connections or on a proxy with actionsEnabled false, without alarmActions, or "
        "with none but topics that CloudWatch can't publish to (alrm-topic-publishable says which those are), unless a "
        "composite alarm that has some rings because it does (its rule has ALARM(...) of it; NOT ALARM(...) "
        "and OK(...) don't count). Beside others that do what it should (two for each role that it sees; beside an "
        "alarm by role one on every instance will do; one for each of a proxy's two saturation metrics) it is advised "
        "about. Where none of a role's alarms can ring, alrm-connections-required says so instead; where "
        "none on a proxy's saturation gets to its topics, alrm-proxy-saturation."
    ),
    unknown="Unknown actionsEnabled may be off: not proven. Unknown alarmActions are some.",
    remedy="Give it a topic in alarmActions.",
    sources=("Checkov CKV_AWS_319", "AWS Config cloudwatch-alarm-action-check (which accepts any action)"),
    harmless={
        **NOT_JUDGED,
        **dict.fromkeys(
            ("dimensions", "dimensions.Role", "dimensions.DBInstanceIdentifier"),
            "Where no alarm of a role is known to tell anybody, alrm-connections-required says so.",
        ),
        **JUDGED_LATER,
        "alarmActions": "An action that is known only after the update is an action.",
    },
    check=check,
)
