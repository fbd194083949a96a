"""Which versions scale how far: AWS's first ones are taken, their predecessors are not."""

import pytest

from tests.settings.cases import SERVERLESS
from tests.settings.files import GONE, changed, errors

DIRECT = [{"endpoint": "writer", "path": "direct", "connections_max": 1}]
EXISTS, REACHES_256, PAUSES = (0.5, 128), (0.5, 256), (0, 128)
MYSQL = "8.0.mysql_aurora.3."


def refused(version: str, capacity: tuple[float, float]) -> list[str]:
    engine = "aurora-mysql" if "mysql" in version else "aurora-postgresql"
    return errors(
        changed(
            ("database.engine", engine),
            ("database.engine_version", version),
            ("database.instance_class", "db.serverless"),
            ("database.serverless", dict(zip(("min_acu", "max_acu"), capacity, strict=True))),
            *SERVERLESS,
            ("proxy", GONE),
            ("services.0.pools", DIRECT),
        )
    )


# Aurora User Guide, aurora-serverless-v2.how-it-works.
@pytest.mark.parametrize(
    ("first", "before", "capacity"),
    [
        ("13.6", "13.5", EXISTS),
        ("14.3", "14.2", EXISTS),
        ("15.2", "15.1", EXISTS),
        ("16.1", "16.0", EXISTS),
        (f"{MYSQL}02.0", f"{MYSQL}01.1", EXISTS),
        ("13.13", "13.12", REACHES_256),
        ("14.10", "14.9", REACHES_256),
        ("15.5", "15.4", REACHES_256),
        (f"{MYSQL}06.0", f"{MYSQL}05.2", REACHES_256),
        ("13.15", "13.14", PAUSES),
        ("14.12", "14.11", PAUSES),
        ("15.7", "15.6", PAUSES),
        ("16.3", "16.2", PAUSES),
        (f"{MYSQL}08.0", f"{MYSQL}07.1", PAUSES),
    ],
)
def test_a_capacity_is_taken_from_the_first_version_on_that_has_it(
    first: str, before: str, capacity: tuple[float, float]
) -> None:
    assert refused(first, capacity) == []
    (message,) = [m for m in refused(before, capacity) if "engine_version" not in m]  # AWS never had 16.0
    assert f"with version {before}" in message
    assert f"from {first} on" in message


@pytest.mark.parametrize("version", ["17.4", "18.3", "8.4.mysql_aurora.8.4.7"])
def test_a_major_version_that_always_could_is_taken(version: str) -> None:
    assert refused(version, (0, 256)) == []
