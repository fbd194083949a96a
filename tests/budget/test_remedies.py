"""Every way out, written into its stack file: the file is accepted, the budget fits, and nobody is worse off."""

import copy
import re
from collections import Counter
from random import Random
from typing import Any

import pytest
import yaml

from headroom.budget import Budget, evaluate
from headroom.budget.queueing import connections_for, offered_load
from headroom.budget.remedies import remedies
from headroom.budget.result import Edit
from headroom.settings import Settings, parse
from tests.searches import TIMES

CLASSES = ["db.t4g.large", "db.r6g.large", "db.r6g.xlarge", "db.r6g.2xlarge", "db.r5.large", "db.r7g.xlarge"]
POSTGRESQL = {"engine": "aurora-postgresql", "engine_version": "16.15"}
MYSQL = {"engine": "aurora-mysql", "engine_version": "8.0.mysql_aurora.3.08.0"}


def stack_file(random: Random) -> dict[str, Any]:
    """A config that the settings take, and that may or may not fit."""
    mysql, proxied = random.random() < 0.3, random.random() < 0.6
    serverless = random.random() < 0.15
    readers = random.choice((0, 1, 1, 2, 2, 3))
    scaled = readers > 0 and not serverless and random.random() < 0.4
    database: dict[str, Any] = {**(MYSQL if mysql else POSTGRESQL), "readers": readers, "name": "shop"}
    database["instance_class"] = "db.serverless" if serverless else random.choice(CLASSES)
    if serverless:
        database["serverless"] = {"min_acu": random.choice((0.5, 2)), "max_acu": random.choice((4, 16, 20))}
    elif random.random() < 0.3:
        database["reader_instance_class"] = random.choice([*CLASSES, database["instance_class"]])
    if not serverless and not (mysql and scaled) and random.random() < 0.6:
        database["max_connections"] = random.choice((60, 90, 150, 300, 600, "{DBInstanceClassMemory/40000000}"))
    zones = random.choice((2, 3, 4))
    config: dict[str, Any] = {
        "aws:region": "eu-west-1",
        "headroom:environment": "prod",
        "headroom:network": {"cidr": "10.20.0.0/16", "zones": zones},
        "headroom:database": database,
        "headroom:services": [service(random, n, proxied, readers) for n in range(random.choice((1, 1, 2, 3)))],
        "headroom:events": [],
    }
    impatient = min(s["client_timeout_ms"] for s in config["headroom:services"])
    if proxied:
        percent = random.choice((2, 10, 30, 60))
        config["headroom:proxy"] = {
            "max_connections_percent": percent,
            "connection_borrow_timeout_seconds": 1 if impatient <= 2000 else 2,
            **random.choice(({}, {"max_idle_connections_percent": random.randint(0, percent)})),
        }
    if scaled:
        least = readers + random.choice((0, 1))
        most = least + random.choice((0, 2))
        config["headroom:autoscaling"] = {"readers_min": least, "readers_max": most}
    if random.random() < 0.6:
        sale: dict[str, Any] = {"name": "sale", "starts": "2026-11-27T08:00:00Z", "ends": "2026-11-28T02:00:00Z"}
        sale["traffic_factor"] = random.choice((2, 6))
        if scaled and random.random() < 0.6:
            sale["readers_min"] = random.randint(least, most)
        config["headroom:events"] = [sale]
    return config


def service(random: Random, number: int, proxied: bool, readers: int) -> dict[str, Any]:
    ways = [(e, p) for e in ("writer", "reader")[: 1 + bool(readers)] for p in ("direct", "proxy")[: 1 + proxied]]
    chosen = random.sample(ways, random.randint(1, min(2, len(ways))))
    return {
        "name": f"service-{number}",
        "kind": random.choice(("service", "service", "background")),
        "instances_max": random.choice((1, 3, 10, 20)),
        "client_timeout_ms": random.choice((1500, 3000, 60_000))
        if proxied
        else random.choice((900, 1500, 3000, 10**6)),
        "hold_ms": random.choice((2, 10, 40)),
        **random.choice(({}, *[{"transactions_per_second_peak": random.choice((5, 50, 400))}] * 4)),
        "pins": random.random() < 0.1,
        "pools": [
            {"endpoint": e, "path": p, "connections_max": random.choice((2, 5, 10, 30)), "transactions_percent": share}
            for (e, p), share in zip(chosen, (100,) if len(chosen) == 1 else (40, 60), strict=True)
        ],
    }


def applied(config: dict[str, Any], edits: tuple[Edit, ...]) -> dict[str, Any]:
    """The config with the edits written into it, as a person would."""
    config = copy.deepcopy(config)
    for edit in edits:
        key, *steps = re.findall(r"headroom:\w+|(?<=\[)[^]]+|(?<=\.)\w+", edit.key)
        place: Any = config
        for step in steps:
            place = place.setdefault(key, {}) if isinstance(place, dict) else place[_named(place, key)]
            key = step
        value = yaml.safe_load(str(edit.value))
        assert edit.was is None or place.get(key, edit.was) == edit.was, edit
        if not edit.where_given or key in place:
            place[key] = max(value, place.get(key, value)) if edit.at_least else value
    return config


def _named(items: list[dict[str, Any]], name: str) -> int:
    """The item that a path calls by its name, or a pool by where it goes."""
    names = [item.get("name", f"{item.get('endpoint')}, {item.get('path')}") for item in items]
    return names.index(name)


def settings(config: dict[str, Any]) -> Settings:
    return parse(config, "Pulumi.test.yaml")


