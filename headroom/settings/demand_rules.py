"""What contradicts what in the demand: rules over sections that are well-formed by themselves."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from headroom.budget.model import Engine, Path, Role, ServiceKind
from headroom.settings.draft import Draft, repeated
from headroom.settings.errors import Problem

MASTER_USER = "headroom_admin"
_RESERVED_USERS = {"admin", "administrator", "none", "postgres", "public", "root", "sys"}
_RESERVED_PREFIXES = ("headroom_", "rds", "pg_", "mysql")
_RESERVED_DATABASES = {
    Engine.POSTGRESQL: {"template0", "template1", "rdsadmin"},
    Engine.MYSQL: {"mysql", "information_schema", "performance_schema", "sys", "innodb"},
}


def services_are_told_apart(draft: Draft) -> Iterator[Problem]:
    """Names and users are unique."""
    names: dict[str, int] = {}
    users: dict[str, tuple[int, str]] = {}
    for i, service in draft.services:
        if service.name in names:
            yield Problem(
                f"headroom:services[{i}].name",
                f"{service.name} is also the name of services[{names[service.name]}]: rename one of them",
            )
        names.setdefault(service.name, i)
        first, name = users.setdefault(service.user, (i, service.name))
        # Two services of one name have one user by default: that is one mistake, and told once.
        if first != i and name != service.name:
            yield Problem(
                f"headroom:services[{i}].user",
                f"{service.user} is also the user of services[{first}]: each service needs a database role of its own",
            )


def users_are_not_reserved(draft: Draft) -> Iterator[Problem]:
    """A service never is the master user, nor anyone whom engine, AWS or this project knows."""
    for i, service in draft.services:
        path = f"headroom:services[{i}].user"
        if service.user == MASTER_USER:
            yield Problem(
                path,
                f"{MASTER_USER} is the master user, whose slots are the operators': give the service a role of its own",
            )
        elif service.user in _RESERVED_USERS or service.user.startswith(_RESERVED_PREFIXES):
            yield Problem(
                path,
                f"{service.user} is reserved (by the engine, AWS or this project): choose another, such as "
                f"app_{service.user[:50]}",
            )
        if draft.database is not None and draft.database.engine is Engine.MYSQL and len(service.user) > 32:
            yield Problem(
                path, f"must have at most 32 characters on aurora-mysql, got {len(service.user)}: give a shorter user"
            )


def databases_are_not_reserved(draft: Draft) -> Iterator[Problem]:
    """The engine's own databases are not for services."""
    if draft.database is None:
        return
    reserved = _RESERVED_DATABASES[draft.database.engine]
    if draft.database.name.lower() in reserved:
        yield Problem(
            "headroom:database.name", f"{draft.database.name} is the engine's own: choose another, such as shop"
        )
        return
    for i, service in draft.services:
        if service.database.lower() in reserved:
            yield Problem(
                f"headroom:services[{i}].database",
                f"{service.database} is the engine's own: choose another, or leave it out for headroom:database.name",
            )


def pools_lead_somewhere(draft: Draft) -> Iterator[Problem]:
    """A pool needs what it goes through and to, and the shares add up."""
    for i, service in draft.services:
        seen: dict[tuple[Role, Path], int] = {}
        for j, pool in enumerate(service.pools):
            path = f"headroom:services[{i}].pools[{j}]"
            if pool.path is Path.PROXY and draft.absent("proxy"):
                yield Problem(
                    f"{path}.path", "is proxy, but there is no headroom:proxy: declare the proxy, or say path: direct"
                )
            if pool.endpoint is Role.READER and draft.database is not None and draft.database.readers == 0:
                yield Problem(
                    f"{path}.endpoint",
                    "is reader, but headroom:database.readers is 0: declare a reader, or say endpoint: writer",
                )
            if (pool.endpoint, pool.path) in seen:
                first = seen[pool.endpoint, pool.path]
                yield Problem(
                    path,
                    f"goes where pools[{first}] goes ({pool.endpoint.value}, {pool.path.value}): make them one, with "
                    "the sum of their connections_max",
                )
            seen.setdefault((pool.endpoint, pool.path), j)
        share = sum(pool.transactions_percent for pool in service.pools)
        if abs(share - 100) > 0.01:
            yield Problem(
                f"headroom:services[{i}].pools",
                f"transactions_percent must add up to 100, got {share:g}: change the shares, or leave one out (it "
                "takes what the others leave; two can't)",
            )


