"""headroom:index:Budget for programs that don't use our other components: who connects to a cluster.

Makes nothing in AWS. The policy pack finds it through `opts`: let it depend on its cluster, or share a parent with it.
"""

from collections.abc import Sequence

import pulumi

from headroom.budget.facts import instance_class
from headroom.budget.facts import instance_classes as known_classes
from headroom.budget.margins import Margins
from headroom.budget.model import Cluster, Engine, Event, Instance, InstanceClass, Service, Stack
from headroom.budget.serialize import demand


class Demand(pulumi.ComponentResource):
    """The services of a cluster and its events, visible to policies and kept in the state.

    A number of a service may come from another resource (`instances_max=autoscaler.max_capacity`). As long as it isn't
    known, nothing is proven.

    Args:
        name: Pulumi's name for it.
        services: who connects, all of them.
        events: declared sales.
        opts: `depends_on=[cluster]`, where there is more than one.
        break_glass_connections: slots on every instance that stay free for the operators.
        wait_objective_ms: p95 of the wait for a pooled connection, in milliseconds, on a normal day and in an event.
        margins: named margins in place of ours, best measured ones.
        instance_classes: classes that AWS has, and that we don't know yet: name, vCPUs, memory in GiB.

    Raises:
        ValueError: a class is known already, or declared twice, or has no size.
    """

    def __init__(
        self,
        name: str,
        services: Sequence[Service],
        events: Sequence[Event] = (),
        opts: pulumi.ResourceOptions | None = None,
        *,
        break_glass_connections: int = 5,
        wait_objective_ms: float = 10.0,
        margins: Margins | None = None,
        instance_classes: Sequence[InstanceClass] = (),
    ) -> None:
        declared = Stack(
            cluster=_cluster_of(instance_classes),
            services=tuple(services),
            events=tuple(events),
            break_glass_connections=break_glass_connections,
            wait_objective_ms=wait_objective_ms,
            margins=margins or Margins(),
        )
        inputs = {"demand": demand(declared)}
        super().__init__("headroom:index:Budget", name, inputs, opts)
        self.register_outputs(inputs)  # a stack policy is shown a component's outputs, never its inputs


def _cluster_of(classes: Sequence[InstanceClass]) -> Cluster:
    """A demand is written of a whole stack; what the cluster offers is read from its resources, not from here."""
    names = [each.name for each in classes]
    for name in names:
        if name in known_classes():
            raise ValueError(f"instance_classes: {name} is known already: leave it out")
        if names.count(name) > 1:
            raise ValueError(f"instance_classes: {name} is declared twice")
    for each in classes:
        for key, value in (("vcpus", each.vcpus), ("memory_gib", each.memory_gib)):
            if not _is_size(value):
                raise ValueError(f"instance_classes: {each.name}: {key}: must be a number above 0, got {value!r}")
    some = classes or (instance_class("db.r6g.large"),)
    instances = tuple(Instance(name=each.name, instance_class=each, writer=each is some[0]) for each in some)
    return Cluster(engine=Engine.POSTGRESQL, instances=instances)


def _is_size(value: object) -> bool:
    """A number above 0, or one that another resource gives (an Output), which nobody knows yet."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return value > 0 if known else isinstance(value, pulumi.Output)  # type: ignore[operator]  # it is a number
