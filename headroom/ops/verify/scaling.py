"""Replica autoscaling: bounds, policies, calendar, and whether it worked lately."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from headroom import clock
from headroom.budget.model import Event
from headroom.ops.live import FAILED
from headroom.ops.session import Session
from headroom.ops.verify.check import Check, judged
from headroom.settings.supply import Autoscaling

_METRICS = {
    "connections": "RDSReaderAverageDatabaseConnections",
    "cpu": "RDSReaderAverageCPUUtilization",
}
_HOURS = 24


def _of(session: Session, operation: str, key: str, **more: Any) -> list[Any]:
    return session.aws.all("application-autoscaling", operation, key, ServiceNamespace="rds", **more)


def bounds(session: Session, declared: Autoscaling) -> Check:
    """The scalable target has the declared bounds, and isn't suspended."""
    found = _of(session, "DescribeScalableTargets", "ScalableTargets", ResourceIds=[f"cluster:{session.name}"])
    now = clock.now()
    event = _in_progress(session, now)
    wanted = max(declared.readers_min, (event.readers_min or 0) if event else 0)

    def wrong() -> Iterator[str]:
        if not found:
            yield "no scalable target is registered: pulumi up"
            return
        if found[0]["MinCapacity"] < wanted:
            yield f"the minimum is {found[0]['MinCapacity']:,}, " + (
                f"{event.name} asks for {wanted:,}" if event else f"declared is {wanted:,}"
            )
        if found[0]["MaxCapacity"] != declared.readers_max:
            yield f"the maximum is {found[0]['MaxCapacity']:,}, declared is {declared.readers_max:,}"
        off = [name for name, is_off in (found[0].get("SuspendedState") or {}).items() if is_off]
        if off:
            yield f"suspended: {', '.join(off)}"

    well = f"{found[0]['MinCapacity']:,} to {found[0]['MaxCapacity']:,} readers" if found else ""
    return judged("autoscaling's bounds", wrong(), well)


def _in_progress(session: Session, now: datetime) -> Event | None:
    lead = _lead(session)
    events = session.budget.stack.events
    return next((e for e in events if e.readers_min is not None and e.starts - lead <= now < e.ends), None)


def _lead(session: Session) -> timedelta:
    targets = session.budget.thresholds.scaling
    return timedelta(minutes=targets.lead_minutes if targets else 0)


def policies(session: Session) -> Check:
    """The tracking policies follow the budget's targets."""
    targets = session.budget.thresholds.scaling
    wanted = {"connections": targets.connections, "cpu": targets.cpu_percent} if targets else {}
    found = _of(session, "DescribeScalingPolicies", "ScalingPolicies", ResourceId=f"cluster:{session.name}")
    by_name = {p["PolicyName"]: p.get("TargetTrackingScalingPolicyConfiguration", {}) for p in found}

    def wrong() -> Iterator[str]:
        for what, target in wanted.items():
            if target is None:
                continue
            config = by_name.get(f"{session.name}-{what}")
            if config is None:
                yield f"{session.name}-{what} isn't registered: pulumi up"
                continue
            metric = config.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
            if metric != _METRICS[what]:
                yield f"{session.name}-{what} follows {metric}, not {_METRICS[what]}"
            if config.get("TargetValue") != target:
                yield f"{session.name}-{what}: the target is {config.get('TargetValue')}, by the budget {target}"

    well = ", ".join(f"{what} at {target}" for what, target in wanted.items() if target is not None)
    return judged("autoscaling's policies", wrong(), well)


def calendar(session: Session, declared: Autoscaling) -> Check:
    """What is still to come of the declared events is scheduled (the component's names: <event>-begins, -ends)."""
    now, lead = clock.now(), _lead(session)
    wanted = {
        f"{session.name}-{event.name}-{word}": (at, readers)
        for event in session.budget.stack.events
        if event.readers_min is not None
        for word, at, readers in (
            ("begins", event.starts - lead, event.readers_min),
            ("ends", event.ends, declared.readers_min),
        )
        if at > now
    }
    found = _of(session, "DescribeScheduledActions", "ScheduledActions", ResourceId=f"cluster:{session.name}")
    by_name = {a["ScheduledActionName"]: a for a in found}

    def wrong() -> Iterator[str]:
        for name, (at, readers) in wanted.items():
            there = by_name.get(name)
            schedule = f"at({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})"
            if there is None:
                yield f"{name} isn't scheduled: pulumi up"
            elif there.get("Schedule") != schedule:
                yield f"{name}: {there.get('Schedule')}, declared is {schedule}"
            elif there.get("ScalableTargetAction", {}).get("MinCapacity") != readers:
                yield f"{name}: minimum {there['ScalableTargetAction'].get('MinCapacity')}, declared is {readers}"

    return judged(
        "the sale calendar", wrong(), f"{len(wanted):,} actions scheduled" if wanted else "nothing is to come"
    )


def activities(session: Session) -> Check:
    """Nothing failed in the last day."""
    found = _of(session, "DescribeScalingActivities", "ScalingActivities", ResourceId=f"cluster:{session.name}")
    since = clock.now() - timedelta(hours=_HOURS)
    failed = [a for a in found if a.get("StatusCode") in FAILED and a["StartTime"] >= since]
    wrong = [f"{a.get('StatusMessage') or a.get('Description')}" for a in failed]
    return judged("autoscaling's activities", wrong, f"none failed in {_HOURS} hours")
