"""The supply of connections, read from a cluster's resources: what `headroom.budget` calls `Cluster` and `Proxy`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from headroom.budget import facts, formula
from headroom.budget.ceiling import serverless_class
from headroom.budget.facts import SERVERLESS
from headroom.budget.model import Cluster, Engine, Instance, InstanceClass, Proxy, Serverless
from policies.reading import types as t
from policies.reading.field import MISSING, UNKNOWN, Blank
from policies.reading.resources import Resource, Resources

T = TypeVar("T")

_LATER = "is known only after the update"
ENGINES = tuple(engine.value for engine in Engine)


@dataclass(frozen=True, kw_only=True)
class ProxyParts:
    """One RDS Proxy, what shapes its pool, and the alarms on its metrics."""

    proxy: Resource
    target_group: Resource | None
    has_reader_endpoint: bool
    alarms: tuple[Resource, ...] = ()


@dataclass(kw_only=True)
class Parts:
    """The resources that make up one cluster's supply; the writer is the first instance."""

    cluster: Resource
    instances: list[Resource] = field(default_factory=list)
    proxies: list[ProxyParts] = field(default_factory=list)
    scaling_targets: list[Resource] = field(default_factory=list)


@dataclass(frozen=True)
class Supply:
    """What could be read. With blanks, `cluster` is None: half a supply proves nothing."""

    cluster: Cluster | None
    proxies: tuple[Proxy, ...]
    blanks: tuple[Blank, ...]


def read_supply(parts: Parts, resources: Resources, classes: Mapping[str, InstanceClass]) -> Supply:
    """The supply; `classes` are instance classes that the stack declares beside the known ones."""
    reader = _Reader(resources, classes)
    cluster = reader.cluster(parts)
    proxies = tuple(reader.proxy(p) for p in parts.proxies)
    return Supply(None if reader.blanks else cluster, proxies, tuple(reader.blanks))


def outside_group(resource: Resource, resources: Resources) -> bool:
    """The parameter group of a cluster or an instance is known by name, and isn't part of this stack."""
    of_cluster = resource.type_ == t.CLUSTER
    path = "dbClusterParameterGroupName" if of_cluster else "dbParameterGroupName"
    groups = resources.linked(resource, t.CLUSTER_PARAMETER_GROUP if of_cluster else t.PARAMETER_GROUP)
    return not groups and isinstance(resource.field(path), str)


def parameter(resource: Resource, resources: Resources, name: str) -> int | str | Blank | None:
    """An engine parameter of a cluster or an instance, from its parameter group; None: the default.

    A group outside the stack can't be read, unless it is one of AWS's own (`default.…`), which set no number.
    """
    of_cluster = resource.type_ == t.CLUSTER
    path = "dbClusterParameterGroupName" if of_cluster else "dbParameterGroupName"
    groups = resources.linked(resource, t.CLUSTER_PARAMETER_GROUP if of_cluster else t.PARAMETER_GROUP)
    if groups:
        return _parameter(groups[0], name)
    group = resource.field(path)
    if group is MISSING or (isinstance(group, str) and group.startswith("default.")):
        return None
    if group is UNKNOWN:
        return Blank(resource.urn, path, _LATER)
    reason = f"is {group!r}, a group outside this stack: its {name} can't be read"
    return Blank(resource.urn, path, reason, "declare the parameter group in this stack")


def whole_parameter(resource: Resource, resources: Resources, name: str) -> int | Blank | None:
    """An engine parameter that is a whole number; None: the default."""
    value = parameter(resource, resources, name)
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        return Blank(resource.urn, name, f"must be a whole number, got {value!r}", "give it as a whole number")


def max_connections(resource: Resource, resources: Resources) -> int | str | Blank | None:
    """The parameter `max_connections` of a cluster or an instance; None: the default."""
    return parameter(resource, resources, "max_connections")


def _parameter(group: Resource, name: str) -> int | str | Blank | None:
    parameters = group.field("parameters")
    if parameters is MISSING:
        return None
    if parameters is UNKNOWN:
        return Blank(group.urn, "parameters", _LATER)
    if not isinstance(parameters, list):
        return Blank(group.urn, "parameters", f"must be a list, got {parameters!r}", "give it as a list")
    for index in range(len(parameters)):
        key = group.read(f"parameters.{index}.name", str)
        if key is None:
            key = Blank(group.urn, f"parameters.{index}.name", "is not given", "name every parameter")
        if isinstance(key, Blank):
            return key
        if key == name:
            value = group.read(f"parameters.{index}.value", str)
            return int(value) if isinstance(value, str) and value.strip().isdigit() else value
    return None


