"""A drill on a real target: the same fleet against a staging database, and only if somebody means it.

Named: what will be opened where. Asked: the target's name, typed. Each side stops by itself at an error budget, and the
table goes when the drill ends, however it ends.
"""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TextIO

import asyncpg

from headroom.drill.calibration import RATE, SECONDS, calibrate, calibrated, calibration_connections
from headroom.drill.fleet import Fleet, connect, surge
from headroom.drill.limits import Limits
from headroom.drill.load import ROWS, Load
from headroom.drill.measure import side_result
from headroom.drill.pool import CONNECT_ERRORS
from headroom.drill.reason import reason
from headroom.drill.results import DrillResult, SideResult
from headroom.drill.sampler import Sampler
from headroom.drill.scenario import Scenario, Service, Side, SidePath
from headroom.drill.side import SideRun, Watch, beside, on_fleets
from headroom.drill.target import Target, parse_dsn, refuse_production
from headroom.drill.threads import ended
from headroom.errors import UserError

_CHECK_SECONDS = 0.1
_PATIENCE_SECONDS = 15.0
_DROP_SECONDS = 60.0  # the last requests hold the table for some seconds; a network that is gone would hold it for good


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a drill on a real target would do."""

    scenario: Scenario
    limits: Limits
    direct: Target
    proxy: Target | None
    error_budget: int

    @property
    def targets(self) -> dict[SidePath, Target]:
        """Where each path leads."""
        return {SidePath.DIRECT: self.direct, **({SidePath.POOLED: self.proxy} if self.proxy else {})}

    @property
    def sides(self) -> list[Side]:
        """Each side of the scenario all of whose services have a target."""
        return [s for s in self.scenario.sides if self.paths(s) <= {*self.targets}]

    def paths(self, side: Side) -> set[SidePath]:
        """A side's, and those of its services that have one of their own."""
        return {service.path or side.path for service in self.scenario.services_on(side)}

    def connections(self, side: Side) -> dict[SidePath, int]:
        """What the side opens at most on each target: its fleets, deploys included, or before them the calibration's.

        The monitor has one more, always direct.
        """
        services = self.scenario.services_on(side)
        main = calibrated(services)
        most = dict.fromkeys((*self.paths(side), SidePath.DIRECT), 0)
        for path in most:
            there = [s for s in services if (s.path or side.path) is path]
            phases = range(len(self.scenario.phases))
            load = max(sum(s.instances[p] * s.connections_max for s in there) for p in phases)
            load += sum(self._surge(s) * s.connections_max for s in there)
            most[path] = max(load, calibration_connections(main) if main in there else 0)
        most[SidePath.DIRECT] += 1
        return most

    def _surge(self, service: Service) -> int:
        """Instances that deploys add to a service's largest fleet; two deploys may overlap."""
        deploys = (h for h in self.scenario.happenings if h.what == "deploy")
        return sum(surge(max(service.instances), deploy.surge_percent) for deploy in deploys)

    def describe(self) -> list[str]:
        """What will happen, in sentences."""
        lines = [f"target: {self.direct.name} as {self.direct.user}"]
        if self.proxy is not None:
            lines.append(f"proxy: {self.proxy.name} as {self.proxy.user}")
        for side in self.sides:
            peak = max(
                sum(s.transactions_per_second[p] for s in self.scenario.services_on(side))
                for p in range(len(self.scenario.phases))
            )
            ways = sorted(self.connections(side).items(), key=lambda way: -way[1])
            counts = [f"{count} to {self.targets[path].name}" for path, count in ways]
            lines.append(
                f"{side.name}: connections: up to {' and '.join(counts)}; up to {peak:.0f} transactions a second, "
                f"for {self.scenario.seconds:g} s"
            )
        lines.append(
            f"before each side the hold time is measured, by about {RATE:.0f} transactions a second for {SECONDS:.1f} s"
        )
        skipped = [s.name for s in self.scenario.sides if s not in self.sides]
        if skipped:
            lines.append(f"not run, for want of a proxy's DSN: {', '.join(skipped)}")
        lines.append(
            f"each side stops by itself after {self.error_budget} failed requests; "
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
        UserError: all that speaks against it: it looks like production, the scenario needs a server or roles of the
            drill's own, or nothing could be run.
    """
    wrong: list[str] = []
    if limits.environment == "prod":
        wrong.append(f"{limits.source} is production (headroom:environment): the drill never runs against production")
    targets: dict[str, Target] = {}
    for option, dsn in (("--target-dsn", target_dsn), ("--proxy-dsn", proxy_dsn)):
        if dsn is None:
            continue
        try:
            targets[option] = parse_dsn(option, dsn)
            refuse_production(option, targets[option], tags)
        except UserError as error:
            wrong.append(str(error))
    if scenario.replicated or scenario.authentication != "trust" or any(s.role_limits for s in scenario.sides):
        wrong.append(f"{scenario.name}: kills servers, or makes roles: it runs on a server of the drill's own only")
    for side in scenario.sides:
        services = scenario.services_on(side)
        runs = proxy_dsn is not None or all(s.path is SidePath.DIRECT for s in services)
        if runs and any(s.lock_timeout_ms is not None for s in services):
            what = f"{side.name}: sets a lock_timeout on roles"
            wrong.append(f"{scenario.name}: {what}: it runs on a server of the drill's own only")
    if wrong:
        raise UserError("\n".join(wrong))
    found = Plan(
        scenario=scenario,
        limits=limits,
        direct=targets["--target-dsn"],
        proxy=targets.get("--proxy-dsn"),
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
    """Run every side that has a target; one that reaches its error budget ends itself, not the others.

    Raises:
        UserError: the target can't be reached, or its user can't make a table; once a side is through, that is kept.
    """
    sides: list[SideResult] = []
    ended_early = ""
    if planned.proxy is not None:
        await _reach(planned.proxy)  # before the first side is run in vain
    try:
        async with _table(planned.direct) as table:
            for side in planned.sides:
                run = await _run_side(planned, side, table, seed, watch)
                sides.append(side_result(run, planned.scenario, planned.limits, None))
                on_side(sides[-1])
    except UserError as error:
        if not sides:
            raise
        ended_early = str(error)
    scenario = planned.scenario.model_copy(update={"sides": planned.sides})
    return DrillResult(
        scenario=scenario,
        limits=planned.limits,
        seed=seed,
        versions={"target": planned.direct.name, "proxy": planned.proxy.name if planned.proxy else "none"},
        command=command,
        sides=sides,
        ended_early=ended_early,
    )


async def _run_side(planned: Plan, side: Side, table: str, seed: int, watch: Watch) -> SideRun:
    chance = random.Random(seed)  # noqa: S311 - load, not secrets
    services = planned.scenario.services_on(side)
    targets = {service.name: planned.targets[service.path or side.path] for service in services}
    where = " and ".join(dict.fromkeys(target.name for target in targets.values()))
    fleets = [Fleet(service, targets[service.name].login(), chance) for service in services]
    budget = planned.error_budget
    load = Load(fleets, planned.scenario.phases, rate_factor=1.0, seed=seed, table=table, failures_max=budget)
    clients = lambda: sum(f.open_connections for f in fleets)  # noqa: E731
    sampler = Sampler(planned.direct.login(), load.now, clients, own_user=True)
    run = SideRun(side=side, services=services, load=load, sampler=sampler, fleets=fleets)
    run.proxy_title = planned.proxy.name if planned.proxy and SidePath.POOLED in planned.paths(side) else ""
    try:
        await _repeated(sampler.open, asyncpg.TooManyConnectionsError)
        main = fleets[services.index(calibrated(services))]
        watch.step(f"{side.name}: measuring the hold time at a low rate on {targets[main.service.name].name}")
        run.calibration = await calibrate(main, None, seed, table, budget)
        if run.calibration is None:
            run.broken = "stopped before its load: at a low rate already no request succeeded, or too many failed"
            return run
        for fleet in fleets:
            await fleet.scale_to(fleet.service.instances[0])
        load.began = asyncio.get_running_loop().time()
        watch.running(run)
        watch.step(f"{side.name}: {planned.scenario.seconds:g} s of load on {where}")
        happenings = [on_fleets(h, run) for h in planned.scenario.happenings]
        async with beside(sampler.run(), *happenings):
            await load.run()
    except CONNECT_ERRORS as error:
        raise UserError(f"{side.name}: {where}: {reason(error)}") from None
    finally:
        sampler.close()
        for fleet in fleets:
            fleet.close()
        await asyncio.sleep(0)
    if load.stopped_at is not None:
        spent = f"{budget} requests had failed, which is the error budget of a side"
        run.broken = f"stopped at {load.stopped_at:.1f} s: {spent}"
    return run


async def _reach(target: Target) -> None:
    try:
        await _execute(target, "SELECT 1")
    except CONNECT_ERRORS as error:
        raise UserError(f"--proxy-dsn: {target.name}: {reason(error)}") from None


@asynccontextmanager
async def _table(target: Target) -> AsyncIterator[str]:
    """A table of its own, which goes when the block ends, however it ends."""
    name = f"headroom_drill_{secrets.token_hex(4)}"
    try:
        await _execute(
            target,
            f"CREATE TABLE {name} (id int PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);"  # noqa: S608 - our own name
            f"INSERT INTO {name} SELECT i, 1000000 FROM generate_series(1, {ROWS}) AS i",
        )
    except CONNECT_ERRORS as error:
        raise UserError(f"{target.name}: no table can be made: {reason(error)}") from None
    except asyncio.CancelledError:  # nobody knows whether it is there
        await _dropped(target, name)
        raise
    try:
        yield name
    finally:
        await _dropped(target, name)


async def _dropped(target: Target, table: str) -> None:
    """Ctrl-C doesn't leave the table there: it waits until the table is gone, or somebody was told that it isn't."""
    drop = asyncio.ensure_future(_drop(target, table))
    cancelled = await ended(drop)
    drop.result()
    if cancelled is not None:
        raise cancelled


async def _drop(target: Target, table: str) -> None:
    try:
        async with asyncio.timeout(_DROP_SECONDS):
            await _repeated(lambda: _execute(target, f"DROP TABLE IF EXISTS {table}"), *CONNECT_ERRORS)
    except CONNECT_ERRORS as error:
        raise UserError(
            f"{target.name}: the table {table} could not be dropped: drop it by hand: {reason(error)}"
        ) from None


async def _execute(target: Target, statement: str) -> None:
    """In one transaction, on a connection of its own."""
    connection = await connect(target.login())
    try:
        await connection.execute(statement)
        await connection.close()
    except BaseException:
        connection.terminate()  # to close it in order takes an answer
        raise


async def _repeated(work: Callable[[], Awaitable[None]], *errors: type[Exception]) -> None:
    """Do it, for some seconds again: ended connections of the drill's own may hold the last slots for a moment."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await work()
        except errors:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(_CHECK_SECONDS)
