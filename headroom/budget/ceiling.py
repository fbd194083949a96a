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
    if isinstance(parameter, str) and parameter.strip().isdigit():
        parameter = int(parameter)
    if isinstance(parameter, int):
        found = Interval(parameter, parameter, "explicit")
    elif isinstance(parameter, str):
        found = _from_formula(parameter, instance.instance_class, cluster.engine)
    elif serverless is not None:
        found = _serverless(serverless, cluster.engine)
    else:
        found = default(instance.instance_class, cluster.engine)
    if serverless is not None and cluster.engine is Engine.POSTGRESQL:
        found = _capped_by_small_minimum(found, serverless, explicit=parameter is not None)
    return found


def default(instance_class: InstanceClass, engine: Engine) -> Interval:
    """The engine's default for a provisioned class: documented, else bounds.

    >>> from headroom.budget.facts import instance_class
    >>> str(default(instance_class("db.r6g.large"), Engine.POSTGRESQL))
    '1,722'
    >>> str(default(instance_class("db.r7g.large"), Engine.POSTGRESQL))
    '1,600-1,802'
    """
    documented = documented_default(instance_class, engine)
    if documented is not None:
        return Interval(documented, documented, "documented")
    return _bounds(instance_class, engine)


def documented_default(instance_class: InstanceClass, engine: Engine) -> int | None:
    """The default of max_connections that AWS documents for the class, if it does."""
    if engine is Engine.MYSQL:
        return instance_class.documented_mysql
    return instance_class.documented_postgresql


def _bounds(instance_class: InstanceClass, engine: Engine) -> Interval:
    """Bounds for a class that AWS doesn't document; never above a documented value of the same memory."""
    gib = instance_class.memory_gib
    if engine is Engine.POSTGRESQL:
        cap = fact("bounds", "postgresql_default_cap").value
        low = math.floor(gib * fact("bounds", "postgresql_connections_per_gib").value)
        high = math.floor(gib * GIB / _PG_BYTES_PER_CONNECTION)
        return Interval(min(low, cap), min(high, cap), "bound")
    # AWS's table is the default formula with its logarithms rounded; rounding down and up encloses it.
    doublings = math.log2(gib * GIB / 805_306_368), math.log2(gib * GIB / 8_187_281_408)
    low = max(1, 45 * math.floor(doublings[0]), 1000 * math.floor(doublings[1]))
    high = max(1, 45 * math.ceil(doublings[0]), 1000 * math.ceil(doublings[1]))
    return Interval(low, high, "bound")


def _from_formula(text: str, instance_class: InstanceClass, engine: Engine) -> Interval:
    if "".join(text.split()) == fact("connections", engine.value, "default").value:
        return default(instance_class, engine)
    evaluate = formula.parse(text)
    least, most = _memory_bytes(instance_class, engine)
    low = evaluate(formula.Inputs(least, instance_class.vcpus, math.floor))
    high = evaluate(formula.Inputs(most, instance_class.vcpus, math.ceil))
    return Interval(max(1, min(low, high)), max(1, low, high), "formula")


def _memory_bytes(instance_class: InstanceClass, engine: Engine) -> tuple[float, float]:
    """Bounds of DBInstanceClassMemory.

    MySQL's documented values come from the whole memory; PostgreSQL's from less, and where a default below the cap is
    documented, it gives the memory away.
    """
    whole = instance_class.memory_gib * GIB
    if engine is Engine.MYSQL:
        return whole, whole
    documented = instance_class.documented_postgresql
    if documented is not None and documented < fact("bounds", "postgresql_default_cap").value:
        return documented * _PG_BYTES_PER_CONNECTION, (documented + 1) * _PG_BYTES_PER_CONNECTION - 1
    share = fact("bounds", "postgresql_connections_per_gib").value * _PG_BYTES_PER_CONNECTION / GIB
    return whole * share, whole


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
    """PostgreSQL with a minimum of 0 or 0.5 ACU: 2,000 at most. Of an explicit number AWS doesn't say so: it may count."""
    if serverless.min_acu > fact("serverless", "postgresql_small_minimum_acu").value:
        return found
    cap = fact("serverless", "postgresql_small_minimum_cap").value
    return found._replace(low=min(found.low, cap), high=found.high if explicit else min(found.high, cap))


def reserved(engine: Engine, break_glass_connections: int) -> int:
    """Slots that no service may count on: superuser, rds_superuser, AWS automation and break-glass."""
    names = ("superuser_reserved", "rds_superuser_reserved", "automation_reserved")
    return sum(connections(engine, name) for name in names) + break_glass_connections
