"""From a side's raw rows to its results."""

import operator
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headroom.drill import alarms
from headroom.drill.fleet import Fleet
from headroom.drill.limits import Limits
from headroom.drill.outcome import Outcome
from headroom.drill.prediction import Prediction, Stretch, predict
from headroom.drill.results import GENERATOR_BOUND_SECONDS, Check, Columns, PhaseResult, SideResult
from headroom.drill.scenario import Expectation, Scenario, SidePath
from headroom.drill.side import SideRun

_WINDOW_SECONDS = 0.25
_RECOVERED_PERCENT = 95.0
_SETTLED_SECONDS = 0.3  # a phase's connections are counted after this: they take a moment to change


def side_result(run: SideRun, scenario: Scenario, limits: Limits, emulator_record: Path | None) -> SideResult:
    """A side's result from its raw data."""
    columns = run.load.records.columns()
    samples = run.sampler.samples
    starts = [0.0, *accumulate(p.seconds for p in scenario.phases)]
    phases = [_phase(run, scenario, limits, columns, number, start) for number, start in enumerate(starts[:-1])]
    refusals = _refusals(run, columns)
    first_refusal = min(refusals, default=None)
    pooled = bool(run.proxy_title)
    lag = np.asarray(run.load.lag) if len(run.load.lag) else np.zeros(1)
    lag_p95 = float(np.percentile(lag, 95))
    recovery = _recovery(columns, scenario)
    reconnect = _reconnect(run, scenario)
    times, opened, busy = [s.at for s in samples], [s.total for s in samples], [s.busy for s in samples]
    verdicts = [
        alarms.Verdict(rule, _fired(rule, times, opened, busy, refusals, starts[-1], limits), first_refusal)
        for rule in alarms.rules(limits, emulator_record)
        if pooled or rule.metric != "pool_percent"
    ]
    return SideResult(
        name=run.side.name,
        path=run.side.path.value,
        proxy=run.proxy_title,
        broken=run.broken,
        notes=run.notes,
        role_limits=run.role_limits,
        calibration=None if run.calibration is None else asdict(run.calibration),
        slots=limits.usable_connections,
        phases=phases,
        checks=[
            _check(e, phases, columns, run, recovery, reconnect, late=lag_p95 > GENERATOR_BOUND_SECONDS)
            for e in run.side.expect
        ],
        verdicts=verdicts,
        recovery_seconds=recovery,
        reconnect_seconds=reconnect,
        lag_p95_seconds=lag_p95,
        lag_max_seconds=float(lag.max()),
        first_refusal_seconds=first_refusal,
        columns=columns,
        times=times,
        open=opened,
        busy=busy,
        clients=list(run.sampler.client_series),
        by_role={s.name: [sample.open.get(s.name, 0) for sample in samples] for s in run.services},
    )


def _phase(
    run: SideRun, scenario: Scenario, limits: Limits, columns: Columns, number: int, start: float
) -> PhaseResult:
    phase = scenario.phases[number]
    within = (columns["intended"] >= start) & (columns["intended"] < start + phase.seconds)
    outcome, ok = columns["outcome"][within], columns["outcome"][within] == Outcome.OK
    latency = columns["latency"][within][ok] * 1000
    settled = [s for s in run.sampler.samples if start + _SETTLED_SECONDS <= s.at < start + phase.seconds]
    p50, p95, p99 = (float(v) for v in np.percentile(latency, [50, 95, 99])) if len(latency) else (None, None, None)
    overhead = run.calibration.latency_overhead_p95_ms if run.calibration else 0.0
    beyond = latency - columns["work"][within][ok] * 1000
    return PhaseResult(
        name=phase.name,
        start=start,
        seconds=phase.seconds,
        requests=int(within.sum()),
        outcomes={o.name.lower(): int((outcome == o).sum()) for o in Outcome if (outcome == o).any()},
        refused_connects=_refused_connects(run, [(start, start + phase.seconds)], None),
        ok_percent=float(100 * ok.mean()) if len(ok) else None,
        goodput_per_second=float(ok.sum() / phase.seconds),
        attempts_per_request=float(columns["attempts"][within].mean()) if len(ok) else None,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        p95_wait_ms=max(0.0, float(np.percentile(beyond, 95)) - overhead) if len(beyond) else None,
        open=float(np.mean([s.total for s in settled])) if settled else None,
        busy=float(np.mean([s.busy for s in settled])) if settled else None,
        by_service={s.name: _ok_percent(columns, within, n) for n, s in enumerate(run.services)},
        prediction=_prediction(run, limits, number, phase.seconds, _slow(scenario, start, phase.seconds)),
    )


