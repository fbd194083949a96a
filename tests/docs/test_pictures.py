"""The pictures in docs/ are what their scripts draw (`make golden` draws them again)."""

import runpy

import pytest

from tests.commands.conftest import ROOT
from tests.golden_files import check_golden


@pytest.mark.parametrize("name", ["budget", "dashboard"])
def test_the_golden_picture_is_what_is_drawn(name: str) -> None:
    script = runpy.run_path(str(ROOT / "docs" / "pictures" / f"{name}.py"))

    drawn = script["svg"]()

    assert drawn == script["svg"]()
    check_golden(script["PICTURE"], drawn)


def test_the_picture_of_the_dashboard_says_that_its_data_is_a_sample() -> None:
    drawn = runpy.run_path(str(ROOT / "docs" / "pictures" / "dashboard.py"))["svg"]()

    assert "SAMPLE DATA" in drawn
    assert "Nothing was measured" in drawn