class _Reader:
    """Collects what can't be read while it reads, so that all of it is reported at once."""

    def __init__(self, resources: Resources, classes: Mapping[str, InstanceClass]) -> None:
        self.resources = resources
        self.classes = classes
        self.blanks: list[Blank] = []

    def cluster(self, parts: Parts) -> Cluster | None:
        engine = self._value(parts.cluster, "engine", str, "")
        serverless = self._serverless(parts.cluster)
        instances = tuple(
            self._instance(resource, serverless, writer=resource is parts.instances[0]) for resource in parts.instances
        )
        parameter = self._max_connections(parts.cluster)
        readers_max = [self._value(target, "maxCapacity", int, 0) for target in parts.scaling_targets]
        if not parts.instances:
            reason = "can't be computed: no instance of the cluster is part of this stack"
            self.blanks.append(Blank(parts.cluster.urn, "the budget", reason, "declare the instances beside it"))
        if self.blanks or engine not in ENGINES:
            return None
        uses_serverless = any(i.instance_class.name == SERVERLESS for i in instances)
        return Cluster(
            engine=Engine(engine),
            engine_version=self._optional(parts.cluster, "engineVersion"),
            region=parts.cluster.region,
            instances=instances,
            max_connections=parameter,
            readers_max=max(readers_max) if readers_max else None,
            serverless=serverless if uses_serverless else None,
        )

    def proxy(self, parts: ProxyParts) -> Proxy:
        pool = parts.target_group or Resource(type_=t.PROXY_TARGET_GROUP, urn=parts.proxy.urn, properties={})
        prefix = "connectionPoolConfig."
        percent = self._value(pool, prefix + "maxConnectionsPercent", int, 100)
        idle = pool.read(prefix + "maxIdleConnectionsPercent", int)
        return Proxy(
            name=parts.proxy.name,
            max_connections_percent=percent,
            # AWS's default is half of the maximum; what is unknown here decides nothing.
            max_idle_connections_percent=idle if isinstance(idle, int) else percent // 2,
            connection_borrow_timeout_seconds=self._value(pool, prefix + "connectionBorrowTimeout", int, 120),
            reader_endpoint=parts.has_reader_endpoint,
        )

    def _instance(self, resource: Resource, serverless: Serverless | None, *, writer: bool) -> Instance:
        name = self._value(resource, "instanceClass", str, "")
        # Without a zone AWS picks one; it spreads instances, and after the update the zone is known.
        zone = self._optional(resource, "availabilityZone") or f"wherever AWS puts {resource.name}"
        return Instance(
            name=resource.name,
            instance_class=self._class(resource, name, serverless),
            writer=writer,
            promotion_tier=self._value(resource, "promotionTier", int, 0),
            zone=zone,
            max_connections=self._max_connections(resource),
        )

    def _class(self, resource: Resource, name: str, serverless: Serverless | None) -> InstanceClass:
        nothing = InstanceClass(name=name, vcpus=0, memory_gib=0)
        if not name:
            return nothing  # the blank is noted already
        if name == SERVERLESS:
            if serverless is None:
                reason = "is db.serverless, but its cluster has no serverlessv2ScalingConfiguration"
                self.blanks.append(Blank(resource.urn, "instanceClass", reason, "give the cluster its ACU range"))
                return nothing
            return serverless_class(serverless)
        try:
            return self.classes.get(name) or facts.instance_class(name)
        except facts.UnknownClassError as error:
            what, _, remedy = str(error).rpartition("; ")
            remedy = f"{remedy}, or in components.demand.Demand(instance_classes=...)"
            self.blanks.append(Blank(resource.urn, "instanceClass", f"can't be evaluated: {what}", remedy))
            return nothing

    def _serverless(self, cluster: Resource) -> Serverless | None:
        path = "serverlessv2ScalingConfiguration"
        if cluster.field(path) is MISSING:
            return None
        low = self._value(cluster, f"{path}.minCapacity", float, 0.0)
        return Serverless(min_acu=low, max_acu=self._value(cluster, f"{path}.maxCapacity", float, 0.0))

    def _max_connections(self, resource: Resource) -> int | str | None:
        value = max_connections(resource, self.resources)
        if isinstance(value, str):
            try:
                formula.parse(value)
            except formula.FormulaError as error:
                reason, remedy = f"is {value!r}: {error}", "give a number, or AWS's formula"
                value = Blank(resource.urn, "max_connections", reason, remedy)
        if isinstance(value, Blank):
            self.blanks.append(value)
            return None
        return value

    def _value(self, resource: Resource, path: str, kind: type[T], otherwise: T) -> T:
        """A value that the budget can't do without; noted as blank where it can't be read."""
        value = resource.read(path, kind)
        if value is None or value == "":
            value = Blank(resource.urn, path, "is not given", "give it")
        if isinstance(value, Blank):
            self.blanks.append(value)
            return otherwise
        return value

    @staticmethod
    def _optional(resource: Resource, path: str) -> str:
        value = resource.read(path, str)
        return value if isinstance(value, str) else ""
