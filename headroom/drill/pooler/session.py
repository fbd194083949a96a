"""One client: from its first byte to its last."""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from headroom.drill.pooler import console
from headroom.drill.pooler.conversation import Statements, prepare_known
from headroom.drill.pooler.framing import CANCEL_REQUEST, GSS_REQUEST, SSL_REQUEST, FrontendMessages, MessageError
from headroom.drill.pooler.group import Group
from headroom.drill.pooler.login import Login, RefusedError, ScramLogin, read_login
from headroom.drill.pooler.messages import (
    AUTHENTICATED,
    PARSED,
    READY_IDLE,
    ServerError,
    backend_key,
    cstring,
    parameter_status,
)
from headroom.drill.pooler.pinning import FORGETTING, pin_reason
from headroom.drill.pooler.pool import Pool
from headroom.drill.pooler.server_connection import ServerConnection

_LOGIN_SECONDS = 60.0  # PostgreSQL's authentication_timeout
_WAITING_BYTES_MAX = 1 << 20  # kept for a client that waits; up to there it is read, so that its leaving is seen
(_QUERY, _FUNCTION, _PARSE, _SYNC, _TERMINATE, _PASSWORD) = b"QFPSXp"
_NEEDS_NO_SERVER = frozenset(b"HdcfH")  # Flush with nothing before it; what is left of a COPY that failed

log = logging.getLogger("headroom.pooler")


@dataclass
class Clients:
    """All of a pooler's clients, and what they share.

    Attributes:
        sessions: by the process id that each was told, for cancel requests.
        password: for logins; None: everybody is trusted.
    """

    pool: Pool
    password: str | None
    sessions: "dict[int, Session]" = field(default_factory=dict)
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def admit(self, session: "Session") -> int:
        """A process id that no other client has."""
        while (pid := secrets.randbelow(2**31 - 1) + 1) in self.sessions:
            pass
        self.sessions[pid] = session
        return pid


def _text(data: bytes) -> bytes:
    """A Query's or Parse's SQL."""
    return cstring(data, 5 if data[0] == _QUERY else cstring(data, 5)[1])[0]


def _read(transport: asyncio.Transport, *, wanted: bool) -> None:
    """Read from it, or leave what it sends in the network's buffers, which then hold its sender back."""
    if transport.is_closing():
        return
    if wanted:
        transport.resume_reading()
    else:
        transport.pause_reading()


