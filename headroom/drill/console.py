"""A question to a pooler's admin console: one simple query, answered as text.

Consoles know the simple protocol only; asyncpg asks for rows in the extended one. So these few messages are our own.
"""

import socket
import struct

_TIMEOUT_SECONDS = 2.0


def rows(host: str, port: int, user: str, database: str, query: str) -> list[dict[str, str]]:
    """The rows of an answer.

    Raises:
        OSError: nobody answers, the login is not by trust, or the console objects.
    """
    with socket.create_connection((host, port), _TIMEOUT_SECONDS) as connection:
        stream = connection.makefile("rwb")
        parameters = b"".join(p.encode() + b"\0" for p in ("user", user, "database", database)) + b"\0"
        stream.write(struct.pack("!ii", len(parameters) + 8, 196608) + parameters)
        stream.flush()
        names: list[str] = []
        found: list[dict[str, str]] = []
        asked = False
        while True:
            head = stream.read(5)
            if len(head) < 5:
                raise OSError("the console closed the connection")
            kind, length = head[:1], struct.unpack("!i", head[1:])[0]
            body = stream.read(length - 4)
            if kind == b"E":
                raise OSError(body.decode(errors="replace").replace("\0", " "))
            if kind == b"R" and struct.unpack("!i", body[:4])[0] != 0:
                raise OSError("the console asks for a login that isn't trust")
            if kind == b"T":
                names = _names(body)
            elif kind == b"D":
                found.append(dict(zip(names, _values(body), strict=True)))
            elif kind == b"Z":
                if asked:
                    return found
                asked = True
                text = query.encode() + b"\0"
                stream.write(b"Q" + struct.pack("!i", len(text) + 4) + text)
                stream.flush()


def _names(body: bytes) -> list[str]:
    names, at = [], 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        end = body.index(b"\0", at)
        names.append(body[at:end].decode())
        at = end + 19  # the terminator, and 18 bytes about the column
    return names


def _values(body: bytes) -> list[str]:
    values, at = [], 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        length = struct.unpack("!i", body[at : at + 4])[0]
        at += 4
        values.append("" if length < 0 else body[at : at + length].decode())
        at += max(0, length)
    return values
