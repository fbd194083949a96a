"""Imports go one way: budget <- settings <- everything else; the rooms beside each other never import one another."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A room, and the project's packages that it may import besides itself.
ALLOWED = {
    "headroom/errors.py": set(),
    "headroom/clock.py": {"headroom.errors"},
    "headroom/budget": set(),
    "headroom/parameter_groups": set(),
    "headroom/settings": {"headroom.budget", "headroom.errors"},
    "components": {"headroom.budget", "headroom.settings"},
    "policies": {
        "headroom.budget",
        "headroom.settings",
        "headroom.errors",
        "headroom.clock",
        "headroom.parameter_groups",
    },
    "headroom/drill": {"headroom.budget", "headroom.settings", "headroom.errors"},
    "headroom/ops": {"headroom.budget", "headroom.settings", "headroom.errors", "headroom.clock"},
    "headroom/local": {"headroom.budget", "headroom.settings", "headroom.errors", "headroom.parameter_groups"},
}
OURS = ("headroom", "components", "policies", "tests", "bench")


def python_files(room: str) -> list[Path]:
    path = ROOT / room
    files = [path] if path.suffix else sorted(path.rglob("*.py"))
    # Examples are programs as a user writes them; they use the rooms, they are not part of one.
    return [file for file in files if "examples" not in file.parts]


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield node.module or ""
            # `from headroom import budget` imports headroom.budget
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "headroom")


def package(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "headroom" else parts[0]


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_is_below_it(room: str) -> None:
    own = package(room.removesuffix(".py").replace("/", "."))
    strangers = {
        f"{file.relative_to(ROOT)}: {module}"
        for file in python_files(room)
        for module in imported(file)
        if module.split(".")[0] in OURS and module != "headroom" and package(module) not in {own, *ALLOWED[room]}
    }

    assert strangers == set()


def test_the_budget_needs_nothing_but_the_standard_library() -> None:
    modules = {module.split(".")[0] for file in python_files("headroom/budget") for module in imported(file)}

    assert modules - sys.stdlib_module_names == {"headroom"}


def test_nothing_that_a_real_account_needs_imports_the_emulator_or_the_linter() -> None:
    files = [file for room in ALLOWED if room != "headroom/local" for file in python_files(room)]
    modules = {module.split(".")[0] for file in files for module in imported(file)}

    assert modules & {"cfnlint", "moto"} == set()


def test_every_file_of_the_tests_is_collected_or_named_by_another() -> None:
    """A helper that nobody names is a test that never runs."""
    texts = {file: file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py")}
    helpers = {f for f in texts if not f.name.startswith("test_") and f.name not in {"conftest.py", "__init__.py"}}
    lost = {
        str(helper.relative_to(ROOT))
        for helper in helpers
        if not any(helper.stem in text for file, text in texts.items() if file != helper)
    }

    assert lost == set()


def test_every_folder_of_tests_is_a_package() -> None:
    """Or `tests/policies` would shadow `policies`."""
    folders = {file.parent for file in (ROOT / "tests").rglob("test_*.py")}

    assert {str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").is_file()} == set()


def test_every_search_of_the_tests_has_a_full_length() -> None:
    """`make test-full` multiplies what goes through `searched`; a bare number would stay short."""
    bare = {
        f"{file.relative_to(ROOT)}:{node.value.lineno}"
        for file in (ROOT / "tests").rglob("*.py")
        if file.name != "searches.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "max_examples"
        if not (isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "searched")
    }

    assert bare == set()
