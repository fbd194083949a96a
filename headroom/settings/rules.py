"""What contradicts what: rules over sections that are well-formed by themselves.

Each rule takes what could be read (a section that is absent or wrong is None; `Draft.absent` tells them apart) and
yields the problems that it finds, so that a stack file's errors come all at once.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import timedelta
from itertools import combinations

from headroom.budget.facts import (
    SERVERLESS,
    UnknownClassError,
    connections,
    instance_class,
    instance_classes,
    nearest_classes,
)
from headroom.budget.margins import Margins
from headroom.budget.model import Engine, Path, Role, ServiceKind
from headroom.settings import models
from headroom.settings.errors import Problem

MASTER_USER = "headroom_admin"
_RESERVED_USERS = {"admin", "administrator", "none", "postgres", "public", "root", "sys"}
_RESERVED_PREFIXES = ("headroom_", "rds", "pg_", "mysql")
_RESERVED_DATABASES = {
    Engine.POSTGRESQL: {"template0", "template1", "rdsadmin"},
    Engine.MYSQL: {"mysql", "information_schema", "performance_schema", "sys", "innodb"},
}
_VERSIONS = {
    Engine.POSTGRESQL: (re.compile(r"(1[3-8])\.([0-9]{1,2})"), "16.6"),
    Engine.MYSQL: (
        re.compile(r"(8\.0)\.mysql_aurora\.3\.([0-9]{2})\.[0-9]{1,2}|(8\.4)\.mysql_aurora\.8\.4\.[0-9]{1,2}"),
        "8.0.mysql_aurora.3.08.0",
    ),
}
# The first minor version that scales to 0 ACU (Aurora User Guide, aurora-serverless-v2.how-it-works, read 2026-11-22).
_PAUSES_FROM = {"13": 15, "14": 12, "15": 7, "16": 3, "8.0": 8}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is well-formed of a stack file. Services, events and classes keep their index in the file."""

    given: frozenset[str] = frozenset()
    network: models.NewNetwork | models.ExistingNetwork | None = None
    database: models.Database | None = None
    proxy: models.Proxy | None = None
    autoscaling: models.Autoscaling | None = None
    services: list[tuple[int, models.Service]] = field(default_factory=list)
    events: list[tuple[int, models.Event]] = field(default_factory=list)
    notify: models.Notify | None = None
    instance_classes: list[tuple[int, models.DeclaredClass]] = field(default_factory=list)
    margins: Margins = field(default_factory=Margins)

    def absent(self, section: str) -> bool:
        """Not in the file at all (in the file but wrong is not absent)."""
        return section not in self.given


SECTIONS = tuple(f.name for f in fields(Draft) if f.name != "given")
Rule = Callable[[Draft], Iterator[Problem]]


def check(draft: Draft) -> list[Problem]:
    """All problems that the rules find."""
    return [problem for rule in RULES for problem in rule(draft)]


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def network_is_listed_once(draft: Draft) -> Iterator[Problem]:
    if isinstance(draft.network, models.ExistingNetwork):
        for key in ("subnet_ids", "application_security_group_ids"):
            for value in _twice(getattr(draft.network, key)):
                yield Problem(
                    f"headroom:network.{key}", f"names {value} twice: name each once, in different availability zones"
                )


def version_belongs_to_engine(draft: Draft) -> Iterator[Problem]:
    if (database := draft.database) is None:
        return
    pattern, example = _VERSIONS[database.engine]
    if not pattern.fullmatch(database.engine_version):
        yield Problem(
            "headroom:database.engine_version",
            f'must be a whole version of {database.engine.value} that this knows, such as "{example}", got {database.engine_version!r}: '
            "a family alone would let AWS choose, and the other engine's versions look different",
        )


def classes_are_known(draft: Draft) -> Iterator[Problem]:
    names = [c.name for _, c in draft.instance_classes]
    for i, declared in draft.instance_classes:
        path = f"headroom:instance_classes[{i}].name"
        if declared.name == SERVERLESS:
            yield Problem(path, "db.serverless has no fixed size: give headroom:database.serverless instead")
        elif declared.name in instance_classes():
            yield Problem(path, f"{declared.name} is known with its source: remove it here")
        elif names.index(declared.name) != [j for j, _ in draft.instance_classes].index(i):
            yield Problem(path, f"{declared.name} is declared twice: keep one of them")
    if draft.database is None:
        return
    for key in ("instance_class", "reader_instance_class"):
        name = getattr(draft.database, key)
        if name in (None, SERVERLESS) or name in names:
            continue
        try:
            instance_class(name)
        except UnknownClassError:
            near = ", ".join(nearest_classes(name))
            yield Problem(
                f"headroom:database.{key}",
                f"unknown instance class {name!r}: the nearest known ones are {near}; "
                "add a new one as headroom:instance_classes: [{name: " + name + ", vcpus: ..., memory_gib: ...}]",
            )


