"""Ordinary clients of PostgreSQL use the pooler as they use PostgreSQL."""

import asyncio
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import asyncpg
import psycopg
import pytest
import sqlalchemy
from psycopg import sql
from psycopg.rows import tuple_row
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import QueuePool

from headroom.drill.binaries import Binaries
from headroom.drill.place import LOOPBACK
from tests.drill.pooler.conftest import RunningPooler, StartPooler

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("pooler")]


def test_psycopg_queries_transactions_and_its_prepared_statements(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn()) as connection:
        for number in range(20):  # from the sixth on, psycopg prepares
            assert connection.execute("SELECT %s::int + 1", (number,)).fetchone() == (number + 1,)
            connection.commit()
        connection.execute("CREATE TABLE IF NOT EXISTS psycopg_table (n int)")
        connection.commit()
        connection.execute("INSERT INTO psycopg_table VALUES (1)")
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM psycopg_table").fetchone() == (0,)
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM nowhere")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        connection.rollback()
        with connection.transaction(), pytest.raises(psycopg.errors.DivisionByZero), connection.transaction():
            connection.execute("SELECT 1/0")
        connection.execute("DROP TABLE psycopg_table")
    stats = pooler.settled(client_connections=0, server_connections_borrowed=0)
    assert stats["clients_vanished"] == 0
    assert stats["pinned"] == {
        "DEALLOCATE or DISCARD": 1
    }  # psycopg throws its statements away after a ROLLBACK or a DROP


def test_clients_share_server_connections_and_each_others_prepared_statements(start_pooler: StartPooler) -> None:
    pooler = start_pooler(5)  # two server connections
    connections = [psycopg.connect(pooler.dsn(), autocommit=True, prepare_threshold=0) for _ in range(20)]
    try:
        with ThreadPoolExecutor(20) as threads:
            for _ in range(10):
                asked = [
                    threads.submit(lambda c, n: c.execute("SELECT %s::int", (n,)).fetchone(), connection, number)
                    for number, connection in enumerate(connections)
                ]
                assert [answer.result() for answer in asked] == [(n,) for n in range(20)]
    finally:
        for connection in connections:
            connection.close()
    stats = pooler.stats()
    assert stats["server_connections"] == 2
    assert stats["pinned"] == {}


def test_psycopg_pipelines_with_errors_in_them(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn(), autocommit=True) as connection:
        with connection.pipeline() as pipeline:
            first = [connection.execute("SELECT %s::int", (n,)) for n in range(50)]
            pipeline.sync()
            second = [connection.execute("SELECT %s::int", (n,), prepare=True) for n in range(50)]
        assert [cursor.fetchone() for cursor in first + second] == [(n,) for n in range(50)] * 2
        with pytest.raises(psycopg.errors.DivisionByZero), connection.pipeline():  # noqa: PT012 - it is raised at the end
            connection.execute("SELECT 1", prepare=True)
            connection.execute("SELECT 1/0", prepare=True)
            connection.execute("SELECT 2::int, 2", prepare=True)
        with connection.pipeline():
            after = connection.execute("SELECT 2::int, 2", prepare=True)
        assert after.fetchone() == (2, 2)
    assert pooler.settled(server_connections_borrowed=0)["clients_vanished"] == 0


def test_psycopg_copies_in_and_out(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn(), autocommit=True) as connection:
        connection.execute("CREATE TABLE copied (n int, t text)")
        try:
            with connection.cursor().copy("COPY copied FROM STDIN") as copy:
                for number in range(20_000):
                    copy.write_row((number, "x" * 50))
            with connection.cursor().copy("COPY copied TO STDOUT") as copy:
                copy.set_types(["int4", "text"])
                assert sum(row[0] for row in copy.rows()) == sum(range(20_000))
            with (  # noqa: PT012 - it is raised at the end
                pytest.raises(psycopg.errors.InvalidTextRepresentation),
                connection.cursor().copy("COPY copied FROM STDIN") as copy,
            ):
                for _ in range(20_000):
                    copy.write("not a number\tx\n")
            with suppress(ZeroDivisionError), connection.cursor().copy("COPY copied FROM STDIN") as copy:
                copy.write_row((1, "x"))
                raise ZeroDivisionError
            assert connection.execute("SELECT count(*) FROM copied").fetchone() == (20_000,)
            # With parameters it is the extended protocol, where the server ignores a Sync in mid-copy.
            with connection.cursor().copy("COPY (SELECT n FROM copied WHERE n < %s) TO STDOUT", (3,)) as copy:
                assert [row[0] for row in copy.rows()] == ["0", "1", "2"]
        finally:
            connection.execute("DROP TABLE copied")
    assert pooler.settled(server_connections_borrowed=0)["clients_vanished"] == 0


