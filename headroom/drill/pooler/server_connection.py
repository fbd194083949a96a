"""One connection to PostgreSQL: logged in, lent to a client, given back, ended."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, cast

from headroom.drill.pooler.conversation import Conversation, Statements
from headroom.drill.pooler.framing import BackendMessages, MessageError
from headroom.drill.pooler.messages import (
    TERMINATE,
    ServerError,
    cancel_request,
    is_fatal,
    message,
    read_error,
    read_parameter,
    startup,
)
from headroom.drill.pooler.scram import MECHANISM, ScramClient, ScramError

_LOGIN_SECONDS = 10.0
_CANCEL_SECONDS = 2.0
_END_SECONDS = 2.0
_OK, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 10, 11, 12
(_AUTHENTICATION, _KEY, _ERROR, _PARAMETER, _READY) = b"RKESZ"


@dataclass(frozen=True)
class Identity:
    """For whom a server connection can work: everything that its startup packet says."""

    parameters: tuple[tuple[str, str], ...]


class LoginError(Exception):
    """The server didn't let us in."""

    def __init__(self, error: ServerError) -> None:
        super().__init__(error.text)
        self.error = error


class Borrower(Protocol):
    """A client, as its server connection sees it."""

    statements: Statements

    def deliver(self, data: bytes) -> None:
        """Bytes from the server."""

    def ready(self) -> None:
        """The server is ready for the next query; everything before it has been delivered."""

    def regulate(self) -> None:
        """The server's write buffer has filled up (`ServerConnection.full`), or drained."""

    def server_lost(self, *, said: bool) -> None:
        """The server connection is gone; `said`: an error of the server's told so."""


