"""Checkov over every stack and example, in both forms: what it has against them is what checkov.toml explains."""

import json
import os
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from headroom.local.locks import exclusive
from tests.components.program import ROOT
from tests.fidelity import checkov, decisions
from tests.fidelity.checkov import NoCheckovError, Verdict
from tests.fidelity.stacks import FILES, changed, stack
from tests.fidelity.to_cloudformation import to_cloudformation
from tests.fidelity.to_terraform import to_terraform

pytestmark = pytest.mark.checkov

# Not a stack of ours: it is judged along with them, to see that Checkov finds what was put wrong.
WRONG = "wrong"


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    """Of one run, which all workers share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "checkov"
    with exclusive(folder / "lock", print, "another worker is running Checkov"):
        if not (folder / checkov.REPORT).is_file():
            try:
                interpreter = checkov.python(ROOT)
            except NoCheckovError as error:
                pytest.skip(f"Checkov can't be installed here: {error}")
            shutil.rmtree(folder / "stacks", ignore_errors=True)
            write(folder / "stacks")
            checkov.run(interpreter, folder / "stacks", folder)
    return checkov.verdicts(folder)


def write(folder: Path) -> None:
    wrong = changed(
        stack("mysql"),
        {
            ":Cluster::headroom-mysql": {"storageEncrypted": False, "backupRetentionPeriod": 0},
            ":Key::headroom-mysql": {"enableKeyRotation": False},
        },
    )
    for name, one in {**{name: stack(name) for name in FILES}, WRONG: wrong}.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "template.json").write_text(json.dumps(to_cloudformation(one).template, indent=1))
        (folder / name / "main.tf.json").write_text(json.dumps(to_terraform(one), indent=1))


def failed(verdicts: list[Verdict]) -> dict[str, dict[str, Any]]:
    """Check -> what it has something against, as the file has it."""
    found: dict[str, dict[str, Any]] = defaultdict(lambda: {"resources": set(), "stacks": set()})
    for one in verdicts:
        if one.failed and one.stack != WRONG:
            found[one.check]["title"] = one.title
            name = one.resource.removeprefix(f"headroom-{one.stack}").removeprefix("-")
            found[one.check]["resources"].add(re.sub(r"\d+", "N", name))
            found[one.check]["stacks"].add(one.stack)
    return dict(found)


def test_every_failed_check_is_explained_and_every_explanation_is_of_a_failed_check(verdicts: list[Verdict]) -> None:
    explained = {
        row.check: {
            "title": row.title,
            "resources": set(row.resources),
            "stacks": FILES.keys() - set(row.except_),
        }
        for row in decisions.declined()
    }

    assert failed(verdicts) == explained


def test_what_was_fixed_passes(verdicts: list[Verdict]) -> None:
    fixed = {(row.check, row.title) for row in decisions.fixed()}
    passed = {(one.check, one.title) for one in verdicts if not one.failed and one.stack != WRONG}

    assert fixed - passed == set()


def test_each_stack_is_judged_in_both_forms(verdicts: list[Verdict]) -> None:
    """A file that Checkov doesn't understand would have no verdict at all, and fail nothing."""
    judged = {(one.stack, one.check) for one in verdicts}
    logs = {"CKV_AWS_158"}  # asked of a log group in either form

    assert {name for name, check in judged if check in logs} == {*FILES, WRONG}
    assert {one.form for one in verdicts if one.check in logs and one.stack == "prod"} == set(checkov.FRAMEWORKS)


def test_checkov_finds_what_is_wrong(verdicts: list[Verdict]) -> None:
    """Otherwise the first test could not fail."""
    of = {name: {one.check for one in verdicts if one.failed and one.stack == name} for name in ("mysql", WRONG)}

    assert of[WRONG] - of["mysql"] == {"CKV_AWS_133", "CKV_AWS_7", "CKV_AWS_96"}


def test_an_environment_that_cannot_be_made_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"{tmp_path}/there-is-no-such-package.whl\n")
    monkeypatch.setattr(checkov, "REQUIREMENTS", requirements)

    with pytest.raises(NoCheckovError, match="there-is-no-such-package"):
        checkov.python(tmp_path)
    assert not (tmp_path / ".headroom" / "checkov" / "complete").exists()
