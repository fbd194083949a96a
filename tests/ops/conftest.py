"""A stack on an emulator: each test has a project of its own name, and so resources of its own."""

import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from headroom.ops.session import Session, open_session
from tests.commands.conftest import headroom
from tests.components.program import ROOT
from tests.ops.calls import Calls
from tests.ops.deployed import deploy
from tests.ops.servers import one_server, server

SALE_STARTS, SALE_ENDS = datetime(2096, 11, 23, 8, tzinfo=UTC), datetime(2096, 11, 24, 2, tzinfo=UTC)
__all__ = ["headroom", "one_server", "server"]


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """An emulator for these tests."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "headroom.local.emulator_server", "--mark", "ops"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's own credentials, region, stack or database."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "PULUMI_STACK"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HEADROOM_DSN", "PGPASSWORD", "MYSQL_PWD", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: None) -> Path:
    """A project with the stack `local`, as the current folder; its sale is still to come on any day."""
    (tmp_path / "Pulumi.yaml").write_text(f"name: t{secrets.token_hex(4)}\nruntime: python\n")
    content = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())
    (sale,) = content["config"]["headroom:events"]
    sale |= {"starts": SALE_STARTS.isoformat(), "ends": SALE_ENDS.isoformat()}
    (tmp_path / "Pulumi.local.yaml").write_text(yaml.safe_dump(content))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def at_emulator(emulator: str, monkeypatch: pytest.MonkeyPatch, environment: None) -> str:
    """As after eval "$(headroom local env)"."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("PULUMI_STACK", "local")
    return emulator


@pytest.fixture
def session(project: Path, at_emulator: str) -> Session:
    """The stack's session; nothing is deployed."""
    return open_session("local", project / "Pulumi.local.yaml", project)


@pytest.fixture
def deployed(session: Session, at_emulator: str) -> Session:
    """The stack, with its cluster, instances, proxy and autoscaling; nothing else is in the account."""
    reset = urllib.request.Request(f"{at_emulator}/moto-api/reset", method="POST")  # noqa: S310
    urllib.request.urlopen(reset).close()  # noqa: S310
    deploy(session)
    return session


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What reaches AWS from now on."""
    return Calls(monkeypatch)
