"""What all tests need of the process that they run in."""

import signal

# A shell starts its background jobs with SIGINT ignored, and every child inherits that: tests of Ctrl-C would wait for
# ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
