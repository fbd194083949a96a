"""Every property that a rule reads, in each of its cases: unknown, missing, of a wrong type, the provider's default.

Which ones it reads is not listed by hand: the accessor is watched. A budget that can't be computed is
conn-demand-fits' finding, so its word counts for the rules that then stay silent.
"""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from policies.pack import all_rules
from policies.reading.aurora import Reading
from policies.reading.defaults import default
from policies.reading.field import MISSING, UNKNOWN, field
from policies.reading.resources import Resource, Resources
from policies.rule import Finding, Kind, Rule
from tests.policies.cases import Case

ELSEWHERE = "urn:pulumi:test::shop::aws:ssm/parameter:Parameter::elsewhere"
WRONG: tuple[object, ...] = ({"a": 1}, ["many"], "many", True, -1, 1.5, "", [])
DEMAND = next(rule for rule in all_rules() if rule.id == "conn-demand-fits")

Asked = tuple[str, str]  # URN, path


def cases(rule: Rule) -> list[Case]:
    module = importlib.import_module(f"tests.policies.rules.test_{rule.id.replace('-', '_')}")
    return list(module.CASES)


def asked(rule: Rule, case: Case, monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """What the rule asks the accessor for, beside what ties the stack together."""
    found: dict[Asked, None] = {}
    reading = reading_of(case, case.declared.resources())
    with monkeypatch.context() as patch:
        for name in ("field", "read"):
            original = getattr(Resource, name)

            def watched(self: Resource, path: str, *kind: type, original: Any = original) -> Any:
                found[self.urn, path] = None
                return original(self, path, *kind)

            patch.setattr(Resource, name, watched)
        rule.find(reading, case.numbers)
    return list(found)


def reading_of(case: Case, resources: list[Resource]) -> Reading:
    reading = Reading(Resources(resources), case.now)
    assert reading.clusters is not None
    return reading


def put(case: Case, asked: Asked, value: object) -> list[Resource]:
    """The case's stack with another value there; UNKNOWN comes from a resource that isn't shown, as an input does."""
    urn, path = asked
    changed = []
    for resource in case.declared.resources():
        if resource.urn != urn:
            changed.append(resource)
            continue
        top = path.partition(".")[0]
        dependencies = dict(resource.property_dependencies)
        if value is UNKNOWN:
            dependencies[top] = dependencies.get(top) or (ELSEWHERE,)
        else:
            dependencies.pop(top, None)
        properties = dict(resource.properties)
        _put(properties, path.split("."), value)
        changed.append(replace(resource, properties=properties, property_dependencies=dependencies))
    return changed


def _put(properties: dict[str, Any], path: list[str], value: object) -> None:
    name, *rest = path
    if rest:
        inner = properties.get(name)
        copy: Any = dict(inner) if isinstance(inner, Mapping) else list(inner) if isinstance(inner, list) else {}
        if isinstance(copy, list):
            copy = {str(index): each for index, each in enumerate(copy)}
            _put(copy, rest, value)
            properties[name] = list(copy.values())
            return
        _put(copy, rest, value)
        properties[name] = copy
    elif value is MISSING:
        properties.pop(name, None)
    else:
        properties[name] = value


def findings(rule: Rule, case: Case, resources: list[Resource]) -> list[Finding]:
    """The rule's; where it is silent, that the budget can't be computed."""
    found = rule.find(reading_of(case, resources), case.numbers)
    return found or [f for f in DEMAND.find(reading_of(case, resources)) if f.kind is Kind.UNPROVEN]


def key(found: list[Finding]) -> list[tuple[str, str, str]]:
    return sorted((finding.kind.value, finding.urn, finding.found) for finding in found)


@cache
def _failing(rule: Rule) -> tuple[Case, ...]:
    return tuple(case for case in cases(rule) if case.refused)


def each(rule: Rule, chosen: list[Case], monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Case, Asked]]:
    for case in chosen:
        for place in asked(rule, case, monkeypatch):
            yield case, place


RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


@RULES
def test_a_breach_is_still_reported_when_what_it_read_is_unknown(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = [
        f"{case.says}: {path} of {urn.rpartition('::')[2]}"
        for case, (urn, path) in each(rule, list(_failing(rule)), monkeypatch)
        if path not in rule.harmless and not findings(rule, case, put(case, (urn, path), UNKNOWN))
    ]
    assert silent == []


@RULES
def test_a_breach_is_still_reported_when_what_it_read_is_of_a_wrong_type(
    rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = [
        f"{case.says}: {path} of {urn.rpartition('::')[2]} is {value!r}"
        for case, (urn, path) in each(rule, list(_failing(rule)), monkeypatch)
        for value in ({"a": 1}, ["many"])
        if path not in rule.harmless and not findings(rule, case, put(case, (urn, path), value))
    ]
    assert silent == []


@RULES
def test_nothing_that_a_property_holds_makes_a_rule_fail(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    for case, place in each(rule, cases(rule)[:4], monkeypatch):
        for value in (UNKNOWN, MISSING, *WRONG):
            rule.find(reading_of(case, put(case, place, value)), case.numbers)


@RULES
def test_what_is_missing_is_the_providers_default(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    for case, (urn, path) in each(rule, cases(rule), monkeypatch):
        type_ = next(r.type_ for r in case.declared.resources() if r.urn == urn)
        value = default(type_, path)
        if value is not None and field({}, path) is MISSING:
            missing, given = put(case, (urn, path), MISSING), put(case, (urn, path), value)
            assert key(findings(rule, case, missing)) == key(findings(rule, case, given)), (case.says, path)


@RULES
def test_what_a_rule_calls_harmless_is_something_that_it_reads(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    read = {path for _, (_, path) in each(rule, cases(rule), monkeypatch)}
    assert set(rule.harmless) <= read
    assert all(reason.rstrip().endswith(".") for reason in rule.harmless.values())
