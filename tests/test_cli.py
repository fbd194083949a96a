import os
import subprocess
import sys
from pathlib import Path

import pytest

HEADROOM = str(Path(sys.executable).with_name("headroom"))


def run(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HEADROOM, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_the_areas() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "A database cluster that can't run out of connections unnoticed." in done.stdout
    assert "local" in done.stdout
    assert "budget" in done.stdout


@pytest.mark.parametrize("arguments", [["nonsense"], ["local", "nonsense"], ["local", "up", "--nonsense"]])
def test_a_word_that_means_nothing_exits_with_2_and_no_traceback(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_is_one_clear_line_without_colour_and_exits_with_2(tmp_path: Path) -> None:
    done = run("local", "up", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {tmp_path}: no Pulumi.yaml here or in a folder above: run this inside the checkout\n"
    )


def test_broken_yaml_in_the_project_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: [")
    done = run("local", "status", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: headroom")
    (tmp_path / ".headroom").write_text("a file where a folder should be")
    done = run("local", "down", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"error: {tmp_path}/.headroom: File exists\n")


def test_the_command_starts_without_the_slow_libraries() -> None:
    slow = {"pulumi", "pulumi_aws", "boto3", "botocore", "moto", "numpy", "matplotlib", "pydantic", "grpc", "psutil"}
    code = "import sys, headroom.cli; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert slow.isdisjoint(loaded)
