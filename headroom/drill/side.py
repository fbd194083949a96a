"""One side of a scenario, from an empty folder to numbers: server, pooler, calibration, load, happenings."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from headroom.drill import scram
from headroom.drill.binaries import Account, Binaries
from headroom.drill.calibration import Calibration, calibrate, calibrated
from headroom.drill.fleet import Endpoint, Fleet, Login, connect
from headroom.drill.limits import Limits, declared_limits
from headroom.drill.load import ROWS, Load
from headroom.drill.place import LOOPBACK
from headroom.drill.pool import CONNECT_ERRORS
from headroom.drill.proxy import Proxy, ProxyGoneError, ProxySettings, start_proxy
from headroom.drill.reason import reason
from headroom.drill.sampler import Sampler
from headroom.drill.scenario import Happening, Scenario, Service, Side, SidePath
from headroom.drill.server import DATABASE, SUPERUSER, Server, ServerGoneError
from headroom.drill.threads import to_its_end
from headroom.errors import UserError

_CHECK_SECONDS = 0.1
_PASSWORD = "drill"  # noqa: S105 - of a server that lives for seconds on the loopback interface


class Watch(Protocol):
    """Who wants to know how the run goes."""

    def step(self, text: str) -> None:
        """Something begins."""

    def running(self, side: "SideRun") -> None:
        """A side's load begins; its series can be looked at from now on."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all sides of a drill share."""

    scenario: Scenario
    limits: Limits
    binaries: Binaries
    account: Account
    folder: Path
    seed: int
    pooler: str | None = None


@dataclass
class SideRun:
    """A side while it runs, and what is left of it afterwards.

    Attributes:
        side: which.
        services: as they are on this side.
        load: requests.
        sampler: the database's connections.
        fleets: the services' fleets.
        proxy_title: what stood for the proxy; empty on a direct side.
        notes: what a reader should know.
        calibration: hold time measured before the run.
        role_limits: by role, where they are set.
        broken: one line, if the server or the pooler ended in mid-run.
    """

    side: Side
    services: list[Service]
    load: Load
    sampler: Sampler
    fleets: list[Fleet]
    proxy_title: str = ""
    notes: list[str] = field(default_factory=list)
    calibration: Calibration | None = None
    role_limits: dict[str, int] = field(default_factory=dict)
    broken: str = ""


async def run_side(ground: Ground, side: Side, watch: Watch) -> SideRun:
    """Run it; everything that it started is gone when it returns.

    Raises:
        UserError: server or pooler can't be set up: no disk, no connection, what they said themselves.
    """
    try:
        return await _run(ground, side, watch)
    except CONNECT_ERRORS as error:
        raise UserError(f"the set-up failed: {reason(error)}") from None


async def _run(ground: Ground, side: Side, watch: Watch) -> SideRun:
    services = ground.scenario.services_on(side)
    password = _PASSWORD if ground.scenario.authentication == "scram" else None
    folder = ground.folder / f"side-{ground.scenario.sides.index(side)}"
    with ExitStack() as started:
        watch.step(f"{side.name}: starting PostgreSQL {ground.binaries.version}")
        server = _server(ground, folder / "writer", password)
        started.callback(server.stop)
        server.create()
        server.start()
        secrets = {s.name: scram.secret(password) for s in services} if password else {}
        limits = await _prepare(server, services, side, ground, secrets)
        standby: Server | None = None
        if ground.scenario.replicated:
            watch.step(f"{side.name}: copying it to a streaming standby")
            standby = _server(ground, folder / "standby", password)
            started.callback(standby.stop)
            standby.copy_of(server)
            standby.start()
        servers = {"writer": server, **({"reader": standby} if standby else {})}
        proxies = _proxies(ground, servers, services, secrets, folder, started)
        endpoints = {
            (path, role): Endpoint(LOOPBACK, proxies[role].port if path is SidePath.POOLED else each.port)
            for role, each in servers.items()
            for path in SidePath
            if path is SidePath.DIRECT or role in proxies
        }
        run = await _made(ground, side, services, server, endpoints, password)
        run.role_limits = limits
        run.proxy_title = next((p.title for p in proxies.values()), "")
        run.notes = list(dict.fromkeys(note for p in proxies.values() for note in p.notes))
        try:
            await _go(ground, run, server, standby, proxies, endpoints, watch)
        except* (ServerGoneError, ProxyGoneError, UserError) as gone:
            run.broken = str(gone.exceptions[0])
        finally:
            run.sampler.close()
            for fleet in run.fleets:
                fleet.close()
            await asyncio.sleep(0)
    return run


