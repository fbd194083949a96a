"""The drill's tools: the load generator against pgbench, and the poolers against a direct connection.

All in one run on one server, so that the ratios say more than the figures: generator, pooler and database share this
machine. pgbench is a closed loop in C; the generator is an open loop, and its highest rate is the one at which it still
keeps its schedule.
"""

import asyncio
import os
import random
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from headroom.drill.binaries import find_binaries, reachable, server_account
from headroom.drill.drill import raise_open_files, run_to_its_end
from headroom.drill.fleet import Endpoint, Fleet, Login, connect
from headroom.drill.load import Load
from headroom.drill.outcome import Outcome
from headroom.drill.place import drill_folder
from headroom.drill.proxy import ProxySettings, find_pgbouncer, start_proxy
from headroom.drill.scenario import Phase, Service, Statement
from headroom.drill.server import DATABASE, SUPERUSER, Server

SECONDS = 4
IDEAL_CLIENTS = 10  # about what two cores serve best: more clients only wait
MANY_CLIENTS = 200
POOL = 20
RATES = (1000, 2000, 3000, 4000, 6000, 8000, 12_000)
LATE_SECONDS = 0.05
QUERY = "\\set id random(1, 10000)\nSELECT n FROM stock WHERE id = :id AND (SELECT pg_sleep(0)) IS NOT NULL;\n"


class Run(NamedTuple):
    """pgbench's transactions a second, and its slowest in milliseconds."""

    tps: float
    p50_ms: float
    p99_ms: float


def main() -> None:
    """Measure and print."""
    raise_open_files()
    console = Console(width=160)
    account, binaries = server_account(), find_binaries()
    load_average = os.getloadavg()[0]
    with drill_folder(account) as place, ExitStack() as started, tempfile.TemporaryDirectory() as own:
        server = Server(
            binaries=reachable(binaries, account, place),
            account=account,
            folder=place / "server",
            max_connections=60,
            reserved_connections=5,
        )
        started.callback(server.stop)
        server.create()
        server.start()
        asyncio.run(prepare(server))
        script = Path(own) / "query.sql"
        script.write_text(QUERY)
        pgbench = server.binaries["pgbench"]

        def measured(port: int, clients: int) -> Run:
            return run_pgbench(pgbench, port, clients, script, Path(own))

        direct = measured(server.port, IDEAL_CLIENTS)
        runs = {f"direct, {IDEAL_CLIENTS} clients (the ideal number)": direct}
        settings = ProxySettings(
            server_port=server.port,
            database=DATABASE,
            users={"app": None},
            max_connections=60,
            max_connections_percent=100 * POOL // 60 + 1,
            pool_connections=POOL,
            borrow_timeout_seconds=10,
        )
        for kind in ("pgbouncer", "reference"):
            if kind == "pgbouncer" and find_pgbouncer() is None:
                console.print("PgBouncer isn't installed: no figures of it")
                continue
            proxy = start_proxy(settings, account, place / kind, kind=kind)
            try:
                for clients in (IDEAL_CLIENTS, MANY_CLIENTS):
                    runs[f"{proxy.title}, {clients} clients, pool of {POOL}"] = measured(proxy.port, clients)
            finally:
                proxy.stop()
        rate, tried = run_to_its_end(highest_rate(server.port))
    console.print(
        f"{os.cpu_count()} CPUs, load average {load_average:.1f} at the start; PostgreSQL {binaries.version}; one row "
        f"read by its key, simple protocol, {SECONDS} s each"
    )
    table = Table(title=f"pgbench -M simple -n -T {SECONDS}: poolers", title_justify="left")
    for column in ("", "tps", "p50 ms", "p99 ms", "tps, of direct's"):
        table.add_column(column, justify="left" if not column else "right")
    for name, run in runs.items():
        table.add_row(name, f"{run.tps:,.0f}", f"{run.p50_ms:.2f}", f"{run.p99_ms:.2f}", f"{run.tps / direct.tps:.2f}")
    console.print(table)
    console.print(
        f"generator: {rate:,} requests a second kept to their schedule (p95 at most {1000 * LATE_SECONDS:.0f} ms late, "
        f"all ok), {rate / direct.tps:.2f} of pgbench's {direct.tps:,.0f} direct. Tried: {', '.join(tried)}"
    )


async def prepare(server: Server) -> None:
    """Role, database and table."""
    login = Login(endpoint=Endpoint("127.0.0.1", server.port), user=SUPERUSER, database="postgres")
    admin = await connect(login)
    await admin.execute("CREATE ROLE app LOGIN")
    await admin.execute(f"CREATE DATABASE {DATABASE} OWNER app")
    await admin.close()
    app = await connect(Login(endpoint=login.endpoint, user="app", database=DATABASE))
    await app.execute("CREATE TABLE stock (id int PRIMARY KEY, n bigint NOT NULL)")
    await app.execute("INSERT INTO stock SELECT i, 1 FROM generate_series(1, 10000) AS i")
    await app.close()


def run_pgbench(pgbench: str, port: int, clients: int, script: Path, folder: Path) -> Run:
    """One run; the latencies are from its log of every transaction."""
    for old in folder.glob("log.*"):
        old.unlink()
    done = subprocess.run(
        [
            *(pgbench, "-h", "127.0.0.1", "-p", str(port), "-U", "app", "-n", "-M", "simple", "-f", str(script)),
            *("-c", str(clients), "-j", "1", "-T", str(SECONDS), "-l", "--log-prefix", str(folder / "log"), DATABASE),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    tps = next(float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps = "))
    latencies = np.concatenate([np.loadtxt(log, usecols=2, ndmin=1) for log in folder.glob("log.*")]) / 1000
    p50, p99 = np.percentile(latencies, [50, 99])
    return Run(tps, float(p50), float(p99))


async def highest_rate(port: int) -> tuple[int, list[str]]:
    """The highest of the rates that the generator keeps."""
    best, tried = 0, []
    for rate in RATES:
        service = Service(
            name="app",
            transactions_per_second=[rate],
            instances=[2],
            connections_max=IDEAL_CLIENTS,
            hold_ms=1e-6,  # no sleep: pg_sleep(0)
            client_timeout_ms=5000,
            statement=Statement.READ,
        )
        login = Login(endpoint=Endpoint("127.0.0.1", port), user="app", database=DATABASE)
        fleet = Fleet(service, login, random.Random(1))  # noqa: S311 - load, not secrets
        load = Load([fleet], [Phase(name="all", seconds=SECONDS)], rate_factor=1, seed=1)
        await fleet.scale_to(2)
        try:
            await load.run()
        finally:
            fleet.close()
        columns = load.records.columns()
        late = float(np.percentile(np.asarray(load.lag), 95))
        ok = bool((columns["outcome"] == Outcome.OK).all())
        p95 = 1000 * float(np.percentile(columns["latency"], 95))
        tried.append(f"{rate:,}/s: {1000 * late:.1f} ms late, p95 {p95:.1f} ms{'' if ok else ', not all ok'}")
        if not ok or late > LATE_SECONDS:
            break
        best = rate
    return best, tried


if __name__ == "__main__":
    main()
