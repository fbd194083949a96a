"""What AWS's rules add to a preview of prod: the local plugin's checks of all resources, with the rules and without.

A fresh process, as the plugin is: reading the registry's files and the lists counts. The share of the rules is measured
inside the run, so that both figures are of the same run; the engine asks for several resources at once, so a preview
gets longer by it at most. CPU seconds of one thread, the least of several runs: a busy machine only adds to them.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests run the program

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

RUNS = 7
MOST_SECONDS = 0.5


def main() -> None:
    """Measure and print; exit code 1 if a figure is above its limit."""
    from tests.local.test_safe_stacks import HOME, as_in_a_preview, declared

    resources = [(one.type, one.name, as_in_a_preview(one.inputs, HOME)) for one in declared(ROOT / "Pulumi.prod.yaml")]
    console = Console(width=110)
    console.print(f"{os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f} at the start; in CPU seconds")
    runs = [_run(json.dumps(resources)) for _ in range(RUNS)]
    whole, added = min(runs)
    table = Table("what", "figure", "at most", "how")
    how = f"a fresh process; the quickest of {RUNS}"
    table.add_row(f"checks of prod's {len(resources)} resources", f"{whole:.2f}", "", how)
    table.add_row("without AWS's rules", f"{whole - added:.2f}", "", "the same run")
    table.add_row("what they add", f"{added:.2f}", f"{MOST_SECONDS:.1f}", "the same run")
    table.add_row("ratio", f"{whole / (whole - added):.2f}", "", "")
    console.print(table)
    if added > MOST_SECONDS:
        sys.exit(f"AWS's rules add {added:.2f} s to a preview of prod, above {MOST_SECONDS}")


def _run(resources: str) -> tuple[float, float]:
    command = [sys.executable, __file__, "child"]
    done = subprocess.run(command, input=resources, capture_output=True, text=True, check=True, cwd=ROOT)
    whole, added = json.loads(done.stdout)
    return whole, added


def child() -> None:
    """Check every resource; print the seconds from before the first import on, and those of AWS's rules."""
    resources = json.load(sys.stdin)
    start = time.process_time()
    from headroom.local.aws import derive, values  # what the plugin needs anyway

    before = time.process_time()
    from headroom.local.aws import aws_rules

    added = time.process_time() - before
    judge = aws_rules.verdict

    def timed(token: str, values: Mapping[str, Any], region: str, old: Mapping[str, Any]) -> aws_rules.Verdict:
        nonlocal added
        entered = time.process_time()
        result = judge(token, values, region, old)
        added += time.process_time() - entered
        return result

    aws_rules.verdict = timed
    from headroom.local.aws import checks  # takes the timed one
    from tests.local.aws.offline import derived

    for token, name, given in resources:
        entry: derive.Derived = derived(token)
        inputs = checks.completed(entry, values.from_struct(values.to_struct(given)), {}, b"abcd", name)
        checks.findings(entry, values.Properties(inputs), {}, "eu-west-1")
    print(json.dumps([time.process_time() - start, added]))


if __name__ == "__main__":
    child() if sys.argv[1:] else main()
