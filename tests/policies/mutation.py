"""Do the tests notice when a rule is wrong? Every comparison, boundary and choice in it is changed, one at a time.

`make mutate` (or `python -m tests.policies.mutation [FILE ...]`). A changed rule is asked with the rule's cases, then
with its examples and with every property that it reads unknown or wrong; what several rules share is asked with all
rules' cases. A change that none of them notices is printed. Some change nothing that could be noticed: `EXPLAINED`
says why. Exit code 1 if one is left unexplained.
"""

import ast
import copy
import importlib
import inspect
import signal
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from policies.pack import all_rules
from policies.rule import Kind, Rule
from tests.policies import test_every_property as properties
from tests.policies import test_examples as examples
from tests.policies.cases import assert_case

FOLDER = Path(__file__).parents[2] / "policies"
#: What rules share and what is theirs all the same; how a stack is read has tests of its own.
SHARED = ("objections.py", "spare.py", "reading/alarms.py", "reading/calendar.py", "reading/ingress.py")
PATIENCE_SECONDS = 60  # a change may make a loop that doesn't end
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}
NAMES = {"any": "all", "all": "any", "min": "max", "max": "min", "VIOLATION": "ADVICE", "ADVICE": "VIOLATION"}

#: "file: before -> after" (or "*: …" for any file) of what no test can notice, and why.
EXPLAINED: dict[str, str] = {
    "*: cluster.scaling_targets[0] -> cluster.scaling_targets[-1]": "AWS has one target for a cluster's replicas.",
    "rules/scal_bounds.py: max -> min": "AWS has one target for a cluster's replicas.",
    "rules/scal_event_prescale.py: max -> min": "AWS has one target for a cluster's replicas.",
    "rules/alrm_topic_subscribed.py: reading.clusters[0] -> reading.clusters[-1]": "They all have the same mapping.",
    "rules/conn_idle_in_transaction.py: value > 0 -> value > 1": "1 is allowed, so it doesn't get there.",
    "rules/conn_pool_percent_max.py: entry[0].usable - entry[0].pool -> entry[0].usable + entry[0].pool": (
        "As many slots are reserved everywhere and the share is the same, so the smallest instance is the worst."
    ),
    "rules/scal_event_prescale.py: deadline < at < calendar.ends(event) -> deadline <= at < calendar.ends(event)": (
        "What is set at the deadline is the last minimum before it, too."
    ),
}


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    file: str
    line: int
    before: str
    after: str
    tree: ast.Module

    @property
    def explanation(self) -> str:
        """The key in `EXPLAINED`, or "". Without the line, which moves."""
        change = f"{self.before} -> {self.after}"
        return next((key for key in (f"{self.file}: {change}", f"*: {change}") if key in EXPLAINED), "")


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Every change of the functions in a file; texts and settings are compared by the golden files."""
    tree = ast.parse(source)
    for function in _functions_of(tree):
        nodes = [inner for statement in function.body for inner in ast.walk(statement)]
        strict = {node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "strict"}
        within = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
        for node in (node for node in nodes if node not in strict):  # `strict=True`: a check of our own
            # A number says little without what it stands in.
            shown = within[node] if isinstance(node, ast.Constant) and isinstance(within[node], ast.expr) else node
            for change in _changes(node):
                before = ast.unparse(shown)
                fields = {name: getattr(node, name) for name in node._fields}
                kept = {name: list(value) if isinstance(value, list) else value for name, value in fields.items()}
                change()
                line = getattr(node, "lineno", function.lineno)
                yield Mutant(file, line, before.strip(), ast.unparse(shown).strip(), copy.deepcopy(tree))
                for name, value in kept.items():
                    setattr(node, name, value)


def _functions_of(tree: ast.Module) -> list[ast.FunctionDef]:
    """The functions and methods; one within another is part of that."""
    holders: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    return [node for holder in holders for node in holder.body if isinstance(node, ast.FunctionDef)]


def _changes(node: ast.AST) -> Iterator[Callable[[], object]]:
    yield from _of_values(node)
    match node:
        case ast.Compare(ops=ops):
            for index, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield partial(setattr, node, "ops", [*ops[:index], other(), *ops[index + 1 :]])
        case ast.BoolOp(op=op):
            yield lambda: setattr(node, "op", ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield lambda: _drop_not(node)
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare | ast.UnaryOp):
            yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=ifs):
            for index in range(len(ifs)):
                yield partial(setattr, node, "ifs", ifs[:index] + ifs[index + 1 :])


def _of_values(node: ast.AST) -> Iterator[Callable[[], object]]:
    match node:
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            yield lambda: setattr(node, "op", ARITHMETIC[type(op)]())
        case ast.Constant(value=bool() as value):
            yield lambda: setattr(node, "value", not value)
        case ast.Constant(value=int() | float() as number):
            yield lambda: setattr(node, "value", number + 1)
            yield lambda: setattr(node, "value", number - 1)
        case ast.Name(id=name) if name in NAMES:
            yield lambda: setattr(node, "id", NAMES[name])
        case ast.Attribute(attr=name) if name in NAMES:
            yield lambda: setattr(node, "attr", NAMES[name])


def _drop_not(node: ast.UnaryOp) -> None:
    """`not x` becomes `not not x`: the same kind of value, the other way round."""
    node.operand = ast.UnaryOp(ast.Not(), node.operand)


def noticed(mutant: Mutant) -> bool:
    """Whether a test fails."""
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(PATIENCE_SECONDS)
    try:
        return any(_fails(test) for test in _tests(mutant))
    except Exception:  # noqa: BLE001  a file that can't even be imported
        return True
    finally:
        signal.alarm(0)


def _give_up(_number: int, _frame: types.FrameType | None) -> None:
    raise TimeoutError


def _module(mutant: Mutant) -> types.ModuleType:
    module = types.ModuleType(f"policies.{mutant.file.removesuffix('.py').replace('/', '.')}")
    code = compile(ast.fix_missing_locations(mutant.tree), module.__name__, "exec")
    sys.modules["mutant"] = module  # dataclasses look for the module of their class
    module.__dict__["__name__"] = "mutant"
    exec(code, module.__dict__)  # noqa: S102  (our own file)
    return module


def _tests(mutant: Mutant) -> Iterator[Callable[[], object]]:
    """The cheap ones first."""
    module = _module(mutant)
    if mutant.file in SHARED:
        with _instead(importlib.import_module(f"policies.{mutant.file.removesuffix('.py').replace('/', '.')}"), module):
            for each in all_rules():
                yield from _cases(each)
            yield from _own_tests(Path(mutant.file).stem)
        return
    rule: Rule = module.RULE
    yield from _cases(rule)
    yield lambda: _assert(Kind.VIOLATION.value in examples.said(rule, "bad"))
    yield lambda: _assert(not examples.said(rule, "good"))
    yield lambda: properties.test_a_breach_is_still_reported_when_what_it_read_is_unknown(rule)
    yield lambda: properties.test_a_breach_is_still_reported_when_what_it_read_is_of_a_wrong_type(rule)
    yield lambda: properties.test_what_is_missing_is_the_providers_default(rule)


def _cases(rule: Rule) -> Iterator[Callable[[], object]]:
    module = importlib.import_module(f"tests.policies.rules.test_{rule.id.replace('-', '_')}")
    for case in module.CASES:
        yield partial(assert_case, rule, case, module.JUDGED)


def _own_tests(name: str) -> Iterator[Callable[[], object]]:
    """The tests of a module itself, as far as they need no fixture."""
    if find_spec(f"tests.policies.reading.test_{name}"):
        module = importlib.import_module(f"tests.policies.reading.test_{name}")
        tests = [value for key, value in vars(module).items() if key.startswith("test_")]
        yield from (test for test in tests if not inspect.signature(test).parameters)


@contextmanager
def _instead(module: types.ModuleType, mutant: types.ModuleType) -> Iterator[None]:
    """The mutant's code in the module's own functions, which others have imported."""
    changed = [
        (own, own.__code__, other.__code__)
        for own, other in _functions(module, mutant)
        if own.__code__ != other.__code__
    ]
    for own, _, code in changed:
        own.__code__ = code
    for cached in (value for value in vars(module).values() if hasattr(value, "cache_clear")):
        cached.cache_clear()
    try:
        yield
    finally:
        for own, code, _ in changed:
            own.__code__ = code


def _functions(module: object, mutant: object) -> Iterator[tuple[types.FunctionType, types.FunctionType]]:
    """The functions of a module, or the methods of its classes, with the mutant's."""
    for name, value in vars(module).items():
        other = vars(mutant).get(name)
        own, theirs = _plain(value), _plain(other)
        if isinstance(own, types.FunctionType) and isinstance(theirs, types.FunctionType):
            yield own, theirs
        elif isinstance(value, type) and isinstance(module, types.ModuleType) and value.__module__ == module.__name__:
            yield from _functions(value, other)


