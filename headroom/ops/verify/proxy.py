"""The proxy: its limits, and the health of what it leads to."""

from collections.abc import Iterator
from typing import Any

from headroom.ops.live import LiveCluster
from headroom.ops.session import Session
from headroom.ops.verify.check import Check, judged
from headroom.settings.supply import Proxy

_LIMITS = {
    "MaxConnectionsPercent": "max_connections_percent",
    "MaxIdleConnectionsPercent": "max_idle_connections_percent",
    "ConnectionBorrowTimeout": "connection_borrow_timeout_seconds",
}


def pool(session: Session, declared: Proxy) -> Check:
    """It is available, with the declared pool."""
    found = session.aws.all("rds", "DescribeDBProxies", "DBProxies", DBProxyName=session.name)
    groups = session.aws.all("rds", "DescribeDBProxyTargetGroups", "TargetGroups", DBProxyName=session.name)
    config: dict[str, Any] = next((g["ConnectionPoolConfig"] for g in groups if g["TargetGroupName"] == "default"), {})

    def wrong() -> Iterator[str]:
        if found[0].get("Status") != "available":
            yield f"it is {found[0].get('Status')}"
        idle = found[0].get("IdleClientTimeout")
        if idle != declared.idle_client_timeout_seconds:
            yield f"idle_client_timeout_seconds is {idle}, declared is {declared.idle_client_timeout_seconds}"
        for theirs, ours in _LIMITS.items():
            if config.get(theirs) != getattr(declared, ours):
                yield f"{ours} is {config.get(theirs)}, declared is {getattr(declared, ours)}"

    return judged("proxy", wrong(), f"available, {config.get('MaxConnectionsPercent')} % of max_connections")


def targets(session: Session, cluster: LiveCluster) -> Check:
    """Every instance is a target, and the proxy reaches it."""
    found = session.aws.all("rds", "DescribeDBProxyTargets", "Targets", DBProxyName=session.name)
    instances = {t["RdsResourceId"]: t for t in found if t.get("Type", "RDS_INSTANCE") == "RDS_INSTANCE"}
    whole = any(t.get("Type") == "TRACKED_CLUSTER" for t in found)

    def wrong() -> Iterator[str]:
        if not found:
            yield "none is registered: pulumi up"
        for name, target in instances.items():
            health = target.get("TargetHealth", {})
            if health.get("State") not in {"AVAILABLE", None}:
                reason = ": ".join(str(health[key]) for key in ("Reason", "Description") if health.get(key))
                yield f"{name} is {health['State']}" + (f" ({reason})" if reason else "")
        missing = [i.name for i in cluster.instances if i.name not in instances]
        if missing and instances:
            yield f"{', '.join(missing)}: no target"
        elif not instances and found and not whole:
            yield "no instance is a target"

    return judged("proxy's targets", wrong(), f"{len(instances) or len(found):,} reached")
