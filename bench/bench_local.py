"""The local stack: seconds of `make up` and previews, and the peak memory of each process.

Works on this checkout's own stack: it is taken down first, and at the end.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from headroom.local import emulator as emulators
from headroom.local.checkout import find_checkout
from headroom.local.engine import ensure_engine
from headroom.local.environment import for_engine
from headroom.local.stack import prepare

REPEATS = 5
ROLES = {
    "emulator_server": "emulator",
    "headroom.local.aws": "AWS plugin",
    "language_host": "language host",
    "policy_pack": "policy pack",
    "bin/pulumi": "engine",
    "bin/headroom": "headroom",
}


def main() -> None:
    """Measure and print."""
    checkout = find_checkout(Path(__file__).parent)
    os.chdir(checkout.root)
    console = Console(width=110)
    console.print(f"{os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f} at the start; in seconds")
    table = Table("what", "figure", "at most", "command")
    _timed(["make", "down"])
    first, peaks = _timed(["make", "up"], watch=True)
    table.add_row("everything from nothing", f"{first:.1f}", "60", "make up")
    table.add_row("no change", f"{_timed(['make', 'up'])[0]:.1f}", "10", "make up")
    whole = statistics.median(_timed(["make", "preview", "STACK=prod"])[0] for _ in range(3))
    table.add_row("preview of prod, all in", f"{whole:.1f}", "8", "make preview STACK=prod (median of 3)")

    pack = ["--policy-pack", "policies", "--policy-pack-config", "policies/config/prod.json"]
    for stack, path in (
        ("prod", "Pulumi.prod.yaml"),
        ("before-the-incident", "docs/examples/before-the-incident.yaml"),
    ):
        with tempfile.TemporaryDirectory() as folder:
            preview = _previewer(Path(folder), stack, Path(path))
            pairs = [(preview(pack), preview([])) for _ in range(REPEATS)]
        packed, bare = (statistics.median(values) for values in zip(*pairs, strict=True))
        command = f"pulumi preview --stack {stack} (medians of {REPEATS})"
        table.add_row(
            f"engine's preview of {stack}, with the pack", f"{packed:.2f}", "", f"{command} --policy-pack policies"
        )
        table.add_row(f"engine's preview of {stack}, without", f"{bare:.2f}", "", command)
        table.add_row("ratio", f"{packed / bare:.2f}", "1.3", "")
    for role, size in sorted(peaks.items(), key=lambda item: -item[1]):
        table.add_row(f"peak memory, {role}", f"{size / 1e6:.0f} MB", "", "make up")
    table.add_row("take down", f"{_timed(['make', 'down'])[0]:.1f}", "", "make down")
    if "--quick" not in sys.argv:
        table.add_row("all tests, warm", f"{_timed(['make', 'test'])[0]:.0f}", "360", "make test")
    console.print(table)


def _timed(command: Sequence[str], *, watch: bool = False) -> tuple[float, dict[str, float]]:
    """Seconds, and the peak resident memory of each process by role, in bytes."""
    peaks: dict[str, float] = {}
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while watch and process.poll() is None:
            _sample(peaks)
            time.sleep(0.05)
        _, errors = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed: {errors}")
    return time.perf_counter() - start, peaks


def _sample(peaks: dict[str, float]) -> None:
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            here = str(Path.cwd()) in line or process.cwd() == str(Path.cwd())
            role = next((role for sign, role in ROLES.items() if sign in line), None)
            if here and role:
                peaks[role] = max(peaks.get(role, 0), process.memory_info().rss)
        except psutil.Error:
            continue


def _previewer(folder: Path, stack: str, settings: Path) -> Callable[[list[str]], float]:
    """A function that times a preview with the given options, in a backend of its own on the running emulator."""
    checkout = find_checkout()
    emulator = emulators.running(checkout)
    if emulator is None:
        sys.exit("the emulator is gone")
    values = for_engine(prepare(checkout, ensure_engine(print), emulator, backend=folder, stack=stack))
    copy = folder / settings.name
    copy.write_bytes(settings.read_bytes())

    def preview(options: list[str]) -> float:
        command = [str(checkout.bin / "pulumi"), "preview", "--stack", stack, "--config-file", str(copy), *options]
        start = time.perf_counter()
        subprocess.run(command, env=values, capture_output=True, check=False)
        return time.perf_counter() - start

    return preview


if __name__ == "__main__":
    main()