def test_psycopg_copies_in_by_the_extended_protocol(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn(), autocommit=True) as connection:
        connection.execute("CREATE TABLE copied_extended (n int)")
        try:
            pg = connection.pgconn
            for good in (True, False, True):
                result = pg.exec_params(b"COPY copied_extended FROM STDIN", [])
                assert result.status == psycopg.pq.ExecStatus.COPY_IN
                for _ in range(1000):
                    pg.put_copy_data(b"1\n" if good else b"x\n")
                pg.put_copy_end()
                last = pg.get_result()
                assert last is not None
                assert last.status == (psycopg.pq.ExecStatus.COMMAND_OK if good else psycopg.pq.ExecStatus.FATAL_ERROR)
                assert pg.get_result() is None
            assert connection.execute("SELECT sum(n) FROM copied_extended").fetchone() == (2000,)
            assert pooler.settled(server_connections_borrowed=0)["clients_vanished"] == 0
        finally:
            connection.execute("DROP TABLE copied_extended")


def test_psycopg_server_cursors_with_and_without_hold(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn()) as connection:
        with connection.cursor("in_transaction") as cursor:
            cursor.execute("SELECT generate_series(1, 1000)")
            assert sum(row[0] for row in cursor) == 500_500
        connection.commit()
        with connection.cursor("held", withhold=True) as cursor:
            cursor.execute("SELECT generate_series(1, 1000)")
            connection.commit()
            assert len(cursor.fetchmany(10)) == 10
            connection.commit()
            assert len(cursor.fetchall()) == 990
    assert pooler.settled(client_connections=0)["pinned"] == {"cursor": 1}


def test_async_psycopg(pooler: RunningPooler) -> None:
    async def main() -> None:
        async def one(number: int) -> None:
            async with await psycopg.AsyncConnection.connect(pooler.dsn()) as connection:
                for _ in range(10):
                    cursor = connection.cursor(row_factory=tuple_row)
                    await cursor.execute("SELECT %s::int", (number,))
                    assert await cursor.fetchone() == (number,)
                    await connection.commit()

        await asyncio.gather(*(one(n) for n in range(30)))

    asyncio.run(main())
    assert pooler.stats()["server_connections"] <= 8


def test_asyncpg_with_its_statement_cache_and_its_pool(pooler: RunningPooler) -> None:
    async def main() -> None:
        async with asyncpg.create_pool(**pooler.address(), min_size=30, max_size=30) as pool:

            async def one(number: int) -> None:
                async with pool.acquire() as connection:
                    async with connection.transaction():
                        assert await connection.fetchval("SELECT $1::int + 1", number) == number + 1
                    assert [r["n"] for r in await connection.fetch("SELECT generate_series(1, $1::int) AS n", 5)] == [
                        *range(1, 6)
                    ]

            await asyncio.gather(*(one(n) for n in range(300)))

    asyncio.run(main())
    stats = pooler.stats()
    assert stats["server_connections"] <= 8
    assert stats["pinned"] == {}  # its reset query only takes state away


def test_asyncpg_introspection_cursors_copies_errors_and_executemany(pooler: RunningPooler) -> None:
    async def main() -> None:
        connection = await asyncpg.connect(**pooler.address())
        try:
            await connection.execute(
                "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE moods (n int, m mood, a mood[])"
            )
            # Unknown types make it ask the server, with jit off by set_config: a pin, as on RDS Proxy.
            await connection.executemany(
                "INSERT INTO moods VALUES ($1, $2, $3)", [(n, "ok", ["sad"]) for n in range(10)]
            )
            row = await connection.fetchrow("SELECT m, a FROM moods LIMIT 1")
            assert row is not None
            assert tuple(row) == ("ok", ["sad"])
            await connection.set_type_codec("mood", encoder=str.lower, decoder=str.upper)
            assert await connection.fetchval("SELECT m FROM moods LIMIT 1") == "OK"
            await connection.reset_type_codec("mood")
            async with connection.transaction():
                assert len([r async for r in connection.cursor("SELECT * FROM moods", prefetch=3)]) == 10
            await connection.copy_records_to_table(
                "moods", records=[(n, "sad", []) for n in range(5000)], columns=["n", "m", "a"]
            )
            assert await connection.fetchval("SELECT count(*) FROM moods") == 5010
            with pytest.raises(asyncpg.DivisionByZeroError):
                await connection.fetchval("SELECT 1 / $1::int", 0)
            statement = await connection.prepare("SELECT $1::int")
            assert await statement.fetchval(3) == 3
            with pytest.raises(asyncpg.QueryCanceledError):
                async with connection.transaction():
                    await connection.execute("SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)")
            with pytest.raises(TimeoutError):  # it sends a cancel request
                await connection.fetchval("SELECT pg_sleep(30)", timeout=0.1)
            assert await connection.fetchval("SELECT 1") == 1
        finally:
            await connection.execute("DROP TABLE moods; DROP TYPE mood")
            await connection.close()

    asyncio.run(main())
    stats = pooler.settled(client_connections=0, server_connections_borrowed=0)
    assert stats["pinned"] == {"SET": 1}
    assert stats["cancels"] == 1


