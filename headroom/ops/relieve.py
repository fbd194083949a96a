"""The levers that a command can pull: each shows its change and what the budget predicts, and refuses what it forbids.

A lever is planned first (nothing is changed), then applied; planned again afterwards it says that nothing is to do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from headroom.budget import Budget, evaluate
from headroom.budget.facts import fact
from headroom.budget.model import Engine, Role, Stack
from headroom.budget.result import Line
from headroom.budget.roles import RoleLimit, role_limits, set_limit
from headroom.budget.situations import autoscaled_replica
from headroom.errors import UserError
from headroom.ops import sql
from headroom.ops.database import Database
from headroom.ops.errors import RefusedError
from headroom.ops.live import read_cluster
from headroom.ops.roles import read_limits
from headroom.ops.room import room
from headroom.ops.session import Session
from headroom.ops.sessions import look_inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A change that isn't made yet.

    Attributes:
        change: what would be done, in a line; empty: it is so already.
        effect: what the budget, or the database, predicts, line by line.
        apply: do it; the lines that tell what was done.
    """

    change: str
    effect: tuple[str, ...]
    apply: Callable[[], list[str]]


def limit_role(session: Session, database: Database | None, service: str, connections: int) -> Plan:
    """Lower a service's limit, down to 1; or back, up to what the budget grants.

    Raises:
        UserError: no such service, or no such role in the database.
        RefusedError: the budget grants it less.
        LackError: the database doesn't answer.
    """
    limit = _limit_of(session.budget, service)
    granted = limit.limit_connections
    if connections > granted:
        raise RefusedError(
            f"{service}: the budget grants {granted:,} connections on each instance, not {connections:,}: more would "
            "be taken from the others"
        )
    effect = [
        f"New connections of {service} ({limit.user}) above {connections:,} on an instance are refused at once "
        "(SQLSTATE 53300); open ones stay until they close."
        if session.budget.stack.cluster.engine is Engine.POSTGRESQL
        else f"New connections of {service} ({limit.user}) above {connections:,} on an instance are refused at once "
        "(error 1226); open ones stay until they close.",
        _short(session.budget, service, connections),
    ]
    statement = set_limit(session.budget.stack.cluster.engine, replace(limit, limit_connections=connections))
    if database is None:
        return Plan(change=statement, effect=(*effect, _NO_DATABASE), apply=_needs_database)
    engine = session.budget.stack.cluster.engine
    now = read_limits(database, engine, [limit.user]).get(limit.user)
    if now is None:
        raise UserError(f"{limit.user}: no such role in this database: is it the stack's?")
    count = sql.MYSQL_COUNT if engine is Engine.MYSQL else sql.POSTGRESQL_COUNT
    ((open_,),) = database.rows(count, (limit.user,))
    effect.append(f"It has {open_:,} connections open on this instance; its limit is {'none' if now < 0 else now}.")

    def apply() -> list[str]:
        database.rows(statement)
        return [f"{limit.user}: limit {connections:,}. Back to the budget's: headroom roles --apply"]

    return Plan(change="" if now == connections else statement, effect=tuple(effect), apply=apply)


_NO_DATABASE = "What holds now isn't known: give --dsn."


def _needs_database() -> list[str]:
    raise UserError("--apply needs the database: give --dsn, or set HEADROOM_DSN")


def _limit_of(budget: Budget, service: str) -> RoleLimit:
    found = next((limit for limit in role_limits(budget) if limit.service == service), None)
    if found is None:
        known = ", ".join(limit.service for limit in role_limits(budget))
        raise UserError(f"{service}: no such service: the services are {known}")
    return found


def _short(budget: Budget, service: str, connections: int) -> str:
    """In which situations the service needs more than that; the budget's lines know."""
    tight: dict[str, int] = {}
    for line in budget.lines:
        direct = sum(p.open for p in line.demand if p.service.name == service)
        pooled = sum(p.borrowed for p in line.demand if p.service.name == service)
        needed = direct + pooled
        if needed > connections:
            tight[line.situation] = max(needed, tight.get(line.situation, 0))
    if not tight:
        return f"By the budget {service} needs no more than that in any situation."
    worst = max(tight, key=lambda name: tight[name])
    return (
        f"By the budget {service} then waits or is refused in {len(tight):,} of "
        f"{len({line.situation for line in budget.lines}):,} situations; it needs most, {tight[worst]:,}, in: {worst}."
    )


