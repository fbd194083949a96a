"""The deploy target, with make itself and a `pulumi` that only writes down what it was asked."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-in for the vendor's pulumi, first on PATH, writes."""
    log = tmp_path / "asked"
    pulumi = tmp_path / "bin" / "pulumi"
    pulumi.parent.mkdir()
    pulumi.write_text(f'#!/bin/sh\necho "$(basename "$PWD"): $*" >>"{log}"\n')
    pulumi.chmod(0o755)
    monkeypatch.setenv("PATH", f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("AWS_ENDPOINT_URL", "HEADROOM_EMULATOR_MARK", "HEADROOM_CLOCK_SHIFT_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    return log


def deploy() -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["make", "deploy", "STACK=dev"], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_deploy_makes_the_stack_where_it_is_missing_and_never_touches_its_file(asked: Path) -> None:
    before = (ROOT / "Pulumi.dev.yaml").read_bytes()
    done = deploy()
    assert done.returncode == 0, done.stderr
    assert asked.read_text().splitlines() == [
        "deploy: stack select --create --stack dev",
        f"{ROOT.name}: up --yes --stack dev --config-file .headroom/deploy/Pulumi.dev.yaml --policy-pack policies "
        "--policy-pack-config policies/config/dev.json",
    ]
    assert (ROOT / "Pulumi.dev.yaml").read_bytes() == before
    assert (ROOT / ".headroom" / "deploy" / "Pulumi.dev.yaml").read_bytes() == before


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "HEADROOM_EMULATOR_MARK"])
def test_a_deploy_from_a_shell_that_is_set_for_emulated_aws_is_refused(
    asked: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    done = deploy()
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "error: this shell is set for emulated AWS (AWS_ENDPOINT_URL, HEADROOM_EMULATOR_MARK): deploy from a new one"
    )
    assert not asked.exists()


def test_a_deploy_under_a_shifted_clock_is_refused(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_CLOCK_SHIFT_SECONDS", "3600")
    done = deploy()
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "error: this shell's clock is shifted (HEADROOM_CLOCK_SHIFT_SECONDS): its sale calendar would be scheduled "
        "wrongly: deploy from a new one"
    )
    assert not asked.exists()
