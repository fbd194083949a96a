"""The clock: the only place where the program, the commands and the policy pack read the time of day.

`HEADROOM_CLOCK_SHIFT_SECONDS` shifts it, so that anything can be tried as on another day. It is a difference and not
an instant: all processes that inherit it have the same time, and the time goes on. AWS, the emulator, the engine and
TLS keep the real time. `make deploy` refuses while it is set.
"""

import os
import re
import sys
from datetime import UTC, datetime, timedelta

from headroom.errors import UserError

VARIABLE = "HEADROOM_CLOCK_SHIFT_SECONDS"
_YEARS = (2000, 2100)  # those that a declared event may be in
_told: set[int] = set()


def shift_seconds() -> int:
    """What the variable says; 0 where it isn't set.

    Raises:
        UserError: it is no whole number.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not re.fullmatch(r"([+-]?[0-9]{1,18})?", text):
        raise UserError(f"{VARIABLE}: must be a whole number of seconds, such as 86400 or -3600, got {text!r}")
    return int(text or 0)


def now() -> datetime:
    """The time, aware and in UTC. A process that reads a shifted clock says so once, on standard error.

    Raises:
        UserError: the variable is no whole number of seconds, or leads out of the years 2000 to 2100.
    """
    seconds, real = shift_seconds(), datetime.now(UTC)
    if not seconds:
        return real
    try:
        shifted = real + timedelta(seconds=seconds)
    except OverflowError:
        shifted = datetime.min.replace(tzinfo=UTC)
    if not _YEARS[0] <= shifted.year <= _YEARS[1]:
        raise UserError(f"{VARIABLE}: must lead to a year from {_YEARS[0]} to {_YEARS[1]}, got {seconds} seconds")
    if seconds not in _told:
        _told.add(seconds)
        _tell(f"note: the clock is shifted ({VARIABLE}={seconds}): it is {shifted:%Y-%m-%d %H:%M:%S} UTC\n")
    return shifted


def _tell(line: str) -> None:
    sys.stderr.write(line)
    sys.stderr.flush()
