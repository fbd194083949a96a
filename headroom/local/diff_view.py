"""The engine's diff, readable: of a JSON document it shows all lines (of a dashboard 1,360, for three numbers)."""

import re
from collections.abc import Iterable, Iterator

_CONTEXT_LINES = 3  # so many aren't worth a line that says how many they are
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_DOCUMENT = re.compile(r"(?P<before> *[~+-]? *)[\w.]+ *: \(json\) [{\[]")
_CHANGED = re.compile(r" *[~+-] ")


def without_what_stays(lines: Iterable[str]) -> Iterator[str]:
    """The lines, those of JSON documents only where they change, and how many were left out."""
    end: re.Pattern[str] | None = None
    staying: list[str] = []
    for line in lines:
        plain = _COLOUR.sub("", line).rstrip()
        ended = end is not None and bool(end.fullmatch(plain))
        if end is not None and not ended and not _CHANGED.match(plain):
            staying.append(line)
            continue
        if len(staying) > _CONTEXT_LINES:
            staying = [f"{' ' * (len(plain) - len(plain.lstrip()))}({len(staying):,} lines that stay)\n"]
        yield from staying
        staying.clear()
        yield line
        if ended:
            end = None
        elif end is None and (begins := _DOCUMENT.fullmatch(plain)):
            end = re.compile(f" {{{len(begins['before'])}}}[}}\\]]")
