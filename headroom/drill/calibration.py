"""The hold time, measured before anything is predicted from it: how long a transaction really keeps its connection.

With the query's own time instead, the model's wait was 50 to 83 % too low. What a transaction costs beyond its work
(network, parsing, the pooler) is measured at a low rate, where nobody waits.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headroom.drill.fleet import Fleet
from headroom.drill.load import Load
from headroom.drill.outcome import Outcome
from headroom.drill.proxy import Proxy
from headroom.drill.scenario import Phase, Retry, Service, Statement

RATE = 100.0  # transactions a second
_WARM_UP_SECONDS = 0.4
_SECONDS = 1.2
_INSTANCES = 2
_CONNECTIONS = 5
SECONDS = _WARM_UP_SECONDS + _SECONDS


@dataclass(frozen=True)
class Calibration:
    """What one transaction costs beyond its work, in milliseconds.

    Attributes:
        hold_overhead_ms: of the database connection's time, as the pooler counts it (direct: as the client sees it).
        latency_overhead_ms: median of what the client sees.
        latency_overhead_p95_ms: p95 of it; what is above that under load is waiting.
        transactions: on how many that rests.
        source: who measured the hold time.
    """

    hold_overhead_ms: float
    latency_overhead_ms: float
    latency_overhead_p95_ms: float
    transactions: int
    source: str


def calibrated(services: Sequence[Service]) -> Service:
    """Whose hold time is measured: the first service that has traffic."""
    return next(s for s in services if max(s.transactions_per_second) > 0)


def calibration_connections(service: Service) -> int:
    """What measuring a service's hold time opens."""
    return _INSTANCES * _connections_each(service)


def _connections_each(service: Service) -> int:
    return min(_CONNECTIONS, service.connections_max)


async def calibrate(
    fleet: Fleet, proxy: Proxy | None, seed: int, table: str = "stock", failures_max: int | None = None
) -> Calibration | None:
    """Measure with a small fleet of the same service; None when no transaction succeeded, or too many failed."""
    service = fleet.service.model_copy(
        update={
            "transactions_per_second": [RATE],
            "instances": [_INSTANCES],
            "connections_max": _connections_each(fleet.service),
            "retry": Retry.NONE,
            "eager": True,
            "in_flight_max": None,
            # One row would make them wait for each other.
            "statement": Statement.READ if fleet.service.statement is Statement.READ else Statement.SPREAD,
        }
    )
    small = fleet.like(service)
    warm_up, load = (
        Load(
            [small],
            [Phase(name=name, seconds=seconds)],
            rate_factor=1.0,
            seed=chosen,
            table=table,
            failures_max=failures_max,
        )
        for name, seconds, chosen in (("warm-up", _WARM_UP_SECONDS, seed + 1), ("calibration", _SECONDS, seed))
    )
    try:
        await small.scale_to(_INSTANCES)
        await warm_up.run()  # the pooler opens its connections
        if warm_up.stopped_at is not None:
            return None
        before = proxy.stats() if proxy else None
        await load.run()
        after = proxy.stats() if proxy else None
    finally:
        small.close()
        await asyncio.sleep(0)
    columns = load.records.columns()
    good = columns["outcome"] == Outcome.OK
    if load.stopped_at is not None or not good.any():
        return None
    beyond = (columns["latency"] - columns["work"])[good] * 1000
    median, p95 = (float(value) for value in np.percentile(beyond, [50, 95]))
    if proxy and before and after and after.transactions > before.transactions:
        held = (after.hold_seconds - before.hold_seconds) / (after.transactions - before.transactions)
        overhead = 1000 * (held - float(columns["work"][good].mean()))
        return Calibration(max(0.0, overhead), median, p95, int(good.sum()), proxy.title)
    return Calibration(median, median, p95, int(good.sum()), "the client")
