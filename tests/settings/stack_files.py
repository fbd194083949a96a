"""Random stack files: right ones by construction, and anything at all."""

import copy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from headroom.budget.facts import instance_classes
from headroom.budget.offers import classes, offers
from headroom.settings.parsing import KEYS
from tests.settings.files import SHOP

SLUGS = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?", fullmatch=True)
# Words that YAML readers like to take for something else.
NAMES = SLUGS | st.sampled_from(["yes", "no", "on", "off", "null", "true", "y", "n", "e1", "nan", "inf"])
POSTGRESQL = {"engine": "aurora-postgresql", "engine_version": "16.15"}
MYSQL = {"engine": "aurora-mysql", "engine_version": "8.0.mysql_aurora.3.08.0"}


def optional(draw: st.DrawFn, values: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """Some of the keys."""
    return draw(st.fixed_dictionaries({}, optional=values))


def offered(region: str, engine: str) -> list[str]:
    """The classes that the budget knows and the region has."""
    return sorted(instance_classes().keys() & classes(offers().regions[region][engine]))


@st.composite
def right(draw: st.DrawFn) -> dict[str, Any]:
    """A config that is right, with every section now and then."""
    mysql, serverless, proxied = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    scaled = not serverless and draw(st.booleans())
    readers = draw(st.integers(1 if scaled else 0, 4))
    region, family = draw(st.sampled_from(["eu-west-1", "us-gov-west-1"])), MYSQL if mysql else POSTGRESQL
    config: dict[str, Any] = {
        "aws:region": region,
        "headroom:environment": draw(st.sampled_from(["local", "dev", "staging", "prod"])),
        "headroom:network": draw(networks),
        "headroom:database": {
            **family,
            "instance_class": "db.serverless"
            if serverless
            else draw(st.sampled_from(offered(region, family["engine"]))),
            "readers": readers,
            "name": draw(st.sampled_from(["shop", "no", "Null", "e1"])),
            **optional(draw, OPTIONAL_DATABASE),
        },
        "headroom:services": [
            {"name": name, **draw(services(proxied=proxied, readers=readers > 0))}
            for name in draw(
                st.lists(
                    NAMES.filter(lambda n: not n.startswith(("rds", "mysql"))), min_size=1, max_size=4, unique=True
                )
            )
        ],
    }
    if serverless:
        low = draw(st.integers(1, 60)) / 2
        config["headroom:database"]["serverless"] = {"min_acu": low, "max_acu": low + 2}
    elif not (mysql and scaled):
        config["headroom:database"] |= optional(draw, {"max_connections": LIMITS})
    if proxied:
        config["headroom:proxy"] = {
            "max_connections_percent": draw(st.integers(1, 100)),
            **optional(draw, {"connection_borrow_timeout_seconds": st.just(1)}),
        }
    if scaled:
        config["headroom:autoscaling"] = {"readers_min": readers, "readers_max": readers + 3}
    reads = st.integers(readers, readers + 3) if scaled else None
    config["headroom:events"] = draw(events(reads))
    config |= {f"headroom:{key}": value for key, value in optional(draw, OPTIONAL).items()}
    return config


networks: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"cidr": st.sampled_from(["10.20.0.0/16", "192.168.0.0/20"])}, optional={"zones": st.integers(2, 4)}
) | st.fixed_dictionaries(
    {"vpc_id": st.just("vpc-0123abcd"), "subnet_ids": st.just(["subnet-00000001", "subnet-00000002"])},
    optional={"application_security_group_ids": st.just(["sg-12345678"])},
)
LIMITS = st.integers(6, 16_000) | st.sampled_from(
    ["LEAST({DBInstanceClassMemory/9531392},1000)", "LEAST({DBInstanceClassMemory/12582880},16000)"]
)
OPTIONAL_DATABASE: dict[str, st.SearchStrategy[Any]] = {
    "backup_retention_days": st.integers(1, 35),
    "deletion_protection": st.booleans(),
    "skip_final_snapshot": st.booleans(),
    "protect": st.booleans(),
    "monitoring_interval_seconds": st.sampled_from([0, 60]),
    "performance_insights_retention_days": st.sampled_from([7, 31, 731]),
    "log_retention_days": st.just(14),
    "statement_timeout_seconds": st.integers(11, 100),
    "idle_in_transaction_timeout_seconds": st.integers(1, 100),
}
TARGETS = st.lists(
    st.sampled_from(["email:a@example.com", "https://events.example.com/x?y=1#z"]), min_size=1, unique=True
)
OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "notify": st.fixed_dictionaries({"warning": TARGETS, "critical": TARGETS}),
    "break_glass_connections": st.integers(1, 1000),
    "wait_objective_ms": st.floats(0.1, 1000),
    "instance_classes": st.just([{"name": "db.r99g.large", "vcpus": 2, "memory_gib": 16.5, "max_connections": 1600}]),
    "margins": st.fixed_dictionaries(
        {}, optional={"burst_factor": st.floats(1, 10), "slow_hold_factor": st.integers(1, 100)}
    ),
}


