"""The Aurora clusters of a stack, each with all that belongs to it, and its budget. Read once, shared by all rules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from headroom.budget import Budget, evaluate
from headroom.budget.facts import instance_classes
from headroom.budget.model import InstanceClass, Stack
from policies.exemptions import Exemptions
from policies.reading import demand
from policies.reading import types as t
from policies.reading.composites import composites
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource, Resources
from policies.reading.supply import ENGINES, Parts, ProxyParts, Supply, read_supply

DIMENSION_READERS = "rds:cluster:ReadReplicaCount"


@dataclass(kw_only=True)
class AuroraCluster(Parts):
    """One Aurora cluster.

    Attributes:
        demand: the component that declares its demand, if any.
        scaling_policies: replica autoscaling's policies.
        scheduled_actions: replica autoscaling's calendar.
        alarms: CloudWatch alarms on a metric of the cluster or of its instances.
        composites: alarm's URN -> the composite alarms that speak for it, of any alarm of the stack.
        several_demands: there is a declared demand, but it can't be told whether it is for this cluster.
        memo: what is worked out of it once, for all rules.
    """

    resources: Resources
    demand: Resource | None = None
    several_demands: bool = False
    scaling_policies: list[Resource] = field(default_factory=list)
    scheduled_actions: list[Resource] = field(default_factory=list)
    alarms: list[Resource] = field(default_factory=list)
    composites: Mapping[str, Sequence[Resource]] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For messages."""
        return self.cluster.name

    @property
    def urn(self) -> str:
        """The cluster's URN."""
        return self.cluster.urn

    @property
    def parts(self) -> list[Resource]:
        """The cluster and its instances: what its metrics are of."""
        return [self.cluster, *self.instances]

    @property
    def has_readers(self) -> bool:
        """Whether it has readers, or autoscaling may start some."""
        return len(self.instances) > 1 or any(target.read("maxCapacity", int) for target in self.scaling_targets)

    @cached_property
    def supply(self) -> Supply:
        """What its instances and proxies offer, with what can't be read of it."""
        return read_supply(self, self.resources, demand.read_classes(self.demand))

    @cached_property
    def stack(self) -> Stack | Blank | None:
        """The budget's question; a blank in the demand; None where no demand is declared or the supply has blanks."""
        if self.demand is None or self.supply.cluster is None:
            return None
        return demand.read_stack(self.demand, self.supply.cluster, self.supply.proxies)

    @cached_property
    def blanks(self) -> tuple[Blank, ...]:
        """What keeps the budget from being computed. `conn-demand-fits` reports them; the other rules stay silent."""
        return (*self.supply.blanks, *([self.stack] if isinstance(self.stack, Blank) else []))

    @cached_property
    def budget(self) -> Budget | None:
        """Supply and demand; None where either is missing or can't be read."""
        return evaluate(self.stack) if isinstance(self.stack, Stack) else None

    @cached_property
    def limits(self) -> Budget | None:
        """The budget, or without a declared demand what the supply alone says: for the rules that need no demand."""
        if self.budget is not None or self.supply.cluster is None:
            return self.budget
        return evaluate(Stack(cluster=self.supply.cluster, proxies=self.supply.proxies))

    def urn_of(self, instance: str) -> str:
        """The URN of an instance that the budget names; the cluster's for one that isn't declared."""
        return next((i.urn for i in self.instances if i.name == instance), self.urn)


class Reading:
    """What one `AnalyzeStack` showed. Everything that costs time is computed once, when first asked for.

    Attributes:
        resources: all that the rules read.
        now: when it was read; no rule looks at a clock.
        exemptions: the config's, for the one rule that judges them.
    """

    def __init__(self, resources: Resources, now: datetime) -> None:
        self.resources = resources
        self.now = now
        self.exemptions: Exemptions | None = None

    @cached_property
    def clusters(self) -> list[AuroraCluster]:
        """The Aurora clusters; other engines' clusters are not this pack's business."""
        resources = self.resources
        aurora = [c for c in resources.of(t.CLUSTER) if _is_aurora(c)]
        found = {c.urn: AuroraCluster(cluster=c, resources=resources) for c in aurora}
        _attach(found, resources)
        for target, parts in _targets(resources):
            for own in (found[c.urn] for c in resources.linked(target, t.CLUSTER) if c.urn in found):
                if parts.proxy.urn not in {each.proxy.urn for each in own.proxies}:
                    own.proxies.append(parts)
        demands = demand.assign(aurora, resources.of(t.BUDGET), resources)
        for cluster in found.values():
            cluster.composites = self.composites
            cluster.demand = demands.get(cluster.urn)
            cluster.several_demands = cluster.demand is None and len(demands) < len(resources.of(t.BUDGET))
            cluster.instances = _writer_first(cluster.instances, demand.read_classes(cluster.demand))
        return list(found.values())

    @cached_property
    def composites(self) -> Mapping[str, Sequence[Resource]]:
        """Alarm's URN -> the composite alarms that speak for it."""
        return composites(self.resources)

    @cached_property
    def lone_proxies(self) -> list[ProxyParts]:
        """The proxies on a cluster that isn't part of this stack; of an instance that is no cluster's, RDS's own."""
        lone = {
            parts.proxy.urn: parts
            for target, parts in _targets(self.resources)
            if target.field("dbClusterIdentifier") is not MISSING and not self.resources.linked(target, t.CLUSTER)
        }
        return list(lone.values())

    @property
    def proxies(self) -> list[ProxyParts]:
        """Every proxy on an Aurora cluster, once: for the rules that ask nothing about the cluster."""
        attached = {parts.proxy.urn: parts for cluster in self.clusters for parts in cluster.proxies}
        return [*attached.values(), *(parts for parts in self.lone_proxies if parts.proxy.urn not in attached)]


