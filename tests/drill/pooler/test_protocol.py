"""What the pooler does at the protocol's edges, seen by a client that can say anything."""

import struct
import subprocess
import time

import psycopg
import pytest

from headroom.drill.binaries import Binaries
from headroom.drill.place import LOOPBACK
from headroom.drill.server import Server
from tests.drill.pooler import wire
from tests.drill.pooler.conftest import PASSWORD, RunningPooler, StartPooler
from tests.drill.pooler.wire import (
    EXECUTE,
    FLUSH,
    SYNC,
    TERMINATE,
    Wire,
    bind,
    close,
    fields,
    message,
    parse,
    query,
    startup,
)

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("pooler")]

_BUSY = "SELECT pg_sleep(30)"


def test_requests_sent_at_once_are_answered_in_order(pooler: RunningPooler) -> None:
    with Wire(pooler.port).login() as client:
        client.send(query("SELECT 1") * 3 + parse("", "SELECT 2") + bind("") + EXECUTE + SYNC + query("SELECT 3"))
        assert client.kinds(5) == "TDCZ" * 3 + "12DCZ" + "TDCZ"


def test_an_error_skips_to_the_next_sync_and_no_further(pooler: RunningPooler) -> None:
    with Wire(pooler.port).login() as client:
        client.send(
            parse("a", "SELECT 1") + parse("b", "SELECT nowhere") + parse("c", "SELECT 3") + SYNC
            + bind("a") + EXECUTE + SYNC
            + parse("b", "SELECT 2") + parse("c", "SELECT 3") + bind("b") + EXECUTE + bind("c") + EXECUTE + SYNC
        )  # fmt: skip
        assert client.kinds(3) == "1EZ" + "2DCZ" + "112DC2DCZ"
    assert pooler.settled(client_connections=0, server_connections_borrowed=0)["clients_vanished"] == 0


def test_a_statement_is_prepared_again_where_its_client_lands(start_pooler: StartPooler) -> None:
    pooler = start_pooler(5)
    with Wire(pooler.port).login() as one, Wire(pooler.port).login() as two:
        one.send(parse("mine", "SELECT 1::int") + SYNC)
        assert one.kinds() == "1Z"
        two.send(query("BEGIN"))  # takes the connection that knows the statement
        assert two.kinds() == "CZ"
        one.send(message("D", b"Smine\0") + bind("mine") + EXECUTE + SYNC)
        assert one.kinds() == "tT2DCZ"
        one.send(close("mine") + bind("mine") + SYNC)
        assert one.kinds() == "3EZ"


def test_the_unnamed_statement_outlives_its_transaction(pooler: RunningPooler) -> None:
    with Wire(pooler.port).login() as one, Wire(pooler.port).login() as two:
        one.send(parse("", "SELECT 1") + SYNC)
        two.send(parse("", "SELECT 2, 2") + SYNC)
        assert (one.kinds(), two.kinds()) == ("1Z", "1Z")
        one.send(bind("") + EXECUTE + SYNC)
        assert [kind for kind, _ in one.until("D")] == ["2", "D"]
        assert one.kinds() == "CZ"
        one.send(query("SELECT 1") + bind("") + SYNC)  # a simple query ends it
        assert one.kinds(2) == "TDCZEZ"


def test_somebody_elses_unnamed_statement_is_out_of_reach(start_pooler: StartPooler) -> None:
    pooler = start_pooler(3)  # everybody shares one server connection
    with Wire(pooler.port).login() as one, Wire(pooler.port).login() as two:
        one.send(parse("", "SELECT 'secret'") + SYNC)
        assert one.kinds() == "1Z"
        for request in (bind(""), message("D", b"S\0")):
            two.send(request + EXECUTE + SYNC)
            assert fields(two.until("E")[-1][1])["C"] == "26000"
            assert two.kinds() == "Z"


def test_a_flush_without_a_sync_keeps_the_connection(pooler: RunningPooler) -> None:
    with Wire(pooler.port).login() as client:
        client.send(parse("", "SELECT 1") + bind("") + EXECUTE + FLUSH)
        assert [kind for kind, _ in client.until("C")] == ["1", "2", "D", "C"]
        assert pooler.stats()["server_connections_borrowed"] == 1
        client.send(SYNC)
        assert client.kinds() == "Z"
        assert pooler.settled(server_connections_borrowed=0)["pinned"] == {}


