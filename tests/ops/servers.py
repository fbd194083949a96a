"""A real PostgreSQL with twenty slots, sixteen of them for services, and clients that really hold them."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import psycopg
import pytest

from headroom.drill.binaries import find_binaries, reachable, server_account
from headroom.drill.place import LOOPBACK, drill_folder
from headroom.drill.server import SUPERUSER, Server
from headroom.errors import UserError

PASSWORD = "s3cret-and-never-shown"
USERS = ("checkout", "catalogue", "search", "reporting")


@pytest.fixture(scope="session")
def one_server() -> Iterator[Server]:
    """One for all tests of a worker."""
    try:
        account, binaries = server_account(), find_binaries()
    except UserError as error:
        pytest.skip(f"no PostgreSQL to run: {error}")
    with drill_folder(account) as folder:
        found = Server(
            binaries=reachable(binaries, account, folder),
            account=account,
            folder=folder / "ops",
            max_connections=20,
            reserved_connections=5,
            password=PASSWORD,
        )
        found.create()
        found.start()
        try:
            yield found
        finally:
            found.stop()


@pytest.fixture
def server(one_server: Server) -> Server:
    """With the services' roles, without limits, and nobody connected."""
    with admin(one_server) as database:
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        for user in USERS:
            database.execute(f"DROP ROLE IF EXISTS {user}")
            database.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT -1")
        database.execute("CREATE TABLE IF NOT EXISTS stock (article int PRIMARY KEY, pieces int)")
        database.execute("INSERT INTO stock VALUES (1, 100) ON CONFLICT DO NOTHING")
        database.execute("GRANT ALL ON stock TO PUBLIC")
        until(database, "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = ANY(%s)", list(USERS))
    return one_server


def dsn(server: Server, user: str = SUPERUSER, password: str = PASSWORD) -> str:
    return f"postgresql://{user}:{password}@{LOOPBACK}:{server.port}/postgres"


def client(server: Server, user: str, *, autocommit: bool = True) -> "psycopg.Connection[Any]":
    return psycopg.connect(dsn(server, user), autocommit=autocommit, application_name=f"{user}-app")


@contextmanager
def admin(server: Server) -> Iterator["psycopg.Connection[Any]"]:
    with closing(client(server, SUPERUSER)) as database:
        yield database


def until(database: "psycopg.Connection[Any]", question: str, *parameters: Any) -> None:
    """Wait until the database says yes."""
    for _ in range(500):
        row = database.execute(question, parameters).fetchone()
        if row is not None and row[0]:
            return
        time.sleep(0.02)
    raise AssertionError(f"it didn't come: {question}")


@contextmanager
def idle_clients(server: Server, user: str, count: int) -> Iterator[None]:
    """So many connections that do nothing."""
    with ExitStack() as open_:
        for _ in range(count):
            open_.enter_context(closing(client(server, user)))
        yield


@contextmanager
def queue_on_a_row(server: Server, waiters: int) -> Iterator[int]:
    """One session updates the hot row and then does nothing; the others wait for it. Yields the first's process id."""
    from threading import Thread

    def wait(connection: "psycopg.Connection[Any]") -> None:
        with suppress(psycopg.Error):  # it is ended with the test
            connection.execute("UPDATE stock SET pieces = pieces - 1 WHERE article = 1")

    with ExitStack() as open_:
        holder = open_.enter_context(closing(client(server, "checkout", autocommit=False)))
        holder.execute("UPDATE stock SET pieces = pieces - 1 WHERE article = 1")
        waiting = [open_.enter_context(closing(client(server, "catalogue"))) for _ in range(waiters)]
        threads = [Thread(target=wait, args=(connection,)) for connection in waiting]
        for thread in threads:
            thread.start()
        with admin(server) as database:
            until(database, "SELECT count(*) = %s FROM pg_stat_activity WHERE wait_event_type = 'Lock'", waiters)
        try:
            yield holder.info.backend_pid
        finally:
            with admin(server) as database:
                database.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('checkout', 'catalogue')"
                )
            for thread in threads:
                thread.join()


@contextmanager
def logged_connections(server: Server) -> Iterator[Callable[[], list[str]]]:
    """The server logs each connection that it lets in; what it has logged since then."""

    def set_(word: str) -> None:
        with admin(server) as database:
            database.execute(f"ALTER SYSTEM SET log_connections = {word}")
            database.execute("SELECT pg_reload_conf()")
        for _ in range(500):  # a session keeps what it began with
            with admin(server) as database:
                if database.execute("SHOW log_connections").fetchone() == (word,):
                    return
            time.sleep(0.02)
        raise AssertionError(f"log_connections isn't {word}")

    set_("on")
    start = len(server.log.read_text())
    try:
        yield lambda: [line for line in server.log.read_text()[start:].splitlines() if "connection authorized" in line]
    finally:
        set_("off")
