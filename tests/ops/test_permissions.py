import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from headroom.ops.permissions import CHANGE, READ, known
from headroom.ops.session import Session
from headroom.ops.teardown import drain
from tests.commands.conftest import Headroom
from tests.ops.calls import Calls
from tests.ops.deployed import add_instance, deploy_alarms

ROOT = Path(__file__).parents[2]
READING = ("Describe", "Get", "List", "Filter")


@pytest.mark.clock
@pytest.mark.emulator
def test_reading_commands_make_no_call_that_is_not_listed_and_every_listed_one_is_made(
    deployed: Session, calls: Calls, headroom: Headroom
) -> None:
    deploy_alarms(deployed)
    calls.made.clear()
    commands = [
        ("status",),
        ("status", "--json"),
        ("triage",),
        ("verify",),
        ("relieve", "raise-percent", "48"),
        ("relieve", "add-readers", "1"),
        ("relieve", "limit-role", "checkout", "--connections", "30"),
    ]
    for command in commands:
        assert "error:" not in headroom(*command).err
    made, listed = set(calls.made), {p.action for p in READ}
    assert made <= listed
    # Asked for only where the account never changed its quota; by the instances' group on MySQL.
    assert listed - made == {"servicequotas:GetAWSDefaultServiceQuota", "rds:DescribeDBParameters"}


def test_what_reading_commands_need_only_reads() -> None:
    assert all(p.action.partition(":")[2].startswith(READING) for p in READ)


@pytest.mark.emulator
def test_a_teardown_needs_what_is_listed_for_it(
    deployed: Session, calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headroom.ops.teardown import check_account, check_allowed

    state = json.dumps({"deployment": {"resources": [{"outputs": {"arn": "arn:aws:rds::123456789012:cluster:a"}}]}})
    (tmp_path / "pulumi").write_text(f"#!/bin/sh\necho '{state}'\n")
    (tmp_path / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    add_instance(deployed, f"application-autoscaling-{deployed.name}")
    calls.made.clear()
    check_account(deployed, tmp_path)
    database = deployed.settings.database.model_copy(update={"skip_final_snapshot": False})
    cluster = check_allowed(replace(deployed, settings=deployed.settings.model_copy(update={"database": database})))
    assert cluster is not None
    drain(deployed, cluster, lambda _: None, poll_seconds=0)
    assert set(calls.made) <= {p.action for p in (*READ, *CHANGE["teardown"])}
    assert {p.action for p in CHANGE["teardown"]} <= set(calls.made)


def test_the_documentation_lists_exactly_these() -> None:
    page = (ROOT / "docs/operations.md").read_text().partition("The runbook's own")[0]
    assert set(re.findall(r"`([a-z0-9-]+:[A-Z]\w+)`", page)) == known()
    for permission in READ:
        assert f"| `{permission.action}` | {permission.purpose} |" in page


def test_every_call_in_the_code_is_listed() -> None:
    from headroom.ops.permissions import action

    found = set()
    for file in (ROOT / "headroom/ops").rglob("*.py"):
        text = re.sub(r"\s+", " ", file.read_text())
        found |= {action(*match) for match in re.findall(r'\b(?:call|all)\( ?"([a-z0-9-]+)", "(\w+)"', text)}
    assert found <= known()
    assert len(found) > 15
