"""A target's password: found where libpq finds it, so that it needn't stand in a command line, and shown to nobody.

The order is libpq's: the DSN, PGPASSWORD, then the password file (PGPASSFILE, else ~/.pgpass), whose format is
https://www.postgresql.org/docs/current/libpq-pgpass.html.
"""

import os
import re
import stat
from pathlib import Path

from headroom.errors import UserError

# Up to the last @: a password may hold one that isn't encoded.
_IN_URL = re.compile(r"(://[^:/]*):.*@", re.DOTALL)
_LINE = re.compile(r"((?:\\.|[^:\\])*):" * 4 + "(.*)")


def without_password(text: str) -> str:
    """A DSN, or an argument that holds one, with *** for the password."""
    return _IN_URL.sub(r"\1:***@", text)


def find_password(host: str, port: int, database: str, user: str) -> str | None:
    """The password that the environment or the password file has for this login; None: none.

    Raises:
        UserError: the file has one, and others may read it: libpq would ignore it, and the login fail for no reason.
    """
    if given := os.environ.get("PGPASSWORD"):
        return given
    file = Path(os.environ.get("PGPASSFILE") or "~/.pgpass").expanduser()
    try:
        mode, text = file.stat().st_mode, file.read_text(encoding="utf-8", errors="surrogateescape")
    except (OSError, RuntimeError):
        return None
    found = _in_file(text, (host, str(port), database, user))
    if found is not None and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UserError(f"{file}: others may read it, so its password isn't used: chmod 600 {file}")
    return found


def _in_file(text: str, login: tuple[str, str, str, str]) -> str | None:
    """Of the first line whose fields are the login's, or `*`; a backslash takes the next character as it is."""
    for line in text.split("\n"):
        if line.startswith("#") or (parts := _LINE.match(line.removesuffix("\r"))) is None:
            continue
        *fields, password = parts.groups()
        if all(field == "*" or _plain(field) == wanted for field, wanted in zip(fields, login, strict=True)):
            return _plain(password)
    return None


def _plain(field: str) -> str:
    return re.sub(r"\\(.)", r"\1", field)
