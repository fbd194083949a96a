"""What belongs to one identity: its server connections, and the clients that wait for one."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Protocol

from headroom.drill.pooler.messages import ServerError
from headroom.drill.pooler.server_connection import Borrower, Identity, ServerConnection


class Waiter(Borrower, Protocol):
    """A client that waits."""

    def granted(self, server: ServerConnection) -> None:
        """Here it is."""

    def refused(self, error: ServerError, *, for_good: bool) -> None:
        """There is none; `for_good`: nor will there be."""


@dataclass
class Waiting:
    """Since when (monotonic seconds), and what ends it."""

    since: float
    timer: asyncio.TimerHandle


@dataclass(eq=False)
class Group:
    """The server connections of one identity, and the clients that wait for one.

    Attributes:
        clients: that are logged in as this identity.
        connections: in use, idle, being opened or closed.
        known: statements that the server has parsed without an error.
        parameters: as the server reports them at login; None before the first.
    """

    identity: Identity
    clients: int = 0
    connections: int = 0
    opening: int = 0
    parameters: dict[str, str] | None = None
    known: set[bytes] = field(default_factory=set)
    idle: list[ServerConnection] = field(default_factory=list)
    waiting: OrderedDict[Waiter, Waiting] = field(default_factory=OrderedDict)
    pause: asyncio.TimerHandle | None = None
    pause_seconds: float = 0.0
    trouble: str = ""
