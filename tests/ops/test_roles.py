from collections.abc import Iterator

import pytest
import sqlglot

from headroom.budget.model import Engine
from headroom.budget.roles import role_limits
from headroom.budget.roles import sql as script
from headroom.drill.server import Server
from headroom.ops import roles, sql
from headroom.ops.session import Session
from tests.commands.conftest import Headroom
from tests.ops.servers import admin, dsn


@pytest.mark.server
def test_every_difference_is_named_and_applied(session: Session, server: Server, headroom: Headroom) -> None:
    wanted = {limit.user: limit.limit_connections for limit in role_limits(session.budget)}
    with admin(server) as database:
        database.execute("ALTER ROLE catalogue CONNECTION LIMIT 1")
        database.execute("ALTER ROLE search CONNECTION LIMIT 10000")
        database.execute("DROP ROLE reporting")
    done = headroom("roles", "--dsn", dsn(server))
    assert done.code == 1
    waits = "no lock_timeout: nothing ends its waits for a lock; declared are 10,000 ms"
    assert [" ".join(line.split()[3:]) for line in done.out.splitlines()[1:]] == [
        f"{wanted['checkout']} unlimited - unlimited: it may take every slot; {waits}",
        f"{wanted['catalogue']} 1 - lower: it is refused what the budget grants; {waits}",
        f"{wanted['search']} 10,000 - higher: it may take what the budget grants to others; {waits}",
        f"{wanted['reporting']} - - no such role: create it: each service logs in as its own role",
    ]

    done = headroom("roles", "--dsn", dsn(server), "--apply", "--yes")
    assert done.code == 1  # a role that isn't there can't be set
    with admin(server) as database:
        found = dict(database.execute(sql.POSTGRESQL_ROLES, (list(wanted),)).fetchall())
        assert found == {user: limit for user, limit in wanted.items() if user != "reporting"}
        database.execute("CREATE ROLE reporting LOGIN")

    assert headroom("roles", "--dsn", dsn(server), "--apply", "--yes").code == 0
    again = headroom("roles", "--dsn", dsn(server), "--apply", "--yes")
    assert again.code == 0
    assert "Change:" not in again.out


LOCK_TIMEOUTS = [
    # (what the database has, what is told of it, what is sent)
    (["SET lock_timeout = '10s'"], "10,000 ms as budgeted", []),
    (["SET lock_timeout = 2000"], "2,000 ms as budgeted", []),  # it gives up sooner: that is well
    (
        ["SET lock_timeout = '1min'"],
        "60,000 ms lock_timeout 60,000 ms: declared are 10,000 ms",
        ["ALTER ROLE \"search\" SET lock_timeout = '10000ms';"],
    ),
    (
        ["SET lock_timeout = 0"],
        "0 ms no lock_timeout: nothing ends its waits for a lock; declared are 10,000 ms",
        ["ALTER ROLE \"search\" SET lock_timeout = '10000ms';"],
    ),
    (
        ["SET lock_timeout = '10s'", "IN DATABASE shop SET lock_timeout = '11s'"],
        "11,000 ms lock_timeout 11,000 ms in shop: declared are 10,000 ms",
        [
            "ALTER ROLE \"search\" SET lock_timeout = '10000ms';",
            'ALTER ROLE "search" IN DATABASE "shop" RESET lock_timeout;',
        ],
    ),
    (["SET lock_timeout = '10s'", "IN DATABASE postgres SET lock_timeout = '11s'"], "10,000 ms as budgeted", []),
]


@pytest.fixture
def with_database(session: Session, server: Server) -> Iterator[Server]:
    """With the services' database, and everything as the script leaves it."""
    with admin(server) as database:
        database.execute("CREATE DATABASE shop")
        for line in script(session.budget).splitlines():
            if not line.startswith("--"):
                database.execute(line)
    yield server
    with admin(server) as database:
        database.execute("DROP DATABASE shop")


