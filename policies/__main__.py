"""The policy pack, as the engine starts it: `pulumi preview --policy-pack policies`."""

import os
import signal
import sys
from pathlib import Path
from threading import Thread

# The engine interrupts the pack when it is done, and waits for it. There is nothing to tidy up. A thread of its own
# waits for the signal: the main one sleeps for days, and a signal that another thread gets doesn't wake it.
_END = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, _END)
Thread(target=lambda: (signal.sigwait(_END), os._exit(0)), daemon=True).start()

# The engine puts this folder first on the path and stands in the program's, which may have `policies` of its own.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.pack import all_rules, serve  # noqa: E402

serve(all_rules())
