"""The stack's limits, scaled to this machine: what the drill's PostgreSQL and pooler get."""

import os
from dataclasses import dataclass
from pathlib import Path

from headroom.budget import Budget, evaluate
from headroom.budget.ceiling import reserved
from headroom.budget.model import Cluster, Engine, Instance, InstanceClass, Pool, Proxy, Role, Stack
from headroom.budget.model import Path as Route
from headroom.budget.model import Service as DeclaredService
from headroom.budget.roles import RoleLimit, role_limits
from headroom.drill.scenario import SIZE_CONNECTIONS, Service, SidePath
from headroom.errors import UserError

_CONNECTIONS_PER_CORE = 20
_LEAST_RESERVED = 3  # the drill's monitor, and two that a person could use
_DEFAULT_STACK = "local"
_WORKED = Path("docs/examples/worked.yaml")
# A stack without a proxy gets this one on the pooled side, and the output says so.
_ASSUMED_PROXY = Proxy(name="assumed", max_connections_percent=45, connection_borrow_timeout_seconds=2)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the servers of one drill are set to.

    Attributes:
        budget: the stack's, at its own size.
        environment: its profile (local, dev, staging, prod).
        source: the file that it came from.
        max_connections: of the drill's PostgreSQL.
        reserved_connections: of those, not for services.
        proxy: the stack's, or an assumed one.
        proxy_assumed: the stack has none.
        machine_factor: rates and instances of the scenario are multiplied by this (1 from two cores on).
    """

    budget: Budget
    environment: str
    source: str
    max_connections: int
    reserved_connections: int
    proxy: Proxy
    proxy_assumed: bool
    machine_factor: float

    @property
    def usable_connections(self) -> int:
        """What services can have."""
        return self.max_connections - self.reserved_connections

    @property
    def pool_connections(self) -> int:
        """The proxy's throttle: floor(max_connections x MaxConnectionsPercent / 100), never more than is usable."""
        return max(1, min(self.max_connections * self.proxy.max_connections_percent // 100, self.usable_connections))

    @property
    def stack_max_connections(self) -> int:
        """The writer's own limit in the stack (the lower bound)."""
        return self.budget.lines[0].capacity.ceiling.low

    @property
    def scale(self) -> float:
        """Connections of the drill for one of the stack."""
        return self.max_connections / self.stack_max_connections

    def describe(self) -> list[str]:
        """The scale, in sentences."""
        percent = self.proxy.max_connections_percent
        assumed = " (the stack has no proxy: these are the drill's own)" if self.proxy_assumed else ""
        lines = [
            f"limits of {self.source}, 1:{1 / self.scale:.4g}: max_connections {self.stack_max_connections:,} "
            f"-> {self.max_connections}, {self.reserved_connections} reserved, {self.usable_connections} usable",
            f"proxy: MaxConnectionsPercent {percent} -> a pool of {self.pool_connections}, "
            f"borrow timeout {self.proxy.connection_borrow_timeout_seconds} s{assumed}",
        ]
        if self.machine_factor != 1:
            lines.append(f"one core: the scenario's rates and instances x {self.machine_factor:g}")
        return lines


def scaled(stack: str | None, *, cores: int | None = None) -> Limits:
    """The limits of a stack: a name (`Pulumi.<name>.yaml` here or above), a file, or None: local or the worked example.

    Raises:
        UserError: no such file, not PostgreSQL, or (SettingsError) a mistake in it.
    """
    from headroom.settings import SettingsError, load

    path = find_stack(stack)
    try:
        settings = load(path)
    except SettingsError as error:
        raise UserError(str(error)) from None
    asked = settings.stack(path.stem.removeprefix("Pulumi."))
    if asked.cluster.engine is not Engine.POSTGRESQL:
        raise UserError(
            f"{path}: headroom:database.engine: the drill runs a PostgreSQL, not {asked.cluster.engine.value!r}"
        )
    return at_machine_size(evaluate(asked), settings.environment.value, path.name, cores=cores)


def at_machine_size(budget: Budget, environment: str, source: str, *, cores: int | None = None) -> Limits:
    """The limits of an evaluated stack, on this machine (or one with that many cores)."""
    size = min(SIZE_CONNECTIONS, _CONNECTIONS_PER_CORE * (cores or os.cpu_count() or 1))
    stack = budget.stack
    full = budget.lines[0].capacity.ceiling.low
    set_aside = reserved(stack.cluster.engine, stack.break_glass_connections)
    return Limits(
        budget=budget,
        environment=environment,
        source=source,
        max_connections=size,
        reserved_connections=max(_LEAST_RESERVED, round(set_aside * size / full)),
        proxy=stack.proxies[0] if stack.proxies else _ASSUMED_PROXY,
        proxy_assumed=not stack.proxies,
        machine_factor=size / SIZE_CONNECTIONS,
    )


def find_stack(stack: str | None) -> Path:
    """The stack file that is meant.

    Raises:
        UserError: there is none.
    """
    if stack is not None and (stack.endswith((".yaml", ".yml")) or "/" in stack):
        if Path(stack).is_file():
            return Path(stack)
        raise UserError(f"{stack}: no such stack file")
    wanted = [f"Pulumi.{stack or _DEFAULT_STACK}.yaml"] + ([] if stack else [str(_WORKED)])
    here = Path.cwd()
    for name in wanted:
        for folder in (here, *here.parents):
            if (folder / name).is_file():
                return folder / name
    raise UserError(f"no {wanted[0]} here or above: run this inside the checkout, or name a file with --stack")


def declared_limits(services: list[Service], limits: Limits) -> list[RoleLimit]:
    """Role limits from the budget of what the services *declared*, at the drill's size (`headroom.budget.roles`)."""
    stack = Stack(
        name="drill",
        cluster=Cluster(
            engine=Engine.POSTGRESQL,
            instances=(Instance(name="drill-1", writer=True, instance_class=_this_machine()),),
            max_connections=limits.max_connections,
        ),
        proxies=(limits.proxy,),
        services=tuple(_declared(s) for s in services),
        break_glass_connections=0,
    )
    return role_limits(evaluate(stack))


def _declared(service: Service) -> DeclaredService:
    pooled = service.path is SidePath.POOLED
    return DeclaredService(
        name=service.name,
        user=service.name,
        instances_max=service.declared_instances_max or max(service.instances),
        transactions_per_second_peak=max(service.transactions_per_second),
        hold_ms=service.hold_ms,
        client_timeout_ms=service.client_timeout_ms,
        pins=service.pins,
        deploy_surge_percent=0,
        orphaned_instances=0,
        pools=(
            Pool(
                endpoint=Role.WRITER,
                path=Route.PROXY if pooled else Route.DIRECT,
                connections_max=service.connections_max,
            ),
        ),
    )


def _this_machine() -> InstanceClass:
    return InstanceClass(name="drill", vcpus=2, memory_gib=4)