def test_asyncpg_without_a_statement_cache(pooler: RunningPooler) -> None:
    async def main() -> None:
        connections = await asyncio.gather(
            *(asyncpg.connect(**pooler.address(statement_cache_size=0)) for _ in range(20))
        )

        async def one(connection: "asyncpg.Connection[asyncpg.Record]", number: int) -> None:
            for _ in range(20):
                assert await connection.fetchval("SELECT $1::int", number) == number
                await connection.execute("SELECT 1")

        await asyncio.gather(*(one(c, n) for n, c in enumerate(connections)))
        await asyncio.gather(*(c.close() for c in connections))

    asyncio.run(main())
    assert pooler.stats()["pinned"] == {}


def test_sqlalchemys_pool_on_psycopg(pooler: RunningPooler) -> None:
    url = f"postgresql+psycopg://postgres@{LOOPBACK}:{pooler.port}/postgres"
    engine = sqlalchemy.create_engine(url, poolclass=QueuePool, pool_size=20, pool_pre_ping=True)
    table = sqlalchemy.Table(
        "alchemy", sqlalchemy.MetaData(), sqlalchemy.Column("n", sqlalchemy.Integer, primary_key=True)
    )
    table.create(engine)
    try:

        def one(number: int) -> int:
            with engine.begin() as connection:
                connection.execute(table.insert().values(n=number))
                found = connection.execute(sqlalchemy.select(table.c.n).where(table.c.n == number)).scalar_one()
            return int(found)

        with ThreadPoolExecutor(20) as threads:
            assert list(threads.map(one, range(200))) == list(range(200))
        with engine.connect() as connection:
            assert connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(table)).scalar_one() == 200
        assert set(pooler.stats()["pinned"]) <= {"DEALLOCATE or DISCARD"}  # psycopg after the pool's ROLLBACK
    finally:
        table.drop(engine)
        engine.dispose()
    assert pooler.settled(client_connections=0, server_connections_borrowed=0)["clients_vanished"] == 0


