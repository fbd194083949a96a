"""RDS's windows of time: 02:00-03:00 every day, sun:04:00-sun:05:00 every week."""

import re

_DAY, _SHORTEST = 24 * 60, 30
_WEEK = 7 * _DAY
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
_DAILY = re.compile(f"{_TIME}-{_TIME}")
_WEEKLY = re.compile(f"({'|'.join(_DAYS)}):{_TIME}-({'|'.join(_DAYS)}):{_TIME}", re.IGNORECASE)


def minutes_of_day(window: str) -> tuple[int, int] | None:
    """Beginning and length in minutes; None if it is no window of at least 30 minutes."""
    parts = _DAILY.fullmatch(window)
    if parts is None:
        return None
    start, end = (int(parts[index]) * 60 + int(parts[index + 1]) for index in (1, 3))
    length = (end - start) % _DAY
    return (start, length) if length >= _SHORTEST else None


def minutes_of_week(window: str) -> tuple[int, int] | None:
    """The same of a weekly window, from Monday 00:00 on."""
    parts = _WEEKLY.fullmatch(window)
    if parts is None:
        return None
    start, end = (
        _DAYS.index(parts[index].lower()) * _DAY + int(parts[index + 1]) * 60 + int(parts[index + 2])
        for index in (1, 4)
    )
    length = (end - start) % _WEEK
    return (start, length) if length >= _SHORTEST else None


def overlap(daily: tuple[int, int], weekly: tuple[int, int]) -> bool:
    """True if the daily window touches the weekly one on any day."""
    for day in range(7):
        start = day * _DAY + daily[0]
        if (start - weekly[0]) % _WEEK < weekly[1] or (weekly[0] - start) % _WEEK < daily[1]:
            return True
    return False
