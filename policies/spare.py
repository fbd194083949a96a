"""Alarms that somebody has beside those that do what is needed: what is odd about one of them harms nobody."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from headroom.budget.model import Role
from policies.reading.alarms import (
    ALLOWED,
    WAIT,
    connection_alarms,
    dataless,
    heard,
    on_every_instance,
    watched_roles,
    watches,
)
from policies.reading.aurora import AuroraCluster
from policies.rule import Finding, Kind

#: A warning and a critical alarm are what a role needs.
STAGES = 2


def advised(cluster: AuroraCluster, findings: Sequence[Finding]) -> Iterator[Finding]:
    """A rule's findings about the cluster's alarms: violations of spare ones are advice.

    What the rules before it refused stays wrong: two rules would else spare each other's, and leave no good alarm. So
    in whatever order they run, the last one that finds something about a role sees all that is wrong there.
    """
    wrong: set[str] = cluster.memo.setdefault("wrong alarms", set())
    wrong |= {finding.urn for finding in findings if finding.kind is Kind.VIOLATION}
    spared = spare(cluster, wrong)
    for finding in findings:
        spares = finding.kind is Kind.VIOLATION and finding.urn in spared
        yield replace(finding, kind=Kind.ADVICE) if spares else finding


def spare(cluster: AuroraCluster, wrong: Collection[str]) -> set[str]:
    """Those of the alarms at the URNs `wrong` that nobody would miss.

    Without them, every role that such an alarm sees has a warning and a critical alarm that can ring (beside an alarm
    by role, one on every instance will do), and every metric of its proxy that has to be watched has an alarm.
    """
    if not wrong:
        return set()
    alarms = connection_alarms(cluster)
    right = [alarm for alarm in alarms if not alarm.silence and alarm.alarm.urn not in wrong]
    by_instance = on_every_instance(cluster, right)
    missed = {
        alarm.alarm.urn
        for alarm in alarms
        if not (alarm.roles and by_instance)
        for role in (alarm.roles or frozenset(Role)) & watched_roles(cluster)
        if sum(role in other.roles for other in right) < STAGES
    }
    for parts in cluster.proxies:
        right_ones = [alarm for alarm in parts.alarms if heard(cluster, alarm) and alarm.urn not in wrong]
        telling = [alarm for alarm in right_ones if not dataless([parts.proxy], alarm)]
        missed |= {
            alarm.urn
            for alarm in parts.alarms
            for metric in (WAIT, ALLOWED)
            if watches(alarm, metric) and not any(watches(other, metric) for other in telling)
        }
    return set(wrong) - missed
