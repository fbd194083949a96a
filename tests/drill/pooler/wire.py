"""A client that says exactly what a test wants it to say."""

import socket
import struct
from types import TracebackType
from typing import Self

from headroom.drill.place import LOOPBACK


def message(kind: str, body: bytes = b"") -> bytes:
    return kind.encode() + struct.pack("!i", len(body) + 4) + body


def startup(version: int = 196608, /, **parameters: str) -> bytes:
    body = b"".join(f"{k}\0{v}\0".encode() for k, v in parameters.items()) + b"\0"
    return struct.pack("!ii", len(body) + 8, version) + body


def query(sql: str) -> bytes:
    return message("Q", sql.encode() + b"\0")


def parse(name: str, sql: str) -> bytes:
    return message("P", f"{name}\0{sql}\0".encode() + b"\0\0")


def bind(name: str) -> bytes:
    return message("B", b"\0" + name.encode() + b"\0" + b"\0\0" * 3)


def close(name: str) -> bytes:
    return message("C", b"S" + name.encode() + b"\0")


EXECUTE = message("E", b"\0" + struct.pack("!i", 0))
SYNC, FLUSH, TERMINATE = message("S"), message("H"), message("X")


class Wire:
    """A socket to a pooler or a server."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((LOOPBACK, port), timeout=10)
        self._stream = self.socket.makefile("rb")
        self.pid = 0
        self.secret = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None) -> None:
        self._stream.close()
        self.socket.close()

    def login(self, user: str = "postgres", database: str = "postgres", **parameters: str) -> Self:
        self.send(startup(user=user, database=database, **parameters))
        for kind, body in self.until("Z"):
            if kind == "K":
                self.pid, self.secret = int.from_bytes(body[:4]), body[4:]
        return self

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> tuple[str, bytes]:
        """The next message; ("", b"") at the end."""
        head = self._stream.read(5)
        if len(head) < 5:
            return "", b""
        return chr(head[0]), self._stream.read(struct.unpack("!i", head[1:])[0] - 4)

    def until(self, *kinds: str) -> list[tuple[str, bytes]]:
        """Messages up to one of a kind, or the end."""
        found = [self.read()]
        while found[-1][0] not in (*kinds, ""):
            found.append(self.read())
        return found

    def kinds(self, count: int = 1) -> str:
        """The types of messages up to so many ReadyForQuery."""
        return "".join(kind for _ in range(count) for kind, _ in self.until("Z"))


def fields(error: bytes) -> dict[str, str]:
    """An ErrorResponse's."""
    return {part[:1].decode(): part[1:].decode() for part in error.split(b"\0") if part}
