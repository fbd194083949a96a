"""Every alarm on time series: silent when all is well, in time when it isn't, quiet about nothing."""

import math
from random import Random

import pytest

from headroom.budget import Budget
from headroom.budget.alarms import Alarm, Tier, alarm_table
from headroom.budget.alarms.evaluator import State, alarm_states, first_alarm
from headroom.budget.alarms.lead import LEAD_SECONDS, PUBLISHING_SECONDS, first_harm, slopes
from headroom.budget.alarms.series import Minute, Samples, Supply, supply
from headroom.budget.model import Role
from tests.budget.alarms.shops import NAMES, budget

RAMPS = 200
QUIET = 20  # minutes: an alarm that is older than its evaluation range
INCIDENT_MINUTES = 30  # postmortem.txt: the sale began at 15:00, and the first symptom was seen at 15:30


def rang(of: Budget, minutes: list[Minute]) -> dict[str, int]:
    """Which alarms rang, and in which minute; before the first one there were quiet ones."""
    samples = Samples(of, [Minute()] * QUIET + minutes)
    found = {a.name: first_alarm(alarm_states(a, samples.of(a.measure))[QUIET:]) for a in alarm_table(of).alarms}
    return {name: at for name, at in found.items() if at is not None}


@pytest.mark.parametrize("name", NAMES)
def test_the_stacks_that_must_be_silent_are_those_that_fit(name: str) -> None:
    assert budget(name).fits, budget(name).errors


@pytest.mark.parametrize("name", NAMES)
def test_all_is_silent_on_a_normal_day(name: str) -> None:
    day = [Minute(traffic=0.6 + 0.4 * math.sin(math.pi * minute / 1440)) for minute in range(1440)]

    assert rang(budget(name), day) == {}


@pytest.mark.parametrize("name", NAMES)
def test_all_is_silent_on_a_sale_that_fits_and_its_busiest_seconds_are_a_good_deal_higher(name: str) -> None:
    of = budget(name)
    margins = of.stack.margins.burst_factor * of.stack.margins.traffic_uncertainty_factor
    declared = len(of.stack.cluster.readers)
    for event in of.stack.events:
        readers = max(declared, min(event.readers_min or 0, of.stack.cluster.readers_max or 0))
        sale = [
            Minute(
                traffic=event.traffic_factor * min(1, minute / 30) * (margins if minute % 7 == 0 else 1),
                readers=readers,
            )
            for minute in range(180)
        ]
        assert rang(of, sale) == {}


def wanted(base: Supply, connections: float) -> Minute:
    """A minute in which that many connections are wanted on the role's busiest instance."""
    if not base.pool:
        return Minute(more_direct=connections - base.direct)
    return Minute(traffic=(connections - base.direct - base.constant) / base.scaling)


def first_warning(of: Budget, role: Role, minutes: list[Minute]) -> tuple[float, str]:
    """When people are told of connections, pool or waits: seconds after the first minute's begin; and by what."""
    samples = Samples(of, minutes)
    keys = {f"{role}-connections", f"{role}-pool", f"{role}-borrow-latency"}
    told = [
        (PUBLISHING_SECONDS + 60.0 * (at + 1), alarm.name)
        for alarm in alarm_table(of).alarms
        if alarm.key in keys and (at := first_alarm(alarm_states(alarm, samples.of(alarm.measure)))) is not None
    ]
    return min(told, default=(math.inf, ""))


def ramp(base: Supply, start: float, slope: float, phase: float, minutes: int) -> list[Minute]:
    """A steady rise; each minute's datapoint is what is wanted at `phase` (0-1) of the minute."""
    return [wanted(base, start + slope * (minute + phase)) for minute in range(minutes)]


def roles_of(of: Budget) -> list[Role]:
    return [window.role for window in of.thresholds.roles]


@pytest.mark.parametrize("name", NAMES)
def test_the_incidents_ramp_is_heard_five_minutes_before_the_first_refusal_or_late_wait(name: str) -> None:
    of = budget(name)
    for role in roles_of(of):
        base = supply(of, role)
        start, harm = base.direct + base.scaling + base.constant, first_harm(of, base)
        slope = (harm - start) / INCIDENT_MINUTES
        assert slope <= slopes(of, role)[0].per_minute, "the incident's ramp is within what is promised"
        told, alarm = first_warning(of, role, ramp(base, start, slope, 0.5, 2 * INCIDENT_MINUTES))
        assert 60 * INCIDENT_MINUTES - told >= LEAD_SECONDS, alarm


