"""The workflows: their syntax by actionlint, and what this project asks of them."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from headroom.local.engine import cache_dir
from headroom.local.engine_build import _find_go
from headroom.local.locks import exclusive

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = "v1.7.7"


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once for each user from its Go module, whose checksums are pinned beside this file."""
    program = cache_dir() / "actionlint" / ACTIONLINT / "actionlint"
    program.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(program.parent / "lock", print, "another checkout is building actionlint"):
        if not program.is_file():
            work = tmp_path_factory.mktemp("actionlint")
            for source in ("go.mod", "go.sum"):
                shutil.copyfile(Path(__file__).with_name(source), work / source)
            subprocess.run(
                [
                    _find_go(cache_dir() / "engine", print),
                    "build",
                    "-o",
                    str(work / "done"),
                    "github.com/rhysd/actionlint/cmd/actionlint",
                ],
                cwd=work,
                env={**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOWORK": "off"},
                check=True,
            )
            shutil.move(work / "done", program)
    return program


@pytest.mark.engine
def test_actionlint_finds_nothing(actionlint: Path) -> None:
    checked = subprocess.run(
        [str(actionlint), "-no-color", *map(str, WORKFLOWS)], capture_output=True, text=True, check=False, cwd=ROOT
    )

    assert (checked.stdout, checked.returncode) == ("", 0)


@pytest.mark.engine
def test_actionlint_would_find_a_mistake(actionlint: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: ${{ nonsense }}\n")

    checked = subprocess.run([str(actionlint), str(broken)], capture_output=True, text=True, check=False)

    assert checked.returncode == 1


def steps(workflow: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job.get("steps", [])]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_step_only_calls_a_make_target(workflow: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    for command in (step["run"] for step in steps(workflow) if "run" in step):
        program, target = command.split()[:2]
        assert program == "make"
        assert target in targets


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_full_version(workflow: Path) -> None:
    for action in (step["uses"] for step in steps(workflow) if "uses" in step):
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+\.\d+\.\d+", action)


def test_a_pull_request_needs_no_secret_and_no_account() -> None:
    text = (ROOT / ".github" / "workflows" / "review.yml").read_text(encoding="utf-8")

    assert "secrets." not in text
    assert "id-token" not in text
