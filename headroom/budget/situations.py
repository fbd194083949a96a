"""The situations that a budget must survive, and what each does to supply and demand.

A normal day; each event's peak; and during the busiest event (without events: during the normal day) a rolling
deploy, a slow database, the loss of an instance, the loss of a zone, and scheduled replicas that haven't come.
"""

from dataclasses import dataclass, replace

from headroom.budget.model import Cluster, Instance, Stack

AUTOSCALED = "an autoscaled replica"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One situation.

    Attributes:
        name: as in the table.
        traffic_factor: multiplies the transactions of services and functions, and only those.
        scheduled_readers: readers that the sale calendar asks for beforehand, declared ones included.
        deploying: every service runs its surge instances beside the full fleet.
        slow: hold times are multiplied by the margin `slow_hold_factor`.
        losing: nothing, "instance" or "zone".
        accepted: part of life: alarms stay silent. The others should be heard of.
    """

    name: str
    traffic_factor: float = 1.0
    scheduled_readers: int = 0
    deploying: bool = False
    slow: bool = False
    losing: str = ""
    accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who serves: the instance in the writer's role, and the readers that are there.

    Attributes:
        writer: the writer, or the reader that was promoted.
        readers: declared readers that serve.
        extra_readers: autoscaled readers that serve (the writer's class), beside the declared ones.
        lost_zone: an app host's zone is gone as well.
    """

    writer: Instance
    readers: tuple[Instance, ...]
    extra_readers: int = 0
    lost_zone: bool = False

    @property
    def reader_count(self) -> int:
        """Readers that share the reads."""
        return len(self.readers) + self.extra_readers


def situations(stack: Stack) -> list[Situation]:
    """Every situation of the stack, in the table's order."""
    normal = Situation(name="normal day", accepted=True)
    peaks = [
        Situation(
            name=f"{event.name} peak",
            traffic_factor=event.traffic_factor,
            scheduled_readers=event.readers_min or 0,
            accepted=True,
        )
        for event in stack.events
    ]
    # Every event gets its own bad luck: one with less traffic may have fewer readers.
    bad_luck = [
        variant
        for base in peaks or [normal]
        for variant in (
            replace(base, name=f"{base.name}, deploy", deploying=True),
            replace(base, name=f"{base.name}, slow database", slow=True, accepted=False),
            replace(base, name=f"{base.name}, instance lost", losing="instance", accepted=False),
            replace(base, name=f"{base.name}, zone lost", losing="zone", accepted=False),
        )
    ]
    late = [
        replace(peak, name=f"{peak.name}, replicas late", scheduled_readers=0, accepted=False)
        for peak in peaks
        if peak.scheduled_readers > len(stack.cluster.readers)
    ]
    return [normal, *peaks, *bad_luck, *late]


def standings(situation: Situation, cluster: Cluster) -> list[Standing]:
    """Who may serve in the situation: one way normally, one for each candidate after a loss."""
    # Without autoscaling nobody would start them; with it, never more than its maximum.
    asked_for = min(situation.scheduled_readers, cluster.readers_max or 0)
    extra = max(0, asked_for - len(cluster.readers))
    all_there = Standing(writer=cluster.writer, readers=cluster.readers, extra_readers=extra)
    if situation.losing == "instance":
        return _without_an_instance(all_there)
    if situation.losing == "zone":
        return _without_a_zone(all_there, cluster)
    return [all_there]


def _without_an_instance(all_there: Standing) -> list[Standing]:
    """The writer is lost: any reader may be promoted. Readers lose one instance either way."""
    promoted = [
        replace(all_there, writer=candidate, readers=tuple(r for r in all_there.readers if r is not candidate))
        for candidate in all_there.readers
    ]
    lost_reader = [
        replace(all_there, readers=tuple(r for r in all_there.readers if r is not reader))
        for reader in all_there.readers
    ]
    if not promoted:  # the only instance restarts in place: it alone carries everything again
        return [all_there]
    return promoted + lost_reader


def _without_a_zone(all_there: Standing, cluster: Cluster) -> list[Standing]:
    zones = sorted({i.zone for i in cluster.instances})
    found = []
    for zone in zones:
        left = tuple(r for r in all_there.readers if r.zone != zone)
        # Where AWS puts autoscaled replicas isn't declared: they are taken as spread, and the lost share is rounded up.
        extra = all_there.extra_readers - -(-all_there.extra_readers // max(2, len(zones)))
        base = replace(all_there, readers=left, extra_readers=extra, lost_zone=True)
        if all_there.writer.zone != zone:
            found.append(base)
            continue
        found += [
            replace(base, writer=candidate, readers=tuple(r for r in left if r is not candidate)) for candidate in left
        ]
        if not left and extra:  # only autoscaled replicas are left: they have the writer's class, and tier 15
            found.append(replace(base, writer=replace(cluster.writer, name=AUTOSCALED), extra_readers=extra - 1))
    # With every instance in one zone nothing is left to carry anything: a finding, not a line.
    return found or [replace(all_there, lost_zone=True)]


def no_failover_target(cluster: Cluster) -> bool:
    """Losing the writer's zone leaves no instance to promote."""
    return not any(r.zone != cluster.writer.zone for r in cluster.readers)