def _refused_connects(run: SideRun, stretches: list[tuple[float, float]], service: str | None) -> int:
    times = [t for f in run.fleets if service in {None, f.service.name} for t in _refused_at(run, f)]
    return sum(start <= t < end for t in times for start, end in stretches)


def _refused_at(run: SideRun, fleet: Fleet) -> list[float]:
    """In seconds of the run; the first instances connect just before it."""
    return [max(0.0, t - run.load.began) for t in fleet.refused_at]


def _refusals(run: SideRun, columns: Columns) -> list[float]:
    """When the database refused a connection: to the fleets, or to the pooler, which tells it to the request."""
    times = [t for fleet in run.fleets for t in _refused_at(run, fleet)]
    pooled = [number for number, service in enumerate(run.services) if service.path is SidePath.POOLED]
    told = (columns["outcome"] == Outcome.REFUSED) & np.isin(columns["service"], pooled)
    return sorted([*times, *columns["intended"][told].tolist()])


def _ok_percent(columns: Columns, within: NDArray[np.bool_], service: int) -> float | None:
    mine = within & (columns["service"] == service)
    return float(100 * (columns["outcome"][mine] == Outcome.OK).mean()) if mine.any() else None


def _slow(scenario: Scenario, start: float, seconds: float) -> float:
    """The mean factor on hold times in a phase."""
    factor = 1.0
    for h in scenario.happenings:
        if h.what == "slow":
            overlap = max(0.0, min(start + seconds, h.at_seconds + h.seconds) - max(start, h.at_seconds))
            factor += (h.factor - 1) * overlap / seconds
    return factor


def _prediction(run: SideRun, limits: Limits, number: int, seconds: float, slow: float) -> Prediction | None:
    if run.calibration is None or any(s.endpoint == "reader" for s in run.services):
        return None  # nothing is measured on readers
    factor = limits.machine_factor
    stretch = Stretch(
        seconds,
        tuple(s.transactions_per_second[number] * factor for s in run.services),
        tuple(s.instances_in(number, factor) for s in run.services),
        slow,
    )
    return predict(
        run.services,
        stretch,
        overhead_ms=run.calibration.hold_overhead_ms,
        usable=limits.usable_connections,
        pool=limits.pool_connections,
    )


def _fired(
    rule: alarms.Rule,
    times: list[float],
    opened: list[int],
    busy: list[int],
    refused: list[float],
    seconds: float,
    limits: Limits,
) -> float | None:
    match rule.metric:
        case "connections":
            periods = alarms.maxima(times, opened, seconds)
        case "pool_percent":
            periods = alarms.maxima(times, [100 * b / limits.pool_connections for b in busy], seconds)
        case _:
            periods = alarms.counts(refused, seconds)
    # Nobody is refused in a steady state, or it is none.
    steady = 0.0 if rule.metric == "refusals" else periods[0] if periods else None
    index = rule.fires(periods, steady)
    return None if index is None else (index + 1) * alarms.SECONDS_PER_PERIOD


