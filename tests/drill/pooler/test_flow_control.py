"""Who is held back, and until when: a client and a server connection, by turns full, parted, lost and lent anew."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from headroom.drill.pooler import session
from headroom.drill.pooler.messages import ServerError
from headroom.drill.pooler.server_connection import Identity, ServerConnection
from headroom.drill.pooler.stats import Totals
from tests.drill.pooler.wire import message, query, startup
from tests.searches import searched

READY = message("Z", b"I")
COPY_IN = message("G", b"\0\0\0")
ERROR = message("E", b"SERROR\0C23505\0Mduplicate key\0\0")
LIMIT_BYTES = 4000  # of what is read from a client that waits
MUCH = query("SELECT '" + "x" * 1000 + "'") * 5


class Transport:
    """A socket that only remembers whether it is read."""

    def __init__(self) -> None:
        self.reading = True
        self.closing = False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def write(self, data: bytes) -> None: ...


class OneServer:
    """A pool of one connection, which somebody else takes and gives back by turns."""

    def __init__(self) -> None:
        self.totals = Totals()
        self.clients = 0
        self.server = ServerConnection(Identity(()), set(), None, lambda _: None)
        self.server.transport = Transport()  # type: ignore[assignment]
        self.free = True
        self.waiter: Any = None

    def join(self, _identity: Identity) -> Any:
        return type("Group", (), {"parameters": {}, "known": set()})()

    def borrow(self, _group: Any, waiter: Any) -> ServerConnection | None:
        if not self.free:
            self.waiter = waiter
            return None
        return self._lend(waiter)

    def give_back(self, server: ServerConnection) -> None:
        server.borrower, self.free = None, True

    def retire(self, server: ServerConnection, *, cancel: bool = True) -> None:
        server.borrower, server.ending = None, True

    def stop_waiting(self, _group: Any, _waiter: Any) -> bool:
        waited, self.waiter = self.waiter is not None, None
        return waited

    def leave(self, _group: Any, _waiter: Any) -> None: ...
    def transaction_ended(self) -> None: ...
    def pin(self, _server: ServerConnection, _reason: str) -> None: ...

    def somebody_else_takes_it(self) -> None:
        if self.server.borrower is None:
            self.free = False

    def somebody_else_gives_it_back(self) -> None:
        if self.server.borrower is None and not self.free:
            self.free = True
            waiter, self.waiter = self.waiter, None
            if waiter is not None:
                waiter.granted(self._lend(waiter))

    def the_wait_is_over(self) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is not None:
            waiter.refused(ServerError("08000", "too late"), for_good=False)

    def _lend(self, waiter: Any) -> ServerConnection:
        self.server.borrower, self.free = waiter, False
        return self.server


class FlowControl(RuleBasedStateMachine):
    """After each step everybody is read who should be, and nobody who shouldn't."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(session, "_WAITING_BYTES_MAX", LIMIT_BYTES)
        self.runner = asyncio.Runner()
        self.client_full = self.server_full = False
        self.waited_with_bytes = 0
        self.transport = Transport()
        self.do(self.begin)

    def begin(self) -> None:
        self.pool = OneServer()
        self.client = session.Session(session.Clients(self.pool, None))  # type: ignore[arg-type]
        self.client.connection_made(self.transport)  # type: ignore[arg-type]
        self.client.data_received(startup(user="a", database="b"))

    def do(self, step: Callable[[], None]) -> None:
        async def run() -> None:
            step()

        self.runner.run(run())

    @property
    def lent(self) -> bool:
        return self.pool.server.borrower is not None

    def says(self, data: bytes) -> None:
        self.waited_with_bytes += len(data)
        self.do(lambda: self.client.data_received(data))

    @precondition(lambda self: self.transport.reading)
    @rule(data=st.sampled_from([query("SELECT 1"), MUCH]))
    def the_client_speaks(self, data: bytes) -> None:
        self.says(data)

    @precondition(lambda self: self.lent)
    @rule(data=st.sampled_from([READY, COPY_IN, ERROR + READY]))
    def the_server_answers(self, data: bytes) -> None:
        self.do(lambda: self.pool.server.data_received(data))

    @rule()
    def the_server_is_full_or_drained(self) -> None:
        self.server_full = not self.server_full
        self.do(self.pool.server.pause_writing if self.server_full else self.pool.server.resume_writing)

    @rule()
    def the_client_is_full_or_drained(self) -> None:
        self.client_full = not self.client_full
        self.do(self.client.pause_writing if self.client_full else self.client.resume_writing)

    @rule()
    def somebody_else_takes_it(self) -> None:
        self.do(self.pool.somebody_else_takes_it)

    @rule()
    def somebody_else_gives_it_back(self) -> None:
        self.do(self.pool.somebody_else_gives_it_back)

    @rule()
    def the_wait_is_over(self) -> None:
        self.do(self.pool.the_wait_is_over)

    @invariant()
    def the_right_ones_are_read(self) -> None:
        if self.pool.waiter is None:
            self.waited_with_bytes = 0
        held_back = self.client_full or (self.server_full and self.lent)
        if held_back or self.waited_with_bytes > LIMIT_BYTES:
            assert not self.transport.reading, "the client is read without end"
        else:
            assert self.transport.reading, "the client is held back, and nobody will let it go on"
        server = cast("Transport", self.pool.server.transport)
        assert server.reading == (not (self.lent and self.client_full)), "the server"

    def teardown(self) -> None:
        self.do(self.client.close)
        assert cast("Transport", self.pool.server.transport).reading, "a server connection is left unread"
        self.runner.close()
        self.patch.undo()


TestFlowControl = FlowControl.TestCase
TestFlowControl.settings = settings(deadline=None, max_examples=searched(100))


def test_a_copy_that_fails_while_its_client_is_held_back_lets_the_client_go_on() -> None:
    flow = FlowControl()
    flow.says(query("COPY t FROM STDIN"))
    flow.the_server_answers(COPY_IN)
    flow.the_server_is_full_or_drained()
    flow.the_server_answers(ERROR + READY)
    flow.the_right_ones_are_read()
    flow.teardown()


def test_a_client_that_waits_again_after_a_refusal_is_still_held_back() -> None:
    flow = FlowControl()
    flow.somebody_else_takes_it()
    flow.says(MUCH)
    for _ in range(3):
        flow.the_right_ones_are_read()
        flow.the_wait_is_over()
    flow.the_right_ones_are_read()
    flow.teardown()
