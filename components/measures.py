"""The alarm table's symbolic names, filled in with the resources that they stand for."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.cluster import AuroraCluster
from components.proxy import ConnectionProxy
from headroom.budget.alarms.model import Metric, Symbol

_INSTANCE = "DBInstanceIdentifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the symbols stand for in this stack, and its instances by their declared names."""

    symbols: Mapping[str, pulumi.Input[str]]
    instances: Mapping[str, pulumi.Input[str]]

    @classmethod
    def of(
        cls, stack: str, database: AuroraCluster, declared: tuple[str, ...], proxy: ConnectionProxy | None
    ) -> "Names":
        """The names of these resources; each brings its dependency along."""
        symbols: dict[str, pulumi.Input[str]] = {
            Symbol.CLUSTER: database.cluster.cluster_identifier,
            Symbol.NAMESPACE: f"Headroom/{stack}",
        }
        if proxy is not None:
            symbols[Symbol.PROXY] = proxy.proxy.name
            if proxy.reader_endpoint is not None:
                symbols[Symbol.READER_ENDPOINT] = proxy.reader_endpoint.db_proxy_endpoint_name
        identifiers = [instance.identifier for instance in database.instances]
        return cls(symbols=symbols, instances=dict(zip(declared, identifiers, strict=True)))

    def dimensions(self, metric: Metric) -> dict[str, pulumi.Input[str]]:
        """The metric's dimensions, without a symbol."""
        return {
            name: self.instances[value] if name == _INSTANCE else self.symbols.get(value, value)
            for name, value in metric.dimensions
        }

    def namespace(self, metric: Metric) -> pulumi.Input[str]:
        """The metric's namespace, without a symbol."""
        return self.symbols.get(metric.namespace, metric.namespace)
