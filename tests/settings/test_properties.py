"""Whatever is in a stack file: settings or errors, never a traceback; and the settings survive being written."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headroom.budget import evaluate
from headroom.settings import Settings, SettingsError, dump, load, parse
from tests.searches import searched
from tests.settings.files import SHOP, as_engine
from tests.settings.stack_files import ANYTHING, WORDS, nearly_right, right

fuzz = settings(max_examples=searched(300), deadline=None, suppress_health_check=list(HealthCheck))
slow = settings(fuzz, max_examples=searched(60))
SHOP_TEXT = yaml.safe_dump({"config": SHOP}, sort_keys=False)


def outcome(config: dict[str, Any]) -> Settings | list[str]:
    """The settings or the errors; anything else that is raised fails the test."""
    try:
        return parse(config, "Pulumi.test.yaml")
    except SettingsError as error:
        return printable(error)


def printable(error: SettingsError) -> list[str]:
    """Its errors, each one a line that any terminal takes and that names the file."""
    assert error.errors
    for message in error.errors:
        assert message.startswith("Pulumi.test.yaml: ")
        assert message.encode().decode().isprintable()
    return error.errors


def loaded(text: str) -> Settings | list[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "Pulumi.test.yaml")
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            return load(path)
        except SettingsError as error:
            return printable(error)


@fuzz
@given(st.dictionaries(WORDS.map("headroom:".__add__) | st.text(max_size=8), ANYTHING, max_size=6))
def test_any_config_gives_settings_or_errors(config: dict[str, Any]) -> None:
    assert outcome(config)


@fuzz
@given(nearly_right())
def test_a_config_that_is_nearly_right_gives_settings_or_errors(config: dict[str, Any]) -> None:
    assert outcome(config)
    assert outcome(as_engine(config))


@fuzz
@given(st.text(max_size=200))
def test_any_text_gives_settings_or_errors(text: str) -> None:
    assert loaded(text)
    assert loaded("config:\n  headroom:services: " + text)


@fuzz
@given(st.data())
def test_a_damaged_stack_file_gives_settings_or_errors(data: st.DataObject) -> None:
    text = SHOP_TEXT
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 8))
        text = text[:start] + data.draw(st.text(alphabet="{}[]:,-&*!|>'\"#%@` \n\tab01.~<", max_size=6)) + text[end:]
    assert loaded(text)


PLAIN = st.recursive(
    st.booleans() | st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6) | st.text("ab1.:-é ", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "user", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@fuzz
@given(nearly_right(PLAIN))
def test_the_file_s_reading_and_the_engine_s_agree(config: dict[str, Any]) -> None:
    """JSON is YAML, so the same text serves both. 1e-07, raw control characters and secrets only the file's refuses."""
    file, engine = loaded(json.dumps({"config": config}, ensure_ascii=False)), outcome(as_engine(config))
    only_there = ("to some YAML readers", "is not valid YAML", "is encrypted")
    refused = isinstance(file, list) and any(reason in message for message in file for reason in only_there)
    assert refused or file == engine


@slow
@given(right())
def test_settings_that_are_written_and_read_are_the_same(config: dict[str, Any]) -> None:
    found = parse(config, "Pulumi.test.yaml")
    written = yaml.safe_load(dump(found))["config"]
    assert loaded(dump(found)) == found
    assert parse(as_engine(written), "Pulumi.test.yaml") == found
    assert dump(parse(written, "Pulumi.test.yaml")) == dump(found)


@slow
@given(right())
def test_the_budget_takes_every_right_stack_file(config: dict[str, Any]) -> None:
    stack = parse(config, "Pulumi.test.yaml").stack("shop")
    assert evaluate(stack).lines
