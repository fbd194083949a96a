"""One line that says how far a long step is: rewritten in place on a terminal, repeated now and then elsewhere.

Standard library only: it also speaks while the virtual environment is still being made.
"""

import sys
import time
from typing import TextIO

REPEAT_SECONDS = 15.0
"""How often a line is repeated where it can't be rewritten in place (a CI log)."""


class Progress:
    """Reports the state of one long step on `stream` (default: standard error)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Start the clock."""
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._start = time.monotonic()
        self._last = self._start
        self._width = 0

    def at(self, text: str) -> None:
        """Say where the step is; quietly skipped when it was said a moment ago."""
        now = time.monotonic()
        if now - self._last < (0.1 if self._live else REPEAT_SECONDS):
            return
        self._last = now
        line = f"{text} ({self.elapsed()})"
        if self._live:
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """Say something that stays."""
        self.clear()
        self._stream.write(text + "\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take the rewritten line off the terminal."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0

    def elapsed(self) -> str:
        """The time since the start, as in `3 min 05 s`."""
        minutes, seconds = divmod(int(time.monotonic() - self._start), 60)
        return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
