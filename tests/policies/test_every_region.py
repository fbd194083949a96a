"""No stack that AWS would take is refused: the shipped ones and the examples, in every region that has their class."""

from pathlib import Path
from typing import Any

import pytest

from headroom.budget.facts import instance_classes
from headroom.budget.model import Engine
from headroom.budget.not_offered import not_offered
from headroom.budget.offers import classes, offers
from headroom.settings import parse, yaml_file
from headroom.settings.errors import SettingsError
from policies.rules import avail_engine_version, avail_instance_class
from tests.policies.declared import shop
from tests.settings.cases import DIRECT, SERVERLESS
from tests.settings.files import GONE, changed

ROOT = Path(__file__).parents[2]
FILES = [*sorted(ROOT.glob("Pulumi.*.yaml")), *sorted((ROOT / "docs" / "examples").glob("*.yaml"))]
# Lists of AWS's own as they are: 38 regions of three partitions on 2026-10-20.
REGIONS = sorted(offers().regions)


def refused_by_the_pack(database: dict[str, Any], region: str) -> list[str]:
    declared = shop().change("shop", engine=database["engine"], engine_version=database["engine_version"])
    for name in ("shop-1", "shop-2"):
        declared.change(name, instance_class=database["instance_class"], of_region=region)
    reading = declared.reading()
    return [f.found for rule in (avail_engine_version, avail_instance_class) for f in rule.RULE.find(reading)]


def test_all_files_are_tried_in_all_regions() -> None:
    assert len(FILES) == 8
    assert {"eu-west-1", "us-gov-east-1", "cn-north-1", "af-south-1", "mx-central-1"} < set(REGIONS)
    assert len(REGIONS) >= 38


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_stack_is_taken_wherever_aws_has_its_class(file: Path) -> None:
    taken = set()
    for region in REGIONS:
        config = yaml_file.read(file) | {"aws:region": region}
        database: Any = config["headroom:database"]
        has = classes(offers().regions[region][database["engine"]])
        if not {database["instance_class"], database.get("reader_instance_class", database["instance_class"])} <= has:
            with pytest.raises(SettingsError, match=f"{region} has no {database['instance_class']} for "):
                parse(config, file.name)
            continue
        taken.add(region)
        stack = parse(config, file.name).stack("any")
        assert list(not_offered(stack.cluster)) == []
        assert refused_by_the_pack(database, region) == []
    assert len(taken) >= 36  # il-central-1 has no db.r6g


@pytest.mark.parametrize("engine", Engine)
def test_classes_and_versions_that_the_lists_have_are_taken(engine: Engine) -> None:
    """The newest version of each major one that the settings know, with some of the classes that the budget knows."""
    lists, known = offers(), {*instance_classes(), "db.serverless"}
    majors = {"aurora-mysql": ("8.0.", "8.4."), "aurora-postgresql": ("13.", "14.", "15.", "16.", "17.", "18.")}[engine]
    newest = [[v for v in lists.creatable[engine] if v.startswith(m) and "-" not in v][-1] for m in majors]
    for version in newest:
        row = classes(lists.of_versions[engine][version])
        for region in REGIONS:
            for name in sorted(classes(lists.regions[region][engine]) & row & known)[
                :: 3 if region == "us-east-1" else 29
            ]:
                serverless = name == "db.serverless"
                config = changed(
                    ("aws:region", region),
                    ("database.engine", str(engine)),
                    ("database.engine_version", version),
                    ("database.instance_class", name),
                    *([("database.serverless", {"min_acu": 2, "max_acu": 16})] if serverless else []),
                    *(SERVERLESS if serverless else [("database.max_connections", GONE)]),
                    ("proxy", GONE),
                    ("services.0.pools", DIRECT),
                )
                assert parse(config, "Pulumi.test.yaml").region == region
