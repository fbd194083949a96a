"""What contradicts what where the cluster is Aurora Serverless v2."""

from collections.abc import Iterator

from headroom.budget.facts import SERVERLESS, fact
from headroom.budget.model import Engine
from headroom.settings.draft import Draft
from headroom.settings.errors import Problem
from headroom.settings.supply import Database
from headroom.settings.supply_rules import VERSIONS


def serverless_fits_its_class(draft: Draft) -> Iterator[Problem]:
    """A capacity and db.serverless come together, and without what serverless lacks."""
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
            f"is given, but the instance class is {database.instance_class}: set instance_class to db.serverless, or "
            "remove the capacity",
        )
    if used and not draft.absent("autoscaling"):
        yield Problem(
            "headroom:autoscaling",
            "can't be used with db.serverless: AWS doesn't autoscale replicas there; declare the readers, and remove "
            "autoscaling",
        )
    if serverless is None:
        return
    if serverless.min_acu > serverless.max_acu:
        yield Problem(
            f"{path}.min_acu",
            f"must not be above max_acu ({serverless.max_acu:g}), got {serverless.min_acu:g}: swap them or raise "
            "max_acu",
        )
    if serverless.min_acu == 0 and not draft.absent("proxy"):
        yield Problem(
            f"{path}.min_acu",
            "can't be 0 with a proxy: the proxy keeps connections open, so it would never pause; use 0.5 or more",
        )


def serverless_fits_its_version(draft: Draft) -> Iterator[Problem]:
    """Older minor versions don't have it at all, don't grow as far, or don't pause."""
    if (database := draft.database) is None or database.serverless is None:
        return
    path, version, capacity = "headroom:database.serverless", database.engine_version, database.serverless
    highest = fact("serverless", "older_highest_acu").value
    if first := _first_with("exists_from", database):
        yield Problem(
            path,
            f"can't be used with version {version}: db.serverless exists from {first} on; take that or a later one",
        )
    elif capacity.max_acu > highest and (first := _first_with("reaches_256_acu_from", database)):
        yield Problem(
            f"{path}.max_acu",
            f"must be at most {highest} with version {version}, got {capacity.max_acu:g}: 256 ACU are there from "
            f"{first} on; lower it, or take that version or a later one",
        )
    if capacity.min_acu == 0 and (first := _first_with("pauses_from", database)):
        yield Problem(
            f"{path}.min_acu",
            f"can't be 0 with version {version}: it pauses from {first} on; use 0.5 or more, or take that version or a "
            "later one",
        )


def _first_with(feature: str, database: Database) -> str | None:
    """The first version of its major one that has the feature; None where the database's does."""
    match = VERSIONS[database.engine][0].fullmatch(database.engine_version)
    first: int | None = match and fact("serverless", feature).value.get(match[1])
    if match is None or first is None or int(match[2]) >= first:
        return None
    return f"8.0.mysql_aurora.3.{first:02}.0" if database.engine is Engine.MYSQL else f"{match[1]}.{first}"
