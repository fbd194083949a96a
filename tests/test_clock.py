"""One clock: what it says, and that nothing else is asked for the time."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headroom import clock
from headroom.errors import UserError
from tests.days import OUT_OF_RANGE, Day, clock_at, days

ROOT = Path(__file__).parents[1]
# Whatever tells the time of day, by its full name. Seconds may be counted (`monotonic`, `perf_counter`).
TELLS_THE_TIME = {
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
    *(f"time.{name}" for name in ("time", "time_ns", "localtime", "gmtime", "ctime", "asctime", "strftime")),
    *(f"email.utils.{name}" for name in ("formatdate", "localtime")),
    "moto.core.utils.utcnow",
    "botocore.compat.get_current_datetime",
}
# Who may ask: the clock; the emulator, as it stands for AWS, whose time is the real one; what sets the clock for tests.
MAY = {
    "headroom/clock.py": {"datetime.datetime.now"},
    "headroom/local/moto_extension/proxies.py": {"moto.core.utils.utcnow"},
    "tests/conftest.py": {"datetime.datetime.now"},
    "tests/days.py": {"datetime.datetime.now"},
    "tests/test_clock.py": {"datetime.datetime.now"},
}


def asked(source: str) -> Iterator[tuple[int, str]]:
    """Line and full name of everything in TELLS_THE_TIME that a module names, whatever it calls it."""
    tree = ast.parse(source)
    full: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            full |= {
                a.asname or a.name.partition(".")[0]: a.name if a.asname else a.name.partition(".")[0]
                for a in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            full |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}

    def name_of(node: ast.AST) -> str:
        if isinstance(node, ast.Attribute):
            return f"{name_of(node.value)}.{node.attr}"
        return full.get(node.id, "") if isinstance(node, ast.Name) else ""

    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and (name := name_of(node)) in TELLS_THE_TIME:
            yield node.lineno, name


def test_nothing_but_the_clock_is_asked_for_the_time() -> None:
    rooms = ("headroom", "policies", "components", "bench", "docs", "tests")
    files = [ROOT / "__main__.py", *(file for room in rooms for file in (ROOT / room).rglob("*.py"))]
    found = {
        f"{name}:{line}: {what}"
        for file in files
        for name in [str(file.relative_to(ROOT))]
        for line, what in asked(file.read_text(encoding="utf-8"))
        if what not in MAY.get(name, ())
    }
    assert found == set(), "ask headroom.clock instead"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("from datetime import datetime\ndatetime.now()", "datetime.datetime.now"),
        ("from datetime import datetime as d\nx = d.utcnow", "datetime.datetime.utcnow"),
        ("import datetime\ndatetime.datetime.now()", "datetime.datetime.now"),
        ("import datetime as d\nd.date.today()", "datetime.date.today"),
        ("def f():\n    from time import time as seconds; seconds()", "time.time"),
        ("import time\ntime.time()", "time.time"),
        ("import email.utils\nemail.utils.formatdate()", "email.utils.formatdate"),
    ],
)
def test_another_clock_is_found_under_whatever_name(source: str, what: str) -> None:
    assert list(asked(source)) == [(2, what)]


@pytest.mark.parametrize("source", ["import time\ntime.monotonic()", "def f(reading): return reading.now, clock.now()"])
def test_what_tells_no_time_is_let_be(source: str) -> None:
    assert list(asked(source)) == []


@pytest.mark.parametrize(("text", "seconds"), [("", 0), ("0", 0), ("86400", 86400), ("-3600", -3600), (" +60 ", 60)])
def test_the_clock_is_shifted_by_the_variable_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, text: str, seconds: int
) -> None:
    monkeypatch.setattr(clock, "_tell", lambda _: None)
    monkeypatch.setenv(clock.VARIABLE, text)
    before = datetime.now(UTC)
    first, second = clock.now(), clock.now()
    shift = timedelta(seconds=seconds)
    assert before + shift <= first <= second <= datetime.now(UTC) + shift
    assert first.tzinfo is UTC


def test_without_the_variable_it_is_the_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(clock.VARIABLE)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("text", ["tomorrow", "1.5", "1d", "2027-11-26", "1 000", "0x10", "٣", "9" * 19])
def test_what_is_no_whole_number_of_seconds_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(clock.VARIABLE, text)
    with pytest.raises(UserError) as caught:
        clock.now()
    assert str(caught.value) == (
        f"HEADROOM_CLOCK_SHIFT_SECONDS: must be a whole number of seconds, such as 86400 or -3600, got {text!r}"
    )


@pytest.mark.parametrize("text", ["3000000000", "-900000000", "9" * 18, "-" + "9" * 18, OUT_OF_RANGE])
def test_a_year_that_no_event_can_be_in_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(clock.VARIABLE, text)
    with pytest.raises(UserError) as caught:
        clock.now()
    assert str(caught.value) == (
        f"HEADROOM_CLOCK_SHIFT_SECONDS: must lead to a year from 2000 to 2100, got {text} seconds"
    )


def command(shift: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(Path(sys.executable).with_name("headroom")), *arguments],
        cwd=ROOT,
        env={**os.environ, clock.VARIABLE: shift},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [("budget", "prod"), ("policies", "list"), ("local", "up"), ("status",)])
def test_every_command_refuses_a_wrong_shift_before_anything_starts(arguments: tuple[str, ...]) -> None:
    done = command("1h", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: HEADROOM_CLOCK_SHIFT_SECONDS: must be a whole number of seconds, such as 86400 or -3600, got '1h'\n"
    )


def test_a_command_that_reads_a_shifted_clock_says_so_once() -> None:
    done = command("315360000", "policies", "validate", "policies/config/prod.json")
    assert done.returncode == 0, done.stderr
    assert re.sub(r"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d", "(then)", done.stderr) == (
        "note: the clock is shifted (HEADROOM_CLOCK_SHIFT_SECONDS=315360000): it is (then) UTC\n"
    )


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (
            "2026-11-30 12:00:00",
            {
                "a-day-ahead": "2026-12-01 12:00:00",
                "a-year-ahead": "2027-11-30 12:00:00",
                "ten-years-ahead": "2036-11-30 12:00:00",
                "29-february": "2028-02-29 00:00:20",
                "summer-time-begins": "2027-03-28 01:00:20",
                "summer-time-ends": "2027-10-31 01:00:20",
            },
        ),
        (
            "2028-02-29 12:00:00",
            {
                "a-day-ahead": "2028-03-01 12:00:00",
                "a-year-ahead": "2029-02-28 12:00:00",
                "ten-years-ahead": "2038-03-01 12:00:00",
                "29-february": "2032-02-29 00:00:20",
                "summer-time-begins": "2028-03-26 01:00:20",
                "summer-time-ends": "2028-10-29 01:00:20",
            },
        ),
    ],
)
def test_the_days_of_the_tests_are_ahead_of_today(today: str, expected: dict[str, str]) -> None:
    _, *ahead = days(datetime.fromisoformat(f"{today}+00:00"))
    assert {day.name: f"{day.begins:%Y-%m-%d %H:%M:%S}" for day in ahead} == expected


@pytest.mark.parametrize("month", [3, 10])
def test_the_changes_of_summer_time_are_those_of_the_zones_own_table(month: int) -> None:
    (day,) = [d for d in days(datetime(2026, 11, 30, tzinfo=UTC)) if d.zone and d.begins and d.begins.month == month]
    assert day.begins is not None
    with clock_at(day, 0):
        offsets = [(day.begins - timedelta(minutes=n)).astimezone().utcoffset() for n in (0, 1)]
    assert sorted(offsets, key=str) == [timedelta(hours=1), timedelta(hours=2)]


@pytest.mark.clock
def test_a_test_that_is_marked_may_set_the_variable_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own value is taken back before the day's is, so the next test finds neither."""
    monkeypatch.setenv(clock.VARIABLE, "0")


def test_a_test_that_is_not_marked_cannot_read_the_clock() -> None:
    with pytest.raises(UserError, match="must lead to a year from 2000 to 2100"):
        clock.now()


@pytest.mark.clock
def test_a_test_that_is_marked_reads_the_clock_of_its_day_in_every_process(day: Day) -> None:
    code = "from headroom import clock; print(clock.now().timestamp())"
    child = datetime.fromtimestamp(float(subprocess.check_output([sys.executable, "-c", code], text=True)), UTC)
    assert timedelta(0) <= child - (day.begins or clock.now() - timedelta(minutes=1)) < timedelta(minutes=5)
