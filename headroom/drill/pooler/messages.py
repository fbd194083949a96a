"""Messages made and read: https://www.postgresql.org/docs/current/protocol-message-formats.html ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import Struct

from headroom.drill.pooler.framing import CANCEL_REQUEST, MessageError

PROTOCOL_3_0 = 196608
_INT = Struct("!i")
_INTS = Struct("!ii")
_SHORT = Struct("!h")

AUTHENTICATED = b"R" + _INTS.pack(8, 0)
PARSED = b"1" + _INT.pack(4)
READY_IDLE = b"Z" + _INT.pack(5) + b"I"
TERMINATE = b"X" + _INT.pack(4)


def message(kind: bytes, body: bytes) -> bytes:
    """A typed message."""
    return kind + _INT.pack(len(body) + 4) + body


def cstring(data: bytes, at: int) -> tuple[bytes, int]:
    """A zero-terminated string, and where the next thing begins.

    Raises:
        MessageError: it doesn't end.
    """
    end = data.find(b"\0", at)
    if end < 0:
        raise MessageError("a string without an end")
    return data[at:end], end + 1


@dataclass(frozen=True)
class ServerError:
    """An ErrorResponse, or what we want to say as one."""

    sqlstate: str
    text: str
    detail: str = ""
    hint: str = ""

    def encoded(self, severity: str) -> bytes:
        """The message, with ERROR or FATAL as its severity."""
        fields = {"S": severity, "V": severity, "C": self.sqlstate, "M": self.text, "D": self.detail, "H": self.hint}
        body = b"".join(k.encode() + v.replace("\0", "").encode() + b"\0" for k, v in fields.items() if v)
        return message(b"E", body + b"\0")


def read_error(data: bytes) -> ServerError:
    """An ErrorResponse, type and length included."""
    fields = {part[:1]: part[1:].decode(errors="replace") for part in data[5:].split(b"\0") if part}
    return ServerError(fields.get(b"C", "XX000"), fields.get(b"M", ""), fields.get(b"D", ""), fields.get(b"H", ""))


def is_fatal(data: bytes) -> bool:
    """An ErrorResponse after which the server hangs up."""
    return b"\0VFATAL\0" in data or b"\0VPANIC\0" in data


def parameter_status(name: str, value: str) -> bytes:
    """ParameterStatus."""
    return message(b"S", f"{name}\0{value}\0".encode())


def read_parameter(data: bytes) -> tuple[str, str]:
    """A ParameterStatus's name and value."""
    name, at = cstring(data, 5)
    value, _ = cstring(data, at)
    return name.decode(errors="replace"), value.decode(errors="replace")


def backend_key(pid: int, secret: bytes) -> bytes:
    """BackendKeyData."""
    return message(b"K", _INT.pack(pid) + secret)


def read_startup(packet: bytes) -> dict[str, str]:
    """A StartupMessage's parameters.

    Raises:
        MessageError: they are cut off, or not text.
    """
    found: dict[str, str] = {}
    at = 8
    try:
        while at < len(packet) - 1:
            name, at = cstring(packet, at)
            value, at = cstring(packet, at)
            found[name.decode()] = value.decode()
    except UnicodeDecodeError:
        raise MessageError("startup parameters that are not UTF-8") from None
    return found


def startup(parameters: Mapping[str, str]) -> bytes:
    """A StartupMessage."""
    body = b"".join(f"{k}\0{v}\0".encode() for k, v in parameters.items()) + b"\0"
    return _INTS.pack(len(body) + 8, PROTOCOL_3_0) + body


def negotiate_protocol(options: Sequence[str]) -> bytes:
    """NegotiateProtocolVersion: 3.0 it is, and these options are unknown."""
    names = b"".join(f"{o}\0".encode() for o in options)
    return message(b"v", _INTS.pack(PROTOCOL_3_0, len(options)) + names)


def cancel_request(pid: int, secret: bytes) -> bytes:
    """CancelRequest."""
    return _INT.pack(12 + len(secret)) + _INTS.pack(CANCEL_REQUEST, pid) + secret


def table(row: Mapping[str, str]) -> bytes:
    """A result of one row of text columns, as an answer to a simple query."""
    columns = b"".join(
        name.encode()
        + b"\0"
        + _INT.pack(0)
        + _SHORT.pack(0)
        + _INT.pack(25)
        + _SHORT.pack(-1)
        + _INT.pack(-1)
        + _SHORT.pack(0)
        for name in row
    )
    values = b"".join(_INT.pack(len(v.encode())) + v.encode() for v in row.values())
    count = _SHORT.pack(len(row))
    return message(b"T", count + columns) + message(b"D", count + values) + message(b"C", b"SHOW\0") + READY_IDLE