async def _go(
    ground: Ground,
    run: SideRun,
    server: Server,
    standby: Server | None,
    proxies: dict[str, Proxy],
    endpoints: dict[tuple[SidePath, str], Endpoint],
    watch: Watch,
) -> None:
    scenario, load = ground.scenario, run.load
    await run.sampler.open()
    watch.step(f"{run.side.name}: measuring the hold time at a low rate")
    main = run.fleets[run.services.index(calibrated(run.services))]
    proxy = proxies.get(main.service.endpoint) if main.service.path is SidePath.POOLED else None
    run.calibration = await calibrate(main, proxy, ground.seed)
    watch.step(f"{run.side.name}: {scenario.seconds:g} s of load")
    happenings = [_happen(h, run, server, standby, endpoints) for h in scenario.happenings]
    alive = [proxy.check for proxy in proxies.values()]
    if not scenario.has("kill-writer", "kill-reader"):
        alive.append(server.check)
    # The first instances are there before the first request.
    for fleet in run.fleets:
        await fleet.scale_to(fleet.service.instances_in(0, ground.limits.machine_factor))
    load.began = asyncio.get_running_loop().time()
    watch.running(run)
    async with beside(run.sampler.run(), _watch_over(alive), *happenings):
        await load.run()


@asynccontextmanager
async def beside(*work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Run these beside the block; the block's end ends them, and an error of theirs ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(w) for w in work]
        yield
        for task in tasks:
            task.cancel()


async def _watch_over(checks: list[Callable[[], None]]) -> None:
    while True:
        for check in checks:
            check()
        await asyncio.sleep(_CHECK_SECONDS)


def _server(ground: Ground, folder: Path, password: str | None) -> Server:
    return Server(
        binaries=ground.binaries,
        account=ground.account,
        folder=folder,
        max_connections=ground.limits.max_connections,
        reserved_connections=ground.limits.reserved_connections,
        password=password,
        replicated=ground.scenario.replicated,
    )


def _proxies(
    ground: Ground,
    servers: dict[str, Server],
    services: list[Service],
    secrets: dict[str, str],
    folder: Path,
    started: ExitStack,
) -> dict[str, Proxy]:
    """A pooler for each endpoint that a pooled service uses (and for the writer, where its reads may end up)."""
    pooled = [s for s in services if s.path is SidePath.POOLED]
    proxies: dict[str, Proxy] = {}
    for role, server in servers.items():
        if not pooled or (role != "writer" and all(s.endpoint != role for s in pooled)):
            continue
        settings = ProxySettings(
            server_port=server.port,
            database=DATABASE,
            users={s.name: secrets.get(s.name) for s in pooled},
            password=server.password,
            max_connections=ground.limits.max_connections,
            max_connections_percent=ground.limits.proxy.max_connections_percent,
            pool_connections=ground.limits.pool_connections,
            borrow_timeout_seconds=ground.limits.proxy.connection_borrow_timeout_seconds,
            pins=any(s.pins for s in pooled),
        )
        proxies[role] = start_proxy(settings, ground.account, folder / f"proxy-{role}", kind=ground.pooler)
        started.callback(proxies[role].stop)
    return proxies


async def _made(
    ground: Ground,
    side: Side,
    services: list[Service],
    server: Server,
    endpoints: dict[tuple[SidePath, str], Endpoint],
    password: str | None,
) -> SideRun:
    chance = random.Random(ground.seed)  # noqa: S311 - load, not secrets
    fleets = []
    for service in services:
        endpoint = endpoints[service.path or side.path, service.endpoint]
        login = Login(endpoint=endpoint, user=service.name, database=DATABASE, password=password)
        fleets.append(Fleet(service, login, chance))
    load = Load(fleets, ground.scenario.phases, rate_factor=ground.limits.machine_factor, seed=ground.seed)
    monitor = Login(
        endpoint=Endpoint(LOOPBACK, server.port),
        user=SUPERUSER,
        database=DATABASE,
        password=password,
        timeout_seconds=5,
    )
    sampler = Sampler(monitor, load.now, lambda: sum(f.open_connections for f in fleets))
    return SideRun(side=side, services=services, load=load, sampler=sampler, fleets=fleets)


async def _prepare(
    server: Server, services: list[Service], side: Side, ground: Ground, secrets: dict[str, str]
) -> dict[str, int]:
    """Database, table, roles, and role limits where the side has them."""
    login = Login(
        endpoint=Endpoint(LOOPBACK, server.port), user=SUPERUSER, database="postgres", password=server.password
    )
    admin = await connect(login)
    limits: dict[str, int] = {}
    try:
        await admin.execute(f"CREATE DATABASE {DATABASE}")
        for service in services:
            password = "" if service.name not in secrets else f" PASSWORD '{secrets[service.name]}'"
            await admin.execute(f'CREATE ROLE "{service.name}" LOGIN{password}')
            if service.lock_timeout_ms is not None:
                # The role's, not the session's: a proxy doesn't pin for it.
                await admin.execute(f"ALTER ROLE \"{service.name}\" SET lock_timeout = '{service.lock_timeout_ms}ms'")
        if side.role_limits:
            for limit in declared_limits(services, ground.limits):
                limits[limit.user] = limit.limit_connections
                await admin.execute(f'ALTER ROLE "{limit.user}" CONNECTION LIMIT {limit.limit_connections}')
    finally:
        await admin.close()
    shop = await connect(
        Login(endpoint=Endpoint(LOOPBACK, server.port), user=SUPERUSER, database=DATABASE, password=server.password)
    )
    try:
        # Room in the pages: updates don't have to move rows.
        await shop.execute("CREATE TABLE stock (id int PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50)")
        await shop.execute(f"INSERT INTO stock SELECT i, 1000000 FROM generate_series(1, {ROWS}) AS i")  # noqa: S608 - a number
        await shop.execute("GRANT SELECT, UPDATE ON stock TO PUBLIC")
        await shop.execute("ANALYZE stock")
    finally:
        await shop.close()
    return limits


async def _happen(
    happening: Happening,
    run: SideRun,
    server: Server,
    standby: Server | None,
    endpoints: dict[tuple[SidePath, str], Endpoint],
) -> None:
    """Do it at its time."""
    await asyncio.sleep(max(0.0, happening.at_seconds - run.load.now()))
    match happening.what:
        case "kill-writer":
            server.kill()
            await asyncio.sleep(happening.seconds)
            if standby is not None:
                await to_its_end(partial(standby.promote, server.port))
        case "kill-reader":
            if standby is not None:
                standby.kill()
            await asyncio.sleep(happening.seconds)
            for (path, role), endpoint in endpoints.items():
                if role == "reader":
                    endpoint.port = endpoints[path, "writer"].port
        case _:
            await on_fleets(happening, run)


async def on_fleets(happening: Happening, run: SideRun) -> None:
    """Do at its time what happens to the services, not to servers."""
    await asyncio.sleep(max(0.0, happening.at_seconds - run.load.now()))
    match happening.what:
        case "slow":
            run.load.slow_factor = happening.factor
            await asyncio.sleep(happening.seconds)
            run.load.slow_factor = 1.0
        case "deploy":
            for fleet in run.fleets:
                fleet.deploy_soon(happening.surge_percent, happening.seconds)
