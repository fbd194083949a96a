"""A real target: the same fleet against a staging database, and only if somebody means it.

Refused: anything that is configured, tagged or named like production. Named: what will be opened where. Asked: the
target's name, typed. It stops by itself at an error budget, and its table goes when it ends, however it ends.
"""

import asyncio
import ipaddress
import random
import re
import secrets
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO
from urllib.parse import parse_qs, unquote, urlsplit

from headroom.drill.calibration import calibrate
from headroom.drill.fleet import Endpoint, Fleet, Login, connect
from headroom.drill.limits import Limits
from headroom.drill.load import ROWS, Load
from headroom.drill.pool import CONNECT_ERRORS
from headroom.drill.results import DrillResult, SideResult, side_result
from headroom.drill.sampler import Sampler
from headroom.drill.scenario import Scenario, Side, SidePath
from headroom.drill.side import SideRun, Watch
from headroom.errors import UserError

_PRODUCTION = re.compile(r"(?i)(?<![a-z])(prod|production|prd|live)(?![a-z])")
_RDS_HOST = re.compile(r"\.rds\.amazonaws\.com(\.cn)?$")
_TLS_ON = {"require", "verify-ca", "verify-full"}
_CHECK_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Target:
    """A database, from its DSN."""

    host: str
    port: int
    user: str
    password: str | None
    database: str
    tls: bool

    @property
    def name(self) -> str:
        """What has to be typed to confirm: host/database."""
        return f"{self.host}/{self.database}"

    @property
    def loopback(self) -> bool:
        """It is on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def login(self) -> Login:
        """How its connections are opened."""
        return Login(
            endpoint=Endpoint(self.host, self.port),
            user=self.user,
            password=self.password,
            database=self.database,
            tls=self.tls,
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a drill on a real target would do."""

    scenario: Scenario
    limits: Limits
    direct: Target
    proxy: Target | None
    error_budget: int

    @property
    def sides(self) -> list[tuple[Side, Target]]:
        """Each side of the scenario that has a target."""
        found = []
        for side in self.scenario.sides:
            target = self.direct if side.path is SidePath.DIRECT else self.proxy
            if target is not None:
                found.append((side, target))
        return found

    def connections(self, side: Side) -> int:
        """What the side's fleets open at most, the monitor's included."""
        services = self.scenario.services_on(side)
        phases = range(len(self.scenario.phases))
        return 1 + max(sum(s.instances[p] * s.connections_max for s in services) for p in phases)

    def describe(self) -> list[str]:
        """What will happen, in sentences."""
        lines = [f"target: {self.direct.name} as {self.direct.user}"]
        if self.proxy is not None:
            lines.append(f"proxy: {self.proxy.name} as {self.proxy.user}")
        for side, target in self.sides:
            peak = max(
                sum(s.transactions_per_second[p] for s in self.scenario.services_on(side))
                for p in range(len(self.scenario.phases))
            )
            lines.append(
                f"{side.name}: up to {self.connections(side)} connections to {target.name}, up to {peak:.0f} "
                f"transactions a second, for {self.scenario.seconds:g} s"
            )
        skipped = [s.name for s in self.scenario.sides if s.name not in {side.name for side, _ in self.sides}]
        if skipped:
            lines.append(f"not run, for want of a proxy's DSN: {', '.join(skipped)}")
        lines.append(
            f"it stops by itself after {self.error_budget} failed requests; "
            "a table of its own is made, and dropped at the end"
        )
        return lines


def parse_dsn(option: str, dsn: str) -> Target:
    """The target of a `postgresql://user:password@host:port/database?sslmode=...`.

    Raises:
        UserError: it isn't one; a password is never repeated.
    """
    try:
        parts = urlsplit(dsn)
        port = parts.port or 5432
    except ValueError:
        raise UserError(f"{option}: is no DSN: write postgresql://user@host:port/database") from None
    query = parse_qs(parts.query)
    database = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgresql", "postgres"} or not parts.hostname or not parts.username or not database:
        raise UserError(f"{option}: needs user, host and database: write postgresql://user@host:port/database")
    if unknown := sorted(set(query) - {"sslmode"}):
        raise UserError(f"{option}: the drill doesn't know {', '.join(unknown)}: only sslmode can be set")
    mode = query.get("sslmode", ["prefer"])[0]
    host = parts.hostname
    return Target(
        host=host,
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password) if parts.password else None,
        database=database,
        # Only on this machine is a password sent in the clear, unless somebody says so.
        tls=mode in _TLS_ON or (mode == "prefer" and host not in {"localhost", "127.0.0.1", "::1"}),
    )


