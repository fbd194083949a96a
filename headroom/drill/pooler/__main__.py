"""`python -m headroom.drill.pooler`: a reference pooler as a process; its port is the one line on standard output.

`psql -h 127.0.0.1 -p PORT pooler -c 'SHOW POOL'` shows what it counts. SIGTERM and SIGINT end it.
"""

import argparse
import asyncio
import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence

from headroom.drill.pooler import Pooler, PoolerSettings
from headroom.errors import UserError

_DEFAULTS = PoolerSettings(server_port=1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it until it is told to end. Exit code: 0 ended as told, 2 a mistake."""
    logging.basicConfig(level=logging.WARNING, format="reference pooler: %(message)s")
    try:
        settings = _settings(_parser().parse_args(arguments))
        _many_files()
        try:
            import uvloop
        except ImportError:
            asyncio.run(_serve(settings))
        else:
            uvloop.run(_serve(settings))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


async def _serve(settings: PoolerSettings) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with Pooler(settings) as pooler:
        print(pooler.port, flush=True)
        await ended.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m headroom.drill.pooler",
        description="The reference pooler, for drills: transaction pooling with RDS Proxy's settings. Not RDS Proxy.",
    )
    add = parser.add_argument
    add("--server", required=True, metavar="HOST:PORT", help="PostgreSQL, on the loopback interface")
    add("--port", type=int, default=_DEFAULTS.port, help="our own on 127.0.0.1 (default: 0, a free one)")
    add("--max-connections", type=int, required=True, help="the server's setting of that name")
    add("--max-connections-percent", type=int, default=_DEFAULTS.max_connections_percent, help="the pool, 1 to 100")
    add("--max-idle-connections-percent", type=int, help="kept when idle, of max_connections (default: half)")
    add("--idle-after-seconds", type=float, default=_DEFAULTS.idle_after_seconds, help="unused for so long is idle")
    add("--borrow-timeout-seconds", type=float, default=_DEFAULTS.borrow_timeout_seconds, help="0 to 300")
    add(
        "--password-env",
        metavar="NAME",
        help="the environment variable with every role's password, for SCRAM on both sides (default: trust)",
    )
    return parser


def _settings(options: argparse.Namespace) -> PoolerSettings:
    host, colon, port = options.server.rpartition(":")
    if not colon or not port.isdecimal():
        raise UserError(f"--server: must be HOST:PORT, got {options.server!r}")
    password = None
    if options.password_env is not None:
        password = os.environ.get(options.password_env)
        if not password:
            raise UserError(f"--password-env {options.password_env}: the variable is not set, or empty")
    return PoolerSettings(
        server_host=host.strip("[]"),
        server_port=int(port),
        port=options.port,
        max_connections=options.max_connections,
        max_connections_percent=options.max_connections_percent,
        max_idle_connections_percent=options.max_idle_connections_percent,
        idle_after_seconds=options.idle_after_seconds,
        borrow_timeout_seconds=options.borrow_timeout_seconds,
        password=password,
    )


def _many_files() -> None:
    """Each client and server connection is a file; the usual soft limit of 1024 is soon reached."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main())
