"""Is it connections? Ordered checks, each with a verdict, its numbers, and the runbook's section.

CloudWatch tells what happened in the last minutes; one connection into the database, if there is a DSN, who holds what
now. Each check says what it could not see; none is taken as well because nothing was seen.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.model import Alarm, Expression, Metric, Missing, runbook_link
from headroom.budget.model import Path, Role
from headroom.ops.database import Database, FullError, connected
from headroom.ops.dsn import Dsn
from headroom.ops.errors import LackError
from headroom.ops.live import STALE_SECONDS, LiveCluster, Series, read_cluster, read_metrics
from headroom.ops.session import Session
from headroom.ops.sessions import Inside, look_inside
from headroom.ops.status import live_capacity

HOT_ROW_WAITERS = 5
"""So many sessions behind one lock are a queue, not two clients that met."""
IDLE_IN_TRANSACTION_SECONDS = 60.0
_FAILOVER_MINUTES = 60
_ACTIVITY_MINUTES = 60


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
class Triage:
    """The first line, the checks in their order, and what couldn't be read."""

    headline: str
    verdict: Verdict
    checks: tuple[Check, ...]
    lacks: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 connections aren't the problem, 1 they are, 2 it can't be told."""
        return {Verdict.NO: 0, Verdict.YES: 1, Verdict.UNKNOWN: 2}[self.verdict]


@dataclass(slots=True, kw_only=True)
class Evidence:
    """All that was read; whatever couldn't be is None or missing.

    Attributes:
        session: the stack.
        cluster: its members.
        series: alarm's metric -> its minutes.
        inside: what one connection saw.
        refused: the database's words, if it is full.
        dsn: there was one.
        activities: autoscaling's of the last hour.
        target: autoscaling's.
        events: RDS's of the last hour.
    """

    session: Session
    cluster: LiveCluster | None = None
    series: dict[str, Series] = field(default_factory=dict)
    inside: Inside | None = None
    refused: str = ""
    dsn: bool = False
    activities: list[Any] | None = None
    target: list[Any] | None = None
    events: list[Any] | None = None

    def alarms(self, *keys: str) -> list[Alarm]:
        """The alarm table's, by key."""
        return [a for a in alarm_table(self.session.budget).alarms if a.key in keys]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """An alarm's measure in its last minutes: the newest that breaches where M of N do, else the newest.

    `told`: CloudWatch answered, and where it has no datapoint, that is no breach by the alarm's own rule.
    """

    alarm: Alarm
    value: float | None
    breached: bool
    told: bool

    def __str__(self) -> str:
        value = "none" if self.value is None else _number(self.value, self.alarm.unit)
        return f"{self.alarm.title}: {value} (threshold {_number(self.alarm.threshold, self.alarm.unit)})"


def triage(session: Session, dsn: Dsn | None) -> Triage:
    """Read everything that can be read, and judge it."""
    evidence = gather(session, dsn)
    checks = tuple(check(evidence) for check in _CHECKS)
    verdict, headline = _headline(checks)
    return Triage(headline=headline, verdict=verdict, checks=checks, lacks=tuple(session.aws.lacks))


def gather(session: Session, dsn: Dsn | None) -> Evidence:
    """One reading of everything; each lack is noted in `session.aws`."""
    aws, found = session.aws, Evidence(session=session, dsn=dsn is not None)
    found.cluster = aws.tried(lambda: read_cluster(session))
    found.series = read_metrics(session, _metrics(session, found.cluster))
    resource = f"cluster:{session.name}"
    if session.settings.autoscaling:
        found.target = aws.tried(
            lambda: aws.all(
                "application-autoscaling",
                "DescribeScalableTargets",
                "ScalableTargets",
                ServiceNamespace="rds",
                ResourceIds=[resource],
            )
        )
        found.activities = aws.tried(
            lambda: aws.all(
                "application-autoscaling",
                "DescribeScalingActivities",
                "ScalingActivities",
                ServiceNamespace="rds",
                ResourceId=resource,
            )
        )
    found.events = aws.tried(
        lambda: aws.all(
            "rds",
            "DescribeEvents",
            "Events",
            SourceType="db-cluster",
            SourceIdentifier=session.name,
            Duration=_FAILOVER_MINUTES,
        )
    )
    if dsn is not None:
        try:
            with connected(dsn) as database:
                found.inside = _inside(database, session)
        except FullError as error:
            found.refused = str(error)
            aws.note(str(error))
        except LackError as error:
            aws.note(str(error))
    return found