def max_connections_is_possible(draft: Draft) -> Iterator[Problem]:
    if (database := draft.database) is None or database.max_connections is None:
        return
    path, value = "headroom:database.max_connections", database.max_connections
    low, high = connections(database.engine, "lowest"), connections(database.engine, "highest")
    if isinstance(value, int) and not low <= value <= high:
        yield Problem(
            path, f"must be between {low} and {high} on {database.engine.value}, got {value}: AWS refuses other values"
        )
    if isinstance(value, str) and value.strip().isdigit():
        yield Problem(path, f"must be a whole number or a formula, got {value!r}: write the number without quotes")
    if database.engine is Engine.MYSQL and not draft.absent("autoscaling"):
        yield Problem(
            path,
            "can't be set on aurora-mysql together with headroom:autoscaling: MySQL's limit belongs to each instance, and nobody has verified "
            "which parameter group a new replica gets; remove one of the two",
        )
    if SERVERLESS in (database.instance_class, database.reader_instance_class) and isinstance(value, int):
        yield Problem(
            path,
            f"must be a formula with db.serverless, got {value}: AWS warns of a constant, since the limit follows the capacity; or leave it out",
        )


def serverless_fits_its_class(draft: Draft) -> Iterator[Problem]:
    if (database := draft.database) is None:
        return
    path, serverless = "headroom:database.serverless", database.serverless
    used = SERVERLESS in (database.instance_class, database.reader_instance_class)
    if used and serverless is None:
        yield Problem(
            path, "is missing: instance class db.serverless needs its capacity, such as {min_acu: 2, max_acu: 16}"
        )
    if serverless is not None and not used:
        yield Problem(
            path,
            f"is given, but the instance class is {database.instance_class}: set instance_class to db.serverless, or remove the capacity",
        )
    if used and not draft.absent("autoscaling"):
        yield Problem(
            "headroom:autoscaling",
            "can't be used with db.serverless: AWS doesn't autoscale replicas there; declare the readers, and remove autoscaling",
        )
    if serverless is None:
        return
    if serverless.min_acu > serverless.max_acu:
        yield Problem(
            f"{path}.min_acu",
            f"must not be above max_acu ({serverless.max_acu:g}), got {serverless.min_acu:g}: swap them or raise max_acu",
        )
    match = _VERSIONS[database.engine][0].fullmatch(database.engine_version)
    if (
        serverless.min_acu == 0
        and match
        and (first := _PAUSES_FROM.get(match[1])) is not None
        and int(match[2]) < first
    ):
        yield Problem(
            f"{path}.min_acu",
            f"can't be 0 with version {database.engine_version}: it doesn't pause; use 0.5 or more, or a newer minor version",
        )
    if serverless.min_acu == 0 and not draft.absent("proxy"):
        yield Problem(
            f"{path}.min_acu",
            "can't be 0 with a proxy: the proxy keeps connections open, so it would never pause; use 0.5 or more",
        )


def timeouts_nest(draft: Draft) -> Iterator[Problem]:
    if (database := draft.database) is not None and database.lock_timeout_seconds >= database.statement_timeout_seconds:
        yield Problem(
            "headroom:database.lock_timeout_seconds",
            f"must be below statement_timeout_seconds ({database.statement_timeout_seconds}), got {database.lock_timeout_seconds}: "
            "the statement's end comes first, and nobody learns that it was a lock",
        )
    if (proxy := draft.proxy) is None:
        return
    if proxy.max_idle_connections_percent > proxy.max_connections_percent:
        yield Problem(
            "headroom:proxy.max_idle_connections_percent",
            f"must not be above max_connections_percent ({proxy.max_connections_percent}), got {proxy.max_idle_connections_percent}: "
            "both are percent of max_connections; lower it",
        )
    borrow_ms = proxy.connection_borrow_timeout_seconds * 1000
    for i, service in draft.services:
        if any(pool.path is Path.PROXY for pool in service.pools) and borrow_ms >= service.client_timeout_ms:
            yield Problem(
                f"headroom:services[{i}].client_timeout_ms",
                f"must be above the proxy's connection_borrow_timeout_seconds ({borrow_ms} ms), got {service.client_timeout_ms}: the client would give up "
                "before the proxy answers; lower the borrow timeout (more refusals at a peak) or raise this (longer waits)",
            )


