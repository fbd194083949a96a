"""obs-insight: what held the connections can be found out afterwards."""

from collections.abc import Iterator

from policies.reading.aurora import AuroraCluster, Reading
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource
from policies.rule import ADVISORY, DISABLED, Finding, Rule, unproven

LOGS = "enabledCloudwatchLogsExports"
#: Where refused connections, lock waits and slow statements are written: PostgreSQL's, and MySQL's.
TELLING = ("postgresql", "error", "slowquery", "general")


def check(reading: Reading) -> Iterator[Finding]:
    """See `RULE.predicate`."""
    for cluster in reading.clusters:
        yield from _logs(cluster)
        for instance in cluster.instances:
            yield from _instance(instance)


def _logs(cluster: AuroraCluster) -> Iterator[Finding]:
    logs = cluster.cluster.field(LOGS)
    if logs is UNKNOWN or (isinstance(logs, list) and UNKNOWN in logs):
        yield unproven(Blank(cluster.urn, LOGS, "is known only after the update"))
    elif logs is MISSING or (isinstance(logs, list) and not any(log in TELLING for log in logs)):
        yield Finding(
            urn=cluster.urn,
            found=f"no log of {cluster.name} that tells goes to CloudWatch",
            allowed="refused connections, lock waits and slow statements are seen nowhere else",
            remedy=f"set {LOGS} (postgresql, or error and slowquery)",
        )
    elif not isinstance(logs, list):
        yield unproven(Blank(cluster.urn, LOGS, f"must be a list, got {logs!r}", "give it as a list"))


def _instance(instance: Resource) -> Iterator[Finding]:
    seconds, insights = instance.read("monitoringInterval", int), instance.read("performanceInsightsEnabled", bool)
    for blank in (value for value in (seconds, insights) if isinstance(value, Blank)):
        yield unproven(blank)
    off = [
        *(["enhanced monitoring (monitoringInterval)"] if seconds == 0 else []),
        *(["Performance Insights (performanceInsightsEnabled)"] if insights is False else []),
    ]
    if off:
        yield Finding(
            urn=instance.urn,
            found=f"{instance.name} has no {' and no '.join(off)}",
            allowed="after an incident nobody can tell what the connections waited for",
            remedy="switch it on: an interval of 60 s, and the free week of Performance Insights",
        )


RULE = Rule(
    id="obs-insight",
    title="Enhanced monitoring, Performance Insights and log exports are on.",
    why="On 2023-09-01 people optimised code and scaled servers for hours, since nothing showed who held what.",
    predicate=(
        "Notes instances without enhanced monitoring (unset is 0) or Performance Insights (unset is off), and clusters "
        "without a log export. Advice everywhere: nothing breaks, much stays unknown."
    ),
    unknown="Unknown settings may be off: not proven.",
    remedy="Switch them on.",
    sources=("postmortem.txt", "Checkov CKV_AWS_118, CKV_AWS_353, CKV_AWS_324"),
    prod=ADVISORY,
    staging=ADVISORY,
    dev=DISABLED,
    check=check,
)