def _plain(value: Any) -> Any:
    """What a property, or a wrapper such as a cache, calls."""
    value = value.fget if isinstance(value, property) else value
    return inspect.unwrap(value) if callable(value) else value


def _assert(holds: bool) -> None:
    if not holds:
        raise AssertionError


def _fails(test: Callable[[], object]) -> bool:
    try:
        test()
    except Exception:  # noqa: BLE001  whatever it is, it was noticed
        return True
    return False


def survivors(file: str) -> tuple[int, list[Mutant]]:
    """How many changes there are of a file, and those that no test notices."""
    every = list(mutants(file, (FOLDER / file).read_text(encoding="utf-8")))
    return len(every), [mutant for mutant in every if not noticed(mutant)]


def main(names: Sequence[str]) -> int:
    """Print every survivor and the score."""
    known = [*(f"rules/{rule.id.replace('-', '_')}.py" for rule in all_rules()), *SHARED]
    files = [file for file in known if not names or any(name in file for name in names)]
    total, left, explained, used = 0, 0, 0, set()
    with ProcessPoolExecutor(2) as pool:
        for file, (count, lived) in zip(files, pool.map(survivors, files), strict=True):
            total += count
            print(f"{file}: {count - len(lived)} of {count}", flush=True)
            for mutant in lived:
                key = mutant.explanation
                used.add(key)
                explained += bool(key)
                left += not key
                because = f" (explained: {EXPLAINED[key]})" if key else ""
                print(f"  policies/{file}:{mutant.line}: {mutant.before} -> {mutant.after}{because}")
    stale = {key for key in EXPLAINED if key.partition(":")[0] in files} - used
    for key in sorted(stale):
        print(f"explained, but noticed by now: {key}")
    caught = total - left - explained
    print(f"{caught} of {total} caught ({100 * caught / total:.1f} %), {explained} explained, {left} left")
    return 1 if left or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