def terminate_idle_in_transaction(session: Session, database: Database, older_than_seconds: float) -> Plan:
    """End sessions that are idle inside a transaction, and only those.

    Raises:
        LackError: the database doesn't answer.
    """
    engine = session.budget.stack.cluster.engine
    inside = look_inside(database, engine)
    idle = [s for s in inside.sessions if s.idle_in_transaction and s.state_seconds >= older_than_seconds]
    behind = inside.behind()
    effect = [
        f"{s.pid}: {s.user} {s.client}, idle in a transaction for {s.state_seconds:,.0f} s, "
        f"{behind.get(s.pid, 0):,} wait for it; last: {s.query or '(hidden)'}"
        for s in idle
    ]
    waiting = sum(behind.get(s.pid, 0) for s in idle)
    effect.append(
        f"Frees {len(idle):,} of {inside.usable:,} usable slots on this instance, and {waiting:,} "
        "sessions that wait. Their transactions are rolled back."
    )
    if inside.hidden:
        effect.append(f"The state of {inside.hidden:,} sessions is hidden from this user: they are left alone.")

    def apply() -> list[str]:
        done = []
        for one in idle:
            if engine is Engine.MYSQL:
                if _still_idle(database, one.pid):
                    database.rows(sql.MYSQL_TERMINATE, (one.pid,))
                    done.append(one.pid)
            elif any(ended for _, ended in database.rows(sql.POSTGRESQL_TERMINATE, (one.pid, older_than_seconds))):
                done.append(one.pid)
        told = [f"{len(done):,} terminated: {', '.join(map(str, done)) or 'none'}"]
        if len(done) < len(idle):
            told.append(f"{len(idle) - len(done):,} went on, or ended, meanwhile: left alone")
        return told

    change = f"terminate {len(idle):,} sessions idle in a transaction for {older_than_seconds:,.0f} s or longer"
    return Plan(change=change if idle else "", effect=tuple(effect), apply=apply)


def _still_idle(database: Database, pid: int) -> bool:
    return any(s.pid == pid and s.idle_in_transaction for s in look_inside(database, Engine.MYSQL).sessions)


def raise_percent(session: Session, percent: int) -> Plan:
    """Raise the proxy's max_connections_percent, where slots and CPU are free: by the budget, and now.

    Raises:
        UserError: no proxy, or it would be lowered.
        RefusedError: the budget doesn't fit then, or an instance has no room now, or nobody knows whether it has.
        LackError: the proxy can't be read.
    """
    aws, proxy = session.aws, session.proxy
    if proxy is None:
        raise UserError(f"{session.name}: no proxy is declared")
    groups = aws.all("rds", "DescribeDBProxyTargetGroups", "TargetGroups", DBProxyName=proxy)
    pool = next(g for g in groups if g["TargetGroupName"] == "default")["ConnectionPoolConfig"]
    now = int(pool["MaxConnectionsPercent"])
    if percent < now:
        raise UserError(f"raise-percent {percent}: it is {now} now: this lever only raises; lower it in the stack file")
    after = _with_percent(session.budget.stack, percent)
    live: list[str] = []
    if percent > now:
        _refuse_unless_fits(after, f"{percent} %")
        live = room(session, percent)
    before = _with_percent(session.budget.stack, now)
    effect = [
        f"{line.role} {line.instance}: the pool grows from {old.capacity.pool:,} to {line.capacity.pool:,} "
        f"connections; {line.capacity.usable - line.taken:,} of {line.capacity.usable:,} usable slots stay free."
        for old, line in zip(_everyday(before), _everyday(after), strict=True)
    ]
    effect += live
    effect.append(f"The budget fits, with {after.headroom:.0%} headroom (before: {before.headroom:.0%}).")
    effect.append(
        f"The stack file says {session.budget.stack.proxies[0].max_connections_percent}: the next pulumi up sets that "
        "again. To keep it: headroom:proxy.max_connections_percent"
    )

    def apply() -> list[str]:
        room(session, percent)  # once more: whoever was asked may have thought about it for minutes
        aws.call(
            "rds",
            "ModifyDBProxyTargetGroup",
            DBProxyName=proxy,
            TargetGroupName="default",
            ConnectionPoolConfig={
                "MaxConnectionsPercent": percent,
                "MaxIdleConnectionsPercent": pool["MaxIdleConnectionsPercent"],
            },
        )
        return [f"{proxy}: max_connections_percent {percent}"]

    change = f"{proxy}: max_connections_percent {now} -> {percent}"
    return Plan(change="" if percent == now else change, effect=tuple(effect), apply=apply)