def hungry(budget: Budget) -> set[tuple[str, str]]:
    """Services whose own pool is too small for their traffic on a day that is part of life."""
    return {
        (demand.service.name, str(demand.pool.endpoint))
        for line in budget.lines
        for demand in line.demand
        if line.accepted
        and demand.rate is not None
        and connections_for(
            offered_load(demand.rate, demand.hold_ms),
            demand.hold_ms,
            budget.stack.wait_objective_ms,
            demand.clients + 1,
        )
        > demand.clients
    }


def check(config: dict[str, Any]) -> list[str]:
    """The ways out of a config, each written into it, read again and evaluated."""
    before = evaluate(settings(config).stack("shop"))
    ways = remedies(before.stack)
    for way in ways:
        after = evaluate(settings(applied(config, way.edits)).stack("shop"))
        codes, were = (Counter(f.code for f in budget.findings) for budget in (after, before))
        assert after.fits, (way.title, after.errors)
        # At the maximum it was short of memory, or slow: that the minimum is, is no news.
        milder = {f"serverless-{code}" for code in ("memory", "reconnect") if code in were}
        assert set(codes - were) <= milder, (way.title, codes - were)
        assert hungry(after) <= hungry(before), way.title
    return [f"{way.title} ({way.cost})" for way in ways]


@pytest.mark.parametrize("first", range(0, 160, 40))
def test_a_way_out_written_into_the_stack_file_is_accepted_fits_and_harms_nobody(first: int) -> None:
    ways = []
    for seed in range(TIMES * first, TIMES * (first + 40)):
        config = stack_file(Random(seed))  # noqa: S311
        try:
            ways += check(config)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {config}") from error
    assert len(ways) > 10, "many can be helped"


def shop(*services: dict[str, Any], **sections: dict[str, Any]) -> dict[str, Any]:
    """A config with these services; sections are added to."""
    database = {**POSTGRESQL, "instance_class": "db.r6g.xlarge", "readers": 2, "max_connections": 300, "name": "shop"}
    sale = {"name": "sale", "starts": "2026-11-27T08:00:00Z", "ends": "2026-11-28T02:00:00Z", "traffic_factor": 6}
    return {
        "aws:region": "eu-west-1",
        "headroom:environment": "prod",
        "headroom:network": {"cidr": "10.20.0.0/16", "zones": 3},
        "headroom:services": list(services),
        "headroom:events": [sale],
        **{f"headroom:{key}": value for key, value in sections.items()},
        "headroom:database": {k: v for k, v in (database | sections.get("database", {})).items() if v is not None},
    }


def checkout(endpoint: str, path: str, connections_max: int, **changes: Any) -> dict[str, Any]:
    """A service with one pool."""
    pool = {"endpoint": endpoint, "path": path, "connections_max": connections_max}
    return {"name": "checkout", "instances_max": 20, "transactions_per_second_peak": 100, "pools": [pool], **changes}


def test_more_readers_bring_autoscalings_bounds_and_the_calendar_along() -> None:
    config = shop(
        checkout("reader", "proxy", 8, transactions_per_second_peak=800),
        proxy={"max_connections_percent": 40},
        autoscaling={"readers_min": 2, "readers_max": 3},
    )
    config["headroom:events"][0]["readers_min"] = 3
    assert check(config)[0] == (
        "headroom:database.readers: 2 -> 7, headroom:autoscaling.readers_min: at least 7, "
        "headroom:autoscaling.readers_max: 3 -> 7 and headroom:events[sale].readers_min: 3 -> 7 (+20 vCPUs)"
    )


def test_a_lower_percent_takes_the_idle_share_along() -> None:
    config = shop(
        checkout("writer", "proxy", 8), proxy={"max_connections_percent": 99, "max_idle_connections_percent": 90}
    )
    assert check(config)[0] == (
        "headroom:proxy.max_connections_percent: 99 -> 42 and headroom:proxy.max_idle_connections_percent: 90 -> 21 "
        "(no cost)"
    )


def test_serverless_is_never_told_to_set_a_constant() -> None:
    serverless = {"instance_class": "db.serverless", "serverless": {"min_acu": 2, "max_acu": 16}}
    config = shop(checkout("writer", "direct", 200), database={**serverless, "max_connections": None})
    assert check(config) == [
        "headroom:services[checkout].pools[writer, direct].connections_max: 200 -> 36 (no cost)",
        "path: proxy for checkout, with headroom:proxy: {max_connections_percent: 2, "
        "connection_borrow_timeout_seconds: 2} (a proxy's price)",
    ]


def test_a_client_that_gives_up_within_a_second_is_not_sent_to_a_proxy() -> None:
    greedy = checkout("writer", "direct", 30)
    patient, impatient = (check(shop(greedy | {"client_timeout_ms": ms})) for ms in (1001, 1000))
    assert any("connection_borrow_timeout_seconds: 1}" in way for way in patient)
    assert not any("path: proxy" in way for way in impatient)


def test_a_pool_is_not_lowered_below_what_its_traffic_needs() -> None:
    """300 tps x 6 x 1.5 x 50 ms are 135 erlangs; of 5 in each of 20 instances and 10 dead ones, 100 are alive."""
    busy = checkout("writer", "direct", 30, transactions_per_second_peak=300, hold_ms=50)
    large = {"instance_class": "db.r6g.8xlarge", "max_connections": 180}
    assert not any("connections_max" in way for way in check(shop(busy, database=large)))
    assert any("connections_max" in way for way in check(shop(busy | {"hold_ms": 10}, database=large)))


def test_a_pool_of_unknown_traffic_is_not_lowered() -> None:
    silent = {k: v for k, v in checkout("writer", "direct", 30).items() if k != "transactions_per_second_peak"}
    assert not any("connections_max" in way for way in check(shop(silent)))
