"""What AWS's rules add to a preview of prod: the local plugin's checks of all resources, with the rules and without.

Each run is a process of its own, as the plugin is: reading the registry's files and the lists counts. The engine asks
for several resources at once, so a preview gets longer by this at most. With and
without take turns in one run. CPU seconds of one thread, the least of several: a busy machine only adds to them.
"""

import json
import os
import subprocess
import sys
import time
import types
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests run the program

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

RUNS = 7
MOST_SECONDS = 0.5
WITH, WITHOUT = "with", "without"


def main() -> None:
    """Measure and print; exit code 1 if a figure is above its limit."""
    from tests.local.test_safe_stacks import HOME, as_in_a_preview, declared

    resources = [(one.type, one.name, as_in_a_preview(one.inputs, HOME)) for one in declared(ROOT / "Pulumi.prod.yaml")]
    text = json.dumps(resources)
    console = Console(width=110)
    console.print(f"{os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f} at the start; in CPU seconds")
    _seconds(WITH, text)  # the first warms the disk
    pairs = [(_seconds(WITH, text), _seconds(WITHOUT, text)) for _ in range(RUNS)]
    packed, bare = (min(values) for values in zip(*pairs, strict=True))
    added = packed - bare
    table = Table("what", "figure", "at most", "how")
    how = f"a fresh process; the least of {RUNS}, in turns"
    table.add_row(f"checks of prod's {len(resources)} resources", f"{packed:.2f}", "", how)
    table.add_row("without AWS's rules", f"{bare:.2f}", "", how)
    table.add_row("what they add", f"{added:.2f}", f"{MOST_SECONDS:.1f}", "")
    table.add_row("ratio", f"{packed / bare:.2f}", "", "")
    console.print(table)
    if added > MOST_SECONDS:
        sys.exit(f"AWS's rules add {added:.2f} s to a preview of prod, above {MOST_SECONDS}")


def _seconds(mode: str, resources: str) -> float:
    command = [sys.executable, __file__, mode]
    done = subprocess.run(command, input=resources, capture_output=True, text=True, check=True, cwd=ROOT)
    return float(done.stdout)


def child(mode: str) -> None:
    """Check every resource, and print the seconds from before the first import on."""
    resources = json.load(sys.stdin)
    start = time.process_time()
    if mode == WITHOUT:
        rules = types.ModuleType("rules")  # in the place of the real one, before anything imports it
        rules.verdict = lambda *_: types.SimpleNamespace(refused=[], remarks=[])  # type: ignore[attr-defined]
        sys.modules["headroom.local.aws.aws_rules"] = rules
    from headroom.local.aws import checks
    from headroom.local.aws.values import Properties, from_struct, to_struct
    from tests.local.aws.offline import derived

    for token, name, given in resources:
        entry = derived(token)
        values = checks.completed(entry, from_struct(to_struct(given)), {}, b"abcd", name)
        checks.findings(entry, Properties(values), {}, "eu-west-1")
    print(time.process_time() - start)


if __name__ == "__main__":
    child(sys.argv[1]) if sys.argv[1:] else main()
