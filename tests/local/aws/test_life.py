"""Each type served lives its whole life on the emulator, driven as the engine drives it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from headroom.local.aws.checks import DEFAULTS
from headroom.local.aws.naming import same
from headroom.local.aws.table import TYPES
from headroom.local.aws.values import Properties
from tests.local.aws.plugin import Plugin
from tests.local.aws.samples import SAMPLES

pytestmark = pytest.mark.emulator
NAMES = [name for name, *_ in SAMPLES]
# What AWS itself doesn't answer: they steer a call, or the plugin.
UNANSWERED = {
    "applyImmediately",
    "deletionWindowInDays",
    "forceDetachPolicies",
    "recoveryWindowInDays",
    "revokeRulesOnDelete",
    "skipFinalSnapshot",
}


@dataclass
class _Made:
    token: str
    identifier: str
    values: dict[str, Any]
    inputs: Properties
    state: Properties


class _World:
    """The samples that were made so far, each with what it names."""

    def __init__(self, plugin: Plugin, number: int) -> None:
        self.plugin, self.number = plugin, number
        self.made: dict[str, _Made] = {}

    def make(self, name: str) -> _Made:
        if name not in self.made:
            _, token, given, changes = SAMPLES[NAMES.index(name)]
            for other in re.findall(r"\{([\w-]+)\.", f"{given}{changes}"):
                self.make(other)
            values = self.filled(given)
            self.made[name] = _Made(token, "", values, Properties(), Properties())
            self.made[name].identifier, self.made[name].inputs, self.made[name].state = self.plugin.made(token, values)
        return self.made[name]

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return (
            re.sub(r"\{([\w-]+)\.(\w+)\}", self._output, value.replace("{n}", str(self.number)))
            if isinstance(value, str)
            else value
        )

    def _output(self, place: re.Match[str]) -> str:
        made = self.made[place[1]]
        return str(made.identifier if place[2] == "id" else made.state[place[2]])


@pytest.fixture(scope="module")
def world(emulator_url: str) -> Iterator[_World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", emulator_url)
        yield _World(Plugin(), 1)


def test_every_type_of_the_table_has_a_sample() -> None:
    assert {token for _, token, _, _ in SAMPLES} == set(TYPES)


@pytest.mark.parametrize("name", NAMES)
def test_a_resource_is_made_changed_in_place_and_read_back(world: _World, name: str) -> None:
    plugin, made = world.plugin, world.make(name)
    assert set(made.state) <= set(plugin.provider._type(f"::::{made.token}").schema.outputs)
    assert _asked_for(made) == _without_defaults(made.inputs)
    _refreshes_unchanged(plugin, made)
    for change in SAMPLES[NAMES.index(name)][3]:
        values = {**made.values, **world.filled(change)}
        new = plugin.checked(made.token, values, made.inputs)
        diff = plugin.diff(made.token, made.identifier, made.state, made.inputs, new)
        assert list(diff.replaces) == []
        assert set(diff.diffs) >= set(change)
        state = plugin.update(made.token, made.identifier, made.state, made.inputs, new)
        made.values, made.inputs, made.state = values, new, state
        assert _asked_for(made) == _without_defaults(made.inputs)
        _refreshes_unchanged(plugin, made)


@pytest.mark.parametrize("name", NAMES)
def test_an_import_finds_in_aws_what_was_asked_for(world: _World, name: str) -> None:
    made = world.make(name)
    entry, identifier = TYPES[made.token], made.identifier
    if entry.import_id and "{_" not in entry.import_id:
        identifier = re.sub(r"\{(\w+)\}", lambda place: str(made.inputs[place[1]]), entry.import_id)
    found, outputs, now = world.plugin.read(made.token, identifier)
    assert found == made.identifier
    unseen = {
        key
        for key, value in made.inputs.items()
        if key != DEFAULTS and value != {} and not same(value, outputs.get(key))
    }
    assert unseen <= UNANSWERED | entry.unechoed
    named = {entry.name: made.inputs[entry.name]} if entry.name else {}
    again = world.plugin.checked(made.token, {**made.values, **named}, now)
    assert list(world.plugin.diff(made.token, found, outputs, now, again).replaces) == []


def test_everything_can_be_deleted_and_deleting_again_is_done(world: _World) -> None:
    own = _World(world.plugin, 2)
    for name in NAMES:
        own.make(name)
    for made in reversed(own.made.values()):
        world.plugin.delete(made.token, made.identifier, made.state)
        if TYPES[made.token].delete:
            assert world.plugin.read(made.token, made.identifier, made.state, made.inputs) == ("", {}, {}), made.token
    for made in reversed(own.made.values()):
        world.plugin.delete(made.token, made.identifier, made.state)


def _refreshes_unchanged(plugin: Plugin, made: _Made) -> None:
    """A refresh right after finds the same inputs, and the next run has nothing to do."""
    found, outputs, now = plugin.read(made.token, made.identifier, made.state, made.inputs)
    assert (found, now) == (made.identifier, made.inputs)
    assert list(plugin.diff(made.token, made.identifier, outputs, now, made.inputs).diffs) == []


def _asked_for(made: _Made) -> dict[str, Any]:
    return {name: made.state.get(name) for name in _without_defaults(made.inputs)}


def _without_defaults(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name != DEFAULTS}
