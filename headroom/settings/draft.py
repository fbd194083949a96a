"""What is well-formed of a stack file, for the rules that look at more than one section."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from headroom.budget.margins import Margins
from headroom.settings import demand, supply


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is well-formed of a stack file. Services, events and classes keep their index in the file."""

    given: frozenset[str] = frozenset()
    region: str | None = None
    network: supply.NewNetwork | supply.ExistingNetwork | None = None
    database: supply.Database | None = None
    proxy: supply.Proxy | None = None
    autoscaling: supply.Autoscaling | None = None
    services: list[tuple[int, demand.Service]] = field(default_factory=list)
    events: list[tuple[int, demand.Event]] = field(default_factory=list)
    notify: demand.Notify | None = None
    instance_classes: list[tuple[int, supply.DeclaredClass]] = field(default_factory=list)
    margins: Margins = field(default_factory=Margins)

    def absent(self, section: str) -> bool:
        """Not in the file at all (in the file but wrong is not absent)."""
        return section not in self.given


def repeated(values: Iterable[str]) -> list[str]:
    """The values that come more than once."""
    return [value for value, count in Counter(values).items() if count > 1]
