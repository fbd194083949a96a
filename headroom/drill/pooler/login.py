"""A client's startup packet: who it is and what it wants, or why it can't have it."""

from dataclasses import dataclass

from headroom.drill.pooler.framing import MessageError
from headroom.drill.pooler.messages import ServerError, cstring, message, negotiate_protocol, read_startup
from headroom.drill.pooler.scram import MECHANISM, ScramError, ScramServer
from headroom.drill.pooler.server_connection import Identity

CONSOLE = "pooler"
(_PASSWORD,) = b"p"
_OFF = {"", "0", "off", "false", "no"}


class RefusedError(Exception):
    """The client can't log in."""

    def __init__(self, error: ServerError) -> None:
        super().__init__(error.text)
        self.error = error


@dataclass(frozen=True)
class Login:
    """A client that knows how to say who it is.

    Attributes:
        identity: what its server connections are opened with.
        console: it wants the pooler's own database.
        preface: bytes to say first, about the protocol's version.
    """

    identity: Identity
    console: bool
    preface: bytes

    @property
    def user(self) -> str:
        """The role."""
        return dict(self.identity.parameters)["user"]


def read_login(packet: bytes) -> Login:
    """Understand a StartupMessage.

    Raises:
        RefusedError: we can't serve it; the message says why.
        MessageError: it is malformed.
    """
    version = int.from_bytes(packet[4:8])
    major, minor = version >> 16, version & 0xFFFF
    if major != 3:
        raise RefusedError(
            ServerError("0A000", f"unsupported frontend protocol {major}.{minor}: the reference pooler speaks 3.0")
        )
    given = read_startup(packet)
    options = [name for name in given if name.startswith("_pq_.")]
    parameters = {name: value for name, value in given.items() if name not in options}
    if not parameters.get("user"):
        raise RefusedError(ServerError("28000", "no PostgreSQL user name specified in startup packet"))
    if parameters.pop("replication", "").lower() not in _OFF:
        raise RefusedError(
            ServerError("0A000", "replication: the reference pooler has none, and nor has RDS Proxy: connect directly")
        )
    parameters["database"] = parameters.get("database") or parameters["user"]
    return Login(
        identity=Identity(tuple(sorted(parameters.items()))),
        console=parameters["database"] == CONSOLE,
        preface=negotiate_protocol(options) if minor or options else b"",
    )


class ScramLogin:
    """A client's proof that it knows the password.

    Attributes:
        question: bytes that ask for it.
        done: it has.
    """

    question = message(b"R", (10).to_bytes(4) + MECHANISM.encode() + b"\0\0")

    def __init__(self, password: str, salt: bytes, user: str) -> None:
        self.done = False
        self._server = ScramServer(password, salt)
        self._user = user
        self._begun = False

    def answer(self, data: bytes) -> bytes:
        """Our next message.

        Raises:
            RefusedError: it doesn't know the password.
            MessageError: it says something else.
        """
        if data[0] != _PASSWORD:
            raise MessageError(f"expected an answer to {MECHANISM}")
        try:
            if self._begun:
                final = self._server.final(data[5:])
                self.done = True
                return message(b"R", (12).to_bytes(4) + final)
            mechanism, at = cstring(data, 5)
            if mechanism != MECHANISM.encode():
                raise MessageError(f"expected {MECHANISM}")
            self._begun = True
            return message(b"R", (11).to_bytes(4) + self._server.first(data[at + 4 :]))
        except ScramError as error:
            raise RefusedError(ServerError("28P01", f'{error} for user "{self._user}"')) from None
