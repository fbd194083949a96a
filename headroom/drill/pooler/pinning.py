"""Which statements leave state in a session, so that its client must keep its server connection.

The list is RDS Proxy's for PostgreSQL ("Avoiding pinning an RDS Proxy", Amazon RDS User Guide): SET, SQL's PREPARE, EXECUTE,
DEALLOCATE and DISCARD, temporary objects, cursors, LISTEN, LOAD, nextval and setval, session advisory locks, and texts above
16 KB. What ends with its transaction doesn't count: SET LOCAL, SET TRANSACTION, SET CONSTRAINTS, set_config(..., true),
the pg_advisory_xact_* locks. Nor does what only takes state away: RESET, UNLISTEN, CLOSE, pg_advisory_unlock.

Like any proxy it sees statements, not what functions do inside the server. Changes of reported parameters are seen anyway
(the server tells them): see `ServerConnection.drifted`.
"""

import re
from functools import lru_cache

STATEMENT_BYTES_MAX = 16 * 1024
FORGETTING = "DEALLOCATE or DISCARD"
_CACHED_BYTES_MAX = 2048

# Quick look: most statements contain none of these words.
_SUSPECT = re.compile(
    rb"\b(?:SET|SET_CONFIG|PREPARE|EXECUTE|DEALLOCATE|DISCARD|TEMP|TEMPORARY|PG_TEMP\w*|DECLARE|LISTEN|LOAD|NEXTVAL|SETVAL"
    rb"|PG_(?:TRY_)?ADVISORY_LOCK\w*)\b",
    re.IGNORECASE,
)
# Comments and strings; bodies between dollars are kept by DO, which runs them.
_COMMENT = re.compile(rb"--[^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*))*\*/")
_DOLLARS = re.compile(rb"(?<![\w$])(\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$).*?\1", re.DOTALL)
_QUOTED = re.compile(rb"""\b[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*\"""", re.DOTALL)

_STATEMENTS: tuple[tuple[str, re.Pattern[bytes]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for reason, pattern in (
        (FORGETTING, rb"\s*(?:DEALLOCATE|DISCARD)\b"),
        ("SET", rb"\s*SET\b(?!\s+(?:LOCAL|TRANSACTION|CONSTRAINTS)\b)"),
        # PREPARE TRANSACTION is two-phase commit.
        ("PREPARE or EXECUTE", rb"\s*(?:PREPARE\b(?!\s+TRANSACTION\b)|EXECUTE\b)"),
        ("temporary object", rb".*\b(?:CREATE|INTO)\b[^;]*\b(?:TEMP|TEMPORARY|PG_TEMP\w*)\b"),
        ("cursor", rb"\s*DECLARE\b"),
        ("LISTEN", rb"\s*LISTEN\b"),
        ("LOAD", rb"\s*LOAD\b"),
        ("sequence", rb".*\b(?:NEXTVAL|SETVAL)\s*\("),
        ("advisory lock", rb".*\bPG_(?:TRY_)?ADVISORY_LOCK\w*\s*\("),
    )
)
_SET_CONFIG = re.compile(rb"\bSET_CONFIG\s*\(", re.IGNORECASE)
_DO = re.compile(rb"\s*DO\b", re.IGNORECASE)


def pin_reason(sql: bytes) -> str | None:
    """Why this text pins its session; None: it doesn't."""
    if len(sql) > STATEMENT_BYTES_MAX:
        return "text above 16 KB"
    if _SUSPECT.search(sql) is None:
        return None
    return _cached(sql) if len(sql) <= _CACHED_BYTES_MAX else _looked_at(sql)


def _looked_at(sql: bytes) -> str | None:
    reasons = [reason for statement in _plain(sql).split(b";") if (reason := _reason(statement)) is not None]
    # It matters most that prepared statements are gone.
    return FORGETTING if FORGETTING in reasons else next(iter(reasons), None)


_cached = lru_cache(maxsize=4096)(_looked_at)


def _reason(statement: bytes) -> str | None:
    for reason, pattern in _STATEMENTS:
        if pattern.match(statement):
            return reason
    for call in _SET_CONFIG.finditer(statement):
        arguments = _arguments(statement, call.end())
        if len(arguments) < 3 or arguments[2].strip().lower() != b"true":
            return "SET"
    if _DO.match(statement) and _SUSPECT.search(statement):
        return "SET"
    return None


def _plain(sql: bytes) -> bytes:
    """The text without comments and strings."""
    if _DO.match(sql):
        return sql
    sql = _DOLLARS.sub(b"''", sql) if b"$" in sql else sql
    sql = _QUOTED.sub(b"''", sql)
    previous = b""
    while previous != sql:  # comments nest
        previous, sql = sql, _COMMENT.sub(b" ", sql)
    return sql


def _arguments(statement: bytes, at: int) -> list[bytes]:
    """A call's arguments, from behind its opening parenthesis."""
    found, depth, begin = [], 0, at
    for i in range(at, len(statement)):
        character = statement[i : i + 1]
        if character in b"([":
            depth += 1
        elif character in b")]":
            if depth == 0:
                return [*found, statement[begin:i]]
            depth -= 1
        elif character == b"," and depth == 0:
            found.append(statement[begin:i])
            begin = i + 1
    return found
