"""Engine versions and instance classes: what AWS ended is refused for what is made, what is newer is remarked on."""

import re
from typing import Any

import pytest

from headroom.local.aws import offered as module
from headroom.local.aws.offered import CLUSTER, INSTANCE, offered
from headroom.local.aws.registry import as_of
from headroom.local.aws.values import UNKNOWN

LISTS = f"(AWS's list of {as_of()})"
PG, MY = "aurora-postgresql", "aurora-mysql"


@pytest.fixture(autouse=True)
def lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small lists of the real form: the real ones are renewed."""
    versions = {
        PG: frozenset({"14.18", "16", "16.4", "16.6", "16.8", "16.15", "17.9", "18.6"}),
        MY: frozenset({"5.7.mysql_aurora.2.11.1", "8.0.mysql_aurora.3.08.0", "8.4.mysql_aurora.8.4.1"}),
    }
    classes = {
        "eu-west-1": {
            PG: frozenset({"db.r8g.large", "db.r8g.4xlarge", "db.t3.medium"}),
            MY: frozenset({"db.t3.small"}),
        },
        "af-south-1": {PG: frozenset({"db.t3.medium", "db.t3.large"}), "postgres": frozenset({"db.m5.large"})},
    }
    monkeypatch.setattr(module, "_versions", lambda: versions)
    monkeypatch.setattr(module, "_ended", lambda: {PG: frozenset({"16", "16.4", "16.6"})})
    monkeypatch.setattr(module, "_classes", lambda: classes)


def test_the_real_lists_have_the_same_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()

    assert "16.6" in module._ended()[PG] <= module._versions()[PG]
    assert "db.r8g.4xlarge" in module._classes()["eu-west-1"][PG]


def said(token: str, region: str = "eu-west-1", old: dict[str, Any] | None = None, **values: Any) -> list[str]:
    found = offered(token, {"engine": "aurora-postgresql", **values}, region, old or {})
    return [f"{one.property}: {one.words}" for one in found.refused] + [f"remark: {one.words}" for one in found.remarks]


def test_the_lists_have_a_date() -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", as_of())


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("16.15", []),
        ("16.6", [f"remark: aurora-postgresql 16.6 can't be created any more: take 16.15 {LISTS}"]),
        ("16.7", [f"engineVersion: there is no aurora-postgresql 16.7: take 16.15 {LISTS}"]),
        ("16.99", [f"remark: aurora-postgresql 16.99 is newer than AWS's list of {as_of()}: not checked"]),
        ("99.1", [f"remark: aurora-postgresql 99.1 is newer than AWS's list of {as_of()}: not checked"]),
        ("8.0", [f"engineVersion: there is no aurora-postgresql 8.0: the newest that is listed is 18.6 {LISTS}"]),
        (UNKNOWN, []),
    ],
)
def test_a_version_is_known_ended_or_newer_than_the_list(version: str, expected: list[str]) -> None:
    assert said(CLUSTER, engineVersion=version) == expected


def test_a_major_version_alone_is_the_newest_of_its_minors() -> None:
    assert said(CLUSTER, engineVersion="17") == []
    assert said(CLUSTER, engineVersion="16") == []  # AWS's list has "16" itself among the ended
    assert said(CLUSTER, engine=MY, engineVersion="8.0") == []


def test_a_cluster_that_runs_on_an_ended_version_stays_changeable() -> None:
    assert said(CLUSTER, engineVersion="16.6", old={"engineVersion": "16.6"}) == []
    assert said(CLUSTER, engineVersion="16.6", old={"engineVersion": "16.4"}) == []


def test_a_running_cluster_on_an_ended_version_gets_readers() -> None:
    assert said(INSTANCE, engineVersion="16.6", instanceClass="db.r8g.large") == []


def test_an_engine_that_rds_has_no_clusters_of_is_refused() -> None:
    assert said(CLUSTER, engine="mariadb") == ["engine: must be one of aurora-mysql, aurora-postgresql"]


@pytest.mark.parametrize(
    ("region", "size", "expected"),
    [
        ("eu-west-1", "db.r8g.4xlarge", []),
        ("eu-west-1", "db.serverless", []),
        ("eu-west-1", "db.r99g.large", [f"remark: db.r99g.large is not in AWS's list of {as_of()}: not checked"]),
        ("xx-new-1", "db.r8g.4xlarge",
         [f"remark: xx-new-1 is not in AWS's list of {as_of()}: db.r8g.4xlarge not checked"]),
        ("eu-west-1", "db.t3.small",
         [f"instanceClass: aurora-postgresql has no db.t3.small: of db.t3 there are medium {LISTS}"]),
        ("eu-west-1", "db.m5.large", [f"instanceClass: aurora-postgresql has no db.m5.large {LISTS}"]),
        ("af-south-1", "db.r8g.4xlarge",
         [f"instanceClass: af-south-1 doesn't offer db.r8g.4xlarge for aurora-postgresql {LISTS}"]),
    ],
)  # fmt: skip
def test_a_class_is_offered_or_not_by_engine_and_region(region: str, size: str, expected: list[str]) -> None:
    assert said(INSTANCE, region, instanceClass=size) == expected


def test_an_instance_that_keeps_its_class_is_not_judged_again() -> None:
    old = {"instanceClass": "db.r8g.4xlarge"}

    assert said(INSTANCE, "af-south-1", old, instanceClass="db.r8g.4xlarge") == []
    assert said(INSTANCE, "af-south-1", old, instanceClass="db.r8g.8xlarge") != []
