"""The pictures in docs/ are what their scripts draw (`make golden` draws them again)."""

import runpy

from tests.commands.conftest import ROOT
from tests.golden_files import check_golden


def test_the_golden_picture_of_the_budget_is_what_is_drawn() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "pictures" / "budget.py"))

    drawn = script["svg"]()

    assert drawn == script["svg"]()
    check_golden(script["PICTURE"], drawn)
