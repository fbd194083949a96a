"""The instances, and the limits that are in effect on them."""

from collections.abc import Iterator

from headroom.budget import offers
from headroom.budget.capacity import capacity
from headroom.budget.model import Engine
from headroom.ops import roles
from headroom.ops.database import Database
from headroom.ops.errors import LackError
from headroom.ops.live import LiveCluster
from headroom.ops.session import Session
from headroom.ops.sessions import look_inside
from headroom.ops.verify.check import Check, judged


def instances(session: Session, cluster: LiveCluster) -> Check:
    """The declared instances are there, of their class, and available."""
    return judged("instances", _instances(session, cluster), f"{len(cluster.instances):,} available, as declared")


def _instances(session: Session, cluster: LiveCluster) -> Iterator[str]:
    there = {i.name: i for i in cluster.instances}
    if cluster.described.get("Status") != "available":
        yield f"the cluster is {cluster.described.get('Status')}"
    for declared in session.budget.stack.cluster.instances:
        live = there.get(declared.name)
        if live is None:
            yield f"{declared.name} isn't there: pulumi up"
        elif live.instance_class and live.instance_class != declared.instance_class.name:
            yield f"{live.name} is a {live.instance_class}, declared is {declared.instance_class.name}"
    for live in cluster.instances:
        if not live.described:
            raise LackError(f"{live.name}: its class and state couldn't be read")
        if live.status != "available":
            yield f"{live.name} is {live.status}"


def engine_version(session: Session, cluster: LiveCluster) -> Check:
    """The cluster runs the declared version. That it is retired is worth knowing, and no failure."""
    declared = session.budget.stack.cluster
    runs = str(cluster.described["EngineVersion"])
    answer = offers.version(declared.engine, runs)
    known = f"; {answer.found}; {answer.instead} is the newest that can be" if answer.found else ""
    wrong = (
        [
            f"{runs} runs, declared is {declared.engine_version}: an upgrade waits for the maintenance window, or AWS "
            f"was faster: then write {runs} into the stack file{known}"
        ]
        if runs != declared.engine_version
        else []
    )
    return judged("engine version", wrong, f"{runs}, as declared{known}")


def applied(cluster: LiveCluster) -> Check:
    """No parameter and no change waits for a reboot or a maintenance window."""
    return judged("parameters in effect", _waiting(cluster), "no parameter waits for a reboot")


def _waiting(cluster: LiveCluster) -> Iterator[str]:
    members = {m["DBInstanceIdentifier"]: m for m in cluster.described.get("DBClusterMembers", [])}
    for live in cluster.instances:
        statuses = {str(members[live.name].get("DBClusterParameterGroupStatus", "in-sync"))}
        statuses |= {str(g["ParameterApplyStatus"]) for g in live.described.get("DBParameterGroups", [])}
        for status in sorted(statuses - {"in-sync"}):
            hint = ": reboot it, readers first" if status == "pending-reboot" else ""
            yield f"{live.name}: parameters are {status}, so max_connections may not be in effect{hint}"
        if changes := live.described.get("PendingModifiedValues"):
            yield f"{live.name}: {', '.join(sorted(changes))} wait for the maintenance window"


def declared(session: Session, cluster: LiveCluster) -> Check:
    """The parameter group has the declared max_connections."""
    what, wanted = "max_connections declared", session.settings.database.max_connections
    if session.budget.stack.cluster.engine is Engine.MYSQL:
        groups = sorted(
            {
                str(g["DBParameterGroupName"])
                for i in cluster.instances
                for g in i.described.get("DBParameterGroups", [])
            }
        )
        found = {group: _value(session, "DescribeDBParameters", DBParameterGroupName=group) for group in groups}
    else:
        group = str(cluster.described.get("DBClusterParameterGroup", ""))
        found = {group: _value(session, "DescribeDBClusterParameters", DBClusterParameterGroupName=group)}
    expected = None if wanted is None else str(wanted)
    shown = expected or "the engine's default"
    wrong = (
        f"{group}: {value or 'the default'}, declared is {shown}" for group, value in found.items() if value != expected
    )
    return judged(what, wrong, f"{shown}, in {', '.join(found)}")


def _value(session: Session, operation: str, **group: str) -> str | None:
    """What somebody has set it to; None: nobody has."""
    for parameter in session.aws.all("rds", operation, "Parameters", Source="user", **group):
        if parameter.get("ParameterName") == "max_connections":
            return None if parameter.get("ParameterValue") is None else str(parameter["ParameterValue"])
    return None


def in_effect(session: Session, database: Database) -> Check:
    """The instance that the DSN leads to really has what the budget counts on."""
    inside = look_inside(database, session.budget.stack.cluster.engine)
    stack = session.budget.stack
    ceilings = [capacity(stack, instance).ceiling for instance in stack.cluster.instances]
    low, high = min(c.low for c in ceilings), max(c.high for c in ceilings)
    wrong = (
        []
        if low <= inside.max_connections <= high
        else [
            f"{inside.max_connections:,} on this instance; the budget counts on "
            + (f"{low:,}" if low == high else f"{low:,} to {high:,}")
        ]
    )
    return judged("max_connections in effect", wrong, f"{inside.max_connections:,} on the instance of the DSN")


def of_roles(session: Session, database: Database) -> Check:
    """Every service's role has its limit, and gives up waiting for a lock."""
    rows = roles.compare(database, session.budget)
    wrong = (f"{row.limit.user}: {what} ({meaning})" for row in rows for what, meaning in row.differences)
    return judged("role limits", wrong, f"{len(rows):,} as budgeted")
