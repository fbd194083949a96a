"""Where a database is: read from a DSN, whose password is never shown."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from headroom.budget.model import Engine
from headroom.errors import UserError

VARIABLE = "HEADROOM_DSN"
_ENGINES = {
    "postgresql": Engine.POSTGRESQL,
    "postgres": Engine.POSTGRESQL,
    "mysql": Engine.MYSQL,
}
_FORMS = {
    Engine.POSTGRESQL: "postgresql://user@host:5432/database?sslmode=require",
    Engine.MYSQL: "mysql://user@host:3306/database?sslmode=require",
}
_PORTS = {Engine.POSTGRESQL: 5432, Engine.MYSQL: 3306}
_PASSWORDS = {Engine.POSTGRESQL: "PGPASSWORD", Engine.MYSQL: "MYSQL_PWD"}
_MODES = ("disable", "require", "verify-ca", "verify-full")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsn:
    """A database, and as whom it is asked. `str()` has no password.

    Attributes:
        engine: which kind.
        user: the role.
        host: where.
        port: TCP port.
        database: its name.
        sslmode: disable, require, verify-ca or verify-full: nothing that tries twice, since one attempt is all we take.
        sslrootcert: the authority's file, for verify-ca and verify-full; empty: the engine's own default.
        password: from the DSN or the engine's usual variable; None: none, or what ~/.pgpass has.
    """

    engine: Engine
    user: str
    host: str
    port: int
    database: str
    sslmode: str
    sslrootcert: str = ""
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}:{self.port}/{self.database}"

    def without_password(self, text: str) -> str:
        """A driver's message, in one line, without the password if it is in there."""
        line = " ".join(text.split())
        return line.replace(self.password, "***") if self.password else line


def read_dsn(option: str | None, engine: Engine) -> Dsn | None:
    """The DSN of `--dsn`, or of HEADROOM_DSN; None without either.

    Raises:
        UserError: it is none, or another engine's; the message doesn't repeat it.
    """
    text, source = (option, "--dsn") if option else (os.environ.get(VARIABLE, ""), VARIABLE)
    return parse_dsn(text, source, engine, os.environ) if text else None


def parse_dsn(text: str, source: str, engine: Engine, environment: Mapping[str, str]) -> Dsn:
    """Read one.

    Raises:
        UserError: see `read_dsn`.
    """
    bad = f"{source}: is no DSN: write {_FORMS[engine]}"
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname
    except ValueError:
        raise UserError(bad) from None
    if parts.scheme not in _ENGINES or "," in parts.netloc:
        raise UserError(bad)
    if _ENGINES[parts.scheme] is not engine:
        raise UserError(f"{source}: is {parts.scheme}'s, but the stack's engine is {engine}: write {_FORMS[engine]}")
    database = unquote(parts.path.removeprefix("/"))
    if not parts.username or not host or not database:
        raise UserError(f"{source}: needs user, host and database: write {_FORMS[engine]}")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(options) - {"sslmode", "sslrootcert", "password"}):
        raise UserError(f"{source}: {', '.join(unknown)} can't be set here: only sslmode and sslrootcert can")
    sslmode = options.get("sslmode", "disable" if host in _LOOPBACK else "require")
    if sslmode not in _MODES:
        raise UserError(f"{source}: sslmode must be one of {', '.join(_MODES)}: the others may take two connections")
    password = unquote(parts.password) if parts.password else options.get("password")
    return Dsn(
        engine=engine,
        user=unquote(parts.username),
        host=host,
        port=port or _PORTS[engine],
        database=database,
        sslmode=sslmode,
        sslrootcert=options.get("sslrootcert", ""),
        password=password or environment.get(_PASSWORDS[engine]) or None,
    )
