"""The server breaks, clients send garbage, the pooler is told to end: everybody gets an answer, and nothing is left."""

import asyncio
import random
import signal
import socket
import threading
import time

import psutil
import psycopg
import pytest

from headroom.drill.place import LOOPBACK
from headroom.drill.pooler import Pooler, PoolerSettings
from headroom.drill.server import Server
from headroom.errors import UserError
from tests.drill.pooler.conftest import MAX_CONNECTIONS, StartPooler
from tests.drill.pooler.wire import Wire, fields, message, query, startup

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("pooler")]


def test_a_server_that_crashes_and_comes_back(start_pooler: StartPooler, own_server: Server) -> None:
    pooler = start_pooler(20, 10, to=own_server)
    with (
        Wire(pooler.port).login() as in_transaction,
        Wire(pooler.port).login() as running,
        Wire(pooler.port).login() as idle,
    ):
        in_transaction.send(query("BEGIN"))
        in_transaction.kinds()
        running.send(query("SELECT pg_sleep(30)"))
        pooler.settled(server_connections_borrowed=2)
        port = own_server.port
        own_server.kill()
        for client in (in_transaction, running):
            error = fields(client.until("E")[-1][1])
            # A backend may still say that its postmaster is gone; else it is the pooler that says it.
            assert error["S"] == "FATAL"
            assert (error["C"], error["M"]) in {
                ("08006", "the database closed the connection"),
                ("57P01", "terminating connection due to unexpected postmaster exit"),
            }
            assert client.read() == ("", b"")
        pooler.settled(server_connections=0)
        idle.send(query("SELECT 1"))  # waits for the server
        with Wire(pooler.port) as new:  # the login is known: it is let in meanwhile
            new.login()
        own_server.start(port)
        assert idle.kinds() == "TDCZ"
        with Wire(pooler.port).login() as after:
            after.send(query("SELECT 1"))
            assert after.kinds() == "TDCZ"


def test_a_server_that_restarts_politely(start_pooler: StartPooler, own_server: Server) -> None:
    pooler = start_pooler(20, 10, to=own_server)
    with Wire(pooler.port).login() as busy, Wire(pooler.port).login() as idle:
        busy.send(query("BEGIN"))
        busy.kinds()
        port = own_server.port
        own_server.stop()
        error = fields(busy.until("E")[-1][1])  # the server's own words
        assert error["C"] == "57P01"
        assert busy.read() == ("", b"")
        own_server.start(port)
        idle.send(query("SELECT 1"))
        assert idle.kinds() == "TDCZ"


def test_a_server_that_stays_away_is_named_when_the_wait_is_over(start_pooler: StartPooler, own_server: Server) -> None:
    pooler = start_pooler(20, 0.5, to=own_server)
    with Wire(pooler.port).login() as client:
        own_server.stop()
        client.send(query("SELECT 1"))
        error = fields(client.until("E")[-1][1])
        assert (error["S"], error["C"]) == ("ERROR", "08000")
        assert error["D"].startswith("The reference pooler waited 0.5 s: ")
        assert "onnect" in error["D"]
        assert client.kinds() == "Z"


def test_others_that_take_the_servers_slots_make_clients_wait(start_pooler: StartPooler, own_server: Server) -> None:
    pooler = start_pooler(100, 10, to=own_server)
    direct = [Wire(own_server.port).login(user="postgres") for _ in range(MAX_CONNECTIONS)]  # the reserved ones, too
    with Wire(pooler.port) as client:
        client.send(startup(user="postgres", database="postgres") + query("SELECT 1"))
        time.sleep(0.2)
        for wire in direct:
            wire.__exit__(None, None, None)
        assert client.kinds(2).endswith("ZTDCZ")


def test_garbage_hurts_nobody_else(start_pooler: StartPooler) -> None:
    pooler = start_pooler(20, 10)
    chance = random.Random(1)  # noqa: S311 - noise, not secrets
    wrong: list[BaseException] = []

    def good() -> None:
        try:
            with psycopg.connect(pooler.dsn(), autocommit=True, prepare_threshold=0) as connection:
                for number in range(150):
                    assert connection.execute("SELECT %s::int", (number,)).fetchone() == (number,)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            wrong.append(error)

    def garbage() -> bytes:
        kinds = "QPBDECSHFdcfpXZ?"
        noise = [
            lambda: chance.randbytes(chance.randrange(1, 200)),
            lambda: message(chance.choice(kinds), chance.randbytes(chance.randrange(0, 40))),
            lambda: query("SELECT 1")[: chance.randrange(1, 12)],
            lambda: query("COPY (SELECT 1) TO STDOUT"),
        ]
        return b"".join(chance.choice(noise)() for _ in range(chance.randrange(1, 8)))

    threads = [threading.Thread(target=good) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(300):
        with Wire(pooler.port) as client:
            try:
                if number % 3:
                    client.login()
                client.send(garbage())
                if number % 2:
                    client.socket.settimeout(0.02)
                    client.until()
            except OSError:
                pass
    for thread in threads:
        thread.join(60)
    assert wrong == []
    stats = pooler.settled(client_connections=0, server_connections_borrowed=0, clients_waiting=0)
    assert stats["server_connections"] <= 8
    with psycopg.connect(pooler.dsn(), autocommit=True) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_it_is_told_to_end(
    start_pooler: StartPooler, server: Server, number: signal.Signals
) -> None:
    pooler = start_pooler(20, 10)
    with (
        psycopg.connect(f"host={LOOPBACK} port={server.port} user=postgres dbname=postgres", autocommit=True) as direct,
        Wire(pooler.port).login(application_name="leaving") as running,
        Wire(pooler.port).login(application_name="leaving") as in_transaction,
        Wire(pooler.port).login(application_name="leaving") as idle,
    ):
        running.send(query("SELECT pg_sleep(30)"))
        in_transaction.send(query("BEGIN"))
        in_transaction.kinds()
        pooler.settled(server_connections_borrowed=2)
        pooler.process.send_signal(number)
        assert pooler.process.wait(10) == 0
        for client in (running, in_transaction, idle):
            error = fields(client.until("E")[-1][1])
            assert error["M"] == "terminating connection: the reference pooler is shutting down"
            assert error["C"] == "57P01"
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'leaving'"
        assert direct.execute(count).fetchone() == (0,)
        with socket.socket() as probe:
            assert probe.connect_ex((LOOPBACK, pooler.port)) != 0


def test_a_port_in_use_is_said_in_one_line(server: Server) -> None:
    async def main() -> str:
        async with Pooler(PoolerSettings(server_port=server.port)) as first:
            with pytest.raises(UserError) as raised:
                async with Pooler(PoolerSettings(server_port=server.port, port=first.port)):
                    pass
            return str(raised.value).replace(str(first.port), "PORT")

    assert asyncio.run(main()) == "port PORT of 127.0.0.1 is in use: name another, or 0 for a free one"


def test_in_process_it_leaves_no_task_and_no_socket(server: Server) -> None:
    async def main() -> None:
        async with Pooler(PoolerSettings(server_port=server.port, max_connections=MAX_CONNECTIONS)) as pooler:
            address = f"host={LOOPBACK} port={pooler.port} user=postgres dbname=postgres"
            clients = [await psycopg.AsyncConnection.connect(address) for _ in range(5)]
            for client in clients:
                await client.execute("SELECT 1")
            assert pooler.stats().server_connections_borrowed == 5
            assert pooler.stats().client_connections == 5
        for client in clients:
            await client.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    before = len(psutil.Process().net_connections())
    asyncio.run(main())
    assert len(psutil.Process().net_connections()) <= before