class Session(asyncio.Protocol):
    """A client's connection."""

    def __init__(self, clients: Clients) -> None:
        self.statements: Statements = {}
        self.transport: asyncio.Transport
        self._clients = clients
        self._pool = clients.pool
        self._frames = FrontendMessages(before_login=clients.password is not None)
        self._inbox: deque[bytes] = deque()
        self._handle: Callable[[bytes], None] | None = self._start  # None: it talks with a server
        self._pid = 0
        self._secret = secrets.token_bytes(4)
        self._login: Login | None = None
        self._scram: ScramLogin | None = None
        self._group: Group | None = None
        self._server: ServerConnection | None = None
        self._waiting = False
        self._kept_bytes = 0  # read since all that it said had been passed on
        self._full = False  # it reads more slowly than its answers come
        self._skipping = False  # up to the next Sync, after an error of ours
        self._closed = False
        self._counted = False
        self._refused_tls = False
        self._login_timer: asyncio.TimerHandle | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self.transport = cast("asyncio.Transport", transport)  # uvloop's doesn't inherit from asyncio's
        self._pid = self._clients.admit(self)
        error = ServerError("08P01", f"no login within {_LOGIN_SECONDS:g} s")
        self._login_timer = asyncio.get_running_loop().call_later(_LOGIN_SECONDS, self.close, error)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._refused_tls = False
        self._kept_bytes += len(data)
        try:
            self._inbox.extend(self._frames.feed(data))
            self._advance()
            if self._waits_with_much:
                self.regulate()
        except MessageError as error:
            self.close(ServerError("08P01", str(error)))

    def pause_writing(self) -> None:  # noqa: D102
        self._full = True
        self.regulate()

    def resume_writing(self) -> None:  # noqa: D102
        self._full = False
        self.regulate()

    def connection_lost(self, _error: Exception | None) -> None:  # noqa: D102
        if self._refused_tls:
            log.warning("a client left when it was told that there is no TLS here: use sslmode=disable or prefer")
        self._leave()
        self._clients.sessions.pop(self._pid, None)
        if self._group is not None:
            self._pool.leave(self._group, self)
        self._pool.clients -= self._counted

    # the server connection's borrower

    def deliver(self, data: bytes) -> None:
        """Bytes from the server."""
        self.transport.write(data)

    def regulate(self) -> None:
        """Read from each side only what the other one takes; called whenever that may have changed."""
        server = self._server
        held_back = self._full or self._waits_with_much or (server is not None and server.full)
        _read(self.transport, wanted=not held_back)
        if server is not None:
            _read(server.transport, wanted=not self._full)

    @property
    def _waits_with_much(self) -> bool:
        return self._waiting and self._kept_bytes > _WAITING_BYTES_MAX

    def ready(self) -> None:
        """The server said ReadyForQuery."""
        server = self._server
        if server is None:
            return
        conversation = server.conversation
        if not conversation.in_transaction:
            self._pool.transaction_ended()
            if server.drifted:
                self._pool.pin(server, "parameter changed by a function")
        if conversation.quiet and not server.pinned:
            self._part()
            self._pool.give_back(server)

    def server_lost(self, *, said: bool) -> None:
        """Its server connection is gone, and a transaction or a session's state with it."""
        self._server = None
        self.close(
            None
            if said
            else ServerError("08006", "the database closed the connection", "The reference pooler lost it in mid-use.")
        )

    # the pool's waiter

    def granted(self, server: ServerConnection) -> None:
        """The wait is over."""
        self._server = server
        if self._handle is None:
            self._waiting = False
            self.regulate()
            self._go_on()
        else:  # not at once: many that log in together would hand it on from deep within each other
            asyncio.get_running_loop().call_soon(self._known)

    def refused(self, error: ServerError, *, for_good: bool) -> None:
        """No server connection: this request fails, and the next may work, unless it is for good."""
        self._waiting = False
        self.regulate()
        if for_good or self._handle is not None:
            self.close(error)
            return
        self.transport.write(error.encoded("ERROR"))
        if self._inbox[0][0] in (_QUERY, _FUNCTION):
            self._inbox.popleft()
            self.transport.write(READY_IDLE)
        else:
            self._skipping = True
        self._go_on()

    # others

    def close(self, error: ServerError | None = None) -> None:
        """Say why, and hang up."""
        if not self._closed:
            if error is not None:
                self.transport.write(error.encoded("FATAL"))
            self._leave()

    def cancel(self, secret: bytes, then: Callable[[], None]) -> None:
        """Somebody wants to cancel what runs here."""
        if not secrets.compare_digest(secret, self._secret):
            then()
        elif self._server is not None:
            self._pool.cancel(self._server, then)
        else:
            if self._group is not None and self._handle is None and self._pool.stop_waiting(self._group, self):
                self.refused(ServerError("57014", "canceling statement due to user request"), for_good=False)
            then()

    # what clients say

    def _go_on(self) -> None:
        try:
            self._advance()
        except MessageError as error:
            self.close(ServerError("08P01", str(error)))

    def _advance(self) -> None:
        while self._inbox and not (self._waiting or self._closed):
            if self._handle is None:
                self._converse()
            else:
                self._handle(self._inbox.popleft())
        if not self._inbox:
            self._kept_bytes = 0
        if self._frames.broken and not (self._waiting or self._closed):
            raise MessageError(self._frames.broken)

    def _converse(self) -> None:
        """Pass on what the client said, as far as it can be now."""
        inbox, out, goodbye = self._inbox, list[bytes](), False
        while inbox and not goodbye:
            kind = inbox[0][0]
            if kind == _PASSWORD:
                raise MessageError("a password that nobody asked for")
            if kind == _TERMINATE:
                goodbye = True
            elif self._skipping:
                self._skip(inbox.popleft())
            elif self._server is None and (kind in _NEEDS_NO_SERVER or self._answer_alone()):
                inbox.popleft()
            elif self._server is not None or self._borrow():
                self._pass_on(inbox.popleft(), out)
            else:
                break
        if self._server is not None and out:
            self._server.transport.write(b"".join(out) if len(out) > 1 else out[0])
        if goodbye:
            self._leave(goodbye=True)

    def _skip(self, data: bytes) -> None:
        if data[0] == _SYNC:
            self._skipping = False
            self.transport.write(READY_IDLE)

    def _pass_on(self, data: bytes, out: list[bytes]) -> None:
        server = self._server
        assert server is not None  # noqa: S101 - just borrowed
        if data[0] in (_QUERY, _PARSE) and (reason := pin_reason(_text(data))) is not None:
            self._pool.pin(server, reason)
            if reason == FORGETTING:
                server.conversation.forget_prepared(self.statements)
        server.conversation.request(data, self.statements, out)
        if server.conversation.mixed:
            self._pool.pin(server, "simple query inside an extended one")

    def _answer_alone(self) -> bool:
        """A Parse of a statement that is known to be good, and a Sync: answered here; the Sync stays."""
        inbox = self._inbox
        if len(inbox) < 2 or inbox[0][0] != _PARSE or inbox[1][0] != _SYNC or self._group is None:
            return False
        if pin_reason(_text(inbox[0])) or not prepare_known(inbox[0], self._group.known, self.statements):
            return False
        inbox.popleft()
        self.transport.write(PARSED + READY_IDLE)
        return True

    def _borrow(self) -> bool:
        """Whether there is a server connection at once; else we wait."""
        assert self._group is not None  # noqa: S101 - it has logged in
        server = self._server = self._pool.borrow(self._group, self)
        self._waiting = server is None
        if self._waits_with_much or self._full or (server is not None and server.full):
            self.regulate()
        return server is not None

    def _part(self) -> ServerConnection | None:
        """The server connection, which is this client's no longer: neither holds the other back any more."""
        server, self._server = self._server, None
        if server is not None:
            _read(server.transport, wanted=True)
            self.regulate()
        return server

    def _leave(self, *, goodbye: bool = False) -> None:
        """Give everything back, and hang up; what a client asked for before a proper good-bye is still done."""
        self._closed = True
        self._inbox.clear()
        if self._login_timer is not None:
            self._login_timer.cancel()
        if self._group is not None:
            self._pool.stop_waiting(self._group, self)
        server = self._part()
        if server is not None:
            if server.conversation.quiet and not server.pinned:
                self._pool.give_back(server)
            else:
                self._pool.totals.clients_vanished += not (server.conversation.quiet or goodbye)
                self._pool.retire(server, cancel=not goodbye)
        self.transport.close()

    # logging in

    def _start(self, packet: bytes) -> None:
        code = int.from_bytes(packet[4:8])
        if code in (SSL_REQUEST, GSS_REQUEST):
            self._refused_tls = code == SSL_REQUEST
            self.transport.write(b"N")
            return
        if code == CANCEL_REQUEST:
            self._handle = self._nothing
            target = self._clients.sessions.get(int.from_bytes(packet[8:12]))
            if target is None:
                self.close()
            else:
                target.cancel(packet[12:], self.close)
            return
        try:
            self._login = read_login(packet)
        except RefusedError as refused:
            self.close(refused.error)
            return
        self.transport.write(self._login.preface)
        if self._clients.password is None or self._login.console:
            self._admitted()
        else:
            self._scram = ScramLogin(self._clients.password, self._clients.salt, self._login.user)
            self._handle = self._prove
            self.transport.write(self._scram.question)

    def _prove(self, data: bytes) -> None:
        assert self._scram is not None  # noqa: S101 - it has begun
        try:
            self.transport.write(self._scram.answer(data))
        except RefusedError as refused:
            self.close(refused.error)
            return
        if self._scram.done:
            self._admitted()

    def _admitted(self) -> None:
        """It is who it says it is; now the server must know the role and the database."""
        assert self._login is not None  # noqa: S101 - it has been read
        if self._login_timer is not None:
            self._login_timer.cancel()
        if self._login.console:
            self._welcome({"server_version": "0", "server_encoding": "UTF8", "client_encoding": "UTF8"})
            self._handle = self._console
            return
        self._group = self._pool.join(self._login.identity)
        if self._group.parameters is not None or self._borrow():
            self._known()

    def _known(self) -> None:
        """The server knows it: the client may go on."""
        if self._closed or self._group is None:
            return
        self._waiting = False
        self._frames.before_login = False
        server = self._part()
        parameters = self._group.parameters
        if server is not None:
            parameters = server.parameters
            self._pool.give_back(server)
        self._counted = True
        self._pool.clients += 1
        self._handle = None
        self._welcome(parameters or {})
        self._go_on()

    def _welcome(self, parameters: dict[str, str]) -> None:
        said = b"".join(parameter_status(name, value) for name, value in parameters.items())
        self.transport.write(AUTHENTICATED + said + backend_key(self._pid, self._secret) + READY_IDLE)

    def _nothing(self, data: bytes) -> None:
        raise MessageError(f"a message of type {chr(data[0])!r} behind a cancel request")

    # the database `pooler`

    def _console(self, data: bytes) -> None:
        if data[0] == _TERMINATE:
            self._leave()
        elif self._skipping and data[0] != _SYNC:
            return
        else:
            self._skipping = data[0] not in (_QUERY, _SYNC)
            self.transport.write(console.answer(data, self._pool.stats()))
