"""A whole drill: every side of a scenario, one after the other, on ground that is gone afterwards."""

import asyncio
import importlib.metadata
import os
import platform
import resource
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from headroom.drill.binaries import find_binaries, reachable, server_account
from headroom.drill.limits import Limits
from headroom.drill.measure import side_result
from headroom.drill.place import drill_folder
from headroom.drill.results import DrillResult, SideResult
from headroom.drill.scenario import Scenario
from headroom.drill.side import Ground, Watch, run_side
from headroom.errors import UserError

T = TypeVar("T")
_PACKAGES = ("headroom", "asyncpg", "uvloop", "numpy")


class InterruptedDrillError(BaseException):
    """Ctrl-C or SIGTERM: everything has been taken down; `exit_code` says which (130 or 143)."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


async def run_drill(
    scenario: Scenario,
    limits: Limits,
    watch: Watch,
    *,
    seed: int,
    command: str,
    pooler: str | None = None,
    emulator_record: Path | None = None,
    on_side: Callable[[SideResult], None] = lambda _: None,
) -> DrillResult:
    """Run it. A side whose server or pooler ended in mid-run is kept as far as it came, and ends the drill.

    Raises:
        UserError: server or pooler of the first side can't be started; of a later one, what there is is kept.
    """
    raise_open_files()
    account, binaries = server_account(), find_binaries()
    sides: list[SideResult] = []
    poolers: list[str] = []
    ended_early = ""
    with drill_folder(account) as folder:
        ground = Ground(
            scenario=scenario,
            limits=limits,
            binaries=reachable(binaries, account, folder),
            account=account,
            folder=folder,
            seed=seed,
            pooler=pooler,
        )
        for side in scenario.sides:
            try:
                run = await run_side(ground, side, watch)
            except UserError as error:
                if not sides:
                    raise
                ended_early = f"{side.name}: {error}"
                break
            result = side_result(run, scenario, limits, emulator_record)
            sides.append(result)
            poolers.append(run.proxy_title)
            on_side(result)
            if result.broken:
                break
    versions = {
        "PostgreSQL": f"{binaries.version} ({binaries.source})",
        "pooler": next((p for p in poolers if p), "none"),
        "Python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
    }
    return DrillResult(
        scenario=scenario,
        limits=limits,
        seed=seed,
        versions=versions,
        command=command,
        sides=sides,
        ended_early=ended_early,
    )


def run_to_its_end(work: Coroutine[object, object, T]) -> T:
    """Run on a fast event loop; Ctrl-C and SIGTERM end the work in order, and a second one doesn't disturb that.

    Raises:
        InterruptedDrillError: it was interrupted.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        loop = runner.get_loop()
        task = loop.create_task(work)
        received: list[int] = []

        def interrupted(number: int) -> None:
            if not received:
                task.cancel()
            received.append(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, interrupted, number)
        try:
            return loop.run_until_complete(task)
        except asyncio.CancelledError:
            if received:
                raise InterruptedDrillError(received[0]) from None
            raise
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def raise_open_files() -> None:
    """As many open files as the system allows: clients, and the pooler's, which inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    if sys.platform != "win32":
        with suppress(ImportError):
            import uvloop

            return uvloop.new_event_loop
    return asyncio.new_event_loop


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
