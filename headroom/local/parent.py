"""A plugin lives exactly as long as its engine: on an interrupt it ends at once, and it never outlives its parent."""

import ctypes
import os
import signal
import sys
import threading
import time

_POLL_SECONDS = 0.5
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def end_with_parent() -> None:
    """End this process on SIGINT and SIGTERM at once, and as soon as the process that started it is gone.

    Call it before anything is printed: a parent that died earlier shows as a broken pipe.

    The engine interrupts its plugins and then waits up to five seconds for them, so an orderly shutdown would cost
    every failing run those seconds. A killed engine interrupts nobody: Linux then sends the signal asked for here,
    and the poll sees it everywhere.
    """
    parent = os.getppid()

    def end_if_orphaned(*_: object) -> None:
        # Linux sends the signal when the *thread* that started us ends, so it is a reason to look, not to leave.
        if os.getppid() != parent:
            os._exit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    if sys.platform == "linux":
        signal.signal(signal.SIGUSR2, end_if_orphaned)
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGUSR2)

    def poll() -> None:
        while True:
            time.sleep(_POLL_SECONDS)
            end_if_orphaned()

    threading.Thread(target=poll, name="parent-watch", daemon=True).start()
