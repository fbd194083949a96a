"""What AWS publishes in CloudWatch of a database and of its proxy, read from `facts/metrics.csv`."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from headroom.budget.facts import FOLDER
from headroom.budget.model import Engine

NAMESPACE = "AWS/RDS"


class Of(StrEnum):
    """Whose metric it is: both have one called DatabaseConnections."""

    DATABASE = "database"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A metric.

    Attributes:
        name: CloudWatch's name, as it is written there.
        unit: CloudWatch's; "" where AWS documents none.
        period_seconds: the shortest between two datapoints.
        engines: the engines that have it.
        dimensions: the sets of dimensions that it is published under; another set has no data.
    """

    name: str
    unit: str
    period_seconds: int
    engines: frozenset[Engine]
    dimensions: tuple[frozenset[str], ...]


@cache
def published(of: Of) -> dict[str, Published]:
    """The known metrics of databases, or of proxies, by name. What isn't here may be published all the same."""
    import csv

    with (FOLDER / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(line for line in file if not line.startswith("#")) if row["of"] == of]
    return {
        row["name"]: Published(
            name=row["name"],
            unit=row["unit"],
            period_seconds=int(row["period_seconds"]),
            engines=frozenset(Engine) if row["engines"] == "both" else frozenset({Engine(row["engines"])}),
            dimensions=tuple(frozenset(names.split("+")) for names in row["dimensions"].split("|")),
        )
        for row in rows
    }
