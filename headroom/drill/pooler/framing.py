"""The byte streams cut into messages, wherever the network cut them.

The protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from struct import Struct

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
_TLS_HANDSHAKE = 0x16  # the first byte of TLS without asking before
_STARTUP_BYTES_MAX = 10_000
_SMALL_BYTES_MAX = 10_000  # PostgreSQL's own limits: PQ_SMALL_MESSAGE_LIMIT
_LARGE_BYTES_MAX = 0x3FFF_FFFF  # and PQ_LARGE_MESSAGE_LIMIT
_BEFORE_LOGIN_BYTES_MAX = 65_535  # and PG_MAX_AUTH_TOKEN_LENGTH: nobody fills the memory without a password
_LARGE = frozenset(b"QPBFd")
_SMALL = frozenset(b"DCEHSXcfp")
# What the server says that nobody here has to understand: passed on, even in parts.
_PASSED_ON = frozenset(b"DdTtn2IscCHNAVW")
_LENGTH = Struct("!i")
_HEAD_BYTES = 5


class MessageError(Exception):
    """The other side doesn't speak the protocol; the message says what it sent."""


class FrontendMessages:
    """A client's bytes as whole messages: startup packets (without a type) first, typed messages after them.

    Attributes:
        broken: why nothing can be understood any more; empty while all is well.
        before_login: the client has yet to prove who it is: only small messages are taken from it.
    """

    def __init__(self, *, before_login: bool = False) -> None:
        self.broken = ""
        self.before_login = before_login
        self._startup = True
        self._tail = bytearray()
        self._needed = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that these bytes complete."""
        if self._tail:
            self._tail += data
            if len(self._tail) < self._needed:
                return []
            data, self._tail = bytes(self._tail), bytearray()
        messages: list[bytes] = []
        at, end = 0, len(data)
        while not self.broken and at < end:
            size = self._size(data, at, end)
            if size == 0 or at + size > end:
                self._needed = size
                self._tail += memoryview(data)[at:]
                break
            messages.append(data[at : at + size])
            at += size
            if self._startup and _LENGTH.unpack_from(messages[-1], 4)[0] not in (SSL_REQUEST, GSS_REQUEST):
                self._startup = False
        return messages

    def _size(self, data: bytes, at: int, end: int) -> int:
        """Of the message that begins there, 0 while its head is incomplete."""
        if self._startup:
            if data[at] == _TLS_HANDSHAKE:
                self.broken = "a TLS handshake: there is no TLS here, use sslmode=disable"
                return 0
            if end - at < 4:
                return 0
            size: int = _LENGTH.unpack_from(data, at)[0]
            if not 8 <= size <= _STARTUP_BYTES_MAX:
                self.broken = "invalid length of startup packet"
                return 0
            return size
        kind = data[at]
        if kind not in _LARGE and kind not in _SMALL:
            self.broken = f"invalid frontend message type {kind}"
            return 0
        if end - at < _HEAD_BYTES:
            return 0
        length: int = _LENGTH.unpack_from(data, at + 1)[0]
        largest = _LARGE_BYTES_MAX if kind in _LARGE else _SMALL_BYTES_MAX
        if not 4 <= length <= (min(largest, _BEFORE_LOGIN_BYTES_MAX) if self.before_login else largest):
            self.broken = f"invalid length {length} of a message of type {chr(kind)!r}"
            return 0
        return length + 1


class BackendMessages:
    """A server's bytes: what can be passed on as it is, and where in it messages lie that matter to a pooler."""

    def __init__(self) -> None:
        self._tail = bytearray()
        self._needed = 0  # bytes of the message that the tail begins
        self._skip = 0

    def feed(self, data: bytes) -> tuple[bytes, list[tuple[int, int, int]]]:
        """Bytes to pass on, and (type, begin, end) of each whole message in them that somebody must look at.

        Raises:
            MessageError: this is no server that we know.
        """
        if self._tail:
            self._tail += data
            if len(self._tail) < self._needed:  # else a long message would be copied anew with each of its parts
                return b"", []
            data, self._tail = bytes(self._tail), bytearray()
        self._needed = 0
        at, end = self._skip, len(data)
        if at > end:
            self._skip = at - end
            return data, []
        self._skip = 0
        found: list[tuple[int, int, int]] = []
        while end - at >= _HEAD_BYTES:
            kind = data[at]
            length = _LENGTH.unpack_from(data, at + 1)[0]
            if length < 4:
                raise MessageError(f"invalid length {length} of a message of type {chr(kind)!r}")
            after = at + 1 + length
            if after > end:
                if kind in _PASSED_ON:
                    self._skip = after - end
                    return data, found
                self._needed = after - at
                break
            if kind not in _PASSED_ON:
                found.append((kind, at, after))
            at = after
        if at < end:
            self._tail += memoryview(data)[at:]
            data = data[:at]
        return data, found
