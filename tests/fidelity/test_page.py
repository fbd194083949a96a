"""docs/outside-judges.md: its tables are what is converted, ignored and decided (`make golden` renews them)."""

import re

from tests.components.program import ROOT
from tests.fidelity import decisions
from tests.fidelity.registered import Stack
from tests.fidelity.stacks import FILES, stack
from tests.fidelity.test_cloudformation import IGNORED
from tests.fidelity.to_cloudformation import to_cloudformation
from tests.golden_files import check_golden

PAGE = ROOT / "docs" / "outside-judges.md"


def table(head: str, rows: list[str]) -> str:
    return "\n".join([head, re.sub("[^|]+", "---", head), *rows]) + "\n"


def types(one: Stack) -> int:
    return len({resource.type for resource in one.resources})


def tables() -> dict[str, str]:
    converted: list[str] = []
    left_out: dict[str, str] = {}
    for name in FILES:
        conversion, one = to_cloudformation(stack(name)), stack(name)
        left_out |= conversion.left_out
        given = sum(len(resource.properties) for resource in one.resources)
        converted.append(
            f"| {name} | {len(one.resources)} of {types(one)} types | {given} | "
            f"{len(conversion.template['Resources'])} | {conversion.properties} |"
        )
    return {
        "ignored": table("| rule | why |", [f"| {rule} | {why} |" for rule, why in IGNORED.items()]),
        "converted": table(
            "| stack or example | Pulumi resources | their properties | in CloudFormation | properties written |",
            converted,
        ),
        "left out": table(
            "| property, or type | because |", [f"| `{what}` | {why} |" for what, why in sorted(left_out.items())]
        ),
        "fixed": table(
            "| check | asks | now |", [f"| {row.check} | {row.title} | {row.how} |" for row in decisions.fixed()]
        ),
        "declined": table(
            "| check | asks | fails of | because |",
            [f"| {row.check} | {row.title} | {fails_of(row)} | {row.reason} |" for row in decisions.declined()],
        ),
    }


def fails_of(row: decisions.Declined) -> str:
    """In words: which resources, and in which stacks and examples."""
    names = ", ".join(f"`{name}`" for name in row.resources if name)
    stacks = [name for name in FILES if name not in row.except_]
    where = "all" if len(stacks) == len(FILES) else ", ".join(stacks)
    return f"{names}; {where}" if names else where


def test_the_tables_of_the_page_are_what_is_converted_ignored_and_decided() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, rows in tables().items():
        page, found = re.subn(
            rf"(<!-- table: {name} -->\n).*?(<!-- end of the table -->\n)",
            lambda match, rows=rows: match[1] + rows + match[2],  # type: ignore[misc]
            page,
            flags=re.DOTALL,
        )
        assert found == 1, name

    check_golden(PAGE, page)
