"""What stands for RDS Proxy on the pooled side: PgBouncer where it is installed, else the built-in reference pooler.

Either is a process of its own, so that its CPU is not the load generator's. The report says which one it was, and which
of the proxy's settings it can't have.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import Protocol

from headroom.drill import console, place
from headroom.drill.binaries import Account
from headroom.drill.place import LOOPBACK
from headroom.errors import UserError

_START_SECONDS = 10.0
_PORT_ATTEMPTS = 5
_CLIENTS_MAX = 5000
_ADMIN = "headroom_stats"
_PASSWORD_VARIABLE = "HEADROOM_DRILL_PASSWORD"  # noqa: S105 - a name
REFERENCE = "reference pooler"


class ProxyGoneError(Exception):
    """The pooler ended in the middle of the run; the message is one line for the user."""


@dataclass(frozen=True, kw_only=True)
class ProxySettings:
    """What the pooled side's proxy is set to, in the proxy's terms.

    Attributes:
        server_port: the database's port on the loopback interface.
        database: its name.
        users: the roles that log in, by name, with their SCRAM secret (None: trust).
        max_connections: of the database; with the percent, the pool.
        pool_connections: database connections at most.
        borrow_timeout_seconds: how long a client waits for one.
        password: every role's, for the reference pooler (None: trust).
        pins: sessions pin (PgBouncer can't see that: session pooling stands for it).
    """

    server_port: int
    database: str
    users: dict[str, str | None]
    max_connections: int
    max_connections_percent: int
    pool_connections: int
    borrow_timeout_seconds: float
    password: str | None = None
    pins: bool = False


@dataclass(frozen=True)
class PoolerStats:
    """Totals: transactions, and the seconds that they held a database connection and waited for one."""

    transactions: int
    hold_seconds: float
    wait_seconds: float


class Proxy(Protocol):
    """A running pooler."""

    port: int
    title: str
    notes: list[str]

    def stats(self) -> PoolerStats | None:
        """Its totals, if it tells."""

    def check(self) -> None:
        """See that it still runs."""

    def stop(self) -> None:
        """End it; safe to repeat."""


def start_proxy(settings: ProxySettings, account: Account, folder: Path, *, kind: str | None = None) -> Proxy:
    """Start PgBouncer if there is one, else the reference pooler (`kind` names one: "pgbouncer" or "reference").

    Raises:
        UserError: it doesn't start; the message has its last words.
    """
    folder.mkdir(mode=0o700, parents=True)
    account.own(folder)
    pgbouncer = find_pgbouncer()
    if kind == "pgbouncer" and pgbouncer is None:
        raise UserError("pgbouncer: not found on PATH: install it, or leave --pooler out")
    if pgbouncer is not None and kind != "reference":
        return _PgBouncer(settings, account, folder, pgbouncer)
    return _Reference(settings, folder)


def find_pgbouncer() -> str | None:
    """PgBouncer's path; Debian keeps it in a folder that isn't on every user's PATH."""
    return shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


@dataclass
class _Child:
    """A pooler's process."""

    title: str = ""
    port: int = 0
    notes: list[str] = field(default_factory=list)
    _process: "subprocess.Popen[bytes] | None" = None
    _log: Path = Path()

    def check(self) -> None:
        if self._process is not None and (code := self._process.poll()) is not None:
            how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            raise ProxyGoneError(f"{self.title} ended in the middle of the run ({how}): {place.tail(self._log, 1)}")

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        if self._process is not None:
            place.end(self._process, signal.SIGTERM, patience_seconds=2)
            self._process = None


class _PgBouncer(_Child):
    def __init__(self, settings: ProxySettings, account: Account, folder: Path, program: str) -> None:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout
        found = re.search(r"\d+\.\d+(\.\d+)?", said)
        super().__init__(title=f"PgBouncer {found.group() if found else ''}".strip(), _log=folder / "pgbouncer.log")
        self.notes = ["PgBouncer keeps idle server connections by time, not by MaxIdleConnectionsPercent"]
        if settings.pins:
            self.notes.append("PgBouncer doesn't pin: session pooling stands for clients that are pinned")
        scram = any(secret is not None for secret in settings.users.values())
        users = folder / "users.txt"
        listed = {**settings.users, _ADMIN: "x"}
        users.write_text("".join(f'"{user}" "{secret or ""}"\n' for user, secret in listed.items()))
        access = folder / "hba.txt"  # statistics without a password, everybody else as the server asks
        method = "scram-sha-256" if scram else "trust"
        access.write_text(f"host pgbouncer {_ADMIN} {LOOPBACK}/32 trust\nhost all all {LOOPBACK}/32 {method}\n")
        for attempt in range(_PORT_ATTEMPTS):
            self.port = place.free_port()
            ini = folder / "pgbouncer.ini"
            ini.write_text(_ini(settings, self.port, users, access))
            for file in (users, access, ini):
                file.chmod(0o600)
                account.own(file)
            self._process = place.start([program, str(ini)], account, folder, self._log)
            if _wait(self._answers, self._process):
                return
            place.end(self._process, signal.SIGTERM)
            if "Address already in use" not in place.tail(self._log, 5) or attempt == _PORT_ATTEMPTS - 1:
                raise UserError(f"{self.title} did not start: {place.tail(self._log)}")

    def _answers(self) -> bool:
        try:
            return bool(console.rows(LOOPBACK, self.port, _ADMIN, "pgbouncer", "SHOW VERSION"))
        except OSError:
            return False

    def stats(self) -> PoolerStats | None:
        try:
            rows = console.rows(LOOPBACK, self.port, _ADMIN, "pgbouncer", "SHOW STATS_TOTALS")
        except OSError:
            return None
        mine = [r for r in rows if r.get("database") != "pgbouncer"]
        wait = sum(int(r["wait_time"]) for r in mine) / 1e6
        # Its transaction time includes the wait (observed with 1.18).
        held = sum(int(r["xact_time"]) for r in mine) / 1e6 - wait
        return PoolerStats(sum(int(r["xact_count"]) for r in mine), held, wait)


def _ini(settings: ProxySettings, port: int, users: Path, access: Path) -> str:
    pool = settings.pool_connections
    return f"""[databases]
{settings.database} = host={LOOPBACK} port={settings.server_port} dbname={settings.database}
[pgbouncer]
listen_addr = {LOOPBACK}
listen_port = {port}
unix_socket_dir =
auth_type = hba
auth_hba_file = {access}
auth_file = {users}
stats_users = {_ADMIN}
pool_mode = {"session" if settings.pins else "transaction"}
default_pool_size = {pool}
max_db_connections = {pool}
max_client_conn = {_CLIENTS_MAX}
query_wait_timeout = {max(1, round(settings.borrow_timeout_seconds))}
server_login_retry = 0.2
server_round_robin = 0
log_connections = 0
log_disconnections = 0
log_pooler_errors = 0
ignore_startup_parameters = extra_float_digits
"""


class _Reference(_Child):
    def __init__(self, settings: ProxySettings, folder: Path) -> None:
        super().__init__(title=f"built-in {REFERENCE}", _log=folder / "pooler.log")
        command = [
            *(sys.executable, "-m", "headroom.drill.pooler"),
            *("--server", f"{LOOPBACK}:{settings.server_port}", "--port", "0"),
            *("--max-connections", str(settings.max_connections)),
            *("--max-connections-percent", str(settings.max_connections_percent)),
            *("--borrow-timeout-seconds", f"{settings.borrow_timeout_seconds:g}"),
        ]
        environment = dict(os.environ)
        if settings.password is not None:
            command += ["--password-env", _PASSWORD_VARIABLE]
            environment[_PASSWORD_VARIABLE] = settings.password
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                process_group=0,
                preexec_fn=place.die_with_us,  # noqa: PLW1509 - one system call
            )
        try:
            self.port = self._said_port()
        except BaseException:
            self.stop()
            raise

    def _said_port(self) -> int:
        process = self._process
        assert process is not None and process.stdout is not None  # noqa: S101, PT018 - just made with a pipe
        ready, _, _ = select([process.stdout], [], [], _START_SECONDS)
        line = process.stdout.readline().decode() if ready else ""
        found = re.search(r"(\d+)\s*$", line)
        if found is None:
            raise UserError(f"the {REFERENCE} did not start: {place.tail(self._log)}")
        return int(found.group(1))

    def stats(self) -> PoolerStats | None:
        try:
            (row,) = console.rows(LOOPBACK, self.port, _ADMIN, "pooler", "SHOW POOL")
        except OSError:
            return None  # with SCRAM the console asks for it, too
        return PoolerStats(int(row["transactions"]), float(row["hold_seconds"]), float(row["wait_seconds"]))


def _wait(ready: Callable[[], bool], process: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.02)
    return False
