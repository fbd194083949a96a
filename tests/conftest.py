"""What all tests need of the process that they run in."""

import os
import signal
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from headroom import clock
from tests import searches
from tests.days import OUT_OF_RANGE, Day, chosen_days, clock_at, days

# Under `make test` a make that a test starts would take itself for a part of it, and say so in its output.
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(name, None)

# A shell starts its background jobs with SIGINT ignored, and every child inherits that: tests of Ctrl-C would wait for
# ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

assert searches.TIMES  # imported: its profile counts for what sets no length of its own
SHIFT_SECONDS = clock.shift_seconds()  # of the whole run: `HEADROOM_CLOCK_SHIFT_SECONDS=86400 make test`
DAYS = days(datetime.now(UTC) + timedelta(seconds=SHIFT_SECONDS))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-day", action="store_true", help="slow tests that know the time, too, run on every day")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What can know the time runs on several days."""
    if metafunc.definition.get_closest_marker("clock"):
        found = chosen_days(metafunc.definition, DAYS, every=metafunc.config.getoption("--every-day"))
        metafunc.parametrize("day", found, ids=lambda day: day.name, indirect=True)


@pytest.fixture(scope="session", autouse=True)
def no_clock() -> None:
    """What isn't marked `clock`, and what a fixture of a wider scope starts, can't read the clock."""
    os.environ[clock.VARIABLE] = OUT_OF_RANGE


@pytest.fixture(autouse=True)
def day(request: pytest.FixtureRequest, no_clock: None) -> Iterator[Day | None]:
    """The day of a test that is marked `clock`."""
    chosen: Day | None = getattr(request, "param", None)
    if chosen is None:
        yield None
        return
    # Not the test's own `monkeypatch`: that has to be undone first, or the variable that a test sets would come back.
    with pytest.MonkeyPatch.context() as patch, clock_at(chosen, SHIFT_SECONDS):
        patch.setattr(clock, "_tell", lambda _: None)  # once in this process: it would be in one test's output
        yield chosen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say what to do about a test that was forgotten."""
    report = yield
    if report.failed and item.get_closest_marker("clock") is None and OUT_OF_RANGE in report.longreprtext:
        report.sections.append(
            ("the clock", "This test reads the clock: mark it with @pytest.mark.clock (CONTRIBUTING.md)")
        )
    return report
