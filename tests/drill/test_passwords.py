from pathlib import Path

import pytest

from headroom.drill.passwords import find_password, without_password
from headroom.drill.target import parse_dsn
from headroom.errors import UserError

LOGIN = ("db.example.com", 5432, "shop", "app")


@pytest.fixture
def passfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PGPASSWORD", raising=False)
    file = tmp_path / "pgpass"
    file.touch(mode=0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    return file


def test_the_dsn_comes_first_then_the_environment_then_the_file(
    passfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passfile.write_text("*:*:*:*:of-the-file\n")
    assert parse_dsn("o", "postgresql://app@db.example.com/shop").password == "of-the-file"
    monkeypatch.setenv("PGPASSWORD", "of-the-environment")
    assert parse_dsn("o", "postgresql://app@db.example.com/shop").password == "of-the-environment"
    assert parse_dsn("o", "postgresql://app:of-the-dsn@db.example.com/shop").password == "of-the-dsn"


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("db.example.com:5432:shop:app:secret\n", "secret"),
        ("# db.example.com:5432:shop:app:comment\r\n*:*:shop:app:secret\r\n", "secret"),
        ("other:5432:shop:app:1\ndb.example.com:*:*:app:2\n*:*:*:*:3\n", "2"),
        (r"*:*:*:app:a\:b\\c:d", r"a:b\c:d"),
        (r"*:*:*:\app:escaped", "escaped"),
        ("db.example.com:5432:shop\nnonsense\n\n", None),
        ("*:*:*:somebody:secret", None),
    ],
)
def test_a_password_file_is_read_as_libpq_reads_it(passfile: Path, text: str, password: str | None) -> None:
    passfile.write_text(text)
    assert find_password(*LOGIN) == password


def test_a_password_file_that_is_not_there_holds_none(passfile: Path) -> None:
    passfile.unlink()
    assert find_password(*LOGIN) is None


def test_a_password_file_that_others_may_read_is_refused_where_it_would_be_used(passfile: Path) -> None:
    passfile.write_text("db.example.com:*:*:*:secret")
    passfile.chmod(0o644)
    assert find_password("elsewhere", *LOGIN[1:]) is None
    with pytest.raises(UserError) as caught:
        find_password(*LOGIN)
    assert str(caught.value) == f"{passfile}: others may read it, so its password isn't used: chmod 600 {passfile}"


def test_neither_a_target_nor_its_login_shows_its_password() -> None:
    target = parse_dsn("o", "postgresql://app:secret@db.example.com/shop")
    assert "secret" not in f"{target} {target.login()}"
    assert target.login().password == "secret"


def test_text_without_a_password_stays_as_it_is() -> None:
    for text in ("flash-sale", "--seed=7", "postgresql://app@host:5432/db", "a@b"):
        assert without_password(text) == text
