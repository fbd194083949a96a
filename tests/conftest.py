"""What all tests need of the process that they run in."""

import os
import signal

# Under `make test` a make that a test starts would take itself for a part of it, and say so in its output.
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(name, None)

# A shell starts its background jobs with SIGINT ignored, and every child inherits that: tests of Ctrl-C would wait for
# ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
