"""What a reference pooler is told, in RDS Proxy's terms."""

import ipaddress
import math
from dataclasses import dataclass, field

from headroom.errors import UserError

PERCENT_MAX = 100
BORROW_TIMEOUT_SECONDS_MAX = 300
PORT_MAX = 65535


@dataclass(frozen=True, kw_only=True)
class PoolerSettings:
    """Settings of a pooler. Ranges and defaults are RDS Proxy's (ConnectionPoolConfiguration of the RDS API).

    Attributes:
        server_port: PostgreSQL's port, 1 to 65535.
        server_host: PostgreSQL's address; only the loopback interface (127.0.0.0/8, ::1, localhost).
        port: the pooler's own on 127.0.0.1; 0 takes a free one.
        max_connections: the server's setting of that name, at least 1.
        max_connections_percent: MaxConnectionsPercent, 1 to 100: the pool's share of max_connections.
        max_idle_connections_percent: MaxIdleConnectionsPercent, 0 to max_connections_percent, of max_connections (not
            of the pool); None: half of max_connections_percent.
        idle_after_seconds: a server connection unused for so long counts as idle (RDS Proxy: 5 minutes), above 0.
        borrow_timeout_seconds: ConnectionBorrowTimeout, 0 to 300; 0 refuses at once when no connection is free.
        password: every role's, for SCRAM with clients and server; None: trust on both sides.

    Raises:
        UserError: any of them is out of range; all are named at once.
    """

    server_port: int
    server_host: str = "127.0.0.1"
    port: int = 0
    max_connections: int = 100
    max_connections_percent: int = 100
    max_idle_connections_percent: int | None = None
    idle_after_seconds: float = 300.0
    borrow_timeout_seconds: float = 120.0
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise UserError("; ".join(problems))

    @property
    def pool_connections(self) -> int:
        """Server connections at most: the percent of max_connections, rounded down."""
        return self.max_connections * self.max_connections_percent // 100

    @property
    def max_idle_connections(self) -> int:
        """Idle server connections that are kept."""
        percent = self.max_idle_connections_percent
        return math.floor(
            self.max_connections * (self.max_connections_percent / 2 if percent is None else percent) / 100
        )

    def _problems(self) -> list[str]:
        found = []
        if not _is_loopback(self.server_host):
            found.append(
                f"server host: must be on the loopback interface, got {self.server_host!r}: "
                "the reference pooler is for drills on this machine"
            )
        if not 1 <= self.server_port <= PORT_MAX:
            found.append(f"server port: must be 1 to {PORT_MAX}, got {self.server_port}")
        if not 0 <= self.port <= PORT_MAX:
            found.append(f"port: must be 0 (a free one) to {PORT_MAX}, got {self.port}")
        if self.max_connections < 1:
            found.append(f"max_connections: must be at least 1, got {self.max_connections}")
        percent, idle = self.max_connections_percent, self.max_idle_connections_percent
        if not 1 <= percent <= PERCENT_MAX:
            found.append(f"max_connections_percent: must be 1 to {PERCENT_MAX}, got {percent}")
        elif self.max_connections >= 1 and self.pool_connections < 1:
            found.append(
                f"max_connections_percent: {percent} percent of max_connections ({self.max_connections}) is less than "
                "one connection: raise either"
            )
        if idle is not None and not 0 <= idle <= percent:
            found.append(f"max_idle_connections_percent: must be 0 to max_connections_percent ({percent}), got {idle}")
        if not self.idle_after_seconds > 0:
            found.append(f"idle_after_seconds: must be above 0, got {self.idle_after_seconds:g}")
        if not 0 <= self.borrow_timeout_seconds <= BORROW_TIMEOUT_SECONDS_MAX:
            found.append(
                f"borrow_timeout_seconds: must be 0 to {BORROW_TIMEOUT_SECONDS_MAX}, "
                f"got {self.borrow_timeout_seconds:g}"
            )
        if self.password == "":
            found.append("password: must not be empty: leave it out for trust")
        return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
