"""The pack's rules, and what serves them. Importable: nothing here starts a server."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from pulumi_policy import PolicyPack
from pulumi_policy import policy as sdk

from policies import rules
from policies.analyzer import ReadOnce, RulePolicy
from policies.rule import Rule

NAME = "headroom"


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule under `rules/`, by id."""
    modules = (import_module(f"{rules.__name__}.{module.name}") for module in iter_modules(rules.__path__))
    return tuple(sorted((module.RULE for module in modules), key=lambda rule: rule.id))


def serve(rules_: Sequence[Rule]) -> None:
    """Serve the rules to the engine; ends with the process.

    Without a config file each rule has prod's level.
    """
    sdk._PolicyAnalyzerServicer = ReadOnce  # type: ignore[misc]  # noqa: SLF001  (see policies/analyzer.py)
    PolicyPack(name=NAME, policies=[RulePolicy(rule) for rule in rules_])
