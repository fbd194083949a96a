"""The policy pack, as the engine starts it: `pulumi preview --policy-pack policies`."""

import os
import signal
import sys
from pathlib import Path

# The engine interrupts the pack when it is done, and waits for it. There is nothing to tidy up.
for _signal in (signal.SIGINT, signal.SIGTERM):
    signal.signal(_signal, lambda *_: os._exit(0))

# The engine puts this folder first on the path and stands in the program's, which may have `policies` of its own.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.pack import all_rules, serve  # noqa: E402

serve(all_rules())