def services_are_plausible(draft: Draft) -> Iterator[Problem]:
    """A transaction ends before its clients give up; a function handles one request at a time."""
    for i, service in draft.services:
        path = f"headroom:services[{i}]"
        if service.hold_ms >= service.client_timeout_ms:
            yield Problem(
                f"{path}.hold_ms",
                f"must be below client_timeout_ms ({service.client_timeout_ms}), got {service.hold_ms:g}: its "
                "clients would give up on every transaction",
            )
        if service.kind is not ServiceKind.FUNCTION:
            continue
        if service.processes_per_instance != 1:
            yield Problem(
                f"{path}.processes_per_instance",
                f"must be 1 for a function, got {service.processes_per_instance}: a Lambda sandbox is one process",
            )
        for j, pool in enumerate(service.pools):
            if pool.connections_max != 1:
                yield Problem(
                    f"{path}.pools[{j}].connections_max",
                    f"must be 1 for a function, got {pool.connections_max}: a Lambda sandbox handles one request at "
                    "a time",
                )


def events_are_possible(draft: Draft) -> Iterator[Problem]:
    """An event ends after it starts, and asks for readers that may exist."""
    seen: dict[str, int] = {}
    for i, event in draft.events:
        path = f"headroom:events[{i}]"
        if event.name in seen:
            yield Problem(
                f"{path}.name", f"{event.name} is also the name of events[{seen[event.name]}]: rename one of them"
            )
        seen.setdefault(event.name, i)
        if event.ends <= event.starts:
            yield Problem(
                f"{path}.ends",
                f"must be after starts ({event.starts.isoformat()}), got {event.ends.isoformat()}: swap them or "
                "correct one",
            )
        if event.readers_min is None:
            continue
        if draft.absent("autoscaling"):
            yield Problem(
                f"{path}.readers_min",
                "needs headroom:autoscaling: declare it, or raise headroom:database.readers instead",
            )
        elif (
            bounds := draft.autoscaling
        ) is not None and not bounds.readers_min <= event.readers_min <= bounds.readers_max:
            yield Problem(
                f"{path}.readers_min",
                f"must be between autoscaling's readers_min ({bounds.readers_min}) and readers_max "
                f"({bounds.readers_max}), got {event.readers_min}: "
                "an event raises the minimum, up to the maximum",
            )


def readers_of_events_dont_meet(draft: Draft) -> Iterator[Problem]:
    """The end of the one would lower the minimum under the other."""
    lead = timedelta(minutes=draft.margins.replica_lead_minutes)
    timed = [(i, e) for i, e in draft.events if e.readers_min is not None and e.starts < e.ends]
    for (i, a), (j, b) in combinations(timed, 2):
        if a.starts - b.ends < lead and b.starts - a.ends < lead:
            yield Problem(
                f"headroom:events[{j}].readers_min",
                f"meets that of events[{i}] ({a.name}; a minimum is raised {lead.total_seconds() / 60:g} minutes "
                "ahead): the end of the one would lower the "
                "minimum under the other; make them one event, or give readers_min to one of them",
            )


def targets_are_told_once(draft: Draft) -> Iterator[Problem]:
    """A second subscription of the same target would be a second resource of the same name."""
    if draft.notify is not None:
        for key in ("warning", "critical"):
            for target in repeated(getattr(draft.notify, key)):
                yield Problem(f"headroom:notify.{key}", f"names {target} twice: name each once")