def test_a_query_in_an_unfinished_extended_one_pins(pooler: RunningPooler) -> None:
    with Wire(pooler.port).login() as client:
        client.send(parse("", "SELECT 1") + bind("") + EXECUTE + query("SELECT 2") + SYNC)
        assert client.kinds(2) == "12DCTDCZZ"
        assert pooler.stats()["pinned"] == {"simple query inside an extended one": 1}


def test_what_was_asked_for_before_a_good_bye_is_done(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn(), autocommit=True) as other:
        other.execute("CREATE TABLE last_words (n int)")
        try:
            with Wire(pooler.port).login() as client:
                client.send(query("SELECT pg_sleep(0.2); INSERT INTO last_words VALUES (1)") + TERMINATE)
                client.until()
            pooler.settled(client_connections=1, server_connections_borrowed=0)
            deadline = time.monotonic() + 5
            while other.execute("SELECT count(*) FROM last_words").fetchone() == (0,) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert other.execute("SELECT count(*) FROM last_words").fetchone() == (1,)
        finally:
            other.execute("DROP TABLE last_words")


def test_a_client_that_waits_too_long_gets_an_error_and_stays(start_pooler: StartPooler) -> None:
    pooler = start_pooler(3, 0.3)  # one server connection
    with Wire(pooler.port).login() as holder, Wire(pooler.port).login() as waiter:
        holder.send(query("BEGIN"))
        assert holder.kinds() == "CZ"
        for asked in (query("SELECT 1"), parse("", "SELECT 1") + bind("") + EXECUTE + SYNC):
            began = time.monotonic()
            waiter.send(asked)
            kind, body = waiter.read()
            assert time.monotonic() - began >= 0.25
            assert kind == "E"
            assert fields(body) == {
                "S": "ERROR",
                "V": "ERROR",
                "C": "08000",
                "M": "Timed-out waiting to acquire database connection.",
                "D": "The reference pooler waited 0.3 s: all 1 are in use (0 of them pinned).",
            }
            assert waiter.kinds() == "Z"
        holder.send(query("COMMIT"))
        waiter.send(query("SELECT 1"))
        assert waiter.kinds() == "TDCZ"
        stats = pooler.stats()
    assert stats["borrow_timeouts"] == 2
    assert stats["wait_seconds"] >= 0.6


def test_waiters_are_served_in_order(start_pooler: StartPooler) -> None:
    pooler = start_pooler(3)
    with Wire(pooler.port).login() as holder, Wire(pooler.port).login() as one, Wire(pooler.port).login() as two:
        holder.send(query("BEGIN"))
        holder.kinds()
        one.send(query("SELECT to_char(clock_timestamp(), 'HH24:MI:SS.US')"))
        pooler.settled(clients_waiting=1)
        two.send(query("SELECT to_char(clock_timestamp(), 'HH24:MI:SS.US')"))
        pooler.settled(clients_waiting=2)
        holder.send(query("COMMIT"))
        first, second = one.until("D")[-1][1], two.until("D")[-1][1]
        assert first < second


def test_a_waiter_that_leaves_is_forgotten(start_pooler: StartPooler) -> None:
    pooler = start_pooler(3)
    with Wire(pooler.port).login() as holder:
        holder.send(query("BEGIN"))
        holder.kinds()
        with Wire(pooler.port).login() as waiter:
            waiter.send(query("SELECT 1"))
            pooler.settled(clients_waiting=1)
        pooler.settled(clients_waiting=0, client_connections=1)


