import pytest

from headroom.drill.pooler import PoolerSettings
from headroom.drill.pooler.__main__ import main
from headroom.errors import UserError


def test_the_pool_is_the_percent_of_max_connections_rounded_down() -> None:
    settings = PoolerSettings(server_port=5432, max_connections=37, max_connections_percent=45)
    assert settings.pool_connections == 16
    assert settings.max_idle_connections == 8
    assert (
        PoolerSettings(server_port=5432, max_connections=37, max_idle_connections_percent=10).max_idle_connections == 3
    )


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(UserError) as raised:
        PoolerSettings(
            server_host="db.example.com",
            server_port=0,
            port=70000,
            max_connections=0,
            max_connections_percent=101,
            max_idle_connections_percent=102,
            idle_after_seconds=0,
            borrow_timeout_seconds=301,
            password="",
        )
    assert str(raised.value).split("; ") == [
        "server host: must be on the loopback interface, got 'db.example.com': the reference pooler is for drills on "
        "this machine",
        "server port: must be 1 to 65535, got 0",
        "port: must be 0 (a free one) to 65535, got 70000",
        "max_connections: must be at least 1, got 0",
        "max_connections_percent: must be 1 to 100, got 101",
        "max_idle_connections_percent: must be 0 to max_connections_percent (101), got 102",
        "idle_after_seconds: must be above 0, got 0",
        "borrow_timeout_seconds: must be 0 to 300, got 301",
        "password: must not be empty: leave it out for trust",
    ]


def test_a_pool_of_nothing_is_refused() -> None:
    with pytest.raises(UserError) as raised:
        PoolerSettings(server_port=1, max_connections=9, max_connections_percent=10)
    assert str(raised.value) == (
        "max_connections_percent: 10 percent of max_connections (9) is less than one connection: raise either"
    )


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(PoolerSettings(server_port=1, password="secret"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--server", "nowhere"], "error: --server: must be HOST:PORT, got 'nowhere'\n"),
        (
            ["--server", "127.0.0.1:1", "--password-env", "HEADROOM_NOT_SET"],
            "error: --password-env HEADROOM_NOT_SET: the variable is not set, or empty\n",
        ),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--max-connections", "10"]) == 2
    assert capsys.readouterr().err == said
