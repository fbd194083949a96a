"""How a request can end, and how an error tells."""

from enum import IntEnum

import asyncpg

_REFUSED = "53300"  # too_many_connections: the server's limit, or the role's
_LOCK_NOT_AVAILABLE = "55P03"
# How poolers say that nobody got a connection in time: PgBouncer as a protocol violation with this text.
_BORROW_TIMEOUT_TEXTS = ("query_wait_timeout", "borrow", "Timed-out waiting to acquire")
_LOST = ("08", "57P")  # connection exceptions, and what a server says when it shuts down


class Outcome(IntEnum):
    """A request's end, as its caller sees it."""

    OK = 0
    REFUSED = 1  # no slot: SQLSTATE 53300
    TIMEOUT = 2  # the client gave up
    DROPPED = 3  # the generator had too many in flight
    BORROW_TIMEOUT = 4  # the pooler had no connection in time
    LOCK_TIMEOUT = 5  # lock_timeout ended the wait for a row
    SHED = 6  # the app had too many in flight and said so at once
    LOST = 7  # the connection broke, or nobody listens
    FAILED = 8  # any other error


def classify(error: Exception) -> Outcome:
    """By SQLSTATE: the texts differ between PostgreSQL's versions, and for superusers."""
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        if any(text in str(error) for text in _BORROW_TIMEOUT_TEXTS):
            return Outcome.BORROW_TIMEOUT
        if state == _REFUSED:
            return Outcome.REFUSED
        if state == _LOCK_NOT_AVAILABLE:
            return Outcome.LOCK_TIMEOUT
        return Outcome.LOST if state.startswith(_LOST) else Outcome.FAILED
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError | OSError):
        return Outcome.LOST
    return Outcome.FAILED


def still_good(error: BaseException) -> bool:
    """The connection can be used again: the server refused the statement, not the session."""
    return isinstance(error, asyncpg.PostgresError) and getattr(error, "severity", "FATAL") == "ERROR"