def _inside(database: Database, session: Session) -> Inside:
    inside = look_inside(database, session.budget.stack.cluster.engine)
    if inside.hidden:
        session.aws.note(
            f"the DSN's user may not see the state of {inside.hidden:,} sessions: GRANT pg_read_all_stats, or the "
            "master user, shows it"
        )
    return inside


def _metrics(session: Session, cluster: LiveCluster | None) -> dict[str, Metric]:
    """What the alarms of interest measure, and each instance's connections."""
    wanted: dict[str, Metric] = {}
    for alarm in alarm_table(session.budget).alarms:
        parts = alarm.measure.metrics if isinstance(alarm.measure, Expression) else (("", alarm.measure),)
        wanted |= {f"{alarm.name} {name}": metric for name, metric in parts}
    for live in cluster.instances if cluster else ():
        metric = Metric(
            name="DatabaseConnections", statistic="Maximum", dimensions=(("DBInstanceIdentifier", live.name),)
        )
        wanted[f"instance {live.name}"] = metric
    return wanted


def _measured(evidence: Evidence, alarm: Alarm) -> _Measured:
    """The alarm's own rule, on what was read: M breaching of the newest N minutes."""
    minutes = _minutes(evidence, alarm)[: alarm.evaluation_periods]
    breaching = [value for value in minutes if alarm.comparison.breached(value, alarm.threshold)]
    breached = len(breaching) >= alarm.datapoints_to_alarm
    newest = breaching[0] if breached else (minutes[0] if minutes else None)
    answered = any(key.startswith(f"{alarm.name} ") for key in evidence.series)
    told = newest is not None or (answered and alarm.missing is Missing.NOT_BREACHING)
    return _Measured(alarm=alarm, value=newest, breached=breached, told=told)


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


def _judge(
    evidence: Evidence,
    key: str,
    question: str,
    alarms: Iterable[Alarm],
    section: str,
    *,
    inside: Callable[[Inside], tuple[bool, str]] | None = None,
    needed: str = "",
) -> Check:
    """Yes if any alarm's rule or the look inside says so; no if at least one could be read; else it can't be told.

    `needed`: the alarm without whose data, or a look inside, there is no "no".
    """
    measured = [_measured(evidence, alarm) for alarm in alarms]
    breached = [m for m in measured if m.breached]
    read = [m for m in measured if m.told]
    found: list[str] = []
    says = False
    if inside is not None and evidence.inside is not None:
        says, text = inside(evidence.inside)
        found.append(text)
    yes = says or bool(breached)
    if breached:
        section = breached[0].alarm.key
    told = [str(m) for m in _worst(breached or read)]
    enough = [m for m in read if needed in {"", m.alarm.key}]
    if not yes and not enough and not found:
        return Check(
            key=key, question=question, verdict=Verdict.UNKNOWN, text=_why(evidence, measured), section=section
        )
    return Check(
        key=key,
        question=question,
        verdict=Verdict.YES if yes else Verdict.NO,
        text="; ".join([*found, *told] if says or not breached else [*told, *found]),  # the reason first
        section=section,
    )


def _worst(measured: list[_Measured]) -> list[_Measured]:
    """One for each title: the highest threshold that is breached, else the lowest."""
    by_title: dict[str, _Measured] = {}
    for one in measured:
        other = by_title.get(one.alarm.title)
        higher = other is not None and one.alarm.threshold > other.alarm.threshold
        if other is None or higher == one.breached:
            by_title[one.alarm.title] = one
    return list(by_title.values())


