"""headroom:index:Budget for programs that don't use our other components: who connects to a cluster.

Makes nothing in AWS. The policy pack finds it through `opts`: let it depend on its cluster, or share a parent with it.
"""

from collections.abc import Sequence

import pulumi

from headroom.budget.facts import instance_class
from headroom.budget.model import Cluster, Engine, Event, Instance, Service, Stack
from headroom.budget.serialize import demand

#: A demand is written of a whole stack; what the cluster offers is read from its resources, not from here.
_ANY = Cluster(
    engine=Engine.POSTGRESQL,
    instances=(Instance(name="any", instance_class=instance_class("db.r6g.large"), writer=True),),
)


class Demand(pulumi.ComponentResource):
    """The services of a cluster and its events, visible to policies and kept in the state."""

    def __init__(
        self,
        name: str,
        services: Sequence[Service],
        events: Sequence[Event] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"demand": demand(Stack(cluster=_ANY, services=tuple(services), events=tuple(events)))}
        super().__init__("headroom:index:Budget", name, inputs, opts)
        self.register_outputs(inputs)  # a stack policy is shown a component's outputs, never its inputs
