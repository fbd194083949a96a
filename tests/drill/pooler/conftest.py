"""A real PostgreSQL for the session, and poolers before it, each a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from headroom.drill import console
from headroom.drill.binaries import Binaries, find_binaries, reachable, server_account
from headroom.drill.place import LOOPBACK, drill_folder
from headroom.drill.server import Server
from headroom.errors import UserError

MAX_CONNECTIONS = 40
PASSWORD = "correct horse"


@dataclass
class RunningPooler:
    """A pooler's process."""

    port: int
    process: "subprocess.Popen[str]"

    def stats(self) -> dict[str, Any]:
        row = console.rows(LOOPBACK, self.port, "anybody", "pooler", "SHOW POOL")[0]
        return {name: json.loads(value) for name, value in row.items()}

    def settled(self, **expected: object) -> dict[str, Any]:
        """Statistics, once these are what they should be: what happens on the other side of a socket takes a moment."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            stats = self.stats()
            if all(stats[name] == value for name, value in expected.items()):
                return stats
            time.sleep(0.01)
        raise AssertionError(f"expected {expected}, got {stats}")

    def dsn(self, database: str = "postgres", user: str = "postgres", **more: object) -> str:
        extra = "".join(f" {name}={value}" for name, value in more.items())
        return f"host={LOOPBACK} port={self.port} user={user} dbname={database}{extra}"

    def address(self, **more: Any) -> dict[str, Any]:
        """What asyncpg wants."""
        return {"host": LOOPBACK, "port": self.port, "user": "postgres", "database": "postgres", **more}


StartPooler = Callable[..., RunningPooler]


@pytest.fixture(scope="session")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Binaries]:
    account = server_account()
    with drill_folder(account) as folder:
        try:
            yield reachable(find_binaries(), account, folder)
        except UserError as error:
            pytest.skip(str(error))


def started(binaries: Binaries, password: str | None = None) -> Iterator[Server]:
    account = server_account()
    with drill_folder(account) as folder:
        server = Server(
            binaries=binaries,
            account=account,
            folder=folder / "server",
            max_connections=MAX_CONNECTIONS,
            reserved_connections=4,
            password=password,
        )
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def server(binaries: Binaries) -> Iterator[Server]:
    yield from started(binaries)


@pytest.fixture(scope="session")
def scram_server(binaries: Binaries) -> Iterator[Server]:
    yield from started(binaries, PASSWORD)


@pytest.fixture
def own_server(binaries: Binaries) -> Iterator[Server]:
    """One that a test may break."""
    yield from started(binaries)


@pytest.fixture
def start_pooler(server: Server) -> Iterator[StartPooler]:
    """Start poolers: `start_pooler(percent=10, borrow=0.2)`; every one must end cleanly and silently."""
    running: list[RunningPooler] = []

    def start(
        percent: int = 20,
        borrow: float = 5,
        *more: str,
        to: Server = server,
        environment: dict[str, str] | None = None,
        port: int = 0,
    ) -> RunningPooler:
        command = [
            *(sys.executable, "-W", "default", "-m", "headroom.drill.pooler"),
            *("--server", f"{LOOPBACK}:{to.port}", "--port", str(port)),
            *("--max-connections", str(MAX_CONNECTIONS), "--max-connections-percent", str(percent)),
            *("--borrow-timeout-seconds", str(borrow), *more),
        ]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.strip().isdecimal(), process.communicate()[1]
        running.append(RunningPooler(int(line), process))
        return running[-1]

    yield start
    said = []
    for pooler in running:
        if pooler.process.poll() is None:
            pooler.process.send_signal(signal.SIGTERM)
        _, errors = pooler.process.communicate(timeout=10)
        said.append((pooler.process.returncode, errors))
    quiet = ("there is no TLS here",)
    for code, errors in said:
        unexpected = [line for line in errors.splitlines() if not any(text in line for text in quiet)]
        assert (code, unexpected) == (0, [])


@pytest.fixture
def pooler(start_pooler: StartPooler) -> RunningPooler:
    """One with 8 server connections."""
    return start_pooler()
