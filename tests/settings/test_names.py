"""What AWS makes of a stack's name is said in the words of the stack's file, by whoever reads it for a stack."""

from pathlib import Path

import pytest

from headroom.settings import Named, SettingsError, parse, project_of
from tests.settings.files import GONE, changed


def said(project: str, stack: str, *edits: tuple[str, object]) -> list[str]:
    try:
        parse(changed(*edits), f"Pulumi.{stack}.yaml", Named(project, stack))
    except SettingsError as error:
        return error.errors
    return []


FORM = "RDS takes small letters, digits and single hyphens between them"


@pytest.mark.parametrize("stack", ["prod", "prod-eu", "prod2", "2026", "p", "eu-west-1-prod"])
def test_a_name_that_rds_takes(stack: str) -> None:
    assert said("headroom", stack) == []


@pytest.mark.parametrize(
    ("stack", "instead"),
    [
        ("prod_eu", "prod-eu"),
        ("prod.eu", "prod-eu"),
        ("prod--eu", "prod-eu"),
        ("prod-", "prod"),
        ("-prod", "prod"),
        ("Prod", "prod"),
        ("_", "shop"),
    ],
)
def test_a_name_that_it_doesnt(stack: str, instead: str) -> None:
    assert said("headroom", stack) == [
        f"Pulumi.{stack}.yaml: the stack's name: is '{stack}', so the cluster would be headroom-{stack}: {FORM}; call "
        f"the file Pulumi.{instead}.yaml, before the first deploy"
    ]


def test_the_project_s_name_is_a_part_of_it_and_all_errors_come_at_once() -> None:
    assert said("2_Shop", "pro d", ("database.readers", "two")) == [
        f"Pulumi.pro d.yaml: the project's name: is '2_Shop', so the cluster would be 2_Shop-pro d: {FORM}; write "
        "name: shop into Pulumi.yaml, before the first deploy",
        f"Pulumi.pro d.yaml: the stack's name: is 'pro d', so the cluster would be 2_Shop-pro d: {FORM}; call the file "
        "Pulumi.pro-d.yaml, before the first deploy",
        "Pulumi.pro d.yaml: headroom:database.readers: must be a whole number, got 'two': declared readers; Aurora "
        "takes up to 15, autoscaled ones included",
    ]


NO_MONITORING = ("database.monitoring_interval_seconds", 0)
NO_AUTOSCALING = [("autoscaling", GONE), ("events.0.readers_min", GONE)]
NO_PROXY = [
    ("proxy", GONE),
    ("services.0.pools.0.path", "direct"),
    ("services.0.pools.1.path", "direct"),
]


@pytest.mark.parametrize(
    ("edits", "most", "too_long"),
    [
        ([], 36, "the monitoring role would be headroom-{}-monitoring-0123456, and AWS takes 64"),
        (
            [NO_MONITORING],
            36,
            "the rule that sees the readers at their maximum would be headroom-{}-readers-at-maximum, and AWS takes 64",
        ),
        ([NO_MONITORING, *NO_AUTOSCALING], 41, "the proxy's role would be headroom-{}-proxy-0123456, and AWS takes 64"),
        (
            [NO_MONITORING, *NO_AUTOSCALING, *NO_PROXY],
            51,
            "the cluster's last instance would be headroom-{}-16, and AWS takes 63",
        ),
    ],
)
def test_a_name_that_is_too_long_for_what_is_made_of_it(
    edits: list[tuple[str, object]], most: int, too_long: str
) -> None:
    assert said("headroom", "a" * most, *edits) == []
    name = "a" * (most + 1)
    assert said("headroom", name, *edits) == [
        f"Pulumi.{name}.yaml: the stack's name: has {most + 1} characters, at most {most} fit: "
        f"{too_long.format(name)}; call the file by a shorter name"
    ]


def test_a_file_that_is_read_for_no_stack_may_have_any_name() -> None:
    assert parse(changed(), "some_file.yaml").region == "eu-west-1"


@pytest.mark.parametrize("content", ["", "name: [", "name: 7", "- name", "description: none"])
def test_a_project_without_a_name_that_can_be_read_has_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(content)
    assert project_of(tmp_path) is None


def test_a_project_s_name(tmp_path: Path) -> None:
    assert project_of(tmp_path) is None
    (tmp_path / "Pulumi.yaml").write_text("name: shop")
    assert project_of(tmp_path) == "shop"
