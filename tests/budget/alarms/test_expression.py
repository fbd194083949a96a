import pytest

from headroom.budget.alarms.expression import evaluate


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("100 * part / whole", 25.0),
        ("IF(part >= 10, 100 * part / whole, 0)", 0.0),
        ("IF(part >= 5, part - 1 + whole, 0)", 24.0),
        ("IF(part < 5, 1, none)", None),
        ("part / none", None),
        ("part / (part - part)", None),
        ("none >= 1", None),
        ("IF(none, 1, 2)", None),
    ],
)
def test_metric_math(expression: str, value: float | None) -> None:
    assert evaluate(expression, {"part": 5.0, "whole": 20.0, "none": None}) == value


@pytest.mark.parametrize("expression", ["part ** 2", "SEARCH('x', 'y')", "part == 1", "'part'"])
def test_what_the_table_does_not_use_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"^not in the alarm table's metric math: "):
        evaluate(expression, {"part": 5.0})