def test_a_cancel_request_reaches_the_query_that_runs(pooler: RunningPooler) -> None:
    with Wire(pooler.port).login() as client, Wire(pooler.port).login() as other:
        client.send(query(_BUSY))
        other.send(query("SELECT pg_sleep(0.5)"))
        pooler.settled(server_connections_borrowed=2)
        with Wire(pooler.port) as wrong:
            wrong.send(struct.pack("!iii", 16, 80877102, client.pid) + bytes(4))
            wrong.until()
        with Wire(pooler.port) as canceller:
            canceller.send(struct.pack("!iii", 16, 80877102, client.pid) + client.secret)
            assert canceller.read() == ("", b"")
        messages = client.until("Z")
        assert fields(messages[-2][1])["C"] == "57014"
        assert other.kinds() == "TDCZ"
        client.send(query("SELECT 1"))
        assert client.kinds() == "TDCZ"
    assert pooler.stats()["cancels"] == 1


def test_a_cancel_request_ends_a_wait(start_pooler: StartPooler) -> None:
    pooler = start_pooler(3)
    with Wire(pooler.port).login() as holder, Wire(pooler.port).login() as waiter:
        holder.send(query("BEGIN"))
        holder.kinds()
        waiter.send(query("SELECT 1"))
        pooler.settled(clients_waiting=1)
        with Wire(pooler.port) as canceller:
            canceller.send(struct.pack("!iii", 16, 80877102, waiter.pid) + waiter.secret)
            canceller.until()
        assert fields(waiter.until("Z")[0][1])["C"] == "57014"


def test_a_cancel_request_never_hits_the_next_client(start_pooler: StartPooler) -> None:
    pooler = start_pooler(3)  # everybody shares one server connection
    with Wire(pooler.port).login() as victim, Wire(pooler.port).login() as client:
        for _ in range(50):
            client.send(query("SELECT 1"))
            with Wire(pooler.port) as canceller:
                canceller.send(struct.pack("!iii", 16, 80877102, client.pid) + client.secret)
                victim.send(query("SELECT pg_sleep(0.001)"))
                canceller.until()
            client.kinds()
            assert victim.kinds() == "TDCZ"


@pytest.mark.parametrize(
    "last", [b"", query("SELECT 1")[:7], query(_BUSY), parse("", _BUSY) + bind("") + EXECUTE + FLUSH]
)
def test_a_client_that_vanishes_in_a_transaction_leaves_nothing(pooler: RunningPooler, last: bytes) -> None:
    with psycopg.connect(pooler.dsn(), autocommit=True) as other:
        other.execute("CREATE TABLE vanishing (n int); INSERT INTO vanishing VALUES (1)")
        try:
            with Wire(pooler.port).login() as client:
                client.send(query("BEGIN; UPDATE vanishing SET n = 2"))
                client.kinds()
                client.send(last)
                time.sleep(0.1)
            stats = pooler.settled(client_connections=1, server_connections_borrowed=0)
            assert stats["clients_vanished"] == 1
            other.execute("SET lock_timeout = '3s'; UPDATE vanishing SET n = n + 10")
            assert other.execute("SELECT n FROM vanishing").fetchone() == (11,)
            assert other.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)'"
            ).fetchone() == (0,)
        finally:
            other.execute("DROP TABLE vanishing")


def test_a_client_that_vanishes_in_a_copy_leaves_nothing(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn(), autocommit=True) as other:
        other.execute("CREATE TABLE vanishing_copy (n int)")
        try:
            with Wire(pooler.port).login() as client:
                client.send(query("COPY vanishing_copy FROM STDIN"))
                client.until("G")
                client.send(message("d", b"1\n") + message("d", b"2\n")[:6])
            pooler.settled(client_connections=1, server_connections_borrowed=0)
            assert other.execute("SELECT count(*) FROM vanishing_copy").fetchone() == (0,)
        finally:
            other.execute("SET lock_timeout = '3s'; DROP TABLE vanishing_copy")


