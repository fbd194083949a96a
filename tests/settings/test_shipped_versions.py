"""Whatever is shipped to be deployed or copied names a version that AWS still lets create, as of cfn-lint's lists."""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from headroom.budget.model import Engine
from headroom.settings import load
from headroom.settings.supply_rules import VERSIONS
from tests.components.program import ROOT

STACKS = [*sorted(ROOT.glob("Pulumi.*.yaml")), *sorted(ROOT.glob("docs/examples/*.yaml"))]
COPIED = [
    ROOT / "README.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("headroom/settings/*.py")),
    *sorted(ROOT.glob("policies/examples/*/*.py")),
    *sorted(ROOT.glob("tests/policies/foreign/*.py")),
]
#: They show a version that AWS refuses, on purpose.
RETIRED = {"docs/policies/avail-engine-version.md", "policies/examples/avail_engine_version/bad.py"}
NAMED = re.compile(r"""engine_version["']?\s*[:=]\s*\\?["']?([0-9][0-9a-z_.]*)""")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def data(folder: str, name: str) -> Any:
    return json.loads(files("cfnlint.data.schemas.extensions").joinpath(folder, name).read_text())


def versions(name: str, engine: str) -> set[str]:
    """The versions of an engine in one of the lists of clusters."""
    return {
        version
        for rule in data("aws_rds_dbcluster", f"{name}.json")["allOf"]
        if rule["if"]["properties"]["Engine"].get("const") == engine
        for part in (rule["if"], rule["then"])
        if part  # the list of the retired ones has them in the condition
        for version in part["properties"].get("EngineVersion", {}).get("enum", ())
    }


def creatable(engine: str) -> set[str]:
    return versions("engine_version", engine) - versions("engine_version_deprecated", engine)


def classes(engine: str, version: str) -> Iterator[str]:
    for rule in data("aws_rds_dbinstance", "db_instance_class.json")["allOf"]:
        condition = rule["if"]["properties"]
        if condition["Engine"]["const"] == engine and re.search(condition["EngineVersion"]["pattern"], version):
            yield from rule["then"]["properties"]["DBInstanceClass"]["enum"]


def test_the_lists_know_what_was_retired() -> None:
    assert "16.6" in versions("engine_version_deprecated", "aurora-postgresql")
    assert "16.6" not in creatable("aurora-postgresql")
    assert {"16.15", "17.9"} < creatable("aurora-postgresql")


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_every_shipped_stack_can_be_created(path: Path) -> None:
    database = load(path).database
    assert database.engine_version in creatable(database.engine)
    wanted = {database.instance_class, database.reader_instance_class or database.instance_class}
    assert wanted <= set(classes(database.engine, database.engine_version))


@pytest.mark.parametrize("path", [path for path in COPIED if _name(path) not in RETIRED], ids=_name)
def test_every_version_that_somebody_may_copy_can_be_created(path: Path) -> None:
    either = creatable("aurora-postgresql") | creatable("aurora-mysql")
    assert set(NAMED.findall(path.read_text())) <= either


@pytest.mark.parametrize("engine", Engine)
def test_the_version_that_an_error_suggests_can_be_created(engine: Engine) -> None:
    assert VERSIONS[engine][1] in creatable(engine)