def _is_aurora(cluster: Resource) -> bool:
    engine = cluster.field("engine")
    return engine in ENGINES or not (isinstance(engine, str) or engine is MISSING)  # in doubt, it is


def _attach(found: dict[str, AuroraCluster], resources: Resources) -> None:
    """Every resource to the cluster that it refers to."""

    def owners(resource: Resource) -> Iterable[AuroraCluster]:
        return (found[c.urn] for c in resources.linked(resource, t.CLUSTER) if c.urn in found)

    for resource in resources.of(t.CLUSTER_INSTANCE):
        for cluster in owners(resource):
            cluster.instances.append(resource)
    for resource in resources.of(t.SCALING_TARGET, t.SCALING_POLICY, t.SCHEDULED_ACTION):
        if resource.field("scalableDimension") in (DIMENSION_READERS, UNKNOWN):
            for cluster in owners(resource):
                of_type = {
                    t.SCALING_TARGET: cluster.scaling_targets,
                    t.SCALING_POLICY: cluster.scaling_policies,
                    t.SCHEDULED_ACTION: cluster.scheduled_actions,
                }
                of_type[resource.type_].append(resource)
    for resource in resources.of(t.ALARM):
        for cluster in owners(resource):
            cluster.alarms.append(resource)


def _writer_first(instances: list[Resource], classes: Mapping[str, InstanceClass]) -> list[Resource]:
    """The declared writer first. No property says which one it is: AWS makes it of the instance that is created first.

    So: one that waits for no other instance, then the best promotion tier. Those that are alike so far are created at
    once: which of them comes first can't be told, and the engine shows them in any order; the largest is taken, since
    the others have to carry what it carries; `classes` are those that the stack declares beside the known ones. What
    AWS reports as the writer *now* isn't asked: a failover must not change what the program is allowed to declare.
    """
    urns = {i.urn for i in instances}

    def order(entry: tuple[int, Resource]) -> tuple[bool, int, float, int]:
        position, instance = entry
        tier = instance.read("promotionTier", int)
        name = str(instance.field("instanceClass"))
        known = classes.get(name) or instance_classes().get(name)
        return (
            any(urn in urns for urn in instance.dependencies),
            tier if isinstance(tier, int) else 0,
            -known.memory_gib if known else 0,
            position,
        )

    return [instance for _, instance in sorted(enumerate(instances), key=order)]


def _targets(resources: Resources) -> Iterator[tuple[Resource, ProxyParts]]:
    """Every target of a proxy, and the proxy with its pool's settings."""
    groups = {p.urn: group for group in resources.of(t.PROXY_TARGET_GROUP) for p in resources.linked(group, t.PROXY)}
    read_only = {
        p.urn
        for endpoint in resources.of(t.PROXY_ENDPOINT)
        if endpoint.read("targetRole", str) == "READ_ONLY"
        for p in resources.linked(endpoint, t.PROXY)
    }
    alarms: dict[str, list[Resource]] = {}
    for alarm in resources.of(t.ALARM):
        for proxy in resources.linked(alarm, t.PROXY):
            alarms.setdefault(proxy.urn, []).append(alarm)
    for target in resources.of(t.PROXY_TARGET):
        for proxy in resources.linked(target, t.PROXY):
            yield (
                target,
                ProxyParts(
                    proxy=proxy,
                    target_group=groups.get(proxy.urn),
                    has_reader_endpoint=proxy.urn in read_only,
                    alarms=tuple(alarms.get(proxy.urn, ())),
                ),
            )