class ServerConnection(asyncio.Protocol):
    """A connection to PostgreSQL.

    Attributes:
        identity: its startup parameters.
        parameters: as the server reports them now.
        conversation: what it owes.
        borrower: who has it.
        borrowed_at, idle_since: monotonic times in seconds.
        gone: done when the server has closed its side.
        uncancelled: no cancel request is on its way to it.
        cancel_lost: one was, and nobody knows whether it still is.
        ending: it is not for anybody any more.
        full: more waits to be written to it than it takes; it may still be so when the next client has it.
    """

    def __init__(
        self,
        identity: Identity,
        known: set[bytes],
        password: str | None,
        on_gone: Callable[["ServerConnection"], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.identity = identity
        self.parameters: dict[str, str] = {}
        self.conversation = Conversation(known)
        self.borrower: Borrower | None = None
        self.borrowed_at = self.idle_since = 0.0
        self.pinned = False
        self.gone: asyncio.Future[None] = loop.create_future()
        self.uncancelled = asyncio.Event()
        self.uncancelled.set()
        self.cancel_lost = False
        self._cancels = 0
        self.ending = False
        self.full = False
        self.transport: asyncio.Transport
        self._address: tuple[str, int]
        self._baseline: dict[str, str] = {}
        self._drifted = False
        self._pid, self._secret = 0, b""
        self._messages = BackendMessages()
        self._logged_in: asyncio.Future[None] = loop.create_future()
        self._password = password
        self._scram: ScramClient | None = None
        self._on_gone = on_gone
        self._fatal = False

    async def login(self) -> None:
        """Wait until it is ready.

        Raises:
            LoginError: the server refused.
            OSError: it went away, or took too long.
        """
        try:
            async with asyncio.timeout(_LOGIN_SECONDS):
                await self._logged_in
        except TimeoutError:
            raise OSError("no answer to the login") from None

    @property
    def drifted(self) -> bool:
        """Reported parameters are no longer those of the login."""
        return self._drifted and self.parameters != self._baseline

    async def ended(self, *, cancel: bool = True) -> None:
        """End it, and wait until the server has closed its side; an open transaction is rolled back.

        Args:
            cancel: what still runs, and hang up after 2 s. Else it may finish.
        """
        self.ending = True
        if cancel and self.conversation.running:
            await self.cancel()
        if not (cancel and self.conversation.running):
            self.transport.write(TERMINATE)
        with suppress(OSError, RuntimeError):  # it is closed already
            self.transport.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS if cancel else None):
                await asyncio.shield(self.gone)
        self.transport.abort()
        await self.gone

    def cancel(self) -> Coroutine[object, object, None]:
        """Ask the server to cancel what runs here now; the coroutine ends when the server has passed that on.

        From the call until then nobody else may have this connection: the request would hit what they run.
        """
        self._cancels += 1
        self.uncancelled.clear()
        return self._pass_cancel_on()

    async def _pass_cancel_on(self) -> None:
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                reader, writer = await asyncio.open_connection(*self._address)
                try:
                    writer.write(cancel_request(self._pid, self._secret))
                    await reader.read()
                finally:
                    writer.close()
        except OSError:  # a time-out too: PostgreSQL promises no more either, but it may still arrive
            self.cancel_lost = True
        finally:
            self._cancels -= 1
            if not self._cancels:
                self.uncancelled.set()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        self.transport = cast("asyncio.Transport", transport)  # uvloop's doesn't inherit from asyncio's
        self._address = transport.get_extra_info("peername")[:2]
        self.transport.write(startup(dict(self.identity.parameters)))

    def data_received(self, data: bytes) -> None:  # noqa: D102
        try:
            data, found = self._messages.feed(data)
            borrower = self.borrower
            if borrower is not None and not self.ending:
                self._deliver(borrower, data, found)
            elif not self.ending:
                for kind, begin, end in found:
                    self._alone(kind, data[begin:end])
        except MessageError as error:
            self._fail(OSError(f"the server at {self.transport.get_extra_info('peername')} is no PostgreSQL: {error}"))
            self.transport.abort()

    def pause_writing(self) -> None:  # noqa: D102
        self._fill(full=True)

    def resume_writing(self) -> None:  # noqa: D102
        self._fill(full=False)

    def _fill(self, *, full: bool) -> None:
        self.full = full
        if self.borrower is not None:
            self.borrower.regulate()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: D102
        self._fail(OSError(f"the server closed the connection{f': {error}' if error else ''}"))
        if not self.gone.done():
            self.gone.set_result(None)
        borrower = self.borrower
        self._on_gone(self)
        if borrower is not None and not self.ending:
            borrower.server_lost(said=self._fatal)

    def _deliver(self, borrower: Borrower, data: bytes, found: list[tuple[int, int, int]]) -> None:
        ready, kept, at = False, [], 0
        for kind, begin, end in found:
            if kind == _PARAMETER:
                self._reported(data[begin:end])
            elif self.conversation.response(kind, data[end - 1], borrower.statements):
                kept.append(data[at:begin])
                at = end
            ready |= kind == _READY
            self._fatal |= kind == _ERROR and is_fatal(data[begin:end])
        if data:
            borrower.deliver(b"".join([*kept, data[at:]]) if at else data)
        if ready:
            borrower.ready()

    def _alone(self, kind: int, data: bytes) -> None:
        """A message that is nobody's: of the login, or while nobody has the connection."""
        if kind == _PARAMETER:
            self._reported(data)
            self._baseline = dict(self.parameters)
        elif kind == _KEY:
            self._pid, self._secret = int.from_bytes(data[5:9]), data[9:]
        elif kind == _ERROR:
            self._fail(LoginError(read_error(data)))
            self.ending = True
            self.transport.close()
        elif kind == _AUTHENTICATION:
            try:
                self._authenticate(int.from_bytes(data[5:9]), data[9:])
            except ScramError as error:
                self._fail(LoginError(ServerError("28P01", f"the pooler's login at the server failed: {error}")))
                self.transport.abort()
        elif kind == _READY and not self._logged_in.done():
            self._logged_in.set_result(None)

    def _authenticate(self, method: int, data: bytes) -> None:
        if method == _SASL and MECHANISM.encode() in data.split(b"\0"):
            if self._password is None:
                raise ScramError("it asks for a password, and the pooler has none: start it with --password-env")
            self._scram = ScramClient(self._password)
            first = self._scram.first()
            self.transport.write(message(b"p", MECHANISM.encode() + b"\0" + len(first).to_bytes(4) + first))
        elif method == _SASL_CONTINUE and self._scram is not None:
            self.transport.write(message(b"p", self._scram.final(data)))
        elif method == _SASL_FINAL and self._scram is not None:
            self._scram.verify(data)
        elif method != _OK:
            raise ScramError(f"it asks for authentication method {method}; the pooler knows trust and {MECHANISM}")

    def _reported(self, data: bytes) -> None:
        name, value = read_parameter(data)
        self.parameters[name] = value
        self._drifted = True

    def _fail(self, error: Exception) -> None:
        if not self._logged_in.done():
            self._logged_in.set_exception(error)
            self._logged_in.exception()  # seen, even if nobody waits
