"""The pooler's own database: one question, SHOW POOL."""

from headroom.drill.pooler.login import CONSOLE
from headroom.drill.pooler.messages import READY_IDLE, ServerError, cstring, table
from headroom.drill.pooler.stats import PoolStats

_CHARACTERS_SHOWN = 60
(_QUERY, _SYNC) = b"QS"


def answer(data: bytes, stats: PoolStats) -> bytes:
    """What to say to a client's message.

    Raises:
        MessageError: it is malformed.
    """
    if data[0] == _SYNC:
        return READY_IDLE
    if data[0] != _QUERY:
        return ServerError("0A000", f"database {CONSOLE!r} answers simple queries only: SHOW POOL").encoded("ERROR")
    query = cstring(data, 5)[0].decode(errors="replace").strip().rstrip(";").strip()
    if query.upper() == "SHOW POOL":
        return table(stats.row())
    error = ServerError("42601", f"database {CONSOLE!r} answers SHOW POOL, got {query[:_CHARACTERS_SHOWN]!r}")
    return error.encoded("ERROR") + READY_IDLE
