import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from headroom.drill.binaries import Binaries, find_binaries, reachable, server_account
from headroom.drill.fleet import Endpoint, Login, connect
from headroom.drill.place import drill_folder
from headroom.drill.server import SUPERUSER, Server, ServerGoneError
from headroom.errors import UserError
from tests.drill.leftovers import Ground, ground

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("drill")]


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Ground]:
    with ground() as found:
        yield found


@pytest.fixture
def place(mine: Ground) -> Iterator[Path]:
    with drill_folder(server_account()) as folder:
        yield folder


def made(place: Path, name: str = "one", *, replicated: bool = False, password: str | None = None) -> Server:
    account = server_account()
    return Server(
        binaries=reachable(find_binaries(), account, place),
        account=account,
        folder=place / name,
        max_connections=10,
        reserved_connections=3,
        replicated=replicated,
        password=password,
    )


async def value(server: Server, query: str) -> object:
    login = Login(
        endpoint=Endpoint("127.0.0.1", server.port), user=SUPERUSER, database="postgres", password=server.password
    )
    connection = await connect(login)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def ask(server: Server, query: str) -> object:
    import asyncio

    return asyncio.run(value(server, query))


def test_two_servers_run_side_by_side_and_leave_nothing(mine: Ground) -> None:
    with drill_folder(server_account()) as place, ExitStack() as started:
        servers = [made(place, name) for name in ("one", "two")]
        for server in servers:
            started.callback(server.stop)
            server.create()
            server.start()
        assert servers[0].port != servers[1].port
        assert [ask(s, "SHOW max_connections") for s in servers] == ["10", "10"]
        assert [ask(s, "SHOW listen_addresses") for s in servers] == ["127.0.0.1", "127.0.0.1"]
    assert mine.left() == []


def test_a_killed_server_leaves_nothing_either_and_says_that_it_is_gone(mine: Ground) -> None:
    with drill_folder(server_account()) as place:
        server = made(place)
        server.create()
        server.start()
        assert server.pid is not None
        psutil.Process(server.pid).send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 5
        said = ""
        while not said and time.monotonic() < deadline:
            try:
                server.check()
            except ServerGoneError as gone:
                said = str(gone)
            time.sleep(0.01)
        assert said.startswith("the PostgreSQL server ended in the middle of the run (killed by SIGKILL): ")
        server.stop()
    assert mine.left() == []


def test_the_standby_is_promoted_at_the_writers_address_with_its_rows(mine: Ground) -> None:
    with drill_folder(server_account()) as place, ExitStack() as started:
        writer, standby = (made(place, name, replicated=True, password="secret") for name in ("writer", "standby"))
        started.callback(writer.stop)
        started.callback(standby.stop)
        writer.create()
        writer.start()
        standby.copy_of(writer)
        standby.start()
        ask(writer, "CREATE TABLE t AS SELECT 42 AS n")
        deadline = time.monotonic() + 10
        while ask(standby, "SELECT to_regclass('t') IS NOT NULL") is not True and time.monotonic() < deadline:
            time.sleep(0.05)
        assert ask(standby, "SELECT pg_is_in_recovery()") is True
        writer.kill()
        standby.promote(writer.port)
        assert standby.port == writer.port
        assert ask(standby, "SELECT n FROM t") == 42
        assert ask(standby, "SELECT pg_is_in_recovery()") is False
    assert mine.left() == []


def test_a_port_that_is_taken_is_said_in_one_line(place: Path) -> None:
    server = made(place)
    server.create()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError) as caught:
            server.start(taken.getsockname()[1])
    assert "did not start: " in str(caught.value)
    assert "Address already in use" in str(caught.value) or "could not create any TCP/IP sockets" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100 << 20, 80 << 20, 20 << 20))
    server = made(place)
    with pytest.raises(UserError) as caught:
        server.create()
    assert str(caught.value) == (
        f"{server.folder}: 20 MiB are free, and a server's files take 40 and more: "
        "set TMPDIR to a folder on another disk"
    )
    assert list(server.folder.iterdir()) == []


def test_when_initdb_fails_its_own_words_are_told(place: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    programs = place / "programs"
    programs.mkdir(mode=0o755)
    programs.chmod(0o755)
    (programs / "initdb").write_text(
        "#!/bin/sh\necho 'initdb: error: could not write: No space left on device' >&2\nexit 1\n"
    )
    (programs / "initdb").chmod(0o755)
    account = server_account()
    server = Server(
        binaries=Binaries(programs, "PG_BIN", "17"),
        account=account,
        folder=place / "full",
        max_connections=10,
        reserved_connections=3,
    )
    with pytest.raises(UserError) as caught:
        server.create()
    assert str(caught.value) == "initdb failed: initdb: error: could not write: No space left on device"