@pytest.mark.parametrize("name", NAMES)
def test_200_random_ramps_are_heard_five_minutes_ahead(name: str) -> None:
    of, random = budget(name), Random(f"ramps of {name}")  # noqa: S311 - a repeatable sample
    for role in roles_of(of):
        base, steepest = supply(of, role), slopes(of, role)[0]
        harm = first_harm(of, base)
        for number in range(RAMPS // len(roles_of(of))):
            slope = steepest.per_minute * (1.0 if number == 0 else random.uniform(0.1, 1.0))
            start = random.uniform(base.direct + base.constant, steepest.threshold_connections)
            minutes = math.ceil((harm - start) / slope)
            told, alarm = first_warning(of, role, ramp(base, start, slope, random.random(), minutes))
            lead = 60 * (harm - start) / slope - told
            assert lead >= LEAD_SECONDS, (role, slope, start, alarm)


@pytest.mark.parametrize("name", NAMES)
def test_a_ramp_twice_as_steep_is_not_promised_and_not_heard_in_time(name: str) -> None:
    """The bound is near the truth: it doesn't promise less than it could."""
    of = budget(name)
    for role in roles_of(of):
        base, steepest = supply(of, role), slopes(of, role)[0]
        harm, slope = first_harm(of, base), 2 * steepest.per_minute
        start = steepest.threshold_connections - slope / 100
        told, _ = first_warning(of, role, ramp(base, start, slope, 0.0, math.ceil((harm - start) / slope) + 10))
        assert 60 * (harm - start) / slope - told < LEAD_SECONDS


@pytest.mark.parametrize("name", NAMES)
def test_every_warning_of_exhaustion_comes_before_its_page(name: str) -> None:
    of = budget(name)
    for role in roles_of(of):
        base = supply(of, role)
        start = base.direct + base.scaling + base.constant
        minutes = ramp(base, start, (first_harm(of, base) - start) / 60, 0.5, 90)
        at = rang(of, minutes)
        key = f"{role}-connections"
        assert at[f"{key}-warning"] < at[f"{key}-critical"]


@pytest.mark.parametrize("name", NAMES)
def test_a_gap_in_the_middle_of_an_incident_sends_no_all_clear_for_connections_and_pools(name: str) -> None:
    of = budget(name)
    for role in roles_of(of):
        base = supply(of, role)
        limit = base.direct + base.pool if base.pool else base.limit + 1
        minutes = [wanted(base, limit)] * 10 + [Minute(silent=True)] * 30
        samples = Samples(of, minutes)
        for alarm in alarm_table(of).alarms:
            if alarm.key in {f"{role}-connections", f"{role}-pool"}:
                states = alarm_states(alarm, samples.of(alarm.measure))
                # The readers' pool is a mean: the busiest one may be full while the others keep it below critical.
                assert states[9] is State.ALARM or alarm.name == "reader-pool-critical"
                assert set(states[9:]) == {states[9]}, alarm.name


@pytest.mark.parametrize("name", NAMES)
def test_no_alarm_takes_silence_after_it_rang_for_an_all_clear(name: str) -> None:
    for alarm in alarm_table(budget(name)).alarms:
        breaching = alarm.threshold - (alarm.comparison.name == "BELOW")
        found = alarm_states(alarm, [breaching] * alarm.evaluation_periods + [None] * 60)
        assert found[alarm.evaluation_periods - 1] is State.ALARM, alarm.name
        assert State.OK not in found[alarm.evaluation_periods :], alarm.name
        if alarm.exhaustion:  # the composite alarm reads anything else than ALARM as its end
            assert set(found[alarm.evaluation_periods :]) == {State.ALARM}, alarm.name


def test_when_everything_falls_silent_the_writers_alarm_and_the_readers_ring() -> None:
    at = rang(budget("prod"), [Minute()] * 10 + [Minute(silent=True)] * 15)

    assert at == {
        "writer-down-critical": 13,
        "instance-1-absent-warning": 16,
        "instance-2-absent-warning": 16,
        "instance-3-absent-warning": 16,
    }


def test_a_declared_reader_that_is_absent_is_told_by_name_whoever_else_is_there() -> None:
    absent = budget("prod").stack.cluster.readers[1].name
    for readers in (1, 2, 4):  # two that autoscaling added don't stand in for it
        assert rang(budget("prod"), [Minute(readers=readers, absent=(absent,))] * 10) == {
            "instance-3-absent-warning": 6
        }


def test_readers_at_their_maximum_are_told() -> None:
    assert "readers-at-maximum-warning" in rang(budget("prod"), [Minute(readers=6)] * 10)


@pytest.mark.parametrize("name", NAMES)
def test_every_alarm_can_ring_and_can_be_silent(name: str) -> None:
    of = budget(name)
    memory = max(i.instance_class.memory_gib for i in of.stack.cluster.instances) * 1024**3
    timeouts = [p.connection_borrow_timeout_seconds for p in of.stack.proxies]
    highest = {
        "percent": 100.0,
        "microseconds": 1e6 * min(timeouts, default=0),
        "readers": 15.0,
        "bytes": 128.0 * 1024**4,
        "connections": max((w.limit_connections for w in of.thresholds.roles), default=0) + memory,
    }
    for alarm in alarm_table(of).alarms:
        assert alarm.threshold <= highest.get(alarm.unit, math.inf), alarm.name
        breaching, silent = alarm.threshold, 1e12
        if alarm.comparison.name == "BELOW":
            breaching = alarm.threshold - 1
        elif alarm.comparison.name == "AT_LEAST":
            silent = -1.0
        assert alarm_states(alarm, [breaching] * alarm.evaluation_periods)[-1] is State.ALARM, alarm.name
        assert alarm_states(alarm, [silent] * alarm.evaluation_periods)[-1] is State.OK, alarm.name


def test_critical_alarms_need_more_than_their_warnings() -> None:
    for name in NAMES:
        alarms: dict[str, Alarm] = {alarm.name: alarm for alarm in alarm_table(budget(name)).alarms}
        for alarm in alarms.values():
            warning = alarms.get(alarm.name.replace("-critical", "-warning"))
            if alarm.tier is Tier.CRITICAL and warning is not None:
                assert alarm.threshold > warning.threshold, alarm.name
