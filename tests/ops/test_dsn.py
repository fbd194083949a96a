from headroom.budget.model import Engine
from headroom.ops.dsn import parse_dsn


def test_a_dsn_is_read_whole_and_shown_without_its_password() -> None:
    found = parse_dsn("postgres://ad%40min:p%3Aw@db.example.com/shop", "--dsn", Engine.POSTGRESQL, {})
    assert (found.user, found.password, found.port, found.sslmode) == ("ad@min", "p:w", 5432, "require")
    assert str(found) == "ad@min@db.example.com:5432/shop"
    assert "p:w" not in repr(found)


def test_the_password_may_come_from_the_engines_own_variable() -> None:
    environment = {"PGPASSWORD": "a", "MYSQL_PWD": "b"}
    assert parse_dsn("postgresql://u@h/d", "x", Engine.POSTGRESQL, environment).password == "a"
    assert parse_dsn("mysql://u@h/d", "x", Engine.MYSQL, environment).password == "b"
    assert parse_dsn("mysql://u:c@h/d", "x", Engine.MYSQL, environment).password == "c"


def test_on_this_machine_tls_is_not_asked_for() -> None:
    assert parse_dsn("postgresql://u@localhost/d", "x", Engine.POSTGRESQL, {}).sslmode == "disable"
    assert parse_dsn("mysql://u@127.0.0.1/d?sslmode=require", "x", Engine.MYSQL, {}).sslmode == "require"


def test_a_drivers_message_is_one_line_without_the_password() -> None:
    found = parse_dsn("postgresql://u:topsecret@h/d", "x", Engine.POSTGRESQL, {})
    assert found.without_password("no\n  way: topsecret") == "no way: ***"
