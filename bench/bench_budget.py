"""The budget: milliseconds to import it, to evaluate the prod stack for the first time, and again.

Medians of fresh processes, after one that isn't counted: it writes the bytecode, which the later ones read. Wall time
is what a person waits; CPU time is what is left of it on an idle machine.
"""

import os
import pickle
import statistics
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headroom.settings import load

ROOT = Path(__file__).parents[1]
PROCESSES = 15
START = "import time; wall, cpu = time.perf_counter(), time.process_time()"
STOP = "print(1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu))"
STACK = "import pickle, sys; from headroom.budget import evaluate; stack = pickle.load(sys.stdin.buffer)"
# What is measured, how often in one process, and at most how many milliseconds of wall time.
FIGURES = {
    "import": (f"{START}; import headroom.budget; {STOP}", 1, 60.0),
    "first evaluation of prod, facts read": (f"{STACK}; {START}; evaluate(stack); {STOP}", 1, 20.0),
    "the same again": (f"{STACK}; evaluate(stack); {START}; [evaluate(stack) for _ in range(100)]; {STOP}", 100, 1.0),
}


def main() -> None:
    """Measure and print."""
    stack = pickle.dumps(load(ROOT / "Pulumi.prod.yaml").stack("prod"))
    console = Console(width=200)
    console.print(
        f"{os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f} at the start; in milliseconds, medians of "
        f"{PROCESSES} fresh processes"
    )
    table = Table("what", "wall", "CPU", "at most", "command")
    for what, (program, times, most) in FIGURES.items():
        wall, cpu = (figure / times for figure in _median(program, stack))
        table.add_row(what, f"{wall:.4g}", f"{cpu:.4g}", f"{most:g}", escape(f'python -c "{program}"'))
    console.print(table)


def _median(program: str, stack: bytes) -> tuple[float, float]:
    """Wall and CPU milliseconds, as the program prints them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", program]
    said = [
        subprocess.run(command, input=stack, capture_output=True, check=True, cwd=ROOT, env=environment).stdout
        for _ in range(1 + PROCESSES)
    ]
    walls, cpus = zip(*([float(word) for word in each.split()] for each in said[1:]), strict=True)
    return statistics.median(walls), statistics.median(cpus)


if __name__ == "__main__":
    main()
