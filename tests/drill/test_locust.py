"""The fleet as a Locust user class: one master, two workers, one real server."""

import asyncio
import csv
import importlib.util
import os
import signal
import subprocess
import sys
import time
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
            asyncio.run(asked(found, "CREATE ROLE app LOGIN"))
            asyncio.run(asked(found, "GRANT CREATE ON SCHEMA public TO app"))
            yield found
        finally:
            found.stop()


async def asked(server: Server, statement: str) -> object:
    login = Login(endpoint=Endpoint("127.0.0.1", server.port), user=SUPERUSER, database="postgres")
    admin = await connect(login)
    try:
        return await admin.fetchval(statement)
    finally:
        await admin.close()


def tables(server: Server) -> object:
    return asyncio.run(asked(server, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))


def environment(server: Server, error_budget: int) -> dict[str, str]:
    return {
        **os.environ,
        "HEADROOM_DRILL_DSN": f"postgresql://app@127.0.0.1:{server.port}/postgres",
        "HEADROOM_DRILL_ERROR_BUDGET": str(error_budget),
    }


def with_two_workers(around: dict[str, str], tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    port = str(free_port())
    base = [sys.executable, "-m", "locust", "-f", str(FILE), "--master-port", port]
    with ExitStack() as started:
        workers = []
        for _ in range(2):
            worker = subprocess.Popen(
                [*base, "--worker", "--master-host", "127.0.0.1"],
                env=around,
                cwd=tmp_path,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            started.callback(worker.wait)
            started.callback(worker.kill)
            workers.append(worker)
        return subprocess.run(
            [
                *base,
                *("--master", "--headless", "--master-bind-host", "127.0.0.1", "--master-bind-port", port),
                *("--expect-workers", "2", "--expect-workers-max-wait", "60"),
                *("--csv", str(tmp_path / "out"), "--exit-code-on-error", "0"),
            ],
            env=around,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def test_two_workers_spread_the_fleet_and_meet_the_limit(server: Server, tmp_path: Path) -> None:
    master = with_two_workers(environment(server, 1_000_000), tmp_path)
    assert master.returncode == 0, master.stderr
    with (tmp_path / "out_stats.csv").open() as file:
        counts = {row["Name"]: int(row["Request Count"]) for row in csv.DictReader(file)}
    assert counts["checkout"] > 50  # those with a connection
    assert counts["checkout: 53300"] > 50  # those without: 320 were wanted, 37 are there
    assert "2 workers" in master.stderr or "worker" in master.stderr
    assert tables(server) == 0


def test_the_workers_share_one_error_budget(server: Server, tmp_path: Path) -> None:
    master = with_two_workers(environment(server, 40), tmp_path)
    assert master.returncode == 2, master.stderr
    assert "requests had failed: the error budget is spent" in master.stderr
    assert tables(server) == 0


def alone(around: dict[str, str], tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(FILE), "--headless"],
        env=around,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_stops_by_itself_at_its_error_budget_and_drops_its_table(server: Server, tmp_path: Path) -> None:
    done = alone(environment(server, 20), tmp_path)
    assert done.returncode == 2, done.stderr
    assert "requests had failed: the error budget is spent" in done.stderr
    assert "Traceback" not in done.stderr
    assert tables(server) == 0


def test_a_user_who_may_not_make_a_table_is_told_and_nothing_runs(server: Server, tmp_path: Path) -> None:
    asyncio.run(asked(server, "REVOKE CREATE ON SCHEMA public FROM app"))
    done = alone(environment(server, 20), tmp_path)
    assert done.returncode == 2, done.stderr
    assert "127.0.0.1/postgres: no table can be made: permission denied for schema public" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_drops_its_table(server: Server, tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "locust", "-f", str(FILE), "--headless"]
    nowhere = subprocess.DEVNULL
    around = environment(server, 1_000_000)
    with subprocess.Popen(command, env=around, cwd=tmp_path, stdout=nowhere, stderr=nowhere) as run:
        deadline = time.monotonic() + 60
        while tables(server) == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert tables(server) == 1
        run.send_signal(number)
        run.wait(60)
    assert tables(server) == 0


def test_all_that_is_wrong_is_said_before_a_single_connection(tmp_path: Path) -> None:
    wrong = {
        "HEADROOM_DRILL_DSN": "postgresql://app:secret@db.prod.example.com/shop",
        "HEADROOM_DRILL_ERROR_BUDGET": "none",
        "HEADROOM_DRILL_SCENARIO": "lunch",
    }
    done = alone({**os.environ, **wrong}, tmp_path)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if not line.startswith("[")]
    assert lines[0].startswith("error: lunch: no such scenario: ")
    assert lines[1:] == [
        "HEADROOM_DRILL_DSN: the host 'db.prod.example.com' looks like production: "
        "the drill never runs against production",
        "HEADROOM_DRILL_ERROR_BUDGET: must be a whole number from 1 on, got 'none'",
    ]
