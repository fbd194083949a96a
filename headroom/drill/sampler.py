"""What the database says about its connections, ten times a second, on a superuser's connection of the reserve."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from headroom.drill.fleet import Login, connect
from headroom.drill.pool import CONNECT_ERRORS, Connection

INTERVAL_SECONDS = 0.1
_QUERY = """
SELECT usename, count(*), count(*) FILTER (WHERE state <> 'idle')
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND {whose} GROUP BY usename
"""


@dataclass(frozen=True)
class Sample:
    """One look: seconds from the start; connections open and active on the server, by role."""

    at: float
    open: dict[str, int]
    active: dict[str, int]

    @property
    def total(self) -> int:
        """Open, of all services."""
        return sum(self.open.values())

    @property
    def busy(self) -> int:
        """Active, of all services: in a transaction or a query."""
        return sum(self.active.values())


@dataclass
class Sampler:
    """Samples while it runs.

    Attributes:
        login: the monitor's.
        clock: seconds from the side's start.
        clients: the fleet's own count of open connections; recorded also while the server is away.
        own_user: count the connections of the monitor's own user (a real target has one user), not of all the others.
    """

    login: Login
    clock: Callable[[], float]
    clients: Callable[[], int]
    own_user: bool = False
    samples: list[Sample] = field(default_factory=list)
    client_series: list[tuple[float, int]] = field(default_factory=list)
    _connection: Connection | None = None

    async def open(self) -> None:
        """Take the monitor's slot before the fleet comes."""
        self._connection = await connect(self.login)

    async def run(self) -> None:
        """Until it is cancelled; while the server is away only the clients are counted."""
        async with asyncio.TaskGroup() as group:  # two loops: a server that doesn't answer mustn't stop the count
            group.create_task(self._count_clients())
            group.create_task(self._look_again_and_again())

    async def _count_clients(self) -> None:
        while True:
            self.client_series.append((self.clock(), self.clients()))
            await asyncio.sleep(INTERVAL_SECONDS)

    async def _look_again_and_again(self) -> None:
        while True:
            with suppress(*CONNECT_ERRORS):
                if self._connection is None or self._connection.is_closed():
                    await self.open()
                await self._look()
            await asyncio.sleep(INTERVAL_SECONDS)

    async def _look(self) -> None:
        connection = self._connection
        if connection is None:
            return
        whose = (
            "usename = current_user AND datname = current_database()" if self.own_user else "usename <> current_user"
        )
        rows = await connection.fetch(_QUERY.format(whose=whose), timeout=5)
        self.samples.append(
            Sample(
                at=self.clock(),
                open={r[0]: r[1] for r in rows},
                active={r[0]: r[2] for r in rows},
            )
        )

    def close(self) -> None:
        """Give the slot back."""
        if self._connection is not None:
            self._connection.terminate()
