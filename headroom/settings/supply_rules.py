"""What contradicts what in the supply: rules over sections that are well-formed by themselves."""

import re
from collections.abc import Iterator

from headroom.budget import offers
from headroom.budget.ceiling import evaluated, serverless_class
from headroom.budget.facts import (
    SERVERLESS,
    UnknownClassError,
    connections,
    instance_class,
    instance_classes,
    nearest_classes,
)
from headroom.budget.model import Engine, Interval, Path, Serverless
from headroom.budget.offers import Offer
from headroom.settings.draft import Draft, repeated
from headroom.settings.errors import Problem
from headroom.settings.supply import Database, ExistingNetwork

# The forms of whole versions, of those on AWS's lists and of later ones: what is later than the lists is no error.
VERSIONS = {
    Engine.POSTGRESQL: (re.compile(r"(1[3-9]|[2-9][0-9])\.([0-9]{1,2})"), "16.15"),
    Engine.MYSQL: (
        re.compile(
            r"(8\.0)\.mysql_aurora\.3\.([0-9]{2})\.[0-9]{1,2}|"
            r"(?P<later>8\.[4-9]|9\.[0-9]{1,2})\.mysql_aurora\.(?P=later)\.[0-9]{1,2}"
        ),
        "8.0.mysql_aurora.3.08.0",
    ),
}


def network_is_listed_once(draft: Draft) -> Iterator[Problem]:
    """Each subnet and security group is named once."""
    if isinstance(draft.network, ExistingNetwork):
        for key in ("subnet_ids", "application_security_group_ids"):
            for value in repeated(getattr(draft.network, key)):
                yield Problem(
                    f"headroom:network.{key}", f"names {value} twice: name each once, in different availability zones"
                )


def version_belongs_to_engine(draft: Draft) -> Iterator[Problem]:
    """The version is a whole one that this engine has, or had: a cluster may still run what none can have any more."""
    if (database := draft.database) is None:
        return
    pattern, example = VERSIONS[database.engine]
    if not pattern.fullmatch(database.engine_version):
        yield Problem(
            "headroom:database.engine_version",
            f'must be a whole version of {database.engine.value} that this knows, such as "{example}", got '
            f"{database.engine_version!r}: "
            "a family alone would let AWS choose, and the other engine's versions look different",
        )
    elif (answer := offers.version(database.engine, database.engine_version)).offer is Offer.NO:
        yield Problem(
            "headroom:database.engine_version", f"{answer.found}: take {answer.instead}, or another that it has"
        )


def classes_are_known(draft: Draft) -> Iterator[Problem]:
    """Every class is in the facts, or declared here, not both."""
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


def classes_are_offered(draft: Draft) -> Iterator[Problem]:
    """The engine's version has each class, and so has the region."""
    if (database := draft.database) is None:
        return
    for key in ("instance_class", "reader_instance_class"):
        name = getattr(database, key)
        if name is None:
            continue
        answer = offers.instance_class(
            database.engine, name, region=draft.region or "", engine_version=database.engine_version
        )
        if answer.offer is Offer.NO:
            yield Problem(f"headroom:database.{key}", f"{answer.found}: the nearest that it has are {answer.instead}")


def max_connections_is_possible(draft: Draft) -> Iterator[Problem]:
    """The limit is within the engine's range, and reaches every instance that it should."""
    if (database := draft.database) is None:
        return
    path, value = "headroom:database.max_connections", database.max_connections
    low, high = connections(database.engine, "lowest"), connections(database.engine, "highest")
    numbers = [
        (f"headroom:instance_classes[{i}].max_connections", c.max_connections) for i, c in draft.instance_classes
    ]
    for where, number in [(path, value), *numbers]:
        if isinstance(number, int) and not low <= number <= high:
            yield Problem(
                where,
                f"must be between {low} and {high} on {database.engine.value}, got {number}: AWS refuses other values",
            )
    if value is None:
        return
    if isinstance(value, str) and value.strip().isdigit():
        yield Problem(path, f"must be a whole number or a formula, got {value!r}: write the number without quotes")
    elif isinstance(value, str):
        for name in dict.fromkeys([database.instance_class, database.reader_instance_class or database.instance_class]):
            yield from _formula_is_possible(draft, database, value, name)
    if database.engine is Engine.MYSQL and not draft.absent("autoscaling"):
        yield Problem(
            path,
            "can't be set on aurora-mysql together with headroom:autoscaling: MySQL's limit belongs to each "
            "instance, and nobody has verified "
            "which parameter group a new replica gets; remove one of the two",
        )
    if SERVERLESS in (database.instance_class, database.reader_instance_class) and isinstance(value, int):
        yield Problem(
            path,
            f"must be a formula with db.serverless, got {value}: AWS warns of a constant, since the limit follows "
            "the capacity; or leave it out",
        )