def plan(
    scenario: Scenario,
    limits: Limits,
    target_dsn: str,
    proxy_dsn: str | None,
    error_budget: int,
    *,
    tags: Callable[[str], dict[str, str]] | None = None,
) -> Plan:
    """What would be done, if it may be.

    Raises:
        UserError: it looks like production, the scenario needs a server of the drill's own, or nothing could be run.
    """
    targets = [("--target-dsn", parse_dsn("--target-dsn", target_dsn))]
    if proxy_dsn:
        targets.append(("--proxy-dsn", parse_dsn("--proxy-dsn", proxy_dsn)))
    if limits.environment == "prod":
        raise UserError(
            f"{limits.source} is production (headroom:environment): the drill never runs against production"
        )
    for option, target in targets:
        refuse_production(option, target, tags)
    if scenario.replicated or scenario.authentication != "trust" or any(s.role_limits for s in scenario.sides):
        raise UserError(f"{scenario.name}: kills servers, or makes roles: it runs on a server of the drill's own only")
    found = Plan(
        scenario=scenario,
        limits=limits,
        direct=targets[0][1],
        proxy=targets[1][1] if proxy_dsn else None,
        error_budget=error_budget,
    )
    if not found.sides:
        raise UserError(f"{scenario.name}: every side of it goes through a proxy: name it with --proxy-dsn")
    return found


def refuse_production(option: str, target: Target, tags: Callable[[str], dict[str, str]] | None = None) -> None:
    """Look at its names, and at its tags where AWS has them.

    Raises:
        UserError: any of them says production, or the tags can't be read.
    """
    for what, text in (("host", target.host), ("database", target.database), ("user", target.user)):
        if _PRODUCTION.search(text):
            raise UserError(
                f"{option}: the {what} {text!r} looks like production: the drill never runs against production"
            )
    if _RDS_HOST.search(target.host):
        for key, value in (tags or rds_tags)(target.host).items():
            if _PRODUCTION.search(value) or (_PRODUCTION.search(key) and value.lower() not in {"false", "no", "0"}):
                raise UserError(
                    f"{option}: {target.host} is tagged {key}={value}: the drill never runs against production"
                )


