"""No safe stack is refused: what the shipped stacks and examples declare passes the checks, in every region."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from headroom.local.aws import checks
from headroom.local.aws.offered import _classes
from headroom.local.aws.values import UNKNOWN, Properties, from_struct, to_struct
from tests.components.program import ROOT, Declared, run
from tests.local.aws.offline import derived

STACKS = (*sorted(ROOT.glob("Pulumi.*.yaml")), *sorted((ROOT / "docs/examples").glob("*.yaml")))
REGIONS = sorted(_classes())
HOME = "eu-west-1"
# What the recording monitor makes up for values that only the update knows.
_MADE_UP = re.compile(r"arn:aws:made:|-id\b|^id-of-|\.rds\.amazonaws\.com")


@cache
def declared(path: Path) -> tuple[Declared, ...]:
    with pytest.MonkeyPatch.context() as patch:
        found = run(path, patch).declared
    return tuple(one for one in found if one.type.startswith("aws:"))


def as_in_a_preview(value: Any, region: str) -> Any:
    """The value as the plugin sees it before anything is made; documents are judged as in an update."""
    if isinstance(value, str) and value[:1] == "{":
        return value.replace("arn:aws:made:", "arn:aws:rds:").replace(HOME, region)
    if isinstance(value, str):
        return UNKNOWN if _MADE_UP.search(value) else value.replace(HOME, region)
    if isinstance(value, dict):
        return {key: as_in_a_preview(item, region) for key, item in value.items()}
    return [as_in_a_preview(item, region) for item in value] if isinstance(value, list) else value


def said(resource: Declared, region: str) -> list[str]:
    entry = derived(resource.type)
    given = {name: as_in_a_preview(value, region) for name, value in resource.inputs.items() if value is not None}
    if resource.type == "aws:rds/proxyTarget:ProxyTarget":
        given["targetGroupName"] = UNKNOWN  # the monitor names every resource after itself
    given = from_struct(to_struct(given))  # whole numbers are whole again
    inputs = Properties(checks.completed(entry, given, {}, b"abcd", resource.name))
    found = checks.findings(entry, inputs, {}, region)
    return [
        f"{resource.type} {resource.name}: {one.property}: {one.reason}" for one in (*found.failures, *found.remarks)
    ]


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_a_shipped_stack_or_example_is_accepted(path: Path) -> None:
    resources = declared(path)

    assert [line for resource in resources for line in said(resource, HOME)] == []
    assert len(resources) > 20


def test_it_is_accepted_in_every_region_that_offers_its_class() -> None:
    """One resource of each type and engine: a region's own lists differ in schemas, versions and classes."""
    kinds = {
        (resource.type, resource.inputs.get("engine")): resource
        for path in (ROOT / "Pulumi.prod.yaml", ROOT / "docs/examples/mysql.yaml")
        for resource in declared(path)
    }
    refused = [line for region in REGIONS for resource in kinds.values() for line in said(resource, region)]

    assert len(REGIONS) > 30
    assert [line for line in refused if "doesn't offer" not in line] == []