def _why(evidence: Evidence, measured: list[_Measured]) -> str:
    if not measured:
        return _without_dsn(evidence)
    return f"no datapoint of the last {STALE_SECONDS // 60} minutes"


def _without_dsn(evidence: Evidence) -> str:
    return "the database couldn't be asked (see below)" if evidence.dsn else "needs a look inside: give --dsn"


def _exhausted(evidence: Evidence) -> Check:
    question = "Are connections exhausted, or about to be?"
    if evidence.refused:
        return Check(
            key="exhausted", question=question, verdict=Verdict.YES, text=evidence.refused, section="refused-logins"
        )
    proxied = any(p.path is Path.PROXY for s in evidence.session.budget.stack.services for p in s.pools)
    keys = ["writer-connections", "reader-connections", "instance-connections", "refused-logins"]
    keys += ["writer-pool", "reader-pool", "writer-borrow-latency", "reader-borrow-latency"] if proxied else []

    def slots(inside: Inside) -> tuple[bool, str]:
        held = len(inside.sessions)
        holders = ", ".join(f"{user or '?'} {count:,}" for user, count in inside.holders()[:4]) or "nobody"
        window = evidence.session.budget.thresholds.role(Role.READER if inside.replica else Role.WRITER)
        limit = min(inside.usable, window.warning_connections) if window else inside.usable
        return held >= limit, f"{held:,} sessions of {inside.usable:,} usable slots ({holders})"

    found = _judge(
        evidence,
        "exhausted",
        question,
        evidence.alarms(*keys),
        "writer-connections",
        inside=slots,
        needed="writer-connections",
    )
    full = _full_instances(evidence)
    if full:
        return Check(
            key="exhausted",
            question=question,
            verdict=Verdict.YES,
            text="; ".join([*full, found.text]),
            section=found.section,
        )
    return found


def _full_instances(evidence: Evidence) -> list[str]:
    """Instances that have no slot left by their own class: an autoscaled one has no alarm of its own."""
    found = []
    for live in evidence.cluster.instances if evidence.cluster else ():
        series, limits = evidence.series.get(f"instance {live.name}", ()), live_capacity(evidence.session, live)
        if series and not series[0].stale and limits is not None and series[0].value >= limits.usable:
            found.append(f"{live.name}: {series[0].value:,.0f} connections of {limits.usable:,} usable slots")
    return found


def _pinned(evidence: Evidence) -> Check:
    question = "Are pooled connections pinned?"
    if not evidence.session.proxy:
        return Check(key="pinned", question=question, verdict=Verdict.NO, text="no proxy", section="writer-pinned")
    return _judge(evidence, "pinned", question, evidence.alarms("writer-pinned", "reader-pinned"), "writer-pinned")


def _storm(evidence: Evidence) -> Check:
    keys = ("client-storm", "refused-logins", "connection-attempts", "proxy-setup-failures", "proxy-login-failures")
    section = "client-storm" if evidence.session.proxy else "refused-logins"
    return _judge(evidence, "storm", "Do clients connect again and again?", evidence.alarms(*keys), section)


def _hot_row(evidence: Evidence) -> Check:
    def queue(inside: Inside) -> tuple[bool, str]:
        pid, behind = inside.hottest()
        waiting = sum(1 for one in inside.sessions if one.blocked_by)
        if not waiting:
            return False, "no session waits for a lock" if inside.locks_seen else "locks can't be seen here"
        holder = next((one for one in inside.sessions if one.pid == pid), None)
        who = f"{holder.user or '?'}, {holder.state or 'state hidden'}: {holder.query or '?'}" if holder else "gone"
        return behind >= HOT_ROW_WAITERS, f"{waiting:,} wait for locks, {behind:,} of them behind {pid} ({who})"

    if evidence.inside is not None and not evidence.inside.locks_seen:
        return Check(
            key="hot-row",
            question="Do transactions queue on one row?",
            verdict=Verdict.UNKNOWN,
            text="the performance schema is off: who waits for whom can't be seen",
            section="db-load",
        )
    return _judge(evidence, "hot-row", "Do transactions queue on one row?", (), "db-load", inside=queue)


