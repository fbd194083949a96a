"""A real PostgreSQL of the drill's own: made, started, watched, killed, promoted, and gone without a trace.

The postmaster is our direct child (no pg_ctl in between), so that its end is noticed at once. Durability is off: the
drill is about connections, and a laptop's disk shouldn't decide.
"""

import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from headroom.drill import place
from headroom.drill.binaries import Account, Binaries
from headroom.drill.place import LOOPBACK
from headroom.errors import UserError

SUPERUSER = "postgres"
DATABASE = "shop"
MONITORS = 1
"""Superuser connections that the drill itself keeps open; they come out of the reserved slots."""
_START_SECONDS = 20.0
_PORT_ATTEMPTS = 5
_MINUTE = 60.0
_LEAST_BYTES = 40 << 20  # an empty cluster's: with less it ends half made, and can't even say why


class ServerGoneError(Exception):
    """The server ended in the middle of the run; the message is one line for the user."""


@dataclass(kw_only=True)
class Server:
    """One PostgreSQL server.

    Attributes:
        binaries: its programs.
        account: whom it belongs to.
        folder: its data and log.
        max_connections: slots, all kinds.
        reserved_connections: slots that services can't have, the drill's own monitor included; at least 2.
        password: of every role; then SCRAM is asked for. None: trust.
        replicated: it is one of a streaming pair.
        port: 0 until it runs.
    """

    binaries: Binaries
    account: Account
    folder: Path
    max_connections: int
    reserved_connections: int
    password: str | None = None
    replicated: bool = False
    port: int = 0
    _child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "server.log"

    def create(self) -> None:
        """Make the cluster.

        Raises:
            UserError: initdb failed; its own words are in the message.
        """
        self._make_folder()
        command = [self.binaries["initdb"], "-D", str(self.data), "-U", SUPERUSER, "--no-sync", "-E", "UTF8"]
        if self.password is None:
            command += ["--auth=trust", "--locale=C"]
        else:
            secret = self.folder / "password"
            secret.write_text(self.password + "\n")
            secret.chmod(0o600)
            self.account.own(secret)
            command += ["--auth=scram-sha-256", "--locale=C", f"--pwfile={secret}"]
        self._run(command)

    def copy_of(self, primary: "Server") -> None:
        """Make the cluster a streaming standby of a running `primary` (pg_basebackup).

        Raises:
            UserError: the copy failed.
        """
        self._make_folder()
        passfile = self.folder / "pgpass"
        passfile.write_text(f"*:*:*:*:{primary.password or ''}\n")
        passfile.chmod(0o600)
        self.account.own(passfile)
        address = f"host={LOOPBACK} port={primary.port} user={SUPERUSER} passfile={passfile}"
        self._run(
            [self.binaries["pg_basebackup"], "-d", address, "-D", str(self.data), "-R", "-X", "stream", "-c", "fast"]
        )

    def start(self, port: int | None = None) -> None:
        """Start it on a free port (or on `port`) of the loopback interface, and wait until it accepts connections.

        Raises:
            UserError: it doesn't come up; the message has its last words.
        """
        for attempt in range(_PORT_ATTEMPTS):
            self.port = port or place.free_port()
            self._child = place.start(self._command(), self.account, self.folder, self.log)
            if self._wait_until_ready():
                return
            said = place.tail(self.log)
            taken = "Address already in use" in said or "could not create any TCP/IP sockets" in said
            if not taken or port is not None or attempt == _PORT_ATTEMPTS - 1:
                raise UserError(f"PostgreSQL ({self.binaries.folder}) did not start: {said}")

    def promote(self, port: int) -> None:
        """Make a standby the writer, at `port`, where the clients know the writer: the endpoint moves to it.

        It restarts for that, as an Aurora reader does when it is promoted.
        """
        self.stop()
        self.start(port)
        self._run([self.binaries["pg_ctl"], "promote", "-D", str(self.data), "-w", "-t", "20"])

    def kill(self) -> None:
        """The host is gone: every process at once, nothing is written or said."""
        if self._child is None:
            return
        family = place.descendants(self._child)
        self._child.kill()
        self._child.wait()
        place.kill_all(family)
        self._remove_shared_memory()

    def stop(self) -> None:
        """Stop it (PostgreSQL's fast shutdown); safe to repeat, and after a crash."""
        if self._child is None:
            return
        place.end(self._child, signal.SIGINT)
        self._remove_shared_memory()
        self._child = None

    def check(self) -> None:
        """See that it still runs.

        Raises:
            ServerGoneError: it doesn't.
        """
        if self._child is not None and (code := self._child.poll()) is not None:
            how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            raise ServerGoneError(
                f"the PostgreSQL server ended in the middle of the run ({how}): {place.tail(self.log, 1)}"
            )

    @property
    def pid(self) -> int | None:
        """The postmaster's process id."""
        return None if self._child is None else self._child.pid

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True)
        self.account.own(self.folder)
        if (free := shutil.disk_usage(self.folder).free) < _LEAST_BYTES:
            raise UserError(
                f"{self.folder}: {free >> 20} MiB are free, and a server's files take {_LEAST_BYTES >> 20} and more: "
                "set TMPDIR to a folder on another disk"
            )

    def _run(self, command: list[str]) -> None:
        child = place.start(command, self.account, self.folder, self.log)
        try:
            code = child.wait(_MINUTE)
        except subprocess.TimeoutExpired:
            place.end(child, signal.SIGTERM)
            raise UserError(f"{Path(command[0]).name} took longer than a minute: {place.tail(self.log)}") from None
        except BaseException:
            place.end(child, signal.SIGTERM)
            raise
        if code:
            raise UserError(f"{Path(command[0]).name} failed: {place.tail(self.log)}")

    def _command(self) -> list[str]:
        settings: dict[str, object] = {
            "listen_addresses": LOOPBACK,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": self.max_connections,
            "superuser_reserved_connections": self.reserved_connections - MONITORS,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "jit": "off",
            "huge_pages": "off",
            "shared_buffers": "32MB",
            # In files of the data directory: nothing in /dev/shm outlives a killed server.
            "dynamic_shared_memory_type": "mmap",
            "log_checkpoints": "off",
            "wal_level": "replica" if self.replicated else "minimal",
            "max_wal_senders": 4 if self.replicated else 0,
            "max_replication_slots": 4 if self.replicated else 0,
            "hot_standby": "on",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [self.binaries["postgres"], "-D", str(self.data), *options]

    def _wait_until_ready(self) -> bool:
        """Our own server says so in its own postmaster.pid: nobody else's on the same port can be taken for it."""
        child, deadline = self._child, time.monotonic() + _START_SECONDS
        while child is not None and child.poll() is None and time.monotonic() < deadline:
            lines = self._pid_file()
            if len(lines) >= 8 and lines[0].strip() == str(child.pid) and lines[7].strip() in {"ready", "standby"}:
                return True
            time.sleep(0.01)
        if child is not None:
            place.end(child, signal.SIGQUIT)
        return False

    def _pid_file(self) -> list[str]:
        with suppress(OSError):
            return (self.data / "postmaster.pid").read_text().splitlines()
        return []

    def _remove_shared_memory(self) -> None:
        """A killed server leaves its System V segment (its id is in the file that it left, too)."""
        lines = self._pid_file()
        if len(lines) < 7 or (found := re.match(r"\s*\d+\s+(\d+)", lines[6])) is None:
            return
        with suppress(OSError):
            subprocess.run(["ipcrm", "-m", found.group(1)], capture_output=True, check=False, timeout=10)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
