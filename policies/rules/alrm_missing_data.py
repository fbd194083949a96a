"""alrm-missing-data: silence is told apart from a good day, for each kind of alarm."""

from collections.abc import Iterator

from headroom.budget.model import Role
from policies.reading.alarms import NOT_JUDGED, connection_alarms, heard
from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import UNKNOWN, Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

PATH = "treatMissingData"
CLEAR, RING = "notBreaching", "breaching"


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        watched = _silence_rings(cluster)
        for found in connection_alarms(cluster):
            missing = found.alarm.read(PATH, str)
            blank = missing if isinstance(missing, Blank) else found.blank
            if blank:
                yield unproven(blank)
            elif missing == CLEAR:
                yield _says_ok(found.alarm)
            elif found.roles == {Role.READER} and missing == RING:
                yield _readers_go(found.alarm)
            elif Role.WRITER in found.roles and missing != RING and not watched:
                yield _nobody_hears(cluster, found.alarm, str(missing))
        for alarm in (alarm for parts in cluster.proxies for alarm in parts.alarms):
            missing = alarm.read(PATH, str)
            if isinstance(missing, Blank):
                yield unproven(missing)
            elif missing == RING:
                yield _unused_proxy(alarm)


def _silence_rings(cluster: AuroraCluster) -> bool:
    """Another alarm on the cluster rings when it reports nothing."""
    connections = {found.alarm.urn for found in connection_alarms(cluster)}
    others = [alarm for alarm in cluster.alarms if alarm.urn not in connections]
    return any(alarm.field(PATH) in (RING, UNKNOWN) and heard(cluster, alarm) for alarm in others)


def _says_ok(alarm: Resource) -> Finding:
    return Finding(
        urn=alarm.urn,
        found=f"the alarm {alarm.name} takes silence for a good day ({PATH}: {CLEAR})",
        allowed="an instance that is down reports no connections: it would say OK in the middle of the outage",
        remedy="use ignore or missing",
    )


def _readers_go(alarm: Resource) -> Finding:
    return Finding(
        urn=alarm.urn,
        found=f"the alarm {alarm.name} rings when the readers report nothing ({PATH}: {RING})",
        allowed="readers may go away on purpose: scaling in would page",
        remedy="use missing: INSUFFICIENT_DATA says what is known of them",
    )


def _nobody_hears(cluster: AuroraCluster, alarm: Resource, missing: str) -> Finding:
    return Finding(
        urn=alarm.urn,
        found=f"the alarm {alarm.name} stays as it is when the writer reports nothing ({PATH}: {missing})",
        allowed=f"something has to ring then, and no other alarm on {cluster.name} does",
        remedy=f"add one on EngineUptime (Role WRITER, at most 0, {PATH}: {RING}), or use {RING} here",
    )


def _unused_proxy(alarm: Resource) -> Finding:
    return Finding(
        urn=alarm.urn,
        found=f"the alarm {alarm.name} rings when the proxy reports nothing ({PATH}: {RING})",
        allowed="a proxy that nobody uses publishes nothing: that is not a full pool",
        remedy="use ignore: it doesn't ring before the first datapoint, and a gap in an incident is no all-clear",
    )


RULE = Rule(
    id="alrm-missing-data",
    title="What an alarm makes of missing data fits what it watches.",
    why="One answer for all either pages for a reader that was removed, or says OK while the writer is down.",
    predicate=(
        "Notes an alarm on connections that takes silence for OK (notBreaching), one on readers that rings at it "
        "(breaching), one on the writer that neither rings nor has another alarm of the cluster beside it that does, "
        "and one on a proxy that rings at it. Unset is missing."
    ),
    unknown="An unknown treatment may be the wrong one: not proven.",
    remedy="Writer: ignore, with an alarm on EngineUptime that breaches. Readers: missing. Proxy: ignore.",
    sources=(
        "CloudWatch User Guide, alarms-and-missing-data",
        "CloudWatch User Guide, recommended alarms: EngineUptime, breaching",
    ),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    harmless={**NOT_JUDGED, "alarmActions": "An action that is known only after the update is an action."},
    check=check,
)
