"""One short connection into a database, whichever engine: connect, ask, close; failures are one line."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Protocol

from headroom.budget.alarms.storm import OF_A_DATABASE, OF_A_ROLE, REFUSED_LOGINS
from headroom.budget.model import Engine
from headroom.ops.dsn import Dsn
from headroom.ops.errors import LackError

APPLICATION = "headroom-triage"
CONNECT_SECONDS = 5
STATEMENT_SECONDS = 5
_MYSQL_FULL = {1040}  # too many connections
_MYSQL_ROLE_LIMIT = {1203, 1226}  # max_user_connections: the server's default, the account's own
_POSTGRESQL_MISSING = {"42P01", "42703", "42883", "0A000", "42501", "42704"}
_MYSQL_MISSING = {1109, 1142, 1143, 1146, 1193, 1227, 1305}

Row = tuple[Any, ...]


class FullError(LackError):
    """The database refused us because no slot is free: that is an answer, too."""


class RoleLimitError(LackError):
    """It refused us because our own role has reached its limit: that says nothing of the others."""


class DatabaseLimitError(LackError):
    """It refused us because the DSN's database has reached its own limit: everybody who asks for it is refused."""


class NotThereError(LackError):
    """A view, function or privilege that this database doesn't have; others may answer."""


class Database(Protocol):
    """A connection that runs one statement at a time, each in its own transaction."""

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run it; the rows that it gives, if any.

        Raises:
            NotThereError: something in it doesn't exist, or isn't ours to see.
            LackError: it failed in another way, or took longer than `STATEMENT_SECONDS`.
        """
        ...


@contextmanager
def connected(dsn: Dsn, *, change: bool = False) -> Iterator[Database]:
    """Connect, once, for as long as the block lasts.

    Args:
        dsn: where.
        change: statements may change something; otherwise the database itself refuses that.

    Raises:
        FullError: no slot is free.
        RoleLimitError: our role's limit is reached.
        DatabaseLimitError: the limit of the DSN's database is reached.
        LackError: there is no way in.
    """
    one = _postgresql(dsn, change=change) if dsn.engine is Engine.POSTGRESQL else _mysql(dsn, change=change)
    with closing(one):
        yield one


class _Postgresql:
    def __init__(self, connection: Any, dsn: Dsn) -> None:
        self._connection, self._dsn = connection, dsn

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        import psycopg

        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, tuple(parameters) or None)
                return list(cursor.fetchall()) if cursor.description else []
        except psycopg.Error as error:
            said = self._dsn.without_password(str(error))
            if error.sqlstate in _POSTGRESQL_MISSING:
                raise NotThereError(f"{self._dsn}: {said}", code=error.sqlstate or "") from None
            if error.sqlstate == "57014":
                raise LackError(f"{self._dsn}: took longer than {STATEMENT_SECONDS} s, and was stopped") from None
            raise LackError(f"{self._dsn}: {said}", code=error.sqlstate or "") from None

    def close(self) -> None:
        self._connection.close()


def _postgresql(dsn: Dsn, *, change: bool) -> _Postgresql:
    import psycopg

    verify: dict[str, Any] = {"sslrootcert": dsn.sslrootcert} if dsn.sslrootcert else {}
    try:
        connection = psycopg.connect(
            host=dsn.host,
            port=dsn.port,
            user=dsn.user,
            dbname=dsn.database,
            password=dsn.password,
            sslmode=dsn.sslmode,
            gssencmode="disable",  # else libpq tries a connection with it first
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=2 * STATEMENT_SECONDS * 1000,
            application_name=APPLICATION,
            autocommit=True,
            prepare_threshold=None,
            **verify,
        )
    except psycopg.Error as error:
        raise _refused(dsn, dsn.without_password(str(error)), _reason(str(error))) from None
    one = _Postgresql(connection, dsn)
    # Not as start-up options: RDS Proxy refuses those.
    try:
        one.rows(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
        one.rows(f"SET default_transaction_read_only = {'off' if change else 'on'}")
    except BaseException:
        one.close()
        raise
    return one


class _Mysql:
    def __init__(self, connection: Any, dsn: Dsn) -> None:
        self._connection, self._dsn = connection, dsn

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
        import pymysql

        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, tuple(parameters) or None)
                return list(cursor.fetchall())
        except pymysql.Error as error:
            number = error.args[0] if error.args else 0
            said = self._dsn.without_password(str(error.args[-1] if error.args else error))
            if number in _MYSQL_MISSING:
                raise NotThereError(f"{self._dsn}: {said}", code=str(number)) from None
            raise LackError(f"{self._dsn}: {said}", code=str(number)) from None

    def close(self) -> None:
        self._connection.close()


def _mysql(dsn: Dsn, *, change: bool) -> _Mysql:
    import pymysql

    verify: dict[str, Any] = {"ssl_disabled": True} if dsn.sslmode == "disable" else {"ssl": {"check_hostname": False}}
    if dsn.sslmode in {"verify-ca", "verify-full"}:
        verify = {
            "ssl_verify_cert": True,
            "ssl_verify_identity": dsn.sslmode == "verify-full",
            "ssl_ca": dsn.sslrootcert or None,
        }
    try:
        connection: Any = pymysql.connect(
            host=dsn.host,
            port=dsn.port,
            user=dsn.user,
            database=dsn.database,
            password=dsn.password or "",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=2 * STATEMENT_SECONDS,
            write_timeout=2 * STATEMENT_SECONDS,
            autocommit=True,
            program_name=APPLICATION,
            **verify,
        )
    except (pymysql.Error, OSError) as error:
        number = error.args[0] if error.args else 0
        said = dsn.without_password(str(error.args[-1] if error.args else error))
        reason = FullError if number in _MYSQL_FULL else RoleLimitError if number in _MYSQL_ROLE_LIMIT else LackError
        raise _refused(dsn, said, reason) from None
    one = _Mysql(connection, dsn)
    try:
        one.rows(f"SET SESSION max_execution_time = {STATEMENT_SECONDS * 1000}")
        if not change:
            one.rows("SET SESSION TRANSACTION READ ONLY")
    except BaseException:
        one.close()
        raise
    return one


def _reason(said: str) -> type[LackError]:
    """By PostgreSQL's words: one code, 53300, stands for all three limits."""
    if any(phrase in said for phrase in REFUSED_LOGINS.phrases):
        return FullError
    if OF_A_ROLE in said:
        return RoleLimitError
    return DatabaseLimitError if OF_A_DATABASE in said else LackError


def _refused(dsn: Dsn, said: str, reason: type[LackError]) -> LackError:
    if reason is FullError:
        return FullError(
            f"{dsn}: refused: {said} (the break-glass slots need the master user: "
            "docs/runbook.md#break-glass-getting-in-when-everything-is-full)"
        )
    if reason is RoleLimitError:
        return RoleLimitError(
            f"{dsn}: refused: {said} (that is {dsn.user}'s own limit: take another user; docs/runbook.md#role-refusals)"
        )
    if reason is DatabaseLimitError:
        return DatabaseLimitError(
            f"{dsn}: refused: {said} (that is the database's own limit, whoever asks: take another database of the "
            "same server, postgres say; docs/runbook.md#role-refusals)"
        )
    return LackError(f"{dsn}: no connection: {said}")