def rds_tags(host: str) -> dict[str, str]:
    """The tags of the cluster or proxy behind an RDS host. Unknown is not safe.

    Raises:
        UserError: they can't be read.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    region = host.partition(".rds.")[0].rpartition(".")[2]
    try:
        return tags_of(boto3.client("rds", region_name=region), host)
    except (BotoCoreError, ClientError) as error:
        raise UserError(f"{host}: its tags can't be read, so nobody knows whether it is production: {error}") from None


def tags_of(rds: Any, host: str) -> dict[str, str]:
    """The tags of what answers at `host`.

    Raises:
        UserError: nothing of this account does.
    """
    for page in rds.get_paginator("describe_db_clusters").paginate():
        for cluster in page["DBClusters"]:
            if host in {cluster.get("Endpoint"), cluster.get("ReaderEndpoint"), *cluster.get("CustomEndpoints", [])}:
                return _as_dict(cluster.get("TagList", []))
    for page in rds.get_paginator("describe_db_instances").paginate():
        for instance in page["DBInstances"]:
            if instance.get("Endpoint", {}).get("Address") == host:
                return _as_dict(instance.get("TagList", []))
    for operation, key, arn in (
        ("describe_db_proxies", "DBProxies", "DBProxyArn"),
        ("describe_db_proxy_endpoints", "DBProxyEndpoints", "DBProxyEndpointArn"),
    ):
        for page in rds.get_paginator(operation).paginate():
            for proxy in page[key]:
                if proxy.get("Endpoint") == host:
                    return _as_dict(rds.list_tags_for_resource(ResourceName=proxy[arn])["TagList"])
    raise UserError(f"{host}: this account knows no such cluster or proxy, so nobody knows whether it is production")


def _as_dict(tags: Iterable[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}


def confirmed(planned: Plan, answers: TextIO) -> None:
    """Ask for the target's name.

    Raises:
        UserError: something else was typed, or nobody is there to type.
    """
    import typer

    typer.echo(f"type {planned.direct.name} to go on: ", err=True, nl=False)
    if answers.readline().strip() != planned.direct.name:
        raise UserError("that isn't the target's name: nothing was done")


async def run_plan(
    planned: Plan, watch: Watch, *, seed: int, command: str, on_side: Callable[[SideResult], None]
) -> DrillResult:
    """Run every side that has a target.

    Raises:
        UserError: the target can't be reached, or its user can't make a table.
    """
    table = f"headroom_drill_{secrets.token_hex(4)}"
    sides: list[SideResult] = []
    await _create(planned.direct, table)
    try:
        for side, target in planned.sides:
            run = await _run_side(planned, side, target, table, seed, watch)
            result = side_result(run, planned.scenario, planned.limits, None)
            sides.append(result)
            on_side(result)
            if run.broken:
                break
    finally:
        await asyncio.shield(_drop(planned.direct, table))
    scenario = planned.scenario.model_copy(update={"sides": [side for side, _ in planned.sides]})
    versions = {"target": planned.direct.name, "proxy": planned.proxy.name if planned.proxy else "none"}
    return DrillResult(
        scenario=scenario, limits=planned.limits, seed=seed, versions=versions, command=command, sides=sides
    )


async def _run_side(planned: Plan, side: Side, target: Target, table: str, seed: int, watch: Watch) -> SideRun:
    chance = random.Random(seed)  # noqa: S311 - load, not secrets
    services = planned.scenario.services_on(side)
    fleets = [Fleet(service, target.login(), chance) for service in services]
    load = Load(fleets, planned.scenario.phases, rate_factor=1.0, seed=seed, table=table)
    clients = lambda: sum(f.open_connections for f in fleets)  # noqa: E731
    sampler = Sampler(planned.direct.login(), load.now, clients, own_user=True)
    run = SideRun(side=side, services=services, load=load, sampler=sampler, fleets=fleets)
    run.proxy_title = target.name if side.path is SidePath.POOLED else ""
    stopped_at = 0.0

    async def guard() -> None:
        nonlocal stopped_at
        while load.failures < planned.error_budget:  # noqa: ASYNC110 - counted in the hot path, without an event
            await asyncio.sleep(_CHECK_SECONDS)
        stopped_at = load.now()
        load.stop.set()

    try:
        await sampler.open()
        watch.step(f"{side.name}: measuring the hold time at a low rate on {target.name}")
        run.calibration = await calibrate(fleets[0], None, seed, table)
        for fleet in fleets:
            await fleet.scale_to(fleet.service.instances[0])
        load.began = asyncio.get_running_loop().time()
        watch.running(run)
        watch.step(f"{side.name}: {planned.scenario.seconds:g} s of load on {target.name}")
        beside = [asyncio.ensure_future(sampler.run()), asyncio.ensure_future(guard())]
        try:
            await load.run()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
    except CONNECT_ERRORS as error:
        raise UserError(f"{target.name}: {error}") from None
    finally:
        sampler.close()
        for fleet in fleets:
            fleet.close()
        await asyncio.sleep(0)
    if stopped_at:
        run.broken = (
            f"stopped at {stopped_at:.1f} s: {planned.error_budget} requests had failed, which is the error budget"
        )
    return run


async def _create(target: Target, table: str) -> None:
    try:
        connection = await connect(target.login())
        try:
            await connection.execute(
                f"CREATE TABLE {table} (id int PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50)"
            )
            await connection.execute(f"INSERT INTO {table} SELECT i, 1000000 FROM generate_series(1, {ROWS}) AS i")  # noqa: S608 - our own name
        finally:
            await connection.close()
    except (*CONNECT_ERRORS, ssl.SSLError) as error:
        raise UserError(f"{target.name}: no table can be made: {error}") from None


async def _drop(target: Target, table: str) -> None:
    """Try until a slot is free: the drill's own connections may hold the last ones for a moment."""
    for _ in range(50):
        with suppress(*CONNECT_ERRORS):
            connection = await connect(target.login())
            try:
                await connection.execute(f"DROP TABLE IF EXISTS {table}")
            finally:
                await connection.close()
            return
        await asyncio.sleep(0.2)
    raise UserError(f"{target.name}: the table {table} could not be dropped: drop it by hand")
