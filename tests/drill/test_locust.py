"""The fleet as a Locust user class: one master, two workers, one real server."""

import asyncio
import csv
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from headroom.drill.binaries import find_binaries, reachable, server_account
from headroom.drill.fleet import Endpoint, Login, connect
from headroom.drill.place import drill_folder, free_port
from headroom.drill.server import SUPERUSER, Server
from tests.drill.leftovers import ground

# Not imported here: locust patches threads and sockets of the process that imports it.
if importlib.util.find_spec("locust") is None:
    pytest.skip("the extra `locust` isn't installed", allow_module_level=True)
pytestmark = [pytest.mark.server, pytest.mark.alone]
FILE = Path(__file__).parents[2] / "headroom/drill/locustfile.py"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    account = server_account()
    with ground(), drill_folder(account) as place:
        found = Server(
            binaries=reachable(find_binaries(), account, place),
            account=account,
            folder=place / "one",
            max_connections=40,
            reserved_connections=3,
        )
        try:
            found.create()
            found.start()
            asyncio.run(prepared(found))
            yield found
        finally:
            found.stop()


async def prepared(server: Server) -> None:
    login = Login(endpoint=Endpoint("127.0.0.1", server.port), user=SUPERUSER, database="postgres")
    admin = await connect(login)
    try:
        await admin.execute("CREATE TABLE stock AS SELECT i AS id, 100 AS n FROM generate_series(1, 10000) AS i")
        await admin.execute(
            "ALTER TABLE stock ADD PRIMARY KEY (id); GRANT ALL ON stock TO PUBLIC; CREATE ROLE app LOGIN"
        )
    finally:
        await admin.close()


def test_two_workers_spread_the_fleet_and_meet_the_limit(server: Server, tmp_path: Path) -> None:
    environment = {**os.environ, "HEADROOM_DRILL_DSN": f"postgresql://app@127.0.0.1:{server.port}/postgres"}
    port = str(free_port())
    base = [sys.executable, "-m", "locust", "-f", str(FILE), "--master-port", port]
    with ExitStack() as started:
        workers = []
        for _ in range(2):
            worker = subprocess.Popen(
                [*base, "--worker", "--master-host", "127.0.0.1"],
                env=environment,
                cwd=tmp_path,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            started.callback(worker.wait)
            started.callback(worker.kill)
            workers.append(worker)
        master = subprocess.run(
            [
                *base,
                *("--master", "--headless", "--master-bind-host", "127.0.0.1", "--master-bind-port", port),
                *("--expect-workers", "2", "--expect-workers-max-wait", "60"),
                *("--csv", str(tmp_path / "out"), "--exit-code-on-error", "0"),
            ],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert master.returncode == 0, master.stderr
    with (tmp_path / "out_stats.csv").open() as file:
        counts = {row["Name"]: int(row["Request Count"]) for row in csv.DictReader(file)}
    assert counts["checkout"] > 50  # those with a connection
    assert counts["checkout: 53300"] > 50  # those without: 320 were wanted, 37 are there
    assert "2 workers" in master.stderr or "worker" in master.stderr


def test_production_is_refused_before_a_single_connection(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(FILE), "--headless", "--run-time", "1s"],
        env={**os.environ, "HEADROOM_DRILL_DSN": "postgresql://app@db.prod.example.com/shop"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "looks like production: the drill never runs against production" in done.stderr
