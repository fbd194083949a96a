import re
from dataclasses import replace

import pytest
from hypothesis import given, settings

from headroom.budget import evaluate
from headroom.budget.explain import explain
from headroom.budget.model import Engine, Stack
from tests.budget.shop import CHECKOUT, REPORTING, cluster, shop
from tests.budget.stacks import stacks
from tests.searches import searched

# "  CPU        43.2 busy of 128 = 16 vCPUs x 8": a name, the number before the sign, and what it came from.
STEP = re.compile(
    r"^ +(?P<name>[a-zA-Z]+(?: open)?) {2,}(?:.* )?(?P<value>\d[\d.,e+]*)(?: [a-z][a-z ]*)? = (?P<sum>.+)$"
)
UNITS = {"GiB / 10 MiB": 1024 / 10, "GiB / 12 MiB": 1024 / 12, "GiB / 2.5 MiB": 1024 / 2.5}


def value_of(arithmetic: str) -> float:
    """The value of a line's right side, read as a person would read it."""
    text = re.sub(" of dead hosts| while a deploy rolls|,", "", re.split(":|, rounded", arithmetic)[0])
    for unit, factor in UNITS.items():
        text = text.replace(unit, f"x {factor}")
    text = text.replace("GiB / 12582880 bytes (AWS's line)", f"x {2**30} / 12582880")
    text = re.sub(r"\((?=[a-zA-Z])[^()]*\)", "", text)  # (bursts)
    text = re.sub(r"(?<=\d) a second \((.*)\)$", "", text)  # 800 a second (16 vCPUs x 50)
    text = text.replace("%", "/ 100").replace(" of ", " x ")
    text = re.sub(r"(\d) ms\b", r"\1 / 1000", text)
    text = re.sub(r"[a-zA-Z_'-]{2,}", "", text).replace(" x ", " * ")
    return float(eval(text, {"__builtins__": {}}))  # noqa: S307


def steps(text: str) -> list[tuple[str, float, str]]:
    found = (STEP.match(line) for line in text.splitlines())
    return [(m["name"], float(m["value"].replace(",", "")), m["sum"]) for m in found if m]


def check(stack: Stack) -> int:
    """Every step whose right side is arithmetic comes to its left side; how many there were?"""
    checked = 0
    for name, value, arithmetic in steps(explain(evaluate(stack))):
        if "all clients" in arithmetic or name in {"share", "hold"}:
            continue
        pooled = name == "pool" and "% " in arithmetic
        if pooled and " + " in arithmetic:
            continue  # several proxies: each is rounded down by itself
        exact = value_of(arithmetic)
        # Pools and caps are rounded down, what is held and needed is rounded up; rates are printed with a few digits.
        whole = name in {"pool", "memory", "CPU", "proxied"} or (
            name in {"held open", "borrowed"} and " x " in arithmetic
        )
        assert value == pytest.approx(exact, rel=2e-3, abs=1.0 if whole else 0.051), f"{name} {value} = {arithmetic}"
        checked += 1
    return checked


@pytest.mark.parametrize(
    "stack",
    [
        shop(),
        shop(cluster=cluster(engine=Engine.MYSQL)),
        shop(proxies=(), services=(REPORTING,)),
        shop(services=(replace(CHECKOUT, pins=True), REPORTING)),
    ],
    ids=["shop", "mysql", "no proxy", "pins"],
)
def test_the_arithmetic_comes_to_what_it_says(stack: Stack) -> None:
    assert check(stack) >= 12


@settings(max_examples=searched(100), deadline=None)
@given(stacks())
def test_the_arithmetic_of_any_stack_comes_to_what_it_says(stack: Stack) -> None:
    assert check(stack) >= 6


def test_the_reserved_slots_are_named() -> None:
    assert "  reserved   13 = 3 superuser + 2 rds_superuser + 3 AWS automation + 5 break-glass\n" in explain(
        evaluate(shop())
    )
    mysql = shop(cluster=cluster(engine=Engine.MYSQL), break_glass_connections=2)
    assert "  reserved   5 = 3 AWS automation + 2 break-glass\n" in explain(evaluate(mysql))


def test_the_tightest_line_is_explained_and_among_equals_the_one_with_most_demand() -> None:
    assert "writer writer, sale peak, slow database (where it has least headroom)\n" in explain(evaluate(shop()))