def _idle_in_transaction(evidence: Evidence) -> Check:
    def idle(inside: Inside) -> tuple[bool, str]:
        old = [
            one
            for one in inside.sessions
            if one.idle_in_transaction and one.state_seconds >= IDLE_IN_TRANSACTION_SECONDS
        ]
        blocking = {pid for one in inside.sessions for pid in one.blocked_by}
        now = sum(1 for one in inside.sessions if one.idle_in_transaction)
        text = f"{now:,} idle in a transaction, {len(old):,} for {IDLE_IN_TRANSACTION_SECONDS:.0f} s or longer"
        holding = [one for one in inside.sessions if one.idle_in_transaction and one.pid in blocking]
        if holding:
            text += f", {len(holding):,} of them in others' way"
        return bool(old or holding), text

    found = _judge(evidence, "idle-in-transaction", "Are sessions idle in a transaction?", (), "levers", inside=idle)
    if found.verdict is Verdict.NO and evidence.inside is not None and evidence.inside.hidden:
        return Check(
            key=found.key,
            question=found.question,
            verdict=Verdict.UNKNOWN,
            section=found.section,
            text=f"the state of {evidence.inside.hidden:,} sessions is hidden from this user",
        )
    return found


def _lagging(evidence: Evidence) -> Check:
    question = "Do the readers lag behind?"
    if not evidence.session.settings.database.readers:
        return Check(key="lagging", question=question, verdict=Verdict.NO, text="no reader", section="replica-lag")
    found = _judge(evidence, "lagging", question, evidence.alarms("replica-lag"), "replica-lag")
    lag = evidence.inside.lag_ms if evidence.inside else None
    if lag is None:
        return found
    late = lag >= evidence.session.budget.stack.margins.replica_lag_ms
    text = f"the database says {lag:,.0f} ms" + (f"; {found.text}" if found.verdict is not Verdict.UNKNOWN else "")
    verdict = Verdict.YES if late or found.verdict is Verdict.YES else Verdict.NO
    return Check(key="lagging", question=question, verdict=verdict, text=text, section="replica-lag")


def _scaling(evidence: Evidence) -> Check:
    key, question = "scaling", "Is replica autoscaling stuck?"

    def answer(verdict: Verdict, text: str, section: str = "readers-at-maximum") -> Check:
        return Check(key=key, question=question, verdict=verdict, text=text, section=section)

    if not evidence.session.settings.autoscaling:
        return answer(Verdict.NO, "no autoscaling is declared", "reader-absent")
    if evidence.target is None or evidence.cluster is None:
        return answer(Verdict.UNKNOWN, "the target or the cluster couldn't be read (see below)")
    if not evidence.target:
        return answer(Verdict.YES, "declared, but no scalable target is registered: pulumi up", "reader-absent")
    target, readers = evidence.target[0], len(evidence.cluster.readers)
    suspended = [name for name, off in (target.get("SuspendedState") or {}).items() if off]
    numbers = f"{readers:,} readers, minimum {target['MinCapacity']:,}, maximum {target['MaxCapacity']:,}"
    failed = [a for a in _recent(evidence.activities or []) if a.get("StatusCode") == "Failed"]
    if failed:
        why = failed[0].get("StatusMessage") or failed[0].get("Description", "")
        return answer(Verdict.YES, f"{len(failed):,} failed in the last hour: {why}; {numbers}", "reader-absent")
    if suspended:
        return answer(Verdict.YES, f"suspended ({', '.join(suspended)}); {numbers}")
    if readers >= target["MaxCapacity"]:
        return answer(Verdict.YES, f"at its maximum: {numbers}")
    if readers < target["MinCapacity"]:
        return answer(Verdict.YES, f"below its minimum: {numbers}", "reader-absent")
    if evidence.activities is None:
        return answer(Verdict.UNKNOWN, f"its activities couldn't be read; {numbers}")
    return answer(Verdict.NO, numbers)


