from datetime import date
from typing import Any

import pytest

from headroom.budget.facts import UnknownClassError, connections, fact, family, instance_class, nearest_classes
from headroom.budget.model import Engine
from tests.budget.oracle import LIMITS


def entries(table: dict[str, Any], *path: str) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    if "value" in table:
        return [(path, table)]
    return [entry for key, inner in table.items() for entry in entries(inner, *path, key)]


@pytest.mark.parametrize(("path", "entry"), entries(LIMITS))
def test_every_fact_says_where_it_comes_from_and_when_it_was_read(path: tuple[str, ...], entry: dict[str, Any]) -> None:
    assert set(entry) == {"value", "basis", "source", "read"}
    assert entry["basis"] in {"documented", "community", "bound"}
    assert len(entry["source"]) > 5
    assert date.fromisoformat(entry["read"]).year >= 2026
    assert fact(*path).value == entry["value"]


def test_an_unknown_class_is_refused_with_the_nearest_known_ones() -> None:
    with pytest.raises(UnknownClassError) as error:
        instance_class("db.r9g.2xlarge")
    assert str(error.value) == (
        "unknown instance class 'db.r9g.2xlarge': the nearest known ones are db.r6g.2xlarge, db.r7g.2xlarge, "
        "db.r8g.2xlarge; declare a new one under headroom:instance_classes"
    )


def test_the_nearest_classes_of_a_typing_error_have_its_size() -> None:
    assert nearest_classes("db.r7.xlarge")[0] in {"db.r7g.xlarge", "db.r7i.xlarge"}
    assert nearest_classes("db.t4.medium", 1) == ["db.t4g.medium"]


def test_a_family_is_sorted_by_size() -> None:
    names = [known.name for known in family(instance_class("db.t3.large"))]
    assert names == ["db.t3.small", "db.t3.medium", "db.t3.large"]


def test_a_number_about_an_engines_connections_is_whole() -> None:
    assert connections(Engine.MYSQL, "highest") == 16000
    assert connections(Engine.POSTGRESQL, "lowest") == 6
