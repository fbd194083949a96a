"""Each type served lives its whole life on the emulator, driven as the engine drives it."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

import pytest

from headroom.local.aws.checks import DEFAULTS
from headroom.local.aws.table import TYPES
from headroom.local.aws.values import Properties
from tests.local.aws.plugin import Plugin
from tests.local.aws.samples import SAMPLES

pytestmark = pytest.mark.emulator
_numbers = itertools.count(1)


def test_every_type_of_the_table_has_a_sample() -> None:
    assert {token for _, token, _, _ in SAMPLES} == set(TYPES)


@pytest.mark.parametrize("name", [name for name, *_ in SAMPLES])
def test_a_resource_is_made_read_changed_imported_and_deleted(plugin: Plugin, name: str) -> None:
    made = _make_up_to(plugin, name)
    token, identifier, inputs, state, values = made[name]
    changes = next(changes for sample, _, _, changes in SAMPLES if sample == name)
    try:
        assert set(state) <= set(_outputs(plugin, token))
        assert _of_inputs(state, inputs) == _plain(inputs)
        state = _read_unchanged(plugin, token, identifier, state, inputs)
        for change in changes:
            values = {**values, **_filled(change, made)}
            new = plugin.checked(token, values, inputs)
            diff = plugin.diff(token, identifier, state, inputs, new)
            assert list(diff.replaces) == [] and set(diff.diffs) >= set(change), change
            state = plugin.update(token, identifier, state, inputs, new)
            inputs = new
            assert _of_inputs(state, inputs) == _plain(inputs)
            state = _read_unchanged(plugin, token, identifier, state, inputs)
        _imports(plugin, token, identifier, inputs)
    finally:
        made[name] = (token, identifier, inputs, state, values)
        for token, identifier, _, state, _ in reversed(made.values()):
            plugin.delete(token, identifier, state)
    token, identifier, inputs, state, _ = made[name]
    if TYPES[token].delete:
        assert plugin.read(token, identifier, state, inputs)[0] == ""
        plugin.delete(token, identifier, state)


def _read_unchanged(plugin: Plugin, token: str, identifier: str, state: Properties, inputs: Properties) -> Properties:
    """A refresh right after: the same inputs, and nothing to do."""
    found, outputs, now = plugin.read(token, identifier, state, inputs)
    assert found == identifier
    assert now == inputs
    assert list(plugin.diff(token, identifier, outputs, now, inputs).diffs) == []
    return outputs


def _imports(plugin: Plugin, token: str, identifier: str, inputs: Properties) -> None:
    entry = TYPES[token]
    if entry.import_id and "{_" not in entry.import_id:
        identifier = re.sub(r"\{(\w+)\}", lambda place: str(inputs[place[1]]), entry.import_id)
    found, outputs, now = plugin.read(token, identifier)
    assert found
    assert list(plugin.diff(token, found, outputs, now, plugin.checked(token, _plain(inputs), now)).replaces) == []


def _make_up_to(plugin: Plugin, name: str) -> dict[str, Any]:
    """Make the sample, and before it the samples that it names."""
    wanted = {name}
    for sample, _, inputs, changes in reversed(SAMPLES):
        if sample in wanted:
            wanted |= set(re.findall(r"\{([\w-]+)\.", f"{inputs}{changes}"))
    made: dict[str, Any] = {"n": next(_numbers)}
    number = made.pop("n")
    for sample, token, given, _ in SAMPLES:
        if sample in wanted:
            values = _filled(given, made, number)
            identifier, inputs, state = plugin.made(token, values)
            made[sample] = (token, identifier, inputs, state, values)
    _filled.number = number  # type: ignore[attr-defined]
    return made


def _filled(value: Any, made: Mapping[str, Any], number: int | None = None) -> Any:
    number = number if number is not None else _filled.number  # type: ignore[attr-defined]
    if isinstance(value, dict):
        return {key: _filled(item, made, number) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, made, number) for item in value]
    if not isinstance(value, str):
        return value
    value = value.replace("{n}", str(number))
    return re.sub(r"\{([\w-]+)\.(\w+)\}", lambda place: str(made[place[1]][1] if place[2] == "id" else made[place[1]][3][place[2]]), value)


def _of_inputs(state: Properties, inputs: Properties) -> dict[str, Any]:
    return {name: state.get(name) for name in inputs if name != DEFAULTS and (inputs[name] or name in state)}


def _plain(inputs: Properties) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != DEFAULTS}


def _outputs(plugin: Plugin, token: str) -> Any:
    return plugin.provider._type(f"a::b::{token}::c").schema.outputs