def _recovery(columns: Columns, scenario: Scenario) -> float | None:
    """Seconds from the first happening until at least 95 % of the requests succeed for good; None: not in this run."""
    if not scenario.happenings:
        return None
    since = min(h.at_seconds for h in scenario.happenings)
    bad_until = since
    edges = np.arange(since, scenario.seconds, _WINDOW_SECONDS)
    for edge in edges:
        within = (columns["intended"] >= edge) & (columns["intended"] < edge + _WINDOW_SECONDS)
        if within.any() and 100 * (columns["outcome"][within] == Outcome.OK).mean() < _RECOVERED_PERCENT:
            bad_until = float(edge) + _WINDOW_SECONDS
    return None if bad_until >= float(edges[-1]) else bad_until - since


def _reconnect(run: SideRun, scenario: Scenario) -> float | None:
    """Seconds from the first happening until the fleet has its connections again; for a deploy, until it is through.

    What a request's timeout closes later is not the failover's doing: the first time counts.
    """
    if scenario.has("deploy"):
        spent = [fleet.deploy_seconds for fleet in run.fleets]
        return None if any(s is None for s in spent) else max(s for s in spent if s is not None)
    if not scenario.has("kill-writer", "kill-reader"):
        return None
    since = min(h.at_seconds for h in scenario.happenings)
    return back_seconds(run.sampler.client_series, since, scenario.seconds)


def back_seconds(series: list[tuple[float, int]], since: float, until: float) -> float | None:
    """Seconds from `since` until 95 percent of the connections that were open before are open again.

    Args:
        series: seconds from the start, and connections open then.
        since: when they may be lost, in seconds from the start.
        until: the load's end, in seconds from the start.

    Returns:
        0 if they never were fewer; None if they didn't come back, or nothing is known of the time before.
    """
    before = [n for at, n in series if at < since]
    if not before:
        return None
    enough = _RECOVERED_PERCENT / 100 * before[-1]
    lost = next((at for at, n in series if since <= at < until and n < enough), None)
    if lost is None:
        return 0.0
    back = next((at for at, n in series if lost < at < until and n >= enough), None)
    return None if back is None else back - since


def _check(
    expectation: Expectation,
    phases: list[PhaseResult],
    columns: Columns,
    run: SideRun,
    recovery: float | None,
    reconnect: float | None,
    *,
    late: bool,
) -> Check:
    measured = _measured(expectation, phases, columns, run, recovery, reconnect)
    where = " ".join(p for p in (expectation.service, f"in {expectation.phase}" if expectation.phase else "") if p)
    bound = f"at least {expectation.at_least:g}" if expectation.at_least is not None else f"below {expectation.below:g}"
    holds: bool | None = measured is not None and (
        operator.ge(measured, expectation.at_least)
        if expectation.at_least is not None
        else measured < (expectation.below or 0)
    )
    if late and expectation.measure == "p95_ms":
        holds = None
    return Check(" ".join(p for p in (expectation.measure, where, bound) if p), measured, holds)


def _measured(
    expectation: Expectation,
    phases: list[PhaseResult],
    columns: Columns,
    run: SideRun,
    recovery: float | None,
    reconnect: float | None,
) -> float | None:
    chosen = [p for p in phases if expectation.phase in {None, p.name}]
    within = np.zeros(len(columns["intended"]), dtype=bool)
    for p in chosen:
        within |= (columns["intended"] >= p.start) & (columns["intended"] < p.start + p.seconds)
    if expectation.service is not None:
        within &= columns["service"] == [s.name for s in run.services].index(expectation.service)
    ok = columns["outcome"][within] == Outcome.OK
    match expectation.measure:
        case "ok_percent":
            return float(100 * ok.mean()) if len(ok) else None
        case "p95_ms":
            return float(np.percentile(columns["latency"][within][ok] * 1000, 95)) if ok.any() else None
        case "refused":
            return float((columns["outcome"][within] == Outcome.REFUSED).sum())
        case "refused_connects":
            stretches = [(p.start, p.start + p.seconds) for p in chosen]
            return float(_refused_connects(run, stretches, expectation.service))
        case "busy":
            return _mean([p.busy for p in chosen])
        case "active_percent":
            return _mean([p.active_percent for p in chosen])
        case "recovery_seconds":
            return recovery
        case "reconnect_seconds":
            return reconnect


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None
