"""What the budget's model says before the run, to be drawn over what was measured.

Hold time = the declared work + the overhead that was calibrated. Busy connections by Little's law, waits by Erlang C
(`headroom.budget.queueing`), refusals by the fleet's inequality: instances x pool against the slots.
"""

import math
from dataclasses import dataclass

from headroom.budget.queueing import erlang_b, erlang_c, offered_load
from headroom.drill.scenario import Service, SidePath, Statement

_LATE = 0.05  # 1 - p95


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """One phase's. Connections, milliseconds, percent.

    Attributes:
        load: erlangs, all services on the writer.
        slots: what they share: the usable slots, or the pool.
        utilisation: load / slots.
        busy_low, busy, busy_high: mean busy connections, and 95 % of the moments (Poisson) around it.
        p95_wait_ms: for a pooled connection; None where the model has no answer (no pool, or more load than slots).
        ok_low_percent, ok_high_percent: requests that succeed; the slots may be spread unevenly or evenly.
        clients: connections that the fleets want.
    """

    load: float
    slots: int
    utilisation: float
    busy_low: float
    busy: float
    busy_high: float
    p95_wait_ms: float | None
    ok_low_percent: float
    ok_high_percent: float
    clients: int


@dataclass(frozen=True)
class Stretch:
    """A phase, as the model sees it: its length, rates and instances by service, and how slow the database is."""

    seconds: float
    rates: tuple[float, ...]
    instances: tuple[int, ...]
    slow_factor: float = 1.0


def predict(services: list[Service], stretch: Stretch, *, overhead_ms: float, usable: int, pool: int) -> Prediction:
    """The prediction for one stretch of one side."""
    holds = [s.hold_ms * stretch.slow_factor + overhead_ms for s in services]
    loads = [offered_load(rate, hold) for rate, hold in zip(stretch.rates, holds, strict=True)]
    clients = sum(n * s.connections_max for n, s in zip(stretch.instances, services, strict=True))
    load = sum(loads)
    pooled = all(s.path is SidePath.POOLED for s in services)
    pinned = any(s.pins for s in services)
    slots = pool if pooled else usable
    low, high = 100.0, 100.0
    if not pooled or pinned:
        low, high = _sharing(stretch, loads, slots, clients)
    elif load > slots:
        low, high = _overload(stretch, services, load, slots)
    row_low = _hot_row(services, stretch, holds)
    low, high = min(low, row_low), min(high, 100.0 if row_low == 100 else max(row_low, low))
    waits = pooled and not pinned and 0 < load < slots and row_low == 100
    hold = load * 1000 / sum(stretch.rates) if sum(stretch.rates) else 0.0
    busy = min(load * (1 if pooled and not pinned else (low + high) / 200), slots)
    spread = 2 * math.sqrt(busy)
    return Prediction(
        load=load,
        slots=slots,
        utilisation=load / slots,
        busy_low=max(0.0, min(busy, load * low / 100) - spread),
        busy=busy,
        busy_high=min(float(slots), load * high / 100 + spread),
        p95_wait_ms=p95_wait_ms(slots, load, hold) if waits else None,
        ok_low_percent=low,
        ok_high_percent=high,
        clients=clients,
    )


def p95_wait_ms(connections: int, load: float, hold_ms: float) -> float:
    """p95 of the wait in an M/M/c queue: ln(C / 0.05) x hold / (c - a), or 0 where fewer than 5 % wait at all."""
    waiting = erlang_c(connections, load)
    return 0.0 if waiting <= _LATE else math.log(waiting / _LATE) * hold_ms / (connections - load)


def _sharing(stretch: Stretch, loads: list[float], slots: int, clients: int) -> tuple[float, float]:
    """Requests that succeed when the fleets want more connections than there are slots.

    An instance without a connection fails its requests, and one whose connections are all busy asks for another and is
    refused (Erlang B). Worst spread: who comes first fills its whole pool. Best: the slots are spread evenly.
    """
    if clients <= slots:
        return 100.0, 100.0
    instances = sum(stretch.instances)
    per_instance = sum(loads) / instances
    size = max(1, round(clients / instances))
    first_come = slots / size / instances * (1 - erlang_b(size, per_instance))
    held = slots / instances
    whole = math.floor(held)
    even = (whole + 1 - held) * _served(whole, per_instance) + (held - whole) * _served(whole + 1, per_instance)
    return 100 * min(first_come, even), 100 * max(first_come, even)


def _served(connections: int, load: float) -> float:
    return 1 - erlang_b(connections, load) if connections else 0.0


def _overload(stretch: Stretch, services: list[Service], load: float, slots: int) -> tuple[float, float]:
    """More load than the pool carries: a queue grows; who would wait longer than its timeout fails."""
    carried = slots / load
    waited_at_the_end = stretch.seconds * (1 / carried - 1)
    timeout = min(s.client_timeout_ms for s in services) / 1000
    return (100.0, 100.0) if waited_at_the_end < timeout / 2 else (100 * carried * timeout / stretch.seconds, 100.0)


def _hot_row(services: list[Service], stretch: Stretch, holds: list[float]) -> float:
    """One row serves 1 / hold transactions a second, whatever the pool."""
    wanted = sum(
        offered_load(rate, hold)
        for s, rate, hold in zip(services, stretch.rates, holds, strict=True)
        if s.statement is Statement.HOT_ROW
    )
    return 100.0 if wanted < 1 else 100 / wanted
