"""A stack file that is right, to be changed in one place, and how it is read: as a file, or as the engine hands it."""

import copy
import json
from pathlib import Path
from typing import Any

from headroom.settings import SettingsError, parse

SHOP: dict[str, Any] = {
    "aws:region": "eu-west-1",
    "headroom:environment": "prod",
    "headroom:network": {"cidr": "10.20.0.0/16", "zones": 3},
    "headroom:database": {
        "engine": "aurora-postgresql",
        "engine_version": "16.15",
        "instance_class": "db.r6g.4xlarge",
        "readers": 2,
        "max_connections": 1000,
        "name": "shop",
    },
    "headroom:proxy": {"max_connections_percent": 40},
    "headroom:autoscaling": {"readers_min": 2, "readers_max": 6},
    "headroom:services": [
        {
            "name": "checkout",
            "instances_max": 120,
            "transactions_per_second_peak": 1800,
            "hold_ms": 12,
            "pools": [
                {"endpoint": "writer", "path": "proxy", "connections_max": 8},
                {"endpoint": "reader", "path": "proxy", "connections_max": 8, "transactions_percent": 60},
            ],
        },
        {
            "name": "reporting",
            "kind": "background",
            "instances_max": 4,
            "pools": [{"endpoint": "reader", "path": "direct", "connections_max": 5}],
        },
    ],
    "headroom:events": [
        {
            "name": "black-friday",
            "starts": "2026-11-27T08:00:00Z",
            "ends": "2026-11-28T02:00:00Z",
            "traffic_factor": 6,
            "readers_min": 4,
        }
    ],
    "headroom:notify": {"warning": ["email:team@example.com"], "critical": ["https://events.example.com/integration"]},
}
GONE = object()


def changed(*edits: tuple[str, object]) -> dict[str, Any]:
    """The shop's config, with values set (or, with GONE, removed) at paths such as `services.0.pools.0.path`."""
    config = copy.deepcopy(SHOP)
    for path, value in edits:
        first, *rest = path.split(".")
        keys: list[Any] = [
            first if ":" in first else f"headroom:{first}",
            *(int(k) if k.isdigit() else k for k in rest),
        ]
        place: Any = config
        for key in keys[:-1]:
            place = place[key]
        if value is GONE:
            del place[keys[-1]]
        elif isinstance(place, list) and keys[-1] == len(place):
            place.append(value)
        else:
            place[keys[-1]] = value
    return config


def as_engine(config: dict[str, Any]) -> dict[str, str]:
    """The config as the engine hands it to a program: every value a string (measured, see test_engine_reading)."""
    whole = {key: int(v) if isinstance(v, float) and v.is_integer() else v for key, v in config.items()}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in whole.items()}


def errors(config: dict[str, Any]) -> list[str]:
    try:
        parse(config, "Pulumi.test.yaml")
    except SettingsError as error:
        return error.errors
    return []


def written(folder: Path, text: str) -> Path:
    path = folder / "Pulumi.test.yaml"
    path.write_text(text, encoding="utf-8")
    return path