def _recent(activities: list[Any]) -> list[Any]:
    now = datetime.now(UTC)
    return [a for a in activities if (now - a["StartTime"]).total_seconds() < _ACTIVITY_MINUTES * 60]


def _failover(evidence: Evidence) -> Check:
    key, question, section = "failover", "Has there been a failover just now?", "rds-events"
    found = [e for e in evidence.events or [] if "failover" in (e.get("EventCategories") or []) or _of_failover(e)]
    if found:
        newest = max(found, key=lambda e: e["Date"])
        minutes = (datetime.now(UTC) - newest["Date"]).total_seconds() / 60
        text = f"{minutes:.0f} min ago: {newest.get('Message', '')}"
        return Check(key=key, question=question, verdict=Verdict.YES, text=text, section=section)
    if evidence.events is None:
        return Check(
            key=key,
            question=question,
            verdict=Verdict.UNKNOWN,
            text="events couldn't be read (see below)",
            section=section,
        )
    text = f"no event in the last {_FAILOVER_MINUTES} min"
    declared = evidence.session.budget.stack.cluster.writer.name
    writer = next((i.name for i in evidence.cluster.instances if i.role is Role.WRITER), "") if evidence.cluster else ""
    if writer and writer != declared:
        text += f"; but at some time: the writer is {writer}, declared is {declared}"
    return Check(key=key, question=question, verdict=Verdict.NO, text=text, section=section)


def _of_failover(event: Any) -> bool:
    return "failover" in str(event.get("Message", "")).lower()


def _busy(evidence: Evidence) -> Check:
    def active(inside: Inside) -> tuple[bool, str]:
        working = sum(1 for one in inside.sessions if one.state == "active" and not one.waits_for)
        return False, f"{working:,} sessions work"

    keys = ("writer-cpu", "reader-cpu", "db-load", "memory", "local-storage", "serverless-capacity", "writer-down")
    return _judge(
        evidence,
        "busy",
        "Is it the CPU, memory or storage instead?",
        evidence.alarms(*keys),
        "writer-cpu",
        inside=active,
    )


_CHECKS = (_exhausted, _pinned, _storm, _hot_row, _idle_in_transaction, _lagging, _scaling, _failover, _busy)
_CONNECTIONS = ("exhausted", "pinned", "storm")


def _headline(checks: tuple[Check, ...]) -> tuple[Verdict, str]:
    """Yes if any of the first three says so; no only if the first could be answered."""
    about = [c for c in checks if c.key in _CONNECTIONS]
    guilty = next((c for c in about if c.verdict is Verdict.YES), None)
    if guilty is not None:
        return Verdict.YES, f"It IS the database's connections: {guilty.text} ({runbook_link(guilty.section)})"
    if about[0].verdict is Verdict.UNKNOWN:
        return Verdict.UNKNOWN, f"Can't tell whether it is the database's connections: {about[0].text}"
    other = next((c for c in checks if c.verdict is Verdict.YES), None)
    hint = f" But: {other.question.lower()} yes ({runbook_link(other.section)})" if other else ""
    return Verdict.NO, f"connections are not the problem: {about[0].text}.{hint}"


def _number(value: float, unit: str) -> str:
    with suppress(OverflowError):
        if unit == "microseconds":
            return f"{value / 1000:,.0f} ms"
        if unit == "bytes":
            return f"{value / 1024**3:,.1f} GiB"
        digits = 0 if value == int(value) or abs(value) >= 100 else 1
        return f"{value:,.{digits}f} {'%' if unit == 'percent' else unit}"
    return f"{value} {unit}"
