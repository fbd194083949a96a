"""Every property that a rule reads, in each of its cases: unknown, missing, of a wrong type, the provider's default.

Which ones it reads is not listed by hand: the accessor is watched. A budget that can't be computed is
conn-demand-fits' finding, so its word counts for the rules that then stay silent.
"""

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from policies.pack import all_rules
from policies.reading.aurora import Reading
from policies.reading.defaults import default
from policies.reading.field import MISSING, UNKNOWN, field
from policies.reading.links import LINKS
from policies.reading.resources import Resource, Resources
from policies.rule import Finding, Kind, Rule
from tests.policies.cases import Case

ELSEWHERE = "urn:pulumi:test::shop::aws:ssm/parameter:Parameter::elsewhere"
WRONG: tuple[object, ...] = ({"a": 1}, ["many"], "many", True, -1, "")
#: Where other resources are referred to: no value is read there, and the provider refuses what is no name.
REFERENCES = {link.path for links in LINKS.values() for several in links.values() for link in several}
DEMAND = [rule for rule in all_rules() if rule.id in {"conn-demand-fits", "conn-demand-declared"}]

Asked = tuple[str, str]  # URN, path


def cases(rule: Rule) -> list[Case]:
    module = importlib.import_module(f"tests.policies.rules.test_{rule.id.replace('-', '_')}")
    return list(module.CASES)


class Watched(dict[str, Any]):
    """A mapping that notes what is asked of it, and of what lies in it."""

    def __init__(self, values: Mapping[str, Any], urn: str, path: str, noted: dict[Asked, None]) -> None:
        super().__init__({key: _watched(value, urn, f"{path}{key}.", noted) for key, value in values.items()})
        self.place, self.noted = (urn, path), noted

    def note(self, key: str) -> None:
        urn, path = self.place
        self.noted[urn, f"{path}{key}"] = None

    def get(self, key: str, default: Any = None) -> Any:
        self.note(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.note(key)
        return super().__getitem__(key)


def _watched(value: Any, urn: str, path: str, noted: dict[Asked, None]) -> Any:
    if isinstance(value, Mapping):
        return value if path.startswith("demand.") else Watched(value, urn, path, noted)
    return [_watched(v, urn, f"{path}{i}.", noted) for i, v in enumerate(value)] if isinstance(value, list) else value


def asked(rule: Rule, case: Case) -> list[Asked]:
    """What the rule reads, beside what ties the stack together; of a demand only whether it can be read."""
    noted: dict[Asked, None] = {}
    resources = case.declared.resources()
    for resource in resources:
        object.__setattr__(resource, "properties", Watched(resource.properties, resource.urn, "", noted))
    reading = reading_of(case, resources)
    noted.clear()
    rule.find(reading, case.numbers)
    return list(noted)


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
        elif path == top:
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
    reading = reading_of(case, resources)
    found = rule.find(reading, case.numbers)
    computed = all(cluster.limits is not None for cluster in reading.clusters)
    return found or [f for r in DEMAND for f in r.find(reading) if f.kind is Kind.UNPROVEN or not computed]


def key(found: list[Finding]) -> list[tuple[str, str, str]]:
    return sorted((finding.kind.value, finding.urn, finding.found) for finding in found)


def passing(rule: Rule) -> list[Case]:
    return [case for case in cases(rule) if case.passes and not (case.refused or case.unproven or case.advised)]


@cache
def _failing(rule: Rule) -> tuple[Case, ...]:
    return tuple(case for case in cases(rule) if case.refused)


def each(rule: Rule, chosen: list[Case]) -> Iterator[tuple[Case, Asked]]:
    for case in chosen:
        for place in asked(rule, case):
            yield case, place


def now(case: Case, urn: str, path: str) -> object:
    return next(r for r in case.declared.resources() if r.urn == urn).field(path)


def refers(path: str) -> bool:
    """Or holds what refers."""
    path = without_index(path)
    return any(reference == path or reference.startswith(f"{path}.") for reference in REFERENCES)


def without_index(path: str) -> str:
    return re.sub(r"\.\d+(?=\.|$)", ".*", path)


def harmless(rule: Rule, path: str) -> bool:
    return without_index(path) in rule.harmless


RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


@RULES
def test_a_breach_is_still_reported_when_what_it_read_is_unknown(rule: Rule) -> None:
    silent = [
        f"{case.says}: {path} of {urn.rpartition('::')[2]}"
        for case, (urn, path) in each(rule, list(_failing(rule)))
        if not harmless(rule, path) and not findings(rule, case, put(case, (urn, path), UNKNOWN))
    ]
    assert not silent, "\n".join(silent)


@RULES
def test_a_breach_is_still_reported_when_what_it_read_is_of_a_wrong_type(rule: Rule) -> None:
    silent = [
        f"{case.says}: {path} of {urn.rpartition('::')[2]} is {value!r}"
        for case, (urn, path) in each(rule, list(_failing(rule)))
        for value in ({"a": 1}, ["many"])
        if not (isinstance(value, type(now(case, urn, path))) or refers(path))
        and not harmless(rule, path)
        and not findings(rule, case, put(case, (urn, path), value))
    ]
    assert not silent, "\n".join(silent)


@RULES
def test_nothing_that_a_property_holds_makes_a_rule_fail(rule: Rule) -> None:
    for case, place in each(rule, [*passing(rule)[:1], *_failing(rule)[:1]]):
        for value in (UNKNOWN, MISSING, *WRONG):
            try:
                rule.find(reading_of(case, put(case, place, value)), case.numbers)
            except Exception as error:
                error.add_note(f"{case.says}: {place[1]} of {place[0]} is {value!r}")
                raise


@RULES
def test_what_is_missing_is_the_providers_default(rule: Rule) -> None:
    for case, (urn, path) in each(rule, cases(rule)):
        type_ = next(r.type_ for r in case.declared.resources() if r.urn == urn)
        value = default(type_, path)
        if value is not None and field({}, path) is MISSING:
            missing, given = put(case, (urn, path), MISSING), put(case, (urn, path), value)
            assert key(findings(rule, case, missing)) == key(findings(rule, case, given)), (case.says, path)


@RULES
def test_what_a_rule_calls_harmless_is_something_that_it_reads(rule: Rule) -> None:
    read = {without_index(path) for _, (_, path) in each(rule, cases(rule))}
    assert set(rule.harmless) <= read
    assert all(reason.rstrip().endswith(".") for reason in rule.harmless.values())
