"""The ten questions, in their order."""

from dataclasses import replace
from typing import Any

from headroom import clock
from headroom.budget.model import Path, Role
from headroom.budget.roles import role_limits, standing_connections
from headroom.ops.database import DatabaseLimitError
from headroom.ops.live import FAILED, STALE_SECONDS
from headroom.ops.room import WITHOUT_CONNECTIONS
from headroom.ops.sessions import Inside
from headroom.ops.status import latest, live_capacity
from headroom.ops.triage.evidence import FAILOVER_MINUTES, Evidence
from headroom.ops.triage.judgement import Check, Verdict, judge

HOT_ROW_WAITERS = 5
"""So many sessions behind one lock are a queue, not two clients that met."""
IDLE_IN_TRANSACTION_SECONDS = 60.0
_ACTIVITY_MINUTES = 60


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

    found = judge(
        evidence,
        "exhausted",
        question,
        evidence.alarms(*keys),
        "writer-connections",
        inside=slots,
        needed=_needed(evidence),
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
    silent = _silent_instances(evidence)
    if silent and found.verdict is Verdict.NO:
        text = f"no data of the last {STALE_SECONDS // 60} minutes: {', '.join(silent)}; {found.text}"
        return replace(found, verdict=Verdict.UNKNOWN, text=text)
    return found


def _needed(evidence: Evidence) -> list[str]:
    """What must have data for a "no": each role's connections, and the pools that are in use.

    A look inside tells as much of the instance that it saw: only the writer is one alone in its role.
    """
    seen = evidence.inside is not None and not evidence.inside.replica
    keys = [] if seen else ["writer-connections", "writer-pool"]
    readers = evidence.cluster.readers if evidence.cluster else evidence.session.settings.database.readers
    return [*keys, "reader-connections", "reader-pool"] if readers else keys


def _full_instances(evidence: Evidence) -> list[str]:
    """Instances that have no slot left by their own class: an autoscaled one has no alarm of its own."""
    found = []
    for live in evidence.cluster.instances if evidence.cluster else ():
        series, limits = evidence.series.get(f"instance {live.name}", ()), live_capacity(evidence.session, live)
        if series and not series[0].stale and limits is not None and series[0].value >= limits.usable:
            found.append(f"{live.name}: {series[0].value:,.0f} connections of {limits.usable:,} usable slots")
    return found


def _silent_instances(evidence: Evidence) -> list[str]:
    """Declared instances that may have connections, and report nothing: their role's busiest may be one of them.

    Whatever else AWS calls them (`storage-full`, `modifying`, `backing-up`), they can serve, and be full.
    An autoscaled one has no data in its first minutes, and is not held against the others.
    """
    seen = evidence.inside is not None and not evidence.inside.replica
    declared = {i.name for i in evidence.session.budget.stack.cluster.instances}
    return [
        live.name
        for live in (evidence.cluster.instances if evidence.cluster else ())
        if live.name in declared
        and live.status not in WITHOUT_CONNECTIONS
        and not (seen and live.role is Role.WRITER)
        and latest(evidence.series, f"instance {live.name}") is None
    ]


def _role_limit(evidence: Evidence) -> Check:
    """One service is refused while slots are free: another cause than a full database, and another remedy."""
    question, section = "Has a role reached its own limit?", "role-refusals"
    if _services_are_limited(evidence):
        text = str(evidence.limited)
        return Check(key="role-limit", question=question, verdict=Verdict.YES, text=text, section=section)

    def at_limit(inside: Inside) -> tuple[bool, str]:
        budget, held = evidence.session.budget, dict(inside.holders())
        full, wrong = [], False
        for role in role_limits(budget):
            sessions, granted = held.get(role.user, 0), role.limit_connections
            actual = evidence.limits.get(role.user, granted)
            limit = min(actual, granted) if actual >= 0 else granted
            if sessions < limit:
                continue
            # A pool that opens all that it declares stands at its limit every day, and is refused nothing.
            as_declared = limit == granted and sessions <= standing_connections(budget, role.service)
            wrong = wrong or not as_declared
            why = f", the budget grants {granted:,}" if limit < granted else ", as declared" if as_declared else ""
            full.append(f"{role.user} {sessions:,} of {limit:,}{why}")
        return wrong, "; ".join(full) or "no role has as many sessions as its limit"

    found = judge(evidence, "role-limit", question, evidence.alarms(section), section, inside=at_limit)
    if (
        evidence.limited and found.verdict is not Verdict.YES
    ):  # a user that serves nobody: of the services it tells nothing
        return replace(found, verdict=Verdict.UNKNOWN, text="the database couldn't be asked (see below)")
    return found


def _services_are_limited(evidence: Evidence) -> bool:
    """The limit that we ran into is a service's as well: its own role's, or that of the services' database."""
    session, dsn = evidence.session, evidence.dsn
    if dsn is None or evidence.limited is None:
        return False
    if isinstance(evidence.limited, DatabaseLimitError):
        return dsn.database == session.settings.database.name
    return dsn.user in {service.user for service in session.budget.stack.services}


def _pinned(evidence: Evidence) -> Check:
    question = "Are pooled connections pinned?"
    if not evidence.session.proxy:
        return Check(key="pinned", question=question, verdict=Verdict.NO, text="no proxy", section="writer-pinned")
    keys = ("writer-pinned", "reader-pinned")
    return judge(evidence, "pinned", question, evidence.alarms(*keys), "writer-pinned", needed=keys)


def _storm(evidence: Evidence) -> Check:
    keys = ("client-storm", "refused-logins", "connection-attempts", "proxy-setup-failures", "proxy-login-failures")
    section = "client-storm" if evidence.session.proxy else "refused-logins"
    question = "Do clients connect again and again?"
    return judge(evidence, "storm", question, evidence.alarms(*keys), section, needed=("client-storm",))


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
    return judge(evidence, "hot-row", "Do transactions queue on one row?", (), "db-load", inside=queue)


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

    found = judge(evidence, "idle-in-transaction", "Are sessions idle in a transaction?", (), "levers", inside=idle)
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
    found = judge(evidence, "lagging", question, evidence.alarms("replica-lag"), "replica-lag")
    lag = evidence.inside.lag_ms if evidence.inside else None
    if lag is None:
        return found
    late = lag >= evidence.session.budget.stack.margins.replica_lag_ms
    text = f"the database says {lag:,.0f} ms" + (f"; {found.text}" if found.verdict is not Verdict.UNKNOWN else "")
    verdict = Verdict.YES if late or found.verdict is Verdict.YES else Verdict.NO
    return Check(key="lagging", question=question, verdict=verdict, text=text, section="replica-lag")


def _scaling(evidence: Evidence) -> Check:
    """A declared instance that is gone comes first: autoscaling doesn't make it again."""
    key, question = "scaling", "Is a reader missing, or autoscaling stuck?"
    there = {i.name for i in evidence.cluster.instances} if evidence.cluster else set()
    declared = [i.name for i in evidence.session.budget.stack.cluster.instances]
    gone = [name for name in declared if name not in there] if evidence.cluster else []
    if not gone:
        return _autoscaling(evidence, key, question)
    text = f"declared, but no member of the cluster: {', '.join(gone)}"
    return Check(key=key, question=question, verdict=Verdict.YES, text=text, section="reader-absent")


def _autoscaling(evidence: Evidence, key: str, question: str) -> Check:
    def answer(verdict: Verdict, text: str, section: str = "readers-at-maximum") -> Check:
        return Check(key=key, question=question, verdict=verdict, text=text, section=section)

    if not evidence.session.settings.autoscaling:
        if evidence.cluster is None:
            return answer(Verdict.UNKNOWN, "the cluster couldn't be read (see below)", "reader-absent")
        return answer(Verdict.NO, "no autoscaling is declared", "reader-absent")
    if evidence.target is None or evidence.cluster is None:
        return answer(Verdict.UNKNOWN, "the target or the cluster couldn't be read (see below)")
    if not evidence.target:
        return answer(Verdict.YES, "declared, but no scalable target is registered: pulumi up", "reader-absent")
    target, readers = evidence.target[0], len(evidence.cluster.readers)
    suspended = [name for name, off in (target.get("SuspendedState") or {}).items() if off]
    numbers = f"{readers:,} readers, minimum {target['MinCapacity']:,}, maximum {target['MaxCapacity']:,}"
    failed = [a for a in _recent(evidence.activities or []) if a.get("StatusCode") in FAILED]
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
    now = clock.now()
    return [a for a in activities if (now - a["StartTime"]).total_seconds() < _ACTIVITY_MINUTES * 60]


def _failover(evidence: Evidence) -> Check:
    key, question, section = "failover", "Has there been a failover just now?", "rds-events"
    found = [e for e in evidence.events or [] if "failover" in (e.get("EventCategories") or []) or _of_failover(e)]
    if found:
        newest = max(found, key=lambda e: e["Date"])
        minutes = (clock.now() - newest["Date"]).total_seconds() / 60
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
    text = f"no event in the last {FAILOVER_MINUTES} min"
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
    return judge(
        evidence,
        "busy",
        "Is it the CPU, memory or storage instead?",
        evidence.alarms(*keys),
        "writer-cpu",
        inside=active,
        needed=("writer-cpu", "reader-cpu") if evidence.session.settings.database.readers else ("writer-cpu",),
    )


CHECKS = (
    _exhausted,
    _role_limit,
    _pinned,
    _storm,
    _hot_row,
    _idle_in_transaction,
    _lagging,
    _scaling,
    _failover,
    _busy,
)