def test_a_pinned_client_keeps_its_connection_and_its_state_goes_with_it(start_pooler: StartPooler) -> None:
    pooler = start_pooler(5, 0.3)  # two server connections
    with Wire(pooler.port).login() as pinned, psycopg.connect(pooler.dsn(), autocommit=True) as other:
        pinned.send(query("SET statement_timeout = 54321"))
        assert pinned.kinds() == "CZ"
        assert pooler.stats()["server_connections_pinned"] == 1
        for _ in range(5):
            assert other.execute("SHOW statement_timeout").fetchone() == ("0",)
        with Wire(pooler.port).login() as also:
            also.send(query("SELECT pg_advisory_lock(1)"))
            also.kinds()
            with pytest.raises(psycopg.Error, match="all 2 are in use \\(2 of them pinned\\)"):
                other.execute("SELECT 1")
            pinned.send(query("SHOW statement_timeout"))
            assert b"54321ms" in pinned.until("D")[-1][1]
        assert other.execute("SELECT pg_try_advisory_xact_lock(1)").fetchone() == (True,)
    with psycopg.connect(pooler.dsn(), autocommit=True) as after:
        for _ in range(5):
            assert after.execute("SHOW statement_timeout").fetchone() == ("0",)
    assert pooler.settled(server_connections_pinned=0)["pinned"] == {"SET": 1, "advisory lock": 1}


def test_a_parameter_that_a_function_changed_pins(pooler: RunningPooler) -> None:
    with psycopg.connect(pooler.dsn(), autocommit=True) as client:
        client.execute(
            "CREATE FUNCTION hidden() RETURNS void LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM set_config('TimeZone', 'Asia/Tokyo', false); END $$"
        )
        try:
            assert pooler.stats()["pinned"] == {}
            client.execute("SELECT hidden()")
            assert pooler.settled(server_connections_pinned=1)["pinned"] == {"parameter changed by a function": 1}
        finally:
            client.execute("DROP FUNCTION hidden()")


def test_transaction_local_settings_dont_pin(pooler: RunningPooler) -> None:
    with Wire(pooler.port).login() as client:
        client.send(
            query("BEGIN; SET LOCAL TimeZone = 'Asia/Tokyo'; SELECT set_config('work_mem', '8MB', true); COMMIT")
        )
        client.until("Z")
        assert pooler.settled(server_connections_borrowed=0)["pinned"] == {}