def test_sqlalchemys_pool_on_asyncpg(pooler: RunningPooler) -> None:
    async def main() -> None:
        engine = create_async_engine(f"postgresql+asyncpg://postgres@{LOOPBACK}:{pooler.port}/postgres", pool_size=20)

        async def one(number: int) -> None:
            async with engine.begin() as connection:
                found = await connection.execute(sqlalchemy.text("SELECT CAST(:n AS int)"), {"n": number})
                assert found.scalar_one() == number

        await asyncio.gather(*(one(n) for n in range(200)))
        await engine.dispose()

    asyncio.run(main())


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_pgbench_with_more_clients_than_connections(binaries: Binaries, pooler: RunningPooler, mode: str) -> None:
    common = ["-h", LOOPBACK, "-p", str(pooler.port), "-U", "postgres"]
    subprocess.run([binaries["pgbench"], *common, "-i", "-q", "postgres"], check=True, capture_output=True)
    command = [binaries["pgbench"], *common, "-n", "-M", mode, "-c", "60", "-t", "10", "postgres"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "number of transactions actually processed: 600/600" in done.stdout
    stats = pooler.settled(client_connections=0, server_connections_borrowed=0)
    assert stats["server_connections"] <= 8
    assert (stats["pinned"], stats["clients_vanished"]) == ({}, 0)


def test_pgbench_reconnecting_and_pipelining(
    binaries: Binaries, pooler: RunningPooler, tmp_path_factory: pytest.TempPathFactory
) -> None:
    script = tmp_path_factory.mktemp("pgbench") / "pipeline.sql"
    script.write_text("\\startpipeline\nSELECT 1;\nSELECT 2;\nSELECT 3;\n\\endpipeline\n")
    common = ["-h", LOOPBACK, "-p", str(pooler.port), "-U", "postgres", "-n", "-c", "20", "-t", "10"]
    for more in (["-C", "-S"], ["-M", "prepared", "-f", str(script)], ["-M", "extended", "-f", str(script)]):
        if "-S" in more:
            subprocess.run([binaries["pgbench"], *common[:6], "-i", "-q", "postgres"], check=True, capture_output=True)
        done = subprocess.run(
            [binaries["pgbench"], *common, *more, "postgres"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "number of transactions actually processed: 200/200" in done.stdout


def test_psql_and_its_introspection(binaries: Binaries, pooler: RunningPooler) -> None:
    command = [binaries["psql"], "-X", "-At", pooler.dsn(), "-c", "\\d pg_class", "-c", "SELECT 1; SELECT 2"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["1", "2"]
    shown = subprocess.run(
        [binaries["psql"], "-X", "-At", pooler.dsn("pooler"), "-c", "show pool;"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith("0|0|8|")


def test_a_big_result_reaches_a_slow_client_whole(pooler: RunningPooler) -> None:
    with (
        psycopg.connect(pooler.dsn(), autocommit=True) as slow,
        psycopg.connect(pooler.dsn(), autocommit=True) as other,
    ):
        pg = slow.pgconn
        pg.send_query(b"SELECT repeat('x', 1000) FROM generate_series(1, 50000)")
        assert other.execute("SELECT 1").fetchone() == (1,)  # nobody waits for the slow one
        result = pg.get_result()
        assert result is not None
        assert result.ntuples == 50_000
        assert pg.get_result() is None
        big = "y" * 5_000_000
        assert other.execute("SELECT length(%s)", (big,)).fetchone() == (5_000_000,)


def test_startup_parameters_are_the_sessions_own(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn(), autocommit=True) as admin:
        admin.execute("CREATE SCHEMA IF NOT EXISTS elsewhere")
    for number in range(2):
        options = "'-c search_path=elsewhere -c statement_timeout=12345'"
        with psycopg.connect(pooler.dsn(application_name=f"app{number}", options=options), autocommit=True) as mine:
            assert mine.execute("SHOW application_name").fetchone() == (f"app{number}",)
            assert mine.execute("SHOW search_path").fetchone() == ("elsewhere",)
            assert mine.execute("SHOW statement_timeout").fetchone() == ("12345ms",)
            assert mine.info.parameter_status("application_name") == f"app{number}"
            with psycopg.connect(pooler.dsn(), autocommit=True) as other:
                assert other.execute("SHOW search_path").fetchone() == ('"$user", public',)


def test_many_application_names_share_the_pool(start_pooler: StartPooler) -> None:
    pooler = start_pooler(10, 5)  # 4 server connections, 12 identities at once
    barrier = threading.Barrier(12)

    def one(number: int) -> None:
        with psycopg.connect(pooler.dsn(application_name=f"app{number}"), autocommit=True) as connection:
            barrier.wait()
            for _ in range(20):
                assert connection.execute("SHOW application_name").fetchone() == (f"app{number}",)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(one, range(12)))
    stats = pooler.settled(client_connections=0)
    assert stats["server_connections"] <= 4
    assert stats["borrow_timeouts"] == 0


def test_notifications_reach_a_pinned_listener(pooler: RunningPooler) -> None:
    with (
        psycopg.connect(pooler.dsn(), autocommit=True) as listener,
        psycopg.connect(pooler.dsn(), autocommit=True) as other,
    ):
        listener.execute("LISTEN news")
        other.execute("NOTIFY news, 'hello'")
        assert [n.payload for n in listener.notifies(timeout=5, stop_after=1)] == ["hello"]
        assert pooler.stats()["server_connections_pinned"] == 1
    assert pooler.settled(server_connections_pinned=0)["pinned"] == {"LISTEN": 1}


def test_deallocate_all_makes_room_for_the_same_names(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn(), autocommit=True) as connection:
        pg = connection.pgconn
        for statement in (b"DEALLOCATE ALL", b"DISCARD ALL", b"DISCARD ALL"):
            assert pg.prepare(b"mine", b"SELECT 1").status == psycopg.pq.ExecStatus.COMMAND_OK
            assert pg.exec_prepared(b"mine", []).ntuples == 1
            again = pg.prepare(b"mine", b"SELECT 2")
            assert again.error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"42P05"
            connection.execute(sql.SQL(statement.decode()))
            gone = pg.exec_prepared(b"mine", [])
            assert gone.error_field(psycopg.pq.DiagnosticField.SQLSTATE) == b"26000"
