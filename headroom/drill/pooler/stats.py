"""What a pooler counts."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class PoolStats:
    """One look at a pooler. Totals count from its start.

    Attributes:
        client_connections: clients that are logged in now.
        clients_waiting: of them, waiting for a server connection.
        pool_connections: server connections at most.
        server_connections: open now, or being opened or closed.
        server_connections_borrowed: of them, in use by a client.
        server_connections_pinned: of them, kept by a client until it leaves.
        transactions: total ended.
        hold_seconds: total that returned connections had been borrowed for, in seconds.
        borrows: total of connections that were handed out.
        wait_seconds: total that clients waited for them, in seconds, those that gave up or were refused included.
        wait_seconds_max: the longest wait, in seconds.
        borrow_timeouts: total of clients that waited too long.
        pinned: total of clients that were pinned, by reason.
        cancels: total of cancel requests that were passed on.
        server_connections_opened: total.
        server_connections_lost: total that the server ended.
        clients_vanished: total of clients that left in the middle of something.
    """

    client_connections: int
    clients_waiting: int
    pool_connections: int
    server_connections: int
    server_connections_borrowed: int
    server_connections_pinned: int
    transactions: int
    hold_seconds: float
    borrows: int
    wait_seconds: float
    wait_seconds_max: float
    borrow_timeouts: int
    pinned: dict[str, int]
    cancels: int
    server_connections_opened: int
    server_connections_lost: int
    clients_vanished: int

    def row(self) -> dict[str, str]:
        """The same as text, by column; the pins as a JSON object."""
        return {k: json.dumps(v) if isinstance(v, dict) else str(v) for k, v in asdict(self).items()}


@dataclass
class Totals:
    """The totals while they grow; the names are PoolStats'."""

    transactions: int = 0
    hold_seconds: float = 0.0
    borrows: int = 0
    wait_seconds: float = 0.0
    wait_seconds_max: float = 0.0
    borrow_timeouts: int = 0
    cancels: int = 0
    server_connections_opened: int = 0
    server_connections_lost: int = 0
    clients_vanished: int = 0

    def waited(self, seconds: float) -> None:
        """Somebody's wait is over."""
        self.wait_seconds += seconds
        self.wait_seconds_max = max(self.wait_seconds_max, seconds)
