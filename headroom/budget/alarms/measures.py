"""The measures that alarms are made of, and how many periods must breach.

Which dimensions exist: Aurora User Guide, "Amazon CloudWatch metrics for Amazon Aurora" and "Monitoring RDS Proxy
metrics". Roles follow a failover and see the readers that autoscaling added; instance names do neither.
"""

from typing import NamedTuple

from headroom.budget.alarms.model import Expression, Metric, Symbol
from headroom.budget.model import Instance, Role, Stack
from headroom.budget.result import Budget

SILENT_PROXY = (
    "a proxy that nobody uses publishes nothing, which sets off no alarm; a gap in the middle of an incident is no "
    "all-clear"
)
TARGET_ROLES = {Role.WRITER: "READ_WRITE", Role.READER: "READ_ONLY"}


class Debounce(NamedTuple):
    """M of N."""

    datapoints_to_alarm: int
    evaluation_periods: int


# Lead time is dear here, and the threshold already lies above everything that is accepted: two minutes, and one that
# dips between them doesn't start the count again.
EARLY = Debounce(2, 3)
AT_ONCE = Debounce(1, 1)  # where one datapoint is already too many
SUSTAINED = Debounce(5, 5)  # what five minutes settle by themselves, nobody needs to read (AWS's own M of N)
LONG = Debounce(15, 15)  # AWS's own M of N for load and memory, which breathe


def of_role(name: str, statistic: str, role: Role) -> Metric:
    """Of all instances in a role."""
    dimensions = (("DBClusterIdentifier", Symbol.CLUSTER), ("Role", role.upper()))
    return Metric(name=name, statistic=statistic, dimensions=dimensions)


def of_cluster(name: str, statistic: str, period_seconds: int = 60) -> Metric:
    """Of the whole cluster."""
    return Metric(
        name=name,
        statistic=statistic,
        dimensions=(("DBClusterIdentifier", Symbol.CLUSTER),),
        period_seconds=period_seconds,
    )


def of_instance(name: str, statistic: str, instance: str) -> Metric:
    """Of one declared instance."""
    return Metric(name=name, statistic=statistic, dimensions=(("DBInstanceIdentifier", instance),))


def of_target(name: str, statistic: str, role: Role) -> Metric:
    """What the proxy does towards the instances in a role."""
    dimensions = (("ProxyName", Symbol.PROXY), ("TargetGroup", "default"), ("TargetRole", TARGET_ROLES[role]))
    return Metric(name=name, statistic=statistic, dimensions=dimensions)


def of_endpoint(name: str, statistic: str, role: Role) -> Metric:
    """What clients see of the proxy; for the writer, of all its endpoints: AWS gives the default one no name there."""
    endpoint = (("EndpointName", Symbol.READER_ENDPOINT),) if role is Role.READER else ()
    return Metric(name=name, statistic=statistic, dimensions=(("ProxyName", Symbol.PROXY), *endpoint))


def percent(part: Metric, whole: Metric) -> Expression:
    """How much of `whole` is `part`."""
    return Expression(
        expression="100 * part / whole", label="used, percent", metrics=(("part", part), ("whole", whole))
    )


def short(stack: Stack, instance: Instance) -> str:
    """An instance's name without the stack's, which every alarm's name begins with: `instance-2`."""
    return f"instance-{instance.name.removeprefix(f'{stack.name}-')}"


def busiest(role: Role) -> str:
    """Whose number it is."""
    return "writer" if role is Role.WRITER else "busiest reader"


def possessive(role: Role) -> str:
    """The same, as an owner."""
    return "writer's" if role is Role.WRITER else "readers'"


def may_pause(budget: Budget) -> bool:
    """With a minimum of 0 ACU the cluster pauses by itself; a proxy keeps a connection open, and so keeps it awake.

    (Aurora User Guide, "Scaling to zero ACUs with automatic pause".)
    """
    serverless = budget.stack.cluster.serverless
    return serverless is not None and serverless.min_acu == 0 and not budget.stack.proxies