def test_tls_and_gss_are_declined_and_life_goes_on_in_clear(pooler: RunningPooler) -> None:
    with Wire(pooler.port) as client:
        for code in (80877103, 80877104):
            client.send(struct.pack("!ii", 8, code))
            assert client.socket.recv(1) == b"N"
        client.login()
    with psycopg.connect(pooler.dsn(sslmode="prefer")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_client_that_insists_on_tls_is_told_and_the_log_says_what_to_do(start_pooler: StartPooler) -> None:
    pooler = start_pooler()
    with pytest.raises(psycopg.OperationalError, match="server does not support SSL, but SSL was required"):
        psycopg.connect(pooler.dsn(sslmode="require"))
    with Wire(pooler.port) as direct_tls:
        direct_tls.send(bytes([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]))
        assert fields(direct_tls.read()[1])["M"] == "a TLS handshake: there is no TLS here, use sslmode=disable"
    pooler.process.terminate()
    _, said = pooler.process.communicate(timeout=10)
    assert said == (
        "reference pooler: a client left when it was told that there is no TLS here: use sslmode=disable or prefer\n"
    )


@pytest.mark.parametrize(
    ("packet", "sqlstate", "text"),
    [
        (startup(131072, user="u"), "0A000", "unsupported frontend protocol 2.0: the reference pooler speaks 3.0"),
        (startup(database="postgres"), "28000", "no PostgreSQL user name specified in startup packet"),
        (
            startup(user="postgres", replication="database"),
            "0A000",
            "replication: the reference pooler has none, and nor has RDS Proxy: connect directly",
        ),
        (startup(user="postgres", database="nowhere"), "3D000", 'database "nowhere" does not exist'),
        (startup(user="nobody here"), "28000", 'role "nobody here" does not exist'),
        (
            startup(user="postgres", database="postgres", options="-c nonsense=1"),
            "42704",
            'unrecognized configuration parameter "nonsense"',
        ),
        (struct.pack("!ii", 4, 196608), "08P01", "invalid length of startup packet"),
    ],
)
def test_logins_that_cant_be_served_are_refused_with_the_reason(
    start_pooler: StartPooler, packet: bytes, sqlstate: str, text: str
) -> None:
    pooler = start_pooler()
    with Wire(pooler.port) as client:
        client.send(packet)
        error = fields(client.until("E")[-1][1])
        assert (error["S"], error["C"], error["M"]) == ("FATAL", sqlstate, text)
        assert client.read() == ("", b"")
    assert pooler.settled(server_connections_borrowed=0)["client_connections"] == 0


def test_a_query_sent_along_with_the_login_is_answered_behind_it(pooler: RunningPooler) -> None:
    with Wire(pooler.port) as client:
        client.send(startup(user="postgres", database="postgres") + query("SELECT 1"))
        assert client.kinds(2).lstrip("RS") == "KZTDCZ"


def test_newer_protocol_versions_are_negotiated_down(pooler: RunningPooler) -> None:
    with Wire(pooler.port) as client:
        client.send(startup(196610, user="postgres", database="postgres", **{"_pq_.future": "on"}))
        assert client.until("Z")[0] == ("v", struct.pack("!ii", 196608, 1) + b"_pq_.future\0")


def test_scram_on_both_sides(
    start_pooler: StartPooler, scram_server: Server, binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    pooler = start_pooler(
        20, 5, "--password-env", "DRILL_PASSWORD", to=scram_server, environment={"DRILL_PASSWORD": PASSWORD}
    )
    with psycopg.connect(pooler.dsn(), password=PASSWORD) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match='password authentication failed for user "postgres"'):
        psycopg.connect(pooler.dsn(), password="wrong")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(pooler.dsn(user="stranger"), password=PASSWORD)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    command = [
        binaries["psql"],
        "-X",
        "-At",
        "-h",
        LOOPBACK,
        "-p",
        str(pooler.port),
        "-U",
        "postgres",
        "-c",
        "SELECT 7",
        "postgres",
    ]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "7\n"


def test_a_server_that_wants_a_password_which_the_pooler_hasnt(start_pooler: StartPooler, scram_server: Server) -> None:
    pooler = start_pooler(20, 5, to=scram_server)
    with pytest.raises(psycopg.OperationalError, match="the pooler has none: start it with --password-env"):
        psycopg.connect(pooler.dsn(), password=PASSWORD)


def test_the_console_answers_one_question(pooler: RunningPooler) -> None:
    with Wire(pooler.port).login(database="pooler") as client:
        client.send(query("show pool ;") + query("SELECT 1") + parse("", "SHOW POOL") + bind("") + SYNC)
        assert client.kinds(3) == "TDCZ" + "EZ" + "EZ"


def test_idle_connections_above_the_limit_are_closed(start_pooler: StartPooler) -> None:
    pooler = start_pooler(20, 5, "--max-idle-connections-percent", "5", "--idle-after-seconds", "0.2")
    clients = [Wire(pooler.port).login() for _ in range(6)]
    for client in clients:
        client.send(query("SELECT pg_sleep(0.3)"))
    assert [client.kinds() for client in clients] == ["TDCZ"] * 6
    assert pooler.settled(server_connections=2)["server_connections_lost"] == 0
    for client in clients:
        with client:
            client.send(wire.TERMINATE)


def test_a_copy_that_fails_slowly_is_told_while_the_client_still_sends(pooler: RunningPooler) -> None:
    rows = b"".join(message("d", b"1\t" + b"x" * 1000 + b"\n") for _ in range(1000))
    with Wire(pooler.port).login() as client:
        client.send(
            query(
                "CREATE TABLE failing_copy (n int, v text);"
                "CREATE FUNCTION fail_slowly() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN PERFORM pg_sleep(0.5); RAISE EXCEPTION 'no such customer'; END $$;"
                "CREATE TRIGGER t BEFORE INSERT ON failing_copy FOR EACH ROW EXECUTE FUNCTION fail_slowly()"
            )
        )
        assert client.until("Z")[-1][0] == "Z"
        client.send(query("COPY failing_copy FROM STDIN"))
        client.until("G")
        for _ in range(20):  # as psql does: 20 MB, without a look at what comes back
            client.send(rows)
        client.send(message("c"))
        said = client.until("Z")
        assert [kind for kind, _ in said] == ["E", "Z"]
        assert fields(said[0][1])["M"] == "no such customer"
        client.send(query("SELECT 1"))
        assert client.kinds() == "TDCZ"
