"""The lists of what AWS offers, against the cfn-lint that they are made from, read here in another way."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from headroom.budget import offers
from headroom.budget.model import Engine
from headroom.budget.offers import Offer
from headroom.local import facts

SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas" / "extensions"


def test_the_committed_lists_are_what_make_facts_writes_from_the_locked_cfn_lint() -> None:
    assert offers.FILE.read_text(encoding="utf-8") == facts.made()


def test_the_lists_are_small() -> None:
    assert offers.FILE.stat().st_size < 60_000


@cache
def schema(path: str) -> dict[str, Any]:
    return dict(json.loads((SCHEMAS / path).read_text(encoding="utf-8")))


@cache
def rules(path: str, engine: str, region: str = "") -> Draft7Validator:
    """Those of cfn-lint's conditions that name the engine, as it validates a template with them."""
    whole = schema(path)[region] if region else schema(path)
    return Draft7Validator(
        {"allOf": [r for r in whole["allOf"] if r["if"]["properties"]["Engine"].get("const") == engine]}
    )


@pytest.mark.parametrize("engine", Engine)
def test_versions_are_judged_as_cfn_lint_judges_them(engine: Engine) -> None:
    listed = offers.offers()
    for version in (*listed.creatable[engine], *listed.retired[engine], "16.7", "16.99", "8.0.mysql_aurora.3.04.5"):
        cluster = {"Engine": str(engine), "EngineVersion": version}
        known = rules("aws_rds_dbcluster/engine_version.json", engine).is_valid(cluster)
        new = rules("aws_rds_dbcluster/engine_version_deprecated.json", engine).is_valid(cluster)
        said = offers.version(engine, version).offer
        assert (said in (Offer.YES, Offer.RETIRED), said is not Offer.RETIRED) == (known, new), version


@pytest.mark.parametrize("engine", Engine)
def test_a_sample_of_classes_is_judged_as_cfn_lint_judges_it(engine: Engine) -> None:
    listed = offers.offers()
    regions = sorted(listed.regions)
    classes = sorted({c for of in listed.regions.values() for text in of.values() for c in offers.classes(text)})
    sample = random.Random(20261020)  # noqa: S311
    seen = set()
    for _ in range(60):
        version, region, name = (sample.choice(of) for of in (listed.creatable[engine], regions, classes))
        instance = {"Engine": str(engine), "EngineVersion": version, "DBInstanceClass": name}
        by_version = rules("aws_rds_dbinstance/db_instance_class.json", engine).is_valid(instance)
        licensed = {**instance, "LicenseModel": "general-public-license"}
        by_region = rules("aws_rds_dbinstance/dbinstanceclass_enum.json", engine, region).is_valid(licensed)
        said = offers.instance_class(engine, name, region=region, engine_version=version).offer
        assert said is (Offer.YES if by_version and by_region else Offer.NO), instance | {"region": region}
        seen.add(said)
    assert seen == {Offer.YES, Offer.NO}


def test_the_difference_names_what_came_and_what_went() -> None:
    before = json.loads(facts.made())
    after = json.loads(facts.made())
    after["date"] = "2026-12-01"
    lists = after["versions"]["aurora-postgresql"]
    lists["creatable"] = lists["creatable"].replace(" 16.15", " 16.15 16.16").replace(" 16.8 ", " ")
    lists["retired"] += " 16.8"
    after["regions"]["af-south-1"]["aurora-mysql"] += "; r9g: large"
    del after["regions"]["mx-central-1"]["aurora-postgresql"]

    said = facts.difference(before, after)

    assert said[:-1] == [
        "date: 2026-10-20 -> 2026-12-01",
        "aurora-postgresql, creatable versions: + 16.16",
        "aurora-postgresql, creatable versions: - 16.8",
        "aurora-postgresql, retired versions: + 16.8",
        "af-south-1, aurora-mysql: + db.r9g.large",
    ]
    assert said[-1].startswith("mx-central-1, aurora-postgresql: - db.serverless ")


def test_make_facts_writes_shows_and_tells_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, summary = tmp_path / "offers.json", tmp_path / "summary.md"
    file.write_text(facts.made().replace(" 18.6", ""), encoding="utf-8")
    monkeypatch.setattr(facts, "FILE", file)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))

    assert facts.main() == 0

    assert file.read_text(encoding="utf-8") == facts.made()
    first = "aurora-postgresql, creatable versions: + 18.6\n"
    assert capsys.readouterr().out.startswith(first)
    assert summary.read_text(encoding="utf-8").startswith(f"## What AWS offers\n\n```\n{first}")
    facts.main()
    assert capsys.readouterr().out == "the lists are as they were\n"
    assert summary.read_text(encoding="utf-8").endswith("## What AWS offers\n\nNo difference.\n")
