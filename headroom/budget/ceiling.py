"""max_connections of an instance, as an interval: what is explicit, what AWS documents, or bounds that say so.

Sources: `facts/limits.toml` and `facts/instance_classes.csv`. The memory that AWS's formulas see
(`DBInstanceClassMemory`) is less than the class's, by an amount that AWS doesn't publish: hence intervals.
"""

import math

from headroom.budget import formula
from headroom.budget.facts import SERVERLESS, connections, fact
from headroom.budget.model import Cluster, Engine, Instance, InstanceClass, Interval, Serverless

GIB = 2**30
_PG_BYTES_PER_CONNECTION = 9_531_392  # the divisor of Aurora PostgreSQL's default formula


def serverless_class(serverless: Serverless) -> InstanceClass:
    """`db.serverless` at its *maximum* ACU, which is what max_connections follows."""
    return InstanceClass(
        name=SERVERLESS,
        vcpus=serverless.max_acu * fact("serverless", "vcpus_per_acu").value,
        memory_gib=serverless.max_acu * fact("serverless", "gib_per_acu").value,
    )


def ceiling(instance: Instance, cluster: Cluster) -> Interval:
    """The most connections that the instance admits, its own parameter before the cluster's.

    Raises:
        formula.FormulaError: max_connections is text, but no formula.
    """
    parameter = instance.max_connections if instance.max_connections is not None else cluster.max_connections
    serverless = cluster.serverless if instance.instance_class.name == SERVERLESS else None
    if isinstance(parameter, str) and parameter.strip().isdecimal():
        parameter = int(parameter)
    if isinstance(parameter, int):
        found = Interval(parameter, parameter, "explicit")
    elif parameter is None or _without_spaces(parameter) == _default_formula(cluster.engine):
        found = default(instance.instance_class, cluster.engine, serverless)
    else:
        low, high = _evaluated(parameter, instance.instance_class, cluster.engine, serverless)
        found = Interval(low, high, "formula")
    if serverless is not None and cluster.engine is Engine.POSTGRESQL:
        found = _capped_by_small_minimum(found, serverless, explicit=parameter is not None)
    return found


def default(instance_class: InstanceClass, engine: Engine, serverless: Serverless | None = None) -> Interval:
    """The engine's default for a class: documented, else bounds.

    >>> from headroom.budget.facts import instance_class
    >>> str(default(instance_class("db.r6g.large"), Engine.POSTGRESQL))
    '1,722'
    >>> str(default(instance_class("db.r7g.large"), Engine.POSTGRESQL))
    '1,600-1,802'
    >>> str(default(instance_class("db.r5.xlarge"), Engine.POSTGRESQL))  # AWS rounded it
    '3,300-3,604'
    """
    known = _documented(instance_class, engine, serverless)
    if known is not None:
        return known
    low, high = _evaluated(_default_formula(engine), instance_class, engine, serverless)
    return Interval(low, high, "bound")


def _documented(instance_class: InstanceClass, engine: Engine, serverless: Serverless | None) -> Interval | None:
    """What AWS's tables say of the default, if they do."""
    if serverless is not None:
        return _serverless(serverless, engine)
    value = instance_class.documented_mysql if engine is Engine.MYSQL else instance_class.documented_postgresql
    if value is None:
        return None
    high = value
    if engine is Engine.POSTGRESQL and instance_class.name in fact("bounds", "postgresql_rounded_classes").value:
        high = math.floor(instance_class.memory_gib * GIB / _PG_BYTES_PER_CONNECTION)
    return Interval(value, high, "documented")


def _default_formula(engine: Engine) -> str:
    return str(fact("connections", engine.value, "default").value)


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def evaluated(
    text: str, instance_class: InstanceClass, engine: Engine, serverless: Serverless | None = None
) -> tuple[int, int]:
    """A formula at both bounds of the memory, whatever the engine takes.

    AWS's tables round a logarithm to the nearest whole number (db.r6g.large: 1000 for 1069.2; 384 GiB: 6000 for 5654,
    AuroraMySQL.Managing.Performance); elsewhere it may not: the bounds enclose both.

    Raises:
        formula.FormulaError: the text is no formula.
    """
    evaluate = formula.parse(text)
    least, most = _memory_bytes(instance_class, engine, serverless)
    low = evaluate(formula.Inputs(least, instance_class.vcpus, lambda log: min(log, round(log))))
    high = evaluate(formula.Inputs(most, instance_class.vcpus, lambda log: max(log, round(log))))
    return min(low, high), max(low, high)


def _evaluated(
    text: str, instance_class: InstanceClass, engine: Engine, serverless: Serverless | None
) -> tuple[int, int]:
    """The same; what leaves the engine's range is taken as its nearest end."""
    least, most = connections(engine, "lowest"), connections(engine, "highest")
    low, high = (min(max(value, least), most) for value in evaluated(text, instance_class, engine, serverless))
    return low, high


def _memory_bytes(instance_class: InstanceClass, engine: Engine, serverless: Serverless | None) -> tuple[float, float]:
    """Bounds of DBInstanceClassMemory: a documented PostgreSQL default below the cap gives it away."""
    known = _documented(instance_class, engine, serverless) if engine is Engine.POSTGRESQL else None
    if known is not None and known.high < fact("bounds", "postgresql_default_cap").value:
        return known.low * _PG_BYTES_PER_CONNECTION, (known.high + 1) * _PG_BYTES_PER_CONNECTION - 1
    gib = instance_class.memory_gib
    size = "small_gib" if gib < fact("bounds", "small_gib").value else "gib"
    per_gib = fact("bounds", f"postgresql_connections_per_{size}").value
    return gib * per_gib * _PG_BYTES_PER_CONNECTION, gib * GIB


def _serverless(serverless: Serverless, engine: Engine) -> Interval:
    """AWS's table by maximum ACU; between two of its points, both of them as bounds."""
    points = dict(zip(fact("serverless", "acu").value, fact("serverless", engine.value).value, strict=True))
    if serverless.max_acu in points:
        known = points[serverless.max_acu]
        return Interval(known, known, "documented")
    below = [value for acu, value in points.items() if acu < serverless.max_acu]
    above = [value for acu, value in points.items() if acu > serverless.max_acu]
    return Interval(below[-1] if below else 1, above[0] if above else below[-1], "bound")


def _capped_by_small_minimum(found: Interval, serverless: Serverless, *, explicit: bool) -> Interval:
    """PostgreSQL with a minimum of 0 or 0.5 ACU: 2,000 at most.

    AWS doesn't say whether a max_connections that was set is capped as well: low says yes, high says no.
    """
    if serverless.min_acu > fact("serverless", "postgresql_small_minimum_acu").value:
        return found
    cap = fact("serverless", "postgresql_small_minimum_cap").value
    return found._replace(low=min(found.low, cap), high=found.high if explicit else min(found.high, cap))


def reserved(engine: Engine, break_glass_connections: int) -> int:
    """Slots that no service may count on: superuser, rds_superuser, AWS automation and break-glass."""
    names = ("superuser_reserved", "rds_superuser_reserved", "automation_reserved")
    return sum(connections(engine, name) for name in names) + break_glass_connections
