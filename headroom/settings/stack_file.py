"""`Settings`: a stack file that was understood, with every default resolved, and the budget's question about it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StringConstraints

from headroom.budget import facts, model
from headroom.budget.ceiling import serverless_class
from headroom.budget.margins import Margins
from headroom.settings import demand, supply
from headroom.settings.profiles import Environment

_ZONES = "abcdef"
_SERVICES_HIGHEST: int = facts.fact("service", "secrets_per_proxy").value


class Settings(BaseModel):
    """A stack file's settings, with every default resolved. Its attributes are the file's keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    region: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2}(-[a-z]{2,12}){1,2}-[0-9]\z")] = Field(
        description="the AWS region of the stack, such as eu-west-1"
    )
    environment: Environment = Field(description="the profile that the stack's defaults come from, such as prod")
    network: supply.NewNetwork | supply.ExistingNetwork = Field(
        description="{cidr: 10.20.0.0/16, zones: 3} to create one, or your own {vpc_id: ..., subnet_ids: [...]}"
    )
    database: supply.Database = Field(
        description='the cluster, such as {engine: aurora-postgresql, engine_version: "16.15", instance_class: '
        "db.r6g.large, readers: 2, name: shop}"
    )
    proxy: supply.Proxy | None = Field(
        default=None, description="{max_connections_percent: 40}; leave the key out for no proxy"
    )
    autoscaling: supply.Autoscaling | None = Field(
        default=None, description="{readers_min: 2, readers_max: 6}; leave the key out for none"
    )
    services: tuple[demand.Service, ...] = Field(
        min_length=1,
        max_length=_SERVICES_HIGHEST,
        description="who holds connections: [{name: checkout, instances_max: 120, pools: [...]}]",
    )
    events: tuple[demand.Event, ...] = Field(
        default=(), max_length=100, description="the sale calendar; leave the key out for none"
    )
    notify: demand.Notify | None = Field(
        default=None,
        description='{warning: ["email:team@example.com"], critical: ["https://..."]}; leave the key out for no alarms',
    )
    instance_classes: tuple[supply.DeclaredClass, ...] = Field(
        default=(), max_length=100, description="classes that the facts don't know; leave the key out for none"
    )
    break_glass_connections: StrictInt = Field(
        default=5, ge=1, le=1000, description="slots on every instance that stay free for the operators"
    )
    wait_objective_ms: StrictFloat = Field(
        default=10.0, gt=0, le=60_000, description="p95 of the wait for a pooled connection, in milliseconds"
    )
    margins: Margins = Field(default_factory=Margins, description="the budget's margins, such as {burst_factor: 1.4}")

    def instance_class(self, name: str) -> model.InstanceClass:
        """The class of that name: this file's own, serverless at its maximum, or a known one.

        Raises:
            headroom.budget.facts.UnknownClassError: never for a class that the settings name.
        """
        if name == facts.SERVERLESS and self.database.serverless is not None:
            return serverless_class(self._serverless(self.database.serverless))
        declared = next((c for c in self.instance_classes if c.name == name), None)
        if declared is None:
            return facts.instance_class(name)
        return declared.known_as(self.database.engine)

    def stack(self, name: str) -> model.Stack:
        """The budget's question about this file.

        Args:
            name: of the stack and its cluster; the instances are `<name>-1` (the writer), `<name>-2` and on.
        """
        return model.Stack(
            name=name,
            cluster=self._cluster(name),
            proxies=() if self.proxy is None else (self._proxy(name, self.proxy),),
            services=tuple(_service(s) for s in self.services),
            events=tuple(model.Event(**e.model_dump()) for e in self.events),
            break_glass_connections=self.break_glass_connections,
            wait_objective_ms=self.wait_objective_ms,
            margins=self.margins,
        )

    def _cluster(self, name: str) -> model.Cluster:
        database = self.database
        reader = database.reader_instance_class or database.instance_class
        zones = (
            self.network.zones
            if isinstance(self.network, supply.NewNetwork)
            else min(len(self.network.subnet_ids), len(_ZONES))
        )
        return model.Cluster(
            engine=database.engine,
            engine_version=database.engine_version,
            region=self.region,
            instances=tuple(
                model.Instance(
                    name=f"{name}-{i + 1}",
                    writer=i == 0,
                    zone=_ZONES[i % zones],
                    instance_class=self.instance_class(reader if i else database.instance_class),
                )
                for i in range(1 + database.readers)
            ),
            max_connections=database.max_connections,
            readers_max=None if self.autoscaling is None else self.autoscaling.readers_max,
            serverless=None if database.serverless is None else self._serverless(database.serverless),
            # MySQL's is a parameter of the instances.
            lock_timeout_seconds=database.lock_timeout_seconds if database.engine is model.Engine.POSTGRESQL else None,
        )

    @staticmethod
    def _serverless(serverless: supply.Serverless) -> model.Serverless:
        return model.Serverless(min_acu=serverless.min_acu, max_acu=serverless.max_acu)

    def _proxy(self, name: str, proxy: supply.Proxy) -> model.Proxy:
        return model.Proxy(
            name=name,
            max_connections_percent=proxy.max_connections_percent,
            max_idle_connections_percent=proxy.max_idle_connections_percent,
            connection_borrow_timeout_seconds=proxy.connection_borrow_timeout_seconds,
            reader_endpoint=self.database.readers > 0,
        )


def _service(service: demand.Service) -> model.Service:
    values = service.model_dump(exclude={"authentication", "pools"})
    return model.Service(**values, pools=tuple(model.Pool(**p.model_dump()) for p in service.pools))