@st.composite
def services(draw: st.DrawFn, *, proxied: bool, readers: bool) -> dict[str, Any]:
    """What a service has beside its name."""
    ways = [(e, p) for e in ("writer", "reader")[: 1 + readers] for p in ("direct", "proxy")[: 1 + proxied]]
    function = draw(st.booleans())
    chosen = draw(st.lists(st.sampled_from(ways), min_size=1, unique=True))
    pools: list[dict[str, Any]] = [
        {"endpoint": e, "path": p, "connections_max": 1 if function else draw(st.integers(1, 50))} for e, p in chosen
    ]
    for pool in pools[1:]:
        pool["transactions_percent"] = draw(st.integers(0, 20) | st.floats(0, 20))
    return {
        "kind": "function" if function else draw(st.sampled_from(["service", "background"])),
        "instances_max": draw(st.integers(1, 1000)),
        "pools": pools,
        **optional(
            draw,
            {
                "transactions_per_second_peak": st.floats(0.001, 10_000),
                "hold_ms": st.floats(0.001, 2000),
                "client_timeout_ms": st.integers(2001, 10_000),
                "pins": st.booleans(),
                "deploy_surge_percent": st.floats(0, 200),
                "orphaned_instances": st.integers(0, 10),
                "serialized_percent": st.floats(0, 100),
                "authentication": st.sampled_from(["iam", "secret"]),
                "database": st.sampled_from(["shop", "other_1"]),
            },
        ),
    }


@st.composite
def events(draw: st.DrawFn, readers: st.SearchStrategy[int] | None) -> list[dict[str, Any]]:
    """Sales a week apart, in different time zones."""
    sales = []
    for i, name in enumerate(draw(st.lists(NAMES, max_size=3, unique=True))):
        zone = timezone(timedelta(minutes=draw(st.sampled_from([0, 60, -330]))))
        starts = datetime(2026, 11, 1 + 7 * i, 8, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 3600)))
        ends = starts + timedelta(hours=draw(st.integers(1, 48)))
        sale: dict[str, Any] = {"name": name, "starts": starts.astimezone(zone).isoformat(), "ends": ends.isoformat()}
        sale["traffic_factor"] = draw(st.floats(1, 20))
        if readers is not None and draw(st.booleans()):
            sale["readers_min"] = draw(readers)
        sales.append(sale)
    return sales


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(
        [0, -1, 10**30, 1e-9, "", "yes", "12", "[1]", "{", "2026-11-27", "\ud800", "db.serverless", "${x}"]
    )
)
WORDS = st.sampled_from([*KEYS, "name", "pools", "engine", "secure", "user"]) | st.text(max_size=8)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)


@st.composite
def nearly_right(draw: st.DrawFn, values: st.SearchStrategy[Any] = ANYTHING) -> dict[str, Any]:
    """The shop with some values replaced, removed or added anywhere."""
    config = copy.deepcopy(SHOP)
    for _ in range(draw(st.integers(1, 3))):
        place: Any = config
        while True:
            keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
            inner: list[Any] = [key for key in keys if isinstance(place[key], (dict, list))]
            if not inner or draw(st.integers(0, 2)) == 0:
                break
            place = place[draw(st.sampled_from(inner))]
        if draw(st.integers(0, 3)) == 0 and keys:
            del place[draw(st.sampled_from(keys))]
        elif draw(st.booleans()) and keys:
            key = draw(st.sampled_from(keys))
            place[key] = draw(values)
        elif isinstance(place, dict):
            word = draw(WORDS)
            place[f"headroom:{word}" if place is config else word] = draw(values)
        else:
            place.append(draw(values))
    return config
