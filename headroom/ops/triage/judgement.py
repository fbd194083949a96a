"""How a check is answered: by the alarms' own rules on what CloudWatch has, and by a look inside the database."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from headroom.budget.alarms.model import Alarm, Expression
from headroom.ops.live import STALE_SECONDS
from headroom.ops.sessions import Inside
from headroom.ops.triage.evidence import Evidence


class Verdict(StrEnum):
    """A check's answer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "can't tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question, and its answer.

    Attributes:
        key: stable, for programs.
        question: in a few words.
        verdict: the answer.
        text: the numbers, or why it can't be told.
        section: the runbook's.
    """

    key: str
    question: str
    verdict: Verdict
    text: str
    section: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An alarm's measure in its last minutes: the newest that breaches where M of N do, else the newest.

    `value` is None where there is no datapoint that stands for now: silence is no "no". `unused`: there was none all
    day, of a proxy, which then nobody uses.
    """

    alarm: Alarm
    value: float | None
    breached: bool
    unused: bool

    def __str__(self) -> str:
        value = _number(self.value, self.alarm.unit) if self.value is not None else "no data"
        return f"{self.alarm.title}: {value} (threshold {_number(self.alarm.threshold, self.alarm.unit)})"


def judge(
    evidence: Evidence,
    key: str,
    question: str,
    alarms: Iterable[Alarm],
    section: str,
    *,
    inside: Callable[[Inside], tuple[bool, str]] | None = None,
    needed: Collection[str] = (),
) -> Check:
    """Yes if any alarm's rule or the look inside says so; no if at least one could be read; else it can't be told.

    `needed`: the alarms without whose data there is no "no", unless it is the data of a proxy that nobody uses.
    """
    measured = [_measure(evidence, alarm) for alarm in alarms]
    breached = [m for m in measured if m.breached]
    read = [m for m in measured if m.value is not None]
    idle = [m for m in measured if m.unused]
    silent = dict.fromkeys(
        m.alarm.title for m in measured if m.alarm.key in needed and m.value is None and not m.unused
    )
    found: list[str] = []
    says = False
    if inside is not None and evidence.inside is not None:
        says, text = inside(evidence.inside)
        found.append(text)
    yes = says or bool(breached)
    if breached:
        section = breached[0].alarm.key
    told = [str(m) for m in _worst(breached or read)]
    parts = [*found, *told] if says or not breached else [*told, *found]  # the reason first
    if silent and not yes:
        parts.insert(0, f"no data of the last {STALE_SECONDS // 60} minutes: {', '.join(silent)}")
    elif not parts and idle and len(idle) == len(measured):
        parts.append("nobody used the proxy in the last 24 hours")
    unknown = not yes and (silent or not parts)
    return Check(
        key=key,
        question=question,
        verdict=Verdict.UNKNOWN if unknown else Verdict.YES if yes else Verdict.NO,
        text="; ".join(parts) or _why(evidence, measured),
        section=section,
    )


def _measure(evidence: Evidence, alarm: Alarm) -> Measured:
    """The alarm's own rule, on what was read: M breaching of the newest N minutes."""
    minutes = _minutes(evidence, alarm)[: alarm.evaluation_periods]
    breaching = [value for value in minutes if alarm.comparison.breached(value, alarm.threshold)]
    breached = len(breaching) >= alarm.datapoints_to_alarm
    newest = breaching[0] if breached else (minutes[0] if minutes else None)
    parts = [name for name, _ in alarm.measure.metrics] if isinstance(alarm.measure, Expression) else [""]
    unused = all(f"{alarm.name} {name}" in evidence.unused for name in parts)
    return Measured(alarm=alarm, value=newest, breached=breached, unused=unused)


def _minutes(evidence: Evidence, alarm: Alarm) -> list[float]:
    """The measure's values, the newest first; nothing where even the newest is too old to stand for now."""
    if not isinstance(alarm.measure, Expression):
        series = evidence.series.get(f"{alarm.name} ", ())
        return [p.value for p in series] if series and not series[0].stale else []
    parts = {
        name: {round(p.age_seconds): p.value for p in evidence.series.get(f"{alarm.name} {name}", ())}
        for name, _ in alarm.measure.metrics
    }
    shared = sorted(set.intersection(*(set(p) for p in parts.values()))) if parts else []
    if not shared or shared[0] > STALE_SECONDS:
        return []
    return [_ratio(alarm, {name: part[age] for name, part in parts.items()}) for age in shared]


def _ratio(alarm: Alarm, values: dict[str, float]) -> float:
    """The two expressions that the alarm table has: a share in percent, for pinned from a least number on."""
    if "pinned" in values:
        least = (
            int(alarm.measure.expression.split(">=")[1].split(",")[0]) if isinstance(alarm.measure, Expression) else 0
        )
        enough = values["pinned"] >= least and values["open"] > 0
        return 100 * values["pinned"] / values["open"] if enough else 0.0
    return 100 * values["part"] / values["whole"] if values["whole"] else 0.0


def _worst(measured: list[Measured]) -> list[Measured]:
    """One for each title: the highest threshold that is breached, else the lowest."""
    by_title: dict[str, Measured] = {}
    for one in measured:
        other = by_title.get(one.alarm.title)
        higher = other is not None and one.alarm.threshold > other.alarm.threshold
        if other is None or higher == one.breached:
            by_title[one.alarm.title] = one
    return list(by_title.values())


def _why(evidence: Evidence, measured: list[Measured]) -> str:
    if not measured:
        return _without_dsn(evidence)
    return f"no datapoint of the last {STALE_SECONDS // 60} minutes"


def _without_dsn(evidence: Evidence) -> str:
    """Why there was no look inside."""
    return "the database couldn't be asked (see below)" if evidence.dsn else "needs a look inside: give --dsn"


def _number(value: float, unit: str) -> str:
    if unit == "microseconds":
        return f"{value / 1000:,.0f} ms"
    if unit == "bytes":
        return f"{value / 1024**3:,.1f} GiB"
    digits = 0 if value == int(value) or abs(value) >= 100 else 1
    return f"{value:,.{digits}f} {'%' if unit == 'percent' else unit}"
