"""Alarms that somebody has beside those that do what is needed: what is odd about one of them harms nobody."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from headroom.budget.model import Role
from policies.reading.alarms import ALLOWED, WAIT, connection_alarms, heard, on_connections, watched_roles, watches
from policies.reading.aurora import AuroraCluster
from policies.rule import Finding, Kind

#: A warning and a critical alarm are what a role needs.
STAGES = 2


def advised(cluster: AuroraCluster, findings: Sequence[Finding]) -> Iterator[Finding]:
    """A rule's findings about the cluster's alarms: those about spare ones are advice."""
    violations = {finding.urn for finding in findings if finding.kind is Kind.VIOLATION}
    spared = spare(cluster, violations) & violations if violations else set()
    for finding in findings:
        yield replace(finding, kind=Kind.ADVICE) if finding.urn in spared else finding


def spare(cluster: AuroraCluster, wrong: Collection[str]) -> set[str]:
    """URNs of the alarms on connections that nobody would miss, where those at the URNs `wrong` are no help.

    Without a spare one, every role that it sees has a warning and a critical alarm that can ring, and every metric of
    its proxy that has to be watched has an alarm.
    """
    alarms = connection_alarms(cluster)
    right = [alarm for alarm in alarms if not alarm.silence and alarm.alarm.urn not in wrong]
    missed = {
        alarm.alarm.urn
        for alarm in alarms
        for role in (alarm.roles or frozenset(Role)) & watched_roles(cluster)
        if sum(role in other.roles for other in right if other is not alarm) < STAGES
    }
    for parts in cluster.proxies:
        telling = [alarm for alarm in parts.alarms if heard(cluster, alarm) and alarm.urn not in wrong]
        missed |= {
            alarm.urn
            for alarm in parts.alarms
            for metric in (WAIT, ALLOWED)
            if watches(alarm, metric) and not any(watches(other, metric) for other in telling if other is not alarm)
        }
    return {alarm.urn for alarm in on_connections(cluster)} - missed