@pytest.mark.server
@pytest.mark.parametrize(("there", "told", "sent"), LOCK_TIMEOUTS)
def test_a_role_that_waits_longer_for_a_lock_is_told_and_set_right(
    with_database: Server, headroom: Headroom, there: list[str], told: str, sent: list[str]
) -> None:
    server = with_database
    with admin(server) as database:
        for setting in there:
            database.execute(f"ALTER ROLE search {setting}")
    done = headroom("roles", "--dsn", dsn(server))
    (row,) = [line for line in done.out.splitlines() if line.startswith("search ")]
    assert " ".join(row.split()[5:]) == told
    assert done.code == (1 if sent else 0)
    done = headroom("roles", "--dsn", dsn(server), "--apply", "--yes")
    assert done.code == 0
    assert [line.removeprefix("Change: ") for line in done.out.splitlines() if line.startswith("Change: ")] == sent


@pytest.mark.server
def test_without_a_yes_nothing_is_set(
    session: Session, server: Server, headroom: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    done = headroom("roles", "--dsn", dsn(server), "--apply")
    assert done.code == 1
    assert 'Change: ALTER ROLE "checkout" CONNECTION LIMIT' in done.out
    assert done.err.endswith("Nothing was changed.\n")
    with admin(server) as database:
        assert database.execute("SELECT max(rolconnlimit) FROM pg_roles").fetchone() == (-1,)


@pytest.mark.server
def test_one_failure_does_not_keep_the_others_back(session: Session, server: Server, headroom: Headroom) -> None:
    with admin(server) as database:
        database.execute("DROP ROLE IF EXISTS operator")
        database.execute("CREATE ROLE operator LOGIN CREATEROLE PASSWORD 's3cret-and-never-shown'")
        for user in ("checkout", "catalogue", "search"):
            database.execute(f"GRANT {user} TO operator WITH ADMIN OPTION")
        database.execute("ALTER ROLE reporting SUPERUSER")  # which only a superuser may change
    done = headroom("roles", "--dsn", dsn(server, "operator"), "--apply", "--yes")
    assert done.code == 1
    (line,) = done.err.splitlines()
    assert line.startswith("reporting: not set: operator@127.0.0.1:")
    with admin(server) as database:
        database.execute("DROP OWNED BY operator")
        set_ = dict(database.execute("SELECT rolname, rolconnlimit FROM pg_roles WHERE rolconnlimit > 0").fetchall())
        assert sorted(set_) == ["catalogue", "checkout", "search"]
        database.execute("DROP ROLE operator")


def test_without_a_dsn_it_says_what_it_needs(session: Session, headroom: Headroom) -> None:
    assert headroom("roles") == (2, "", "error: this looks into the database: give --dsn, or set HEADROOM_DSN\n")


def test_yes_without_apply_is_a_mistake(session: Session, headroom: Headroom) -> None:
    assert headroom("roles", "--yes") == (2, "", "error: --yes is for --apply\n")


def test_mysqls_limits_are_those_of_the_accounts_from_anywhere() -> None:
    class Database:
        def rows(self, statement: str, parameters: object = ()) -> list[tuple[object, ...]]:
            assert statement.count("%s") == 3
            return [("a", "%", 0), ("b", "10.%", 5), ("c", "%", 7)]

    assert roles.read_limits(Database(), Engine.MYSQL, ["a", "b", "c"]) == {"a": -1, "c": 7}


@pytest.mark.parametrize("name", sorted(n for n in vars(sql) if "MYSQL" in n and n != "POSTGRESQL"))
def test_mysqls_statements_are_read_by_a_parser(name: str) -> None:
    text = getattr(sql, name).format(places="%s, %s").replace("%s", "1")
    (parsed,) = sqlglot.parse(text, read="mysql", error_level=sqlglot.ErrorLevel.RAISE)
    assert parsed is not None
    assert parsed.key in {"select", "kill"}
