"""A drill on a real target: the same fleet against a staging database, and only if somebody means it.

Named: what will be opened where. Asked: the target's name, typed. It stops by itself at an error budget, and its table
goes when it ends, however it ends.
"""

import asyncio
import random
import secrets
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from headroom.drill.calibration import calibrate
from headroom.drill.fleet import Fleet, connect
from headroom.drill.limits import Limits
from headroom.drill.load import ROWS, Load
from headroom.drill.measure import side_result
from headroom.drill.pool import CONNECT_ERRORS
from headroom.drill.results import DrillResult, SideResult
from headroom.drill.sampler import Sampler
from headroom.drill.scenario import Scenario, Side, SidePath
from headroom.drill.side import SideRun, Watch
from headroom.drill.target import Target, parse_dsn, refuse_production
from headroom.errors import UserError

_CHECK_SECONDS = 0.1


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