def _with_percent(stack: Stack, percent: int) -> Budget:
    first, *others = stack.proxies
    return evaluate(replace(stack, proxies=(replace(first, max_connections_percent=percent), *others)))


def _everyday(budget: Budget) -> list[Line]:
    first = budget.lines[0].situation
    return [line for line in budget.lines if line.situation == first]


def _refuse_unless_fits(after: Budget, what: str) -> None:
    if not after.fits:
        raise RefusedError(f"the budget doesn't fit with {what}: " + "; ".join(f.message for f in after.errors))


def add_readers(session: Session, readers: int) -> Plan:
    """Raise replica autoscaling's minimum to the declared readers and so many more; those that are there count.

    Raises:
        UserError: no autoscaling.
        RefusedError: more than the maximum, than Aurora has, or than the budget carries.
        LackError: the target or the cluster can't be read.
    """
    aws, stack = session.aws, session.budget.stack
    if session.settings.autoscaling is None:
        raise UserError(f"{session.name}: no replica autoscaling is declared: raise headroom:database.readers instead")
    key = {
        "ServiceNamespace": "rds",
        "ResourceId": f"cluster:{session.name}",
        "ScalableDimension": "rds:cluster:ReadReplicaCount",
    }
    found = aws.all(
        "application-autoscaling",
        "DescribeScalableTargets",
        "ScalableTargets",
        ServiceNamespace="rds",
        ResourceIds=[key["ResourceId"]],
    )
    if not found:
        raise UserError(f"{key['ResourceId']}: no scalable target is registered: pulumi up")
    minimum, maximum = int(found[0]["MinCapacity"]), int(found[0]["MaxCapacity"])
    declared, there = len(stack.cluster.readers), len(read_cluster(session).readers)
    wanted, most = declared + readers, int(fact("service", "readers_highest").value)
    if wanted > most:
        raise RefusedError(
            f"{declared:,} declared and {readers:,} more are {wanted:,} readers: Aurora has {most:,} at most"
        )
    if wanted > maximum:
        raise RefusedError(
            f"{declared:,} declared and {readers:,} more are {wanted:,} readers; the maximum is {maximum:,}: raise "
            "headroom:autoscaling.readers_max"
        )
    after = _with_readers(stack, readers)
    _refuse_unless_fits(after, f"{wanted:,} readers")
    effect = (
        f"There are {there:,} readers now, {declared:,} are declared: "
        + (
            f"{wanted - there:,} more will come."
            if there < wanted
            else "none comes; so many stay when the load is gone."
        ),
        _reads(_with_readers(stack, max(0, there - declared)), after, wanted),
        "It helps reads only: the writer's connections and CPU are its own. A reader takes 5 to 15 minutes, and starts "
        "cold.",
        "The next pulumi up outside a declared event sets the stack file's minimum again.",
    )
    if wanted <= minimum:
        more = minimum - declared
        done = (
            f"The minimum is {minimum:,} readers already, {declared:,} declared and {more:,} more; there are "
            f"{there:,} now."
        )
        return Plan(change="", effect=(done,), apply=list)

    def apply() -> list[str]:
        aws.call("application-autoscaling", "RegisterScalableTarget", **key, MinCapacity=wanted, MaxCapacity=maximum)
        return [f"{key['ResourceId']}: minimum {wanted:,} readers"]

    change = f"{key['ResourceId']}: minimum {minimum:,} -> {wanted:,} readers (maximum {maximum:,})"
    return Plan(change=change, effect=effect, apply=apply)


def _with_readers(stack: Stack, more: int) -> Budget:
    zones = sorted({i.zone for i in stack.cluster.instances})
    added = tuple(
        replace(autoscaled_replica(stack.cluster), name=f"added-{n + 1}", zone=zones[n % len(zones)])
        for n in range(more)
    )
    return evaluate(replace(stack, cluster=replace(stack.cluster, instances=(*stack.cluster.instances, *added))))


def _reads(before: Budget, after: Budget, readers: int) -> str:
    def busiest(lines: Iterable[Line]) -> int:
        return max((x.direct + x.proxied for x in lines if x.accepted and x.role is Role.READER), default=0)

    return (
        f"By the budget the busiest of {readers:,} readers then has at most {busiest(_everyday(after)):,} connections "
        f"on a normal day instead of {busiest(_everyday(before)):,}, and {busiest(after.lines):,} at the worst "
        f"accepted peak instead of {busiest(before.lines):,} (an event's own readers count there already)."
    )
