"""Checkov, in an environment of its own: made when it is first asked for, kept in .headroom/checkov.

Nothing is sent anywhere: no platform, no online guidelines, no look for a newer version.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headroom.local.locks import exclusive

REQUIREMENTS = Path(__file__).parent / "checkov-requirements.txt"
REPORT = "results_json.json"  # Checkov's name for it
FRAMEWORKS = ("cloudformation", "terraform_json")
_MAKE_SECONDS, _RUN_SECONDS = 900, 600


class NoCheckovError(Exception):
    """The environment can't be made here: no packages, no room. The message says what pip said."""


@dataclass(frozen=True, order=True)
class Verdict:
    """What one check says of one resource."""

    check: str
    title: str
    stack: str
    form: str  # one of FRAMEWORKS
    resource: str  # its name
    failed: bool


def python(root: Path) -> Path:
    """The environment's Python; makes the environment where it is missing or was made from other requirements.

    Raises:
        NoCheckovError: the packages can't be had.
    """
    folder = root / ".headroom" / "checkov"
    wanted = f"{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()} {sys.version}"
    stamp, interpreter = folder / "complete", folder / "bin" / "python"
    with exclusive(root / ".headroom" / "checkov.lock", print, "another run is installing Checkov"):
        if not (stamp.is_file() and stamp.read_text() == wanted):
            shutil.rmtree(folder, ignore_errors=True)
            _step([sys.executable, "-m", "venv", str(folder)])
            # Compiled when it is run: half of what is installed never is.
            pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
            _step([*pip, "--no-input", "--require-hashes", "--requirement", str(REQUIREMENTS)])
            stamp.write_text(wanted)
    return interpreter


def run(interpreter: Path, folder: Path, output: Path) -> None:
    """Judge the templates and Terraform files in the folder, which has a subfolder for each stack."""
    command = [str(interpreter), "-m", "checkov.main", "--directory", str(folder), "--framework", *FRAMEWORKS]
    command += ["--skip-download", "--compact", "--output", "json", "--output-file-path", str(output)]
    # Nothing of this shell's: a configured account or platform would make Checkov talk to it.
    quiet = {"PATH": os.environ["PATH"], "HOME": str(folder), "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"}
    done = subprocess.run(command, capture_output=True, text=True, env=quiet, timeout=_RUN_SECONDS, check=False)
    assert done.returncode in {0, 1}, done.stderr  # 1: a check has failed


def verdicts(output: Path) -> list[Verdict]:
    """What Checkov said."""
    reports = json.loads((output / REPORT).read_text(encoding="utf-8"))
    assert {report["check_type"] for report in reports} == set(FRAMEWORKS)
    assert not [error for report in reports for error in report["results"]["parsing_errors"]]
    return sorted(set(_all(reports)))


def _all(reports: list[dict[str, Any]]) -> Iterator[Verdict]:
    for report in reports:
        for part, failed in (("passed_checks", False), ("failed_checks", True)):
            for one in report["results"][part]:
                stack, name = Path(one["file_path"]).parts[1], one["resource"].split(".", 1)[1]
                yield Verdict(one["check_id"], one["check_name"], stack, report["check_type"], name, failed)


def _step(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_MAKE_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NoCheckovError(f"not installed within {_MAKE_SECONDS} seconds") from error
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if re.match("ERROR|error", line)]
        raise NoCheckovError(said[-1] if said else done.stderr[-300:])
