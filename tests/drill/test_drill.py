"""Whole drills, as a user runs them: in a process of their own, with its signals and exit codes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from headroom.cli import app
from headroom.drill.binaries import find_binaries, reachable, server_account
from headroom.drill.fleet import Endpoint, Login, connect
from headroom.drill.place import drill_folder, free_port
from headroom.drill.proxy import find_pgbouncer
from headroom.drill.scenario import Side
from headroom.drill.server import SUPERUSER, Server
from headroom.drill.side import Ground as SideGround
from headroom.drill.side import SideRun, Watch, run_side
from headroom.errors import UserError
from tests.drill.leftovers import Ground, ground

pytestmark = [pytest.mark.server, pytest.mark.alone]
ROOT = Path(__file__).parents[2]

SHORT = """
title = "A short sale"
story = "s"
lesson = "l"
[[phases]]
name = "all"
seconds = {seconds}
[[services]]
name = "checkout"
transactions_per_second = [50]
instances = [2]
connections_max = 3
hold_ms = 5
client_timeout_ms = 1000
[[sides]]
name = "the side"
path = "{path}"
expect = [{{measure = "ok_percent", at_least = {at_least}}}]
"""


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Ground]:
    with ground() as found:
        yield found


def command(tmp_path: Path, *arguments: str, stack: str = "docs/examples/worked.yaml") -> list[str]:
    drill = [sys.executable, "-c", "from headroom.cli import main; main()", "drill"]
    return [
        *drill,
        *arguments,
        "--report",
        str(tmp_path / "report.html"),
        "--stack",
        str(ROOT / stack),
    ]


def environment() -> dict[str, str]:
    return {**os.environ, "TMPDIR": tempfile.gettempdir()}


def drill(
    tmp_path: Path, *arguments: str, stack: str = "docs/examples/worked.yaml", **more: Any
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(tmp_path, *arguments, stack=stack),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        cwd=tmp_path,
        env=environment(),
        **more,
    )


def short(tmp_path: Path, *, path: str = "direct", seconds: float = 1, at_least: float = 90) -> str:
    file = tmp_path / "short.toml"
    file.write_text(SHORT.format(path=path, seconds=seconds, at_least=at_least))
    return str(file)


def test_the_flash_sale_fails_directly_and_is_survived_through_a_pooler(tmp_path: Path, mine: Ground) -> None:
    done = drill(tmp_path, "--json", "--seed", "21", "--pooler", "reference", stack="Pulumi.local.yaml")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["schema_version"], found["usable_connections"]) == (1, 37)
    direct, pooled = found["sides"]
    before, spike, after = direct["phases"]
    assert before["ok_percent"] > 90
    assert spike["ok_percent"] < 60
    assert after["ok_percent"] < 60  # a fleet that doesn't scale in doesn't recover
    assert spike["active_percent"] < 33.3
    assert max(direct["samples"]["open"]) == 37
    assert direct["first_refusal_seconds"] > 1
    assert pooled["proxy"] == "built-in reference pooler"
    assert all(phase["ok_percent"] > 99 for phase in pooled["phases"])
    assert pooled["phases"][1]["p95_ms"] < 250 or pooled["generator_bound"]
    assert max(pooled["samples"]["open"]) <= found["pool_connections"] < 37
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 1
    assert "http" not in page.split("</style>")[1].replace("http://www.w3.org", "").replace(
        "http://purl.org", ""
    ).replace("https://matplotlib.org", "").replace("http://creativecommons.org", "")
    assert mine.left() == []


@pytest.mark.skipif(find_pgbouncer() is None, reason="PgBouncer isn't installed")
def test_pgbouncer_stands_for_the_proxy_where_it_is_installed(tmp_path: Path, mine: Ground) -> None:
    done = drill(tmp_path, short(tmp_path, path="pooled"), "--json")
    assert done.returncode == 0, done.stderr
    (side,) = json.loads(done.stdout)["sides"]
    assert side["proxy"].startswith("PgBouncer ")
    assert side["calibration"]["source"] == side["proxy"]
    assert mine.left() == []


def test_an_expectation_that_does_not_hold_is_exit_code_1_and_said(tmp_path: Path) -> None:
    done = drill(tmp_path, short(tmp_path, at_least=100.5))
    assert done.returncode == 1
    assert "the side: expected ok_percent at least 100.5, measured " in done.stderr
    assert done.stdout.rstrip().endswith("NOT as expected.")


SECOND = """
[[sides]]
name = "the other"
path = "{path}"
changes = {{checkout = {{instances = [1]}}}}
"""


def test_a_side_that_cannot_be_set_up_leaves_the_finished_one_in_the_report(
    tmp_path: Path, mine: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def second_fails(ground: SideGround, which: Side, watch: Watch) -> SideRun:
        if which.name == "the other":
            raise UserError("initdb failed: No space left on device")
        return await run_side(ground, which, watch)

    monkeypatch.setattr("headroom.drill.drill.run_side", second_fails)
    file = Path(short(tmp_path))
    file.write_text(file.read_text() + SECOND.format(path="direct"))
    report = tmp_path / "report.html"
    arguments = ["drill", str(file), "--report", str(report), "--stack", str(ROOT / "docs/examples/worked.yaml")]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 2
    found = json.loads(done.stdout)
    assert [(s["name"], s["as_expected"]) for s in found["sides"]] == [("the side", True)]
    assert found["ended_early"] == "the other: initdb failed: No space left on device"
    assert "error: the other: initdb failed: No space left on device\n" in done.stderr
    assert "It ended early.</b> the other: initdb failed: No space left on device" in report.read_text()
    assert mine.left() == []


def test_failover_promotes_the_standby_and_the_fleet_reconnects(tmp_path: Path, mine: Ground) -> None:
    done = drill(tmp_path, "failover", "--json", "--pooler", "reference")
    found = json.loads(done.stdout)
    for side in found["sides"]:
        assert side["phases"][0]["ok_percent"] > 90
        assert side["phases"][2]["ok_percent"] > 80
        assert side["reconnect_seconds"] is not None
        assert side["broken"] == ""
    assert mine.left() == []


@pytest.fixture
def running(tmp_path: Path, mine: Ground) -> Iterator["subprocess.Popen[str]"]:
    """A drill in the middle of its load."""
    with subprocess.Popen(
        command(tmp_path, short(tmp_path, path="pooled", seconds=60), "--pooler", "reference"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(mine.folder)},
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "s of load" in line:
                break
        time.sleep(1.0)
        yield process
        if process.poll() is None:
            process.kill()


def child(process: "subprocess.Popen[str]", part: str) -> psutil.Process:
    return next(p for p in psutil.Process(process.pid).children() if part in " ".join(p.cmdline()))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_drill_leaves_nothing(
    mine: Ground, running: "subprocess.Popen[str]", number: signal.Signals, code: int
) -> None:
    os.killpg(running.pid, number)
    _, said = running.communicate(timeout=30)
    assert running.returncode == code
    assert said.rstrip().endswith("interrupted: everything that the drill started is gone")
    assert "Traceback" not in said
    assert mine.left() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_even_kill_9_leaves_no_process(mine: Ground, running: "subprocess.Popen[str]") -> None:
    running.kill()
    running.wait()
    assert [left for left in mine.left() if left.startswith("process")] == []


@pytest.mark.parametrize(
    ("part", "name"), [("postgres", "the PostgreSQL server"), ("headroom.drill.pooler", "built-in reference pooler")]
)
def test_a_crash_in_mid_run_is_one_line_and_the_report_up_to_there(
    tmp_path: Path, mine: Ground, running: "subprocess.Popen[str]", part: str, name: str
) -> None:
    child(running, part).kill()
    out, said = running.communicate(timeout=60)
    assert running.returncode == 2
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert errors[0].startswith(f"error: the side: {name} ended in the middle of the run (killed by SIGKILL)")
    assert "Traceback" not in said
    assert "NOT as expected" in out
    assert "cut short" in (tmp_path / "report.html").read_text()
    assert mine.left() == []


@pytest.fixture(scope="module")
def staging() -> Iterator[Server]:
    """Somebody's database, which the drill didn't start."""
    account = server_account()
    with drill_folder(account) as place:
        server = Server(
            binaries=reachable(find_binaries(), account, place),
            account=account,
            folder=place / "staging",
            max_connections=20,
            reserved_connections=3,
        )
        try:
            server.create()
            server.start()
            yield server
        finally:
            server.stop()


def tables(server: Server) -> int:
    import asyncio

    async def count() -> int:
        login = Login(endpoint=Endpoint("127.0.0.1", server.port), user=SUPERUSER, database="postgres")
        connection = await connect(login)
        try:
            return int(
                await connection.fetchval("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'headroom_drill%'")
            )
        finally:
            await connection.close()

    return asyncio.run(count())


def test_a_real_target_is_used_once_its_name_is_typed_and_cleaned(tmp_path: Path, staging: Server) -> None:
    dsn = f"postgresql://{SUPERUSER}@127.0.0.1:{staging.port}/postgres"
    arguments = (short(tmp_path), "--json", "--target-dsn", dsn)
    refused = drill(tmp_path, *arguments, input="no\n")
    assert refused.returncode == 2
    assert refused.stderr.rstrip().endswith("error: that isn't the target's name: nothing was done")
    done = drill(tmp_path, *arguments, input="127.0.0.1/postgres\n")
    assert done.returncode == 0, done.stderr
    (side,) = json.loads(done.stdout)["sides"]
    assert side["phases"][0]["outcomes"].keys() == {"ok"}
    assert max(side["samples"]["open"]) <= 2 * 3 + 1
    assert tables(staging) == 0


def test_an_error_budget_ends_its_own_side_only(tmp_path: Path, staging: Server) -> None:
    dsn = f"postgresql://{SUPERUSER}@127.0.0.1:{staging.port}/postgres"
    file = Path(short(tmp_path, seconds=3))
    greedy = file.read_text().replace("instances = [2]", "instances = [20]")  # 60 connections, where 20 are
    file.write_text(greedy + SECOND.format(path="pooled"))
    both = ("--target-dsn", dsn, "--proxy-dsn", dsn, "--error-budget", "10")
    done = drill(tmp_path, str(file), "--json", *both, input="127.0.0.1/postgres\n")
    assert done.returncode == 2
    stopped, other = json.loads(done.stdout)["sides"]
    assert "10 requests had failed, which is the error budget of a side" in stopped["broken"]
    assert "the error budget of a side" in (tmp_path / "report.html").read_text()
    assert (other["broken"], other["phases"][0]["outcomes"].keys()) == ("", {"ok"})
    assert tables(staging) == 0


def test_no_output_repeats_a_password_wherever_it_came_from(
    tmp_path: Path, mine: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = "s3cr3t@word"
    account = server_account()
    with drill_folder(account) as place:
        server = Server(
            binaries=reachable(find_binaries(), account, place),
            account=account,
            folder=place / "scram",
            max_connections=20,
            reserved_connections=3,
            password=password,
        )
        try:
            server.create()
            server.start()
            where = f"127.0.0.1:{server.port}/postgres"
            file = Path(short(tmp_path))
            file.write_text(file.read_text() + SECOND.format(path="pooled"))
            in_the_dsn = ("--target-dsn", f"postgresql://{SUPERUSER}:{password}@{where}")
            elsewhere = ("--proxy-dsn", f"postgresql://{SUPERUSER}@{where}")
            monkeypatch.setenv("PGPASSWORD", password)
            done = drill(tmp_path, str(file), "--json", *in_the_dsn, *elsewhere, input="127.0.0.1/postgres\n")
            assert done.returncode == 0, done.stderr
            monkeypatch.setenv("PGPASSWORD", f"not {password}")
            refused = drill(tmp_path, str(file), *in_the_dsn, *elsewhere, input="127.0.0.1/postgres\n")
            assert refused.returncode == 2
            assert "error: --proxy-dsn: 127.0.0.1/postgres: password authentication failed" in refused.stderr
        finally:
            server.stop()
    said = done.stdout + done.stderr + refused.stdout + refused.stderr + (tmp_path / "report.html").read_text()
    assert "word@" not in said
    assert "s3cr3t" not in said
    assert "postgres:***@127.0.0.1" in said


def test_what_happens_to_services_happens_on_a_real_target_too(tmp_path: Path, staging: Server) -> None:
    dsn = f"postgresql://{SUPERUSER}@127.0.0.1:{staging.port}/postgres"
    file = Path(short(tmp_path, seconds=2))
    slow = '[[happenings]]\nat_seconds = 0\nwhat = "slow"\nseconds = 2\nfactor = 40\n'
    file.write_text(file.read_text().replace("[[sides]]", slow + "[[sides]]"))
    done = drill(tmp_path, str(file), "--json", "--target-dsn", dsn, input="127.0.0.1/postgres\n")
    (side,) = json.loads(done.stdout)["sides"]
    work = side["requests"]["work"]
    assert sum(work) / len(work) > 0.05  # seconds; without it the mean is 0.005


def test_a_target_that_fails_at_a_low_rate_already_gets_no_load(tmp_path: Path, staging: Server) -> None:
    dsn = f"postgresql://{SUPERUSER}@127.0.0.1:{staging.port}/postgres"
    file = Path(short(tmp_path))
    file.write_text(
        file.read_text()
        .replace("client_timeout_ms = 1000", "client_timeout_ms = 10")
        .replace("hold_ms = 5", "hold_ms = 500")
    )
    both = ("--target-dsn", dsn, "--error-budget", "5")
    done = drill(tmp_path, str(file), "--json", *both, input="127.0.0.1/postgres\n")
    assert done.returncode == 2
    (side,) = json.loads(done.stdout)["sides"]
    assert side["broken"].startswith("stopped before its load: at a low rate already no request succeeded")
    assert side["requests"]["intended"] == []
    assert tables(staging) == 0


def test_a_proxy_that_cannot_be_reached_is_said_before_the_first_side(tmp_path: Path, staging: Server) -> None:
    dsn = f"postgresql://{SUPERUSER}@127.0.0.1:{staging.port}/postgres"
    nowhere = f"postgresql://{SUPERUSER}@127.0.0.1:{free_port()}/postgres"
    both = ("--target-dsn", dsn, "--proxy-dsn", nowhere)
    done = drill(tmp_path, short(tmp_path), *both, input="127.0.0.1/postgres\n")
    assert done.returncode == 2
    assert "error: --proxy-dsn: 127.0.0.1/postgres: " in done.stderr.splitlines()[-1]
    assert "of load" not in done.stderr


def test_a_drill_on_a_real_target_stops_at_its_error_budget(tmp_path: Path, staging: Server) -> None:
    dsn = f"postgresql://{SUPERUSER}@127.0.0.1:{staging.port}/postgres"
    done = drill(tmp_path, "--json", "--target-dsn", dsn, "--error-budget", "20", input="127.0.0.1/postgres\n")
    assert done.returncode == 2
    (side,) = json.loads(done.stdout)["sides"]
    assert "20 requests had failed, which is the error budget" in side["broken"]
    assert tables(staging) == 0
