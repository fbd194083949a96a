"""The demand and the results as plain values: what the program registers, the pack reads, and `--json` prints."""

from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from typing import Any

from headroom.budget.facts import SERVERLESS, instance_classes
from headroom.budget.margins import Margins
from headroom.budget.model import Cluster, Event, Path, Pool, Proxy, Role, Service, ServiceKind, Stack
from headroom.budget.remedies import remedies
from headroom.budget.result import Budget, Line, Thresholds
from headroom.budget.roles import role_limits


def demand(stack: Stack) -> dict[str, Any]:
    """Services, events, margins and the operators' share: JSON values, whole numbers as int."""
    return {
        "services": [_plain(service) for service in stack.services],
        "events": [
            _plain(event) | {"starts": event.starts.isoformat(), "ends": event.ends.isoformat()}
            for event in stack.events
        ],
        "break_glass_connections": stack.break_glass_connections,
        "wait_objective_ms": stack.wait_objective_ms,
        "margins": _plain(stack.margins),
        **_declared_classes(stack),
    }


def _plain(value: Any) -> Any:
    """As `asdict`, but what a field holds isn't copied: a program may put in what it only knows later (an Output)."""
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def _declared_classes(stack: Stack) -> dict[str, Any]:
    """Classes that the facts don't know: who reads the resources sees only their names."""
    used = {i.instance_class.name: i.instance_class for i in stack.cluster.instances}
    declared = [_plain(c) for name, c in used.items() if name != SERVERLESS and name not in instance_classes()]
    return {"instance_classes": declared} if declared else {}


def stack_from(demand: dict[str, Any], cluster: Cluster, proxies: tuple[Proxy, ...], name: str = "") -> Stack:
    """The demand, as `demand` wrote it, beside a supply. Numbers may have become floats on the way.

    Raises:
        ValueError: what was registered isn't a demand; the message names the key.
    """
    try:
        return Stack(
            name=name,
            cluster=cluster,
            proxies=proxies,
            services=tuple(_service(s) for s in demand["services"]),
            events=tuple(_event(e) for e in demand["events"]),
            break_glass_connections=int(demand["break_glass_connections"]),
            wait_objective_ms=float(demand["wait_objective_ms"]),
            margins=Margins(**{key: float(value) for key, value in demand["margins"].items()}),
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        msg = f"not a demand that headroom registered: {error}"
        raise ValueError(msg) from error


_WHOLE = ("instances_max", "processes_per_instance", "client_timeout_ms", "orphaned_instances")


def _service(values: dict[str, Any]) -> Service:
    known = {f.name for f in fields(Service)}
    plain: dict[str, Any] = {
        key: int(value) if key in _WHOLE else value for key, value in values.items() if key in known
    }
    pools = tuple(
        Pool(
            endpoint=Role(p["endpoint"]),
            path=Path(p["path"]),
            connections_max=int(p["connections_max"]),
            transactions_percent=float(p["transactions_percent"]),
        )
        for p in values["pools"]
    )
    return Service(**plain | {"kind": ServiceKind(values["kind"]), "pools": pools})


def _event(values: dict[str, Any]) -> Event:
    return Event(
        name=values["name"],
        starts=datetime.fromisoformat(values["starts"]),
        ends=datetime.fromisoformat(values["ends"]),
        traffic_factor=float(values["traffic_factor"]),
        readers_min=None if values.get("readers_min") is None else int(values["readers_min"]),
    )


def summary(budget: Budget) -> dict[str, Any]:
    """The budget as JSON values: verdict, headroom, lines, findings, thresholds."""
    return {
        "stack": budget.stack.name,
        "fits": budget.fits,
        "headroom_percent": _percent(budget.headroom),
        "lines": [_line(line) for line in budget.lines],
        "findings": [finding._asdict() for finding in budget.findings],
        "thresholds": _thresholds(budget.thresholds),
    }


def report(budget: Budget) -> dict[str, Any]:
    """What `headroom budget --json` prints of a stack (`docs/budget.schema.json`).

    The summary; where it doesn't fit, the ways out; where it does, each service's role limit.
    """
    return summary(budget) | {
        "remedies": [{"title": remedy.title, "cost": remedy.cost} for remedy in remedies(budget.stack)],
        "role_limits": [asdict(limit) for limit in role_limits(budget)] if budget.fits else [],
    }


def _thresholds(thresholds: Thresholds) -> dict[str, Any]:
    return {
        "roles": [role._asdict() for role in thresholds.roles],
        "pools": [pool._asdict() for pool in thresholds.pools],
        "scaling": thresholds.scaling and thresholds.scaling._asdict(),
    }


def _line(line: Line) -> dict[str, Any]:
    limits = line.capacity
    return {
        "situation": line.situation,
        "role": line.role.value,
        "instance": line.instance,
        "ceiling_connections": {"low": limits.ceiling.low, "high": limits.ceiling.high, "basis": limits.ceiling.basis},
        "reserved_connections": limits.reserved,
        "usable_connections": limits.usable,
        "direct_connections": line.direct,
        "pool_connections": limits.pool,
        "borrowed_connections": line.borrowed,
        "proxied_connections": line.proxied,
        "busy_connections": round(line.busy, 1),
        "cpu_cap_connections": limits.cpu_cap,
        "memory_cap_connections": limits.memory_cap,
        "reconnect_seconds": round(line.reconnect_seconds, 1),
        "headroom_percent": _percent(line.headroom),
        "binds": line.binds.value,
        "accepted": line.accepted,
    }


def _percent(share: float) -> float:
    return round(100 * share, 1)
