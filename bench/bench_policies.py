"""The policy pack: what it adds to the preview of prod, and how its time grows with the number of clusters.

The state with many clusters is prod's, as its program declares it, as often as that. The pack runs as the engine runs
it, a process of its own that is asked over gRPC. With and without the pack take turns in one run.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests drive the pack and run the program

import psutil  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from headroom.local import emulator as emulators  # noqa: E402
from headroom.local.checkout import find_checkout  # noqa: E402
from headroom.local.engine import ensure_engine  # noqa: E402
from headroom.local.environment import for_engine  # noqa: E402
from headroom.local.stack import prepare  # noqa: E402
from tests.policies.harness import Pack, running  # noqa: E402
from tests.policies.own_program import declared_by  # noqa: E402

PREVIEWS = 7
REPEATS = 5
BATCH = 50  # the system counts CPU time in hundredths of a second: small states are asked about several times
CLUSTERS = (1, 10, 100)
MOST_SECONDS = 1.0
MOST_TIMES = 11.0
PACK = ["--policy-pack", "policies", "--policy-pack-config", "policies/config/prod.json"]


def main() -> None:
    """Measure and print; exit code 1 if a figure is above its limit."""
    console = Console(width=130)
    console.print(f"{os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f} at the start; in seconds")
    table = Table("what", "figure", "at most", "how")
    with tempfile.TemporaryDirectory() as folder, emulators.private(find_checkout(ROOT)) as emulator:
        preview = _previewer(Path(folder), emulator)
        preview([])  # warm
        pairs = [(preview(PACK), preview([])) for _ in range(PREVIEWS)]
    packed, bare = (statistics.median(values) for values in zip(*pairs, strict=True))
    added = statistics.median(one - other for one, other in pairs)
    how = f"pulumi preview --stack prod, medians of {PREVIEWS}, in turns"
    table.add_row("preview of prod, without the pack", f"{bare:.2f}", "", how)
    table.add_row("preview of prod, with it", f"{packed:.2f}", "", f"{how} (--policy-pack policies)")
    table.add_row("what it adds", f"{added:.2f}", f"{MOST_SECONDS:.1f}", f"median of the {PREVIEWS} differences")

    messages = declared_by(ROOT / "Pulumi.prod.yaml")
    seconds = {}
    with running() as pack:
        pack.configure_environment("prod")
        process = psutil.Process(pack.process.pid)
        for count in CLUSTERS:
            state = [copy for number in range(count) for copy in _copies(messages, number)]
            batch = max(1, BATCH // count)
            pack.analyze_stack(state)
            samples = [_sample(process, pack, state, batch) for _ in range(REPEATS)]
            seconds[count], wall = (min(values) for values in zip(*samples, strict=True))
            how = f"AnalyzeStack of {len(state):,} resources: the pack's CPU time, best of {REPEATS}; wall {wall:.3f}"
            table.add_row(f"the rules on {count} cluster{'s' * (count > 1)}", f"{seconds[count]:.3f}", "", how)
    worst = max(seconds[10] / seconds[1], seconds[100] / seconds[10])
    table.add_row("10 times the clusters", f"{worst:.1f} x", f"{MOST_TIMES:.0f} x", "the larger of both steps")
    console.print(table)
    sys.exit(1 if added > MOST_SECONDS or worst > MOST_TIMES else 0)


def _sample(process: psutil.Process, pack: Pack, state: Sequence[Any], batch: int) -> tuple[float, float]:
    """CPU seconds of the pack, and wall seconds: on a busy machine those say more about the others."""
    before, start = process.cpu_times(), time.perf_counter()
    for _ in range(batch):
        pack.analyze_stack(state)
    after, wall = process.cpu_times(), time.perf_counter() - start
    return (after.user + after.system - before.user - before.system) / batch, wall / batch


def _previewer(folder: Path, emulator: emulators.Emulator) -> Callable[[Sequence[str]], float]:
    checkout = find_checkout(ROOT)
    values = for_engine(prepare(checkout, ensure_engine(print), emulator, backend=folder, stack="prod"))
    config = folder / "Pulumi.prod.yaml"

    def preview(pack: Sequence[str]) -> float:
        config.write_bytes((ROOT / "Pulumi.prod.yaml").read_bytes())  # the engine rewrites it
        command = [str(checkout.bin / "pulumi"), "preview", "--stack", "prod", "--config-file", str(config), *pack]
        start = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=values, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        if bool(pack) != ("headroom@v" in done.stdout):
            sys.exit(f"the pack was {'not ' * bool(pack)}there: {done.stdout}")
        return seconds

    return preview


def _copies(messages: Sequence[Any], number: int) -> list[Any]:
    """The stack's resources under a parent of their own, so that each cluster has its own demand."""
    parent = f"urn:pulumi:prod::shop::shop:index:Shop::shop-{number}"

    def renamed(urn: str) -> str:
        return f"{urn}-{number}"

    copies = []
    for message in messages:
        copy = type(message)()
        copy.CopyFrom(message)
        copy.urn, copy.name = renamed(message.urn), f"{message.name}-{number}"
        copy.parent = renamed(message.parent) if message.parent else parent
        copy.dependencies[:] = [renamed(urn) for urn in message.dependencies]
        for name, dependency in message.propertyDependencies.items():
            copy.propertyDependencies[name].urns[:] = [renamed(urn) for urn in dependency.urns]
        copies.append(copy)
    return copies


if __name__ == "__main__":
    main()