def _formula_is_possible(draft: Draft, database: Database, formula: str, name: str) -> Iterator[Problem]:
    """A formula's value on a class is one that the engine takes, as far as its memory is known."""
    serverless = None
    if name == SERVERLESS:
        if database.serverless is None:
            return
        serverless = Serverless(min_acu=database.serverless.min_acu, max_acu=database.serverless.max_acu)
    declared = {c.name: c.known_as(database.engine) for _, c in draft.instance_classes}
    known = serverless_class(serverless) if serverless else declared.get(name) or instance_classes().get(name)
    if known is None:
        return
    least, most = connections(database.engine, "lowest"), connections(database.engine, "highest")
    low, high = evaluated(formula, known, database.engine, serverless)
    if high < least or low > most:
        yield Problem(
            "headroom:database.max_connections",
            f"must give {least} to {most} on {database.engine.value}, gives {Interval(low, high)} on {name}: AWS takes "
            "no other values; correct the formula, or cap it as in LEAST({DBInstanceClassMemory/9531392},5000)",
        )


def timeouts_nest(draft: Draft) -> Iterator[Problem]:
    """Whoever can explain a failure gives up first: lock before statement, proxy before client."""
    if (database := draft.database) is not None and database.lock_timeout_seconds >= database.statement_timeout_seconds:
        yield Problem(
            "headroom:database.lock_timeout_seconds",
            f"must be below statement_timeout_seconds ({database.statement_timeout_seconds}), got "
            f"{database.lock_timeout_seconds}: "
            "the statement's end comes first, and nobody learns that it was a lock",
        )
    if (proxy := draft.proxy) is None:
        return
    if proxy.max_idle_connections_percent > proxy.max_connections_percent:
        yield Problem(
            "headroom:proxy.max_idle_connections_percent",
            f"must not be above max_connections_percent ({proxy.max_connections_percent}), got "
            f"{proxy.max_idle_connections_percent}: "
            "both are percent of max_connections; lower it",
        )
    borrow_ms = proxy.connection_borrow_timeout_seconds * 1000
    for i, service in draft.services:
        if any(pool.path is Path.PROXY for pool in service.pools) and borrow_ms >= service.client_timeout_ms:
            yield Problem(
                f"headroom:services[{i}].client_timeout_ms",
                f"must be above the proxy's connection_borrow_timeout_seconds ({borrow_ms} ms), got "
                f"{service.client_timeout_ms}: the client would give up "
                "before the proxy answers; lower the borrow timeout (more refusals at a peak) or raise this (longer "
                "waits)",
            )


def readers_add_up(draft: Draft) -> Iterator[Problem]:
    """Declared readers are within the bounds of autoscaling."""
    database, autoscaling = draft.database, draft.autoscaling
    if autoscaling is None:
        return
    if autoscaling.readers_min > autoscaling.readers_max:
        yield Problem(
            "headroom:autoscaling.readers_min",
            f"must not be above readers_max ({autoscaling.readers_max}), got {autoscaling.readers_min}: swap them or "
            "raise readers_max",
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
            f"must be at least the declared readers ({database.readers}), got {autoscaling.readers_max}: raise it, "
            "or declare fewer",
        )
    elif database.readers > autoscaling.readers_min:
        yield Problem(
            "headroom:autoscaling.readers_min",
            f"must be at least the declared readers ({database.readers}), got {autoscaling.readers_min}: declared "
            "readers are never removed; raise it, or declare fewer",
        )
