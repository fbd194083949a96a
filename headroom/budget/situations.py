"""The situations that a budget must survive, and what each does to supply and demand.

A normal day; each event's peak; and during each of them a rolling deploy, a slow database, the loss of an instance, the
loss of a zone, and scheduled replicas that haven't come.
"""

from typing import NamedTuple

from headroom.budget.model import Cluster, Instance, Stack

AUTOSCALED = "an autoscaled replica"


class Situation(NamedTuple):
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


class Standing(NamedTuple):
    """Who serves: the instance in the writer's role, and the readers that are there.

    Attributes:
        writer: the writer, or the reader that was promoted.
        readers: the readers that serve and share the reads: declared ones, then autoscaled ones.
        lost_zone: the services' hosts in a zone are gone as well.
    """

    writer: Instance
    readers: tuple[Instance, ...]
    lost_zone: bool = False


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
    # Every day has its own bad luck: one with less traffic may have fewer readers.
    bad_luck = [
        variant
        for base in (normal, *peaks)
        for variant in (
            base._replace(name=f"{base.name}, deploy", deploying=True),
            base._replace(name=f"{base.name}, slow database", slow=True, accepted=False),
            base._replace(name=f"{base.name}, instance lost", losing="instance", accepted=False),
            base._replace(name=f"{base.name}, zone lost", losing="zone", accepted=False),
        )
    ]
    late = [
        peak._replace(name=f"{peak.name}, replicas late", scheduled_readers=0, accepted=False)
        for peak in peaks
        if peak.scheduled_readers > len(stack.cluster.readers)
    ]
    return [normal, *peaks, *bad_luck, *late]


def standings(situation: Situation, cluster: Cluster) -> list[Standing]:
    """Who may serve in the situation: one way normally, one for each candidate after a loss."""
    # Without autoscaling nobody would start them; with it, never more than its maximum.
    asked_for = min(situation.scheduled_readers, cluster.readers_max or 0)
    extra = max(0, asked_for - len(cluster.readers))
    all_there = Standing(writer=cluster.writer, readers=cluster.readers + (autoscaled_replica(cluster),) * extra)
    if situation.losing == "instance":
        return _without_an_instance(all_there)
    if situation.losing == "zone":
        return _without_a_zone(cluster, extra)
    return [all_there]


def autoscaled_replica(cluster: Cluster) -> Instance:
    """What replica autoscaling starts: the writer's class, promotion tier 15, the cluster's parameters."""
    return Instance(name=AUTOSCALED, instance_class=cluster.writer.instance_class, promotion_tier=15)


def _without_an_instance(all_there: Standing) -> list[Standing]:
    """A reader is lost; or the writer is, and any reader promoted: then the old writer comes back as a reader."""
    writer = all_there.writer
    found = []
    for lost in dict.fromkeys(all_there.readers):
        left = _without(all_there.readers, lost)
        found += [
            Standing(writer=writer, readers=left),
            Standing(writer=lost, readers=left),
            Standing(writer=lost, readers=(*left, writer)),
        ]
    return found or [all_there]  # the only instance restarts in place: it alone carries everything again


def _without_a_zone(cluster: Cluster, extra: int) -> list[Standing]:
    zones = sorted({i.zone for i in cluster.instances})
    if len(zones) == 1:  # without it nothing is left to carry anything: a finding. Another zone has only hosts in it
        zones = ["another zone"]
    found = []
    for zone in zones:
        declared = tuple(r for r in cluster.readers if r.zone != zone)
        # Where AWS puts autoscaled replicas isn't declared: they are taken as spread, and the lost share is rounded up.
        left = declared + (autoscaled_replica(cluster),) * (extra - -(-extra // max(2, len(zones))))
        if cluster.writer.zone != zone:
            found.append(Standing(writer=cluster.writer, readers=left, lost_zone=True))
        else:
            found += [
                Standing(writer=candidate, readers=_without(left, candidate), lost_zone=True)
                for candidate in dict.fromkeys(left)
            ]
    return found


def _without(readers: tuple[Instance, ...], one: Instance) -> tuple[Instance, ...]:
    index = readers.index(one)
    return readers[:index] + readers[index + 1 :]


def no_failover_target(cluster: Cluster) -> bool:
    """Losing the writer's zone leaves no instance to promote."""
    return not any(r.zone != cluster.writer.zone for r in cluster.readers)
