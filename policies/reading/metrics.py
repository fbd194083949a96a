"""Whether AWS publishes what an alarm watches: under another name, dimension or unit there is never any data."""

import re
from collections.abc import Iterator, Mapping, Sequence

from headroom.budget.published import NAMESPACE, Of, Published, published
from policies.reading.field import MISSING
from policies.reading.resources import Resource
from policies.reading.topics import region_of

STATISTICS = frozenset({"SampleCount", "Average", "Sum", "Minimum", "Maximum"})
#: CloudWatch User Guide, "CloudWatch statistics definitions".
EXTENDED = re.compile(r"^(?:iqm|(?:p|tm|wm|tc|ts)\d+(?:\.\d+)?|(?:pr|tm|wm|tc|ts)\(.*\))$", re.IGNORECASE)
#: How many data points there were says nothing about their values.
NOT_COUNTED = ("DatabaseConnectionsBorrowLatency", "MaxDatabaseConnectionsAllowed")
#: AWS's table of a proxy's dimension sets doesn't have it, and programs use it: it is only advised about.
DOUBTFUL = frozenset({"ProxyName", "TargetGroup"})
VALUES = {
    "Role": ("WRITER", "READER"),
    "TargetRole": ("READ_WRITE", "READ_ONLY"),
    "TargetGroup": ("default",),
    "EngineName": ("aurora-mysql", "aurora-postgresql"),
}
#: Dimension -> the property that it has to be.
IDENTIFIERS = {
    "DBClusterIdentifier": "clusterIdentifier",
    "DbClusterIdentifier": "clusterIdentifier",
    "DBInstanceIdentifier": "identifier",
    "ProxyName": "name",
}
#: ARNs, endpoints and resource ids look otherwise.
IDENTIFIER = re.compile(r"^[A-Za-z][A-Za-z0-9-]*$")
RESOURCE_ID = re.compile(r"^(?:cluster|db)-[A-Z0-9]{10,}$")
CALLED = {
    "clusterResourceId": "resource id",
    "dbiResourceId": "resource id",
    "arn": "ARN",
    "endpoint": "endpoint",
    "readerEndpoint": "reader endpoint",
}
REMEDY = (
    "watch what AWS publishes: in the namespace AWS/RDS, with the identifier itself as dimension, in the metric's own "
    "unit or none, and with a period of 60 s"
)


def no_data(alarm: Resource, path: str, owners: Sequence[Resource], name: str = "", *, in_doubt: bool = False) -> str:
    """Why the metric at a path of the alarm never has data, as the end of a sentence; "" where it may have some.

    Args:
        alarm: the alarm.
        path: "" for its own metric, else that of a query's.
        owners: the cluster and its instances, or the proxy: what the alarm is taken to watch.
        name: the metric's as AWS writes it, where that isn't what the alarm says.
        in_doubt: also what AWS doesn't document, and may publish all the same.
    """
    dimensions = alarm.field(f"{path}dimensions")
    doubtful = isinstance(dimensions, Mapping) and frozenset(dimensions) == DOUBTFUL
    return next(_reasons(alarm, path, owners, name, sets=in_doubt or not doubtful), "")


def _reasons(alarm: Resource, path: str, owners: Sequence[Resource], name: str, *, sets: bool) -> Iterator[str]:
    dimensions = alarm.field(f"{path}dimensions")
    given = alarm.field(f"{path}metricName")
    of = Of.PROXY if isinstance(dimensions, Mapping) and "ProxyName" in dimensions else Of.DATABASE
    metric = published(of).get(name or str(given))
    if metric is None:
        return
    if given != metric.name:
        yield f"AWS calls its metric {metric.name}, not {given}"
    namespace = alarm.field(f"{path}namespace")
    if isinstance(namespace, str) and namespace != NAMESPACE:
        yield f"its namespace is {namespace}, and AWS publishes {metric.name} in {NAMESPACE}"
    if isinstance(dimensions, Mapping):
        yield from _of_dimensions(dimensions, metric, sets=sets)
        if not path or alarm.field(path.replace(".metric.", ".accountId")) is MISSING:
            yield from _of_owners(alarm, dimensions, owners)
    yield from _of_numbers(alarm, path, metric)


def _of_dimensions(dimensions: Mapping[str, object], metric: Published, *, sets: bool) -> Iterator[str]:
    if sets and dimensions and frozenset(dimensions) not in metric.dimensions:
        known = ", or ".join(" and ".join(sorted(names)) for names in metric.dimensions)
        yield f"its dimensions are {' and '.join(sorted(dimensions))}, and AWS publishes {metric.name} under {known}"
    for key, value in dimensions.items():
        values = VALUES.get(key, ())
        if values and isinstance(value, str) and value not in values:
            yield f"its dimension {key} is {value}, and AWS publishes {' and '.join(values)}"


def _of_owners(alarm: Resource, dimensions: Mapping[str, object], owners: Sequence[Resource]) -> Iterator[str]:
    for key, value in dimensions.items():
        if key not in IDENTIFIERS or not isinstance(value, str):
            continue
        yield from _of_identifier(key, value, [each for each in owners if _has(each, IDENTIFIERS[key])])
    own = region_of(alarm)
    others = {region_of(owner) for owner in owners} - {""}
    if own and others and own not in others:
        yield f"it is in {own}, and what it watches is in {' and '.join(sorted(others))}"


def _has(owner: Resource, property_: str) -> bool:
    of = {"clusterIdentifier": "Cluster", "identifier": "ClusterInstance", "name": "Proxy"}
    return owner.type_.endswith(f":{of[property_]}")


def _of_identifier(key: str, value: str, owners: Sequence[Resource]) -> Iterator[str]:
    property_ = IDENTIFIERS[key]
    if value in [owner.field(property_) for owner in owners]:
        return
    for owner in owners:
        known = owner.field(property_)
        instead = f", {known}" if isinstance(known, str) else f" ({property_})"
        other = next((name for name, each in owner.properties.items() if each == value), "")
        if other:
            what = f"the {CALLED.get(other, other)} of {owner.name}"
            yield f"its dimension {key} is {what}, and AWS publishes under the identifier{instead}"
        elif str(known).lower() == value.lower():
            yield f"its dimension {key} is {value}, and AWS publishes under the identifier{instead}"
    if not IDENTIFIER.match(value) or RESOURCE_ID.match(value):
        yield f"its dimension {key} is {value}, and AWS publishes under the identifier ({property_})"


def _of_numbers(alarm: Resource, path: str, metric: Published) -> Iterator[str]:
    unit = alarm.field(f"{path}unit")
    if isinstance(unit, str) and metric.unit and unit not in (metric.unit, ""):
        yield f"its unit is {unit}, and AWS publishes {metric.name} in {metric.unit}"
    statistic = alarm.field(f"{path}stat" if path else "statistic")
    extended = statistic if path else alarm.field("extendedStatistic")
    if statistic == "SampleCount" and metric.name in NOT_COUNTED:
        yield "it counts data points (SampleCount)"
    for value in (statistic, extended):
        if isinstance(value, str) and value and not (value in STATISTICS or EXTENDED.match(value)):
            yield f"its statistic {value} is none of CloudWatch's"
    period = alarm.read(f"{path}period", int)
    if isinstance(period, int) and 0 < period < metric.period_seconds:
        yield f"its period is {period} s, and AWS publishes {metric.name} every {metric.period_seconds} s"