def readers_add_up(draft: Draft) -> Iterator[Problem]:
    database, autoscaling = draft.database, draft.autoscaling
    if autoscaling is None:
        return
    if autoscaling.readers_min > autoscaling.readers_max:
        yield Problem(
            "headroom:autoscaling.readers_min",
            f"must not be above readers_max ({autoscaling.readers_max}), got {autoscaling.readers_min}: swap them or raise readers_max",
        )
    if database is None:
        return
    if database.readers == 0:
        yield Problem(
            "headroom:database.readers",
            "must be at least 1 with autoscaling, got 0: without a reader AWS has no metric to scale on",
        )
    elif database.readers > autoscaling.readers_max:
        yield Problem(
            "headroom:autoscaling.readers_max",
            f"must be at least the declared readers ({database.readers}), got {autoscaling.readers_max}: raise it, or declare fewer",
        )
    elif database.readers > autoscaling.readers_min:
        yield Problem(
            "headroom:autoscaling.readers_min",
            f"must be at least the declared readers ({database.readers}), got {autoscaling.readers_min}: declared readers are never removed; raise it, or declare fewer",
        )


def services_are_told_apart(draft: Draft) -> Iterator[Problem]:
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
                f"{service.user} is reserved (by the engine, AWS or this project): choose another, such as app_{service.user[:50]}",
            )
        if draft.database is not None and draft.database.engine is Engine.MYSQL and len(service.user) > 32:
            yield Problem(
                path, f"must have at most 32 characters on aurora-mysql, got {len(service.user)}: give a shorter user"
            )


def databases_are_not_reserved(draft: Draft) -> Iterator[Problem]:
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
                    f"goes where pools[{first}] goes ({pool.endpoint.value}, {pool.path.value}): make them one, with the sum of their connections_max",
                )
            seen.setdefault((pool.endpoint, pool.path), j)
        share = sum(pool.transactions_percent for pool in service.pools)
        if abs(share - 100) > 0.01:
            yield Problem(
                f"headroom:services[{i}].pools",
                f"transactions_percent must add up to 100, got {share:g}: change the shares, or leave one out (it takes what the others leave; two can't)",
            )


def services_are_plausible(draft: Draft) -> Iterator[Problem]:
    for i, service in draft.services:
        path = f"headroom:services[{i}]"
        if service.hold_ms >= service.client_timeout_ms:
            yield Problem(
                f"{path}.hold_ms",
                f"must be below client_timeout_ms ({service.client_timeout_ms}), got {service.hold_ms:g}: its clients would give up on every transaction",
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
                    f"must be 1 for a function, got {pool.connections_max}: a Lambda sandbox handles one request at a time",
                )


def events_are_possible(draft: Draft) -> Iterator[Problem]:
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
                f"must be after starts ({event.starts.isoformat()}), got {event.ends.isoformat()}: swap them or correct one",
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
                f"must be between autoscaling's readers_min ({bounds.readers_min}) and readers_max ({bounds.readers_max}), got {event.readers_min}: "
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
                f"meets that of events[{i}] ({a.name}; a minimum is raised {lead.total_seconds() / 60:g} minutes ahead): the end of the one would lower the "
                "minimum under the other; make them one event, or give readers_min to one of them",
            )


def targets_are_told_once(draft: Draft) -> Iterator[Problem]:
    if draft.notify is not None:
        for key in ("warning", "critical"):
            for target in _twice(getattr(draft.notify, key)):
                yield Problem(f"headroom:notify.{key}", f"names {target} twice: name each once")


RULES: tuple[Rule, ...] = (
    network_is_listed_once, version_belongs_to_engine, classes_are_known, max_connections_is_possible, serverless_fits_its_class,
    timeouts_nest, readers_add_up, services_are_told_apart, users_are_not_reserved, databases_are_not_reserved,
    pools_lead_somewhere, services_are_plausible, events_are_possible, readers_of_events_dont_meet, targets_are_told_once,
)  # fmt: skip
