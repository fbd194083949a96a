"""The budget is pure: the standard library, no clock, no environment, no network, nothing kept between questions."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import headroom.budget

PACKAGE = Path(headroom.budget.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

IMPORTED = """
import json, sys
before = set(sys.modules)
import headroom.budget
for module in {modules!r}:
    __import__(f"headroom.budget.{{module}}")
from tests.budget.shop import shop  # imports nothing but the budget
headroom.budget.serialize.report(headroom.budget.evaluate(shop()))  # what is imported only when it is needed
print(json.dumps(sorted(set(sys.modules) - before)))
"""

ISOLATED = """
import csv, json, os, sys, tomllib  # what reads the facts

class Forbidden(dict):
    def refuse(self, *_):
        raise AssertionError("the environment was asked for")
    __getitem__ = get = __contains__ = __iter__ = refuse

import headroom.budget.alarms, headroom.budget.serialize, headroom.budget.explain
from tests.budget.shop import shop  # may do what it likes

os.environ = Forbidden()
allowed = {facts!r}

def hook(event, arguments):
    if event == "open" and str(arguments[0]).startswith(allowed):
        return
    if event.startswith(("socket.", "subprocess.", "os.", "shutil.", "urllib.", "open")):
        raise AssertionError(f"{{event}} {{arguments}}")

sys.addaudithook(hook)
budget = headroom.budget.evaluate(shop())
assert headroom.budget.serialize.report(budget)["fits"]
assert headroom.budget.explain.explain(budget)
assert headroom.budget.alarms.alarm_table(budget).alarms
print("pure")
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=PACKAGE.parents[1], timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_budget_imports_the_standard_library_only() -> None:
    modules = [
        ".".join(source.relative_to(PACKAGE).with_suffix("").parts) for source in SOURCES if source.stem != "__init__"
    ]
    loaded = json.loads(run(IMPORTED.format(modules=modules)))
    foreign = {name for name in loaded if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in foreign if not re.match(r"headroom$|headroom\.budget|tests", name)} == set()
    assert {"socket", "ssl", "subprocess", "asyncio", "http", "urllib.request", "logging"}.isdisjoint(loaded)


def test_a_budget_opens_its_facts_and_nothing_else() -> None:
    assert run(ISOLATED.format(facts=str(PACKAGE / "facts"))) == "pure\n"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.relative_to(PACKAGE).as_posix())
def test_nothing_asks_for_the_time_or_the_environment(source: Path) -> None:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert asked.isdisjoint({"now", "utcnow", "today", "environ", "getenv", "time", "monotonic", "perf_counter"})
    assert imported.isdisjoint({"os", "time", "random", "socket", "subprocess", "threading", "logging"})
    inside = {name for name in imported if name.startswith("headroom")}
    assert all(name.startswith("headroom.budget") for name in inside)
