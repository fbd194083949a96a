"""Which statements leave state in a session, so that its client must keep its server connection.

The list is RDS Proxy's for PostgreSQL ("Avoiding pinning an RDS Proxy", Amazon RDS User Guide): SET, SQL's PREPARE,
EXECUTE, DEALLOCATE and DISCARD, temporary objects, cursors, LISTEN, LOAD, nextval and setval, session advisory locks,
and texts above 16 KB. What ends with its transaction doesn't count: SET LOCAL, SET TRANSACTION, SET CONSTRAINTS,
set_config(..., true), the pg_advisory_xact_lock functions. Nor does what only takes state away: RESET, UNLISTEN, CLOSE,
pg_advisory_unlock.

Like any proxy it reads statements and can't know what functions do inside the server. In doubt it pins: that costs
reuse, the opposite would show one client's state to another. Changes of reported parameters are seen anyway, because
the server tells them: `ServerConnection.drifted`.
"""

import re
from functools import lru_cache

STATEMENT_BYTES_MAX = 16 * 1024
FORGETTING = "DEALLOCATE or DISCARD"
_CACHED_BYTES_MAX = 2048

# The quick look: most texts have none of these. (White space without line breaks: each of those begins a search of its
# own, and thousands of them would take a second.)
_SUSPECT = re.compile(
    rb"(?:\A|[;\n]|\*/)[^\S\n]*(?:SET|PREPARE|EXECUTE|DEALLOCATE|DISCARD|DECLARE|LISTEN|LOAD)\b"
    rb"|SET_CONFIG|\bTEMP|PG_TEMP|NEXTVAL|SETVAL|ADVISORY_LOCK",
    re.IGNORECASE,
)
_STATEMENTS: tuple[tuple[str, re.Pattern[bytes]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for reason, pattern in (
        (FORGETTING, rb"\s*(?:DEALLOCATE|DISCARD)\b"),
        ("SET", rb"\s*SET\b(?!\s+(?:LOCAL|TRANSACTION|CONSTRAINTS)\b)"),
        # PREPARE TRANSACTION is two-phase commit.
        ("PREPARE or EXECUTE", rb"\s*(?:PREPARE\b(?!\s+TRANSACTION\b)|EXECUTE\b)"),
        # The first CREATE or INTO will do: with any of them tried, the time would grow with the text's square.
        ("temporary object", rb"(?>.*?\b(?:CREATE|INTO)\b).*\b(?:TEMP|TEMPORARY|PG_TEMP\w*)\b"),
        ("cursor", rb"\s*DECLARE\b"),
        ("LISTEN", rb"\s*LISTEN\b"),
        ("LOAD", rb"\s*LOAD\b"),
        ("sequence", rb".*\b(?:NEXTVAL|SETVAL)\s*\("),
        ("advisory lock", rb".*\bPG_(?:TRY_)?ADVISORY_LOCK\w*\s*\("),
    )
)
_SET_CONFIG = re.compile(rb"\bSET_CONFIG\s*\(", re.IGNORECASE)
_DO = re.compile(rb"(?:\A|;)\s*DO\b", re.IGNORECASE)

_OPENING = re.compile(rb"""--|/\*|(?<!\w)[eE]'|'|"|(?<![\w$])\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$""")
_CLOSING = {
    b"--": re.compile(rb"\n|\Z"),
    b"e'": re.compile(rb"(?:[^'\\]|\\.|'')*(?:'|\Z)", re.DOTALL),
    b"'": re.compile(rb"(?:[^']|'')*(?:'|\Z)"),
    b'"': re.compile(rb'(?:[^"]|"")*(?:"|\Z)'),
}
_COMMENT_MARK = re.compile(rb"/\*|\*/")
_WORD_IN_QUOTES = re.compile(rb'"(\w+)"')


def pin_reason(sql: bytes) -> str | None:
    """Why this text pins its session; None: it doesn't."""
    if len(sql) > STATEMENT_BYTES_MAX:
        return "text above 16 KB"
    return _cached(sql) if len(sql) <= _CACHED_BYTES_MAX else _looked_at(sql)


def _looked_at(sql: bytes) -> str | None:
    if _SUSPECT.search(sql) is None:
        return None
    plain = _plain(sql)
    reasons = [reason for statement in plain.split(b";") if (reason := _reason(statement)) is not None]
    if not reasons and _DO.search(plain):
        return "DO"  # its body may be any of them
    # It matters most that prepared statements are gone.
    return FORGETTING if FORGETTING in reasons else next(iter(reasons), None)


_cached = lru_cache(maxsize=4096)(_looked_at)


def _reason(statement: bytes) -> str | None:
    for reason, pattern in _STATEMENTS:
        if pattern.match(statement):
            return reason
    read_to = 0
    for call in _SET_CONFIG.finditer(statement):
        if call.start() < read_to:  # one within another's arguments: in doubt it pins, and no text is read twice
            return "SET"
        arguments, read_to = _arguments(statement, call.end())
        if len(arguments) < 3 or arguments[2].strip().lower() != b"true":
            return "SET"
    return None


def _plain(sql: bytes) -> bytes:
    """The text without comments, and without what is in strings."""
    kept, at = [], 0
    while (opening := _OPENING.search(sql, at)) is not None:
        kept.append(sql[at : opening.start()])
        mark = opening.group().lower()
        if mark == b"/*":
            at = _end_of_comment(sql, opening.end())
        elif mark.startswith(b"$"):
            end = sql.find(opening.group(), opening.end())
            at = len(sql) if end < 0 else end + len(mark)
        else:
            closing = (
                _CLOSING[mark].match(sql, opening.end()) if mark != b"--" else _CLOSING[mark].search(sql, opening.end())
            )
            at = closing.end() if closing else len(sql)
        word = _WORD_IN_QUOTES.fullmatch(sql, opening.start(), at)
        kept.append(word.group(1) if word else b" " if mark in {b"--", b"/*"} else b"''")
    return b"".join([*kept, sql[at:]])


def _end_of_comment(sql: bytes, at: int) -> int:
    depth = 1
    while depth and (mark := _COMMENT_MARK.search(sql, at)) is not None:
        depth += 1 if mark.group() == b"/*" else -1
        at = mark.end()
    return len(sql) if depth else at


def _arguments(statement: bytes, at: int) -> tuple[list[bytes], int]:
    """A call's arguments, from behind its opening parenthesis, and where they end; none if they don't."""
    found: list[bytes] = []
    depth, begin = 0, at
    for i in range(at, len(statement)):
        character = statement[i : i + 1]
        if character in b"([":
            depth += 1
        elif character in b")]":
            if depth == 0:
                return [*found, statement[begin:i]], i
            depth -= 1
        elif character == b"," and depth == 0:
            found.append(statement[begin:i])
            begin = i + 1
    return [], len(statement)
