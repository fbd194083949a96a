"""Who gets which server connection, who waits, and what is opened and closed for it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from time import monotonic

from headroom.drill.pooler.group import Group, Waiter, Waiting
from headroom.drill.pooler.messages import ServerError
from headroom.drill.pooler.server_connection import Identity, LoginError, ServerConnection
from headroom.drill.pooler.settings import PoolerSettings
from headroom.drill.pooler.stats import PoolStats, Totals

_RETRY_SECONDS = (0.05, 1.0)  # first and longest pause between two tries to reach the server
_REAP_SECONDS = 1.0
# A server that starts, stops, is full or lost its network may be fine soon: classes 08, 53, 57.
_PASSING = ("08", "53", "57")


class Pool:
    """All server connections of a pooler: never more than the settings allow, whatever clients do."""

    def __init__(self, settings: PoolerSettings) -> None:
        self.totals = Totals()
        self.pins: Counter[str] = Counter()
        self.clients = 0
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._groups: dict[Identity, Group] = {}
        self._servers: set[ServerConnection] = set()
        self._connections = 0
        self._borrowed = 0
        self._pinned = 0
        self._leaving: set[ServerConnection] = set()
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._background(self._reap())

    def join(self, identity: Identity) -> Group:
        """A client logs in."""
        group = self._groups.setdefault(identity, Group(identity))
        group.clients += 1
        return group

    def leave(self, group: Group, waiter: Waiter) -> None:
        """A client is gone."""
        self._forget(group, waiter)
        group.clients -= 1
        self._drop_if_unused(group)

    def borrow(self, group: Group, waiter: Waiter) -> ServerConnection | None:
        """A server connection; None: there will be one later, or an error."""
        while group.idle:
            if not (server := group.idle.pop()).ending:
                return self._lend(server, waiter)
        timer = self._loop.call_later(self._settings.borrow_timeout_seconds, self._too_late, group, waiter)
        group.waiting[waiter] = Waiting(monotonic(), timer)
        self._grow()
        return None

    def give_back(self, server: ServerConnection) -> None:
        """A quiet server connection comes back."""
        self._no_longer_borrowed(server)
        group = self._groups[server.identity]
        if not server.uncancelled.is_set():  # one that is on its way must not hit the next client
            self._background(self._after_cancels(server))
        elif server.cancel_lost or self._must_yield(group):
            self.retire(server)
        else:
            self._make_available(server, group)

    def retire(self, server: ServerConnection, *, cancel: bool = True) -> None:
        """End a server connection, and what runs on it; its slot is free when the server has closed its side."""
        self._no_longer_borrowed(server)
        if not server.ending:
            server.ending = True
            self._leaving.add(server)
            self._background(server.ended(cancel=cancel))

    def pin(self, server: ServerConnection, reason: str) -> None:
        """Its client keeps it."""
        if not server.pinned:
            server.pinned = True
            self._pinned += 1
            self.pins[reason] += 1

    def transaction_ended(self) -> None:
        """Count it."""
        self.totals.transactions += 1

    def cancel(self, server: ServerConnection, then: Callable[[], None]) -> None:
        """Pass a cancel request on, and tell when that is done."""
        self.totals.cancels += 1
        self._background(server.cancel()).add_done_callback(lambda _: then())

    def stop_waiting(self, group: Group, waiter: Waiter) -> bool:
        """Whether it waited."""
        return self._forget(group, waiter)

    def stats(self) -> PoolStats:
        """What there is now."""
        return PoolStats(
            client_connections=self.clients,
            clients_waiting=sum(len(g.waiting) for g in self._groups.values()),
            pool_connections=self._settings.pool_connections,
            server_connections=self._connections,
            server_connections_borrowed=self._borrowed,
            server_connections_pinned=self._pinned,
            pinned=dict(self.pins),
            **vars(self.totals),
        )

    async def close(self, *, patience_seconds: float = 1.0) -> None:
        """End all server connections."""
        self._closing = True
        for group in self._groups.values():
            if group.pause is not None:
                group.pause.cancel()
            for waiting in group.waiting.values():
                waiting.timer.cancel()
            group.waiting.clear()
        for server in list(self._servers):
            self.retire(server)
        enders = [task for task in self._tasks if task is not asyncio.current_task()]
        if self._servers:
            await asyncio.wait([server.gone for server in self._servers], timeout=patience_seconds)
        for task in enders:
            task.cancel()
        for server in list(self._servers):
            server.transport.abort()
        await asyncio.gather(*enders, return_exceptions=True)

    def _lend(self, server: ServerConnection, waiter: Waiter) -> ServerConnection:
        server.borrower = waiter
        server.borrowed_at = monotonic()
        self._borrowed += 1
        self.totals.borrows += 1
        return server

    def _no_longer_borrowed(self, server: ServerConnection) -> None:
        if server.borrower is None:
            return
        server.borrower = None
        self._borrowed -= 1
        self._pinned -= server.pinned
        self.totals.hold_seconds += monotonic() - server.borrowed_at

    def _make_available(self, server: ServerConnection, group: Group) -> None:
        if group.waiting:
            waiter, waiting = group.waiting.popitem(last=False)
            waiting.timer.cancel()
            self.totals.waited(monotonic() - waiting.since)
            self._lend(server, waiter)
            waiter.granted(server)
        else:
            server.idle_since = monotonic()
            group.idle.append(server)
            self._grow()

    def _grow(self) -> None:
        """Open connections for those who wait, the longest wait first; make room where the pool is full."""
        hungry = [g for g in self._groups.values() if len(g.waiting) > g.opening and g.pause is None]
        if not hungry or self._closing:
            return
        lacking = sum(len(g.waiting) - g.opening for g in hungry)
        hungry.sort(key=lambda g: next(iter(g.waiting.values())).since)
        for group in hungry:
            while len(group.waiting) > group.opening:
                if self._connections >= self._settings.pool_connections:
                    if len(self._leaving) < lacking and (victim := self._longest_idle()):
                        self._evict(victim)
                        continue
                    return
                self._connections += 1
                group.connections += 1
                group.opening += 1
                self._background(self._open(group))

    async def _open(self, group: Group) -> None:
        server: ServerConnection | None = None

        def made() -> ServerConnection:
            return ServerConnection(group.identity, group.known, self._settings.password, self._gone)

        try:
            _, server = await self._loop.create_connection(made, self._settings.server_host, self._settings.server_port)
            self._servers.add(server)
            await server.login()
        except (LoginError, OSError) as error:
            group.opening -= 1
            if server is None:
                self._free_slot(group)
            else:
                server.transport.abort()
            self._not_opened(group, error)
        except BaseException:  # cancelled: the pooler ends
            group.opening -= 1
            if server is None:
                self._free_slot(group)
            else:
                server.transport.abort()
            raise
        else:
            group.opening -= 1
            group.pause_seconds, group.trouble = 0.0, ""
            group.parameters = dict(server.parameters)
            self.totals.server_connections_opened += 1
            self._make_available(server, group)

    def _not_opened(self, group: Group, error: Exception) -> None:
        group.trouble = str(error)
        if isinstance(error, LoginError) and not error.error.sqlstate.startswith(_PASSING):
            group.parameters = None
            for waiter in list(group.waiting):
                self._forget(group, waiter)
                waiter.refused(error.error, for_good=True)
        elif group.pause is None and not self._closing:
            first, longest = _RETRY_SECONDS
            group.pause_seconds = min(longest, 2 * group.pause_seconds or first)
            group.pause = self._loop.call_later(group.pause_seconds, self._try_again, group)

    def _try_again(self, group: Group) -> None:
        group.pause = None
        self._grow()
        self._drop_if_unused(group)

    def _too_late(self, group: Group, waiter: Waiter) -> None:
        if not self._forget(group, waiter):
            return
        self.totals.borrow_timeouts += 1
        why = group.trouble or f"all {self._settings.pool_connections} are in use ({self._pinned} of them pinned)"
        waiter.refused(
            ServerError(
                "08000",
                "Timed-out waiting to acquire database connection.",
                f"The reference pooler waited {self._settings.borrow_timeout_seconds:g} s: {why}.",
            ),
            for_good=False,
        )

    def _forget(self, group: Group, waiter: Waiter) -> bool:
        waiting = group.waiting.pop(waiter, None)
        if waiting is None:
            return False
        waiting.timer.cancel()
        self.totals.waited(monotonic() - waiting.since)
        return True

    def _gone(self, server: ServerConnection) -> None:
        """The server has closed its side."""
        if server not in self._servers:
            return
        self._servers.discard(server)
        self._no_longer_borrowed(server)
        group = self._groups[server.identity]
        if server in group.idle:
            group.idle.remove(server)
        if server not in self._leaving:
            self.totals.server_connections_lost += 1
        self._leaving.discard(server)
        self._free_slot(group)

    def _free_slot(self, group: Group) -> None:
        self._connections -= 1
        group.connections -= 1
        self._grow()
        self._drop_if_unused(group)

    def _drop_if_unused(self, group: Group) -> None:
        if not group.clients and not group.connections and group.pause is None:
            self._groups.pop(group.identity, None)

    def _must_yield(self, group: Group) -> bool:
        """Somebody waits who has less than an equal share, and this group has more than that."""
        if len(self._groups) == 1 or self._connections < self._settings.pool_connections:
            return False
        wanting = [g for g in self._groups.values() if g.waiting or g.connections > len(g.idle)]
        share = self._settings.pool_connections / max(1, len(wanting) + (group not in wanting))
        return group.connections > share and any(
            g is not group and len(g.waiting) > g.opening and g.connections + len(self._leaving) < share
            for g in wanting
        )

    def _longest_idle(self) -> ServerConnection | None:
        idle = [s for g in self._groups.values() for s in g.idle]
        return min(idle, key=lambda s: s.idle_since, default=None)

    def _evict(self, server: ServerConnection) -> None:
        self._groups[server.identity].idle.remove(server)
        self.retire(server)

    async def _after_cancels(self, server: ServerConnection) -> None:
        await server.uncancelled.wait()
        if not server.ending and server in self._servers:
            self.give_back(server)

    async def _reap(self) -> None:
        """Close server connections that have been idle for long, above the number that is kept."""
        settings = self._settings
        while True:
            await asyncio.sleep(min(_REAP_SECONDS, settings.idle_after_seconds / 2))
            old = monotonic() - settings.idle_after_seconds
            idle = sorted((s for g in self._groups.values() for s in g.idle), key=lambda s: s.idle_since)
            for server in idle[: max(0, len(idle) - settings.max_idle_connections)]:
                if server.idle_since <= old:
                    self._evict(server)

    def _background(self, work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
