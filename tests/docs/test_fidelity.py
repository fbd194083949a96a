"""docs/fidelity.md is what the tables say (`make golden` renews it)."""

from tests.docs.fidelity import PAGE, PLACES, ROWS, page, rows
from tests.golden_files import check_golden


def test_the_page_is_what_the_tables_say() -> None:
    check_golden(PAGE, page())


def test_every_row_says_where_and_only_a_rule_that_is_nowhere_seen_says_why() -> None:
    wrong = {
        row["property"]
        for row in rows()
        if set(row) - {"why"} != {"property", "rule", "source", "where"}
        or not set(row["where"].split(", ")) <= set(PLACES)
        or (row["where"] == "nowhere") != ("why" in row)
    }

    assert wrong == set(), ROWS
