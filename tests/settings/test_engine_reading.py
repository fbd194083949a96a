"""The engine's reading of a stack file and ours: the same values, or ours is a refusal."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from headroom.errors import UserError
from headroom.local.engine import find_engine
from headroom.settings import load, parse
from headroom.settings.errors import Unreadable
from headroom.settings.values import Cleaner, top_level
from headroom.settings.yaml_file import read
from tests.settings.files import SHOP, as_engine, written

ROOT = Path(__file__).parents[2]
# A scalar as it is written, what the engine 3.258.0 makes of it inside a mapping (JSON), and as a key's own value.
# `test_the_engine_reads_as_the_table_says` measures it again.
READINGS: list[tuple[str, Any, str]] = [
    ("plain", "plain", "plain"),
    ("12", 12, "12"),
    ("-3", -3, "-3"),
    ("1.5", 1.5, "1.5"),
    ("2.0", 2, "2"),
    ("true", True, "true"),
    ("TRUE", True, "true"),
    ("False", False, "false"),
    ("null", None, ""),
    ("~", None, ""),
    ("yes", "yes", "yes"),
    ("no", "no", "no"),
    ("on", "on", "on"),
    ("Off", "Off", "Off"),
    ("y", "y", "y"),
    ("0012", 10, "10"),
    ("0o12", 10, "10"),
    ("0089", 89, "89"),
    ("0x1F", 31, "31"),
    ("0b11", 3, "3"),
    ("1_000", 1000, "1000"),
    ("1e3", 1000, "1000"),
    ("1.0e+3", 1000, "1000"),
    (".5", 0.5, "0.5"),
    ("3.", 3, "3"),
    ("+12", 12, "12"),
    ("0.10", 0.1, "0.1"),
    ("1:30", "1:30", "1:30"),
    ("190:20:30", "190:20:30", "190:20:30"),
    ("16.6", 16.6, "16.6"),
    ("1.5.2", "1.5.2", "1.5.2"),
    ("1-2", "1-2", "1-2"),
    ("_1", "_1", "_1"),
    ("0b12", "0b12", "0b12"),
    ("2026-11-27", "2026-11-27 00:00:00 +0000 UTC", "2026-11-27 00:00:00 +0000 UTC"),
    ("2026-11-27T08:00:00Z", "2026-11-27 08:00:00 +0000 UTC", "2026-11-27 08:00:00 +0000 UTC"),
    ("2026-11-27T08:00:00+02:00", "2026-11-27 08:00:00 +0200 +0200", "2026-11-27 08:00:00 +0200 +0200"),
    ("2026-11-27 08:00:00", "2026-11-27 08:00:00 +0000 UTC", "2026-11-27 08:00:00 +0000 UTC"),
    ("'2026-11-27T08:00:00Z'", "2026-11-27T08:00:00Z", "2026-11-27T08:00:00Z"),
    ("'12'", "12", "12"),
    ("'yes'", "yes", "yes"),
    ("!!str 12", "12", "12"),
    ("12345678901234567890123", 1.2345678901234568e22, "1.2345678901234568e+22"),
    ("18446744073709551615", 18446744073709552000, "18446744073709551615"),
    ("123456789012345", 123456789012345, "123456789012345"),
    ("12345678.5", 12345678.5, "12345678.5"),
    ("0.0001", 0.0001, "0.0001"),
]
PROBE = "config:\n  aws:region: eu-west-1\n  headroom:nested: {{{}}}\n{}".format(
    ", ".join(f"k{i}: {text}" for i, (text, _, _) in enumerate(READINGS)),
    "".join(f"  headroom:k{i}: {text}\n" for i, (text, _, _) in enumerate(READINGS)),
)


def cleaned(value: object) -> object:
    """The value, or Unreadable."""
    cleaner = Cleaner()
    clean = cleaner.clean(value, "x")
    return Unreadable("") if cleaner.problems else clean


@pytest.mark.parametrize(("text", "nested", "own"), READINGS, ids=[text for text, _, _ in READINGS])
def test_both_readings_are_the_same_or_the_file_s_is_refused(
    tmp_path: Path, text: str, nested: object, own: str
) -> None:
    config = read(written(tmp_path, f"config: {{nested: {{k: {text}}}, own: {text}}}"))
    ours, theirs = cleaned(config["nested"]), cleaned(json.loads(json.dumps({"k": nested})))
    assert ours in (theirs, Unreadable(""))
    for as_text in (True, False):
        ours = cleaned(top_level(config["own"], text=as_text))
        theirs = cleaned(top_level(own, text=as_text))
        assert ours in (theirs, Unreadable(""))


def test_the_shop_is_the_same_read_either_way(tmp_path: Path) -> None:
    assert load(written(tmp_path, yaml.safe_dump({"config": SHOP}))) == parse(as_engine(SHOP), "Pulumi.test.yaml")


def test_a_key_without_a_namespace_is_refused_in_both(tmp_path: Path) -> None:
    """The engine puts it into the project's namespace, where it would be taken for a setting."""
    config = read(written(tmp_path, "config: {plain: 3}"))
    assert list(config) == ["plain"]


def engine_readings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a program gets from the real engine for the stack file in the folder."""
    from pulumi import automation
    from pulumi.runtime.config import CONFIG

    try:
        pulumi = find_engine().pulumi
    except UserError as error:
        pytest.skip(str(error))
    got: dict[str, str] = {}
    (folder / "Pulumi.yaml").write_text("name: headroom\nruntime: python\n")
    (folder / "backend").mkdir()
    monkeypatch.setenv("PATH", f"{pulumi.parent}{os.pathsep}{os.environ['PATH']}")
    environment = {
        "PULUMI_BACKEND_URL": f"file://{folder}/backend",
        "PULUMI_HOME": f"{folder}/home",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    workspace = automation.LocalWorkspace(
        work_dir=str(folder), program=lambda: got.update(CONFIG.get()), env_vars=environment
    )
    automation.Stack.create_or_select("test", workspace).preview()
    return got


@pytest.mark.engine
def test_the_engine_reads_as_the_table_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, PROBE)
    got = engine_readings(tmp_path, monkeypatch)
    nested = json.loads(got["headroom:nested"])
    assert [(text, nested[f"k{i}"], got[f"headroom:k{i}"]) for i, (text, _, _) in enumerate(READINGS)] == READINGS


@pytest.mark.engine
@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("Pulumi.*.yaml")))
def test_the_engine_hands_the_program_the_same_settings_as_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines(keepends=True)
    # The salt belongs to a passphrase that this test doesn't have.
    path = written(tmp_path, "".join(line for line in lines if not line.startswith("encryptionsalt:")))
    settings = load(path)
    assert parse(engine_readings(tmp_path, monkeypatch), name) == settings
