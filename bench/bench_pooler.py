"""The reference pooler in each of pgbench's protocol modes, against PgBouncer and a direct connection.

All in one run, in turns, medians over the rounds: pgbench, pooler and database share this machine, so the ratios say
more than the figures. PgBouncer prepares nothing across transactions before 1.21; it has no row in that mode then.
"""

import os
import statistics
import subprocess
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from headroom.drill.binaries import find_binaries, reachable, server_account
from headroom.drill.drill import raise_open_files
from headroom.drill.place import LOOPBACK, drill_folder
from headroom.drill.proxy import ProxySettings, find_pgbouncer, start_proxy
from headroom.drill.server import SUPERUSER, Server

DATABASE = "postgres"
SECONDS, ROUNDS = 2, 3
MAX_CONNECTIONS, PERCENT = 50, 40
POOL = MAX_CONNECTIONS * PERCENT // 100
IDEAL_CLIENTS, MANY_CLIENTS = 10, 200
MODES = ("simple", "extended", "prepared")


def main() -> None:
    """Measure and print."""
    raise_open_files()
    console, account, binaries = Console(width=120), server_account(), find_binaries()
    load_average = os.getloadavg()[0]
    with drill_folder(account) as place, ExitStack() as started, tempfile.TemporaryDirectory() as own:
        server = Server(
            binaries=reachable(binaries, account, place),
            account=account,
            folder=place / "server",
            max_connections=MAX_CONNECTIONS,
            reserved_connections=5,
        )
        started.callback(server.stop)
        server.create()
        server.start()
        pgbench = [server.binaries["pgbench"], "-h", LOOPBACK, "-U", SUPERUSER, "-n"]
        subprocess.run([*pgbench, "-p", str(server.port), "-i", "-q", DATABASE], capture_output=True, check=True)
        ports = {"direct": server.port}
        settings = ProxySettings(
            server_port=server.port,
            database=DATABASE,
            users={SUPERUSER: None},
            max_connections=MAX_CONNECTIONS,
            max_connections_percent=PERCENT,
            pool_connections=POOL,
            borrow_timeout_seconds=30,
        )
        for kind in ("pgbouncer", "reference"):
            if kind == "reference" or find_pgbouncer() is not None:
                proxy = start_proxy(settings, account, place / kind, kind=kind)
                started.callback(proxy.stop)
                ports[proxy.title] = proxy.port
        cases = [
            (mode, title, clients)
            for mode in MODES
            for title in ports
            for clients in (IDEAL_CLIENTS, MANY_CLIENTS)
            if not (title == "direct" and clients > MAX_CONNECTIONS)
        ]
        found: dict[tuple[str, str, int], list[tuple[float, float]]] = defaultdict(list)
        for _ in range(ROUNDS):
            for case in cases:
                mode, title, clients = case
                command = [*pgbench, "-p", str(ports[title]), "-M", mode, "-c", str(clients)]
                if (run := measured(command, Path(own))) is not None:
                    found[case].append(run)
    console.print(
        f"{os.cpu_count()} CPUs, load average {load_average:.1f} at the start; "
        f"PostgreSQL {binaries.version}; pool of {POOL}"
    )
    console.print(f"pgbench -S -n -j 1 -T {SECONDS}, medians of {ROUNDS} rounds; ratios: of direct, in the same mode")
    table = Table("mode", "", "clients", "tps", "p99 ms", "tps, of direct's", "p99, of direct's")
    for case in cases:
        mode, title, clients = case
        if not found[case]:
            table.add_row(mode, title, str(clients), "fails", "", "", "")
            continue
        tps, p99 = (statistics.median(values) for values in zip(*found[case], strict=True))
        best, best_p99 = (
            statistics.median(values) for values in zip(*found[mode, "direct", IDEAL_CLIENTS], strict=True)
        )
        table.add_row(
            *(mode, title, str(clients), f"{tps:,.0f}", f"{p99:.1f}", f"{tps / best:.2f}", f"{p99 / best_p99:.1f}")
        )
    console.print(table)


def measured(command: list[str], folder: Path) -> tuple[float, float] | None:
    """Transactions a second, and the 99th percentile of their milliseconds; None: pgbench gave up."""
    for old in folder.glob("log.*"):
        old.unlink()
    more = ["-S", "-j", "1", "-T", str(SECONDS), "-l", "--log-prefix", str(folder / "log"), DATABASE]
    done = subprocess.run([*command, *more], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0 or "Run was aborted" in done.stderr:
        return None
    tps = next(float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps = "))
    latencies = np.concatenate([np.loadtxt(log, usecols=2, ndmin=1) for log in folder.glob("log.*")]) / 1000
    return tps, float(np.percentile(latencies, 99))


if __name__ == "__main__":
    main()
