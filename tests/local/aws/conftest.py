"""An emulator for the tests of this folder."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.local.aws.plugin import Plugin

MARK = "a-test"


@pytest.fixture(scope="session")
def emulator_url() -> Iterator[str]:
    """A running emulator of its own; each test makes resources with names of its own."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "headroom.local.emulator_server", "--mark", MARK],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


@pytest.fixture
def at_emulator(emulator_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment in which the engine starts the plugin."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator_url)
    monkeypatch.setenv("HEADROOM_EMULATOR_MARK", MARK)
    return emulator_url


@pytest.fixture
def plugin(at_emulator: str) -> Plugin:
    """A configured plugin."""
    return Plugin()
