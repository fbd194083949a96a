import json
import os
from pathlib import Path

import pytest

from headroom.errors import UserError
from policies.configuration import ADVISE, FOLDER, REFUSE, Applied, interpret, read, schema, shipped, validate
from policies.exemptions import KEY
from policies.exemptions import RULE as EXEMPTIONS
from policies.pack import all_rules
from policies.rule import ADVISORY, DISABLED, ENVIRONMENTS, MANDATORY
from tests.golden_files import check_golden

PERCENT = next(rule for rule in all_rules() if rule.id == "conn-pool-percent-max")


def written(folder: Path, config: object) -> Path:
    path = folder / "config.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    return path


def kept_exemptions(path: Path) -> object:
    return json.loads(path.read_text()).get(EXEMPTIONS, {}).get(KEY, []) if path.exists() else []


def test_there_is_a_file_for_each_environment_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ENVIRONMENTS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_files_say_what_the_rules_say_and_keep_their_exemptions(environment: str) -> None:
    path = FOLDER / f"{environment}.json"
    entries = shipped(all_rules(), environment)
    entries[EXEMPTIONS][KEY] = kept_exemptions(path)
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
    check_golden(path, f"{{\n{lines}\n}}\n")
    assert validate(path, all_rules()) == []


def test_every_error_of_a_file_is_reported_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "all": "strict",
            "conn-demand-fit": "mandatory",
            "zzz": {},
            "scal-bounds": {"enforcementLevel": "must", "unknown": "maybe", "highest": 5, "unknwn": "refuse"},
            "conn-borrow-timeout": 3,
            "conn-pool-percent-max": {"note_above_percent": 101},
            "conn-max-connections-bounds": {"least_connections": 2.5},
            "sec-encrypted-private": "disabled",
            EXEMPTIONS: {KEY: [{"rule": "x", "expire": "2027-01-01", "owner": 3, "why": ""}, "all"]},
        },
    )
    assert validate(path, all_rules()) == [
        f"{path}: all.enforcementLevel: must be one of mandatory, advisory, disabled, got 'strict'",
        f"{path}: conn-demand-fit: there is no such rule: did you mean conn-demand-fits?",
        f"{path}: zzz: there is no such rule: `headroom policies list` shows all",
        f"{path}: scal-bounds.enforcementLevel: must be one of mandatory, advisory, disabled, got 'must'",
        f"{path}: scal-bounds.unknown: must be one of refuse, advise, got 'maybe'",
        f"{path}: scal-bounds.highest: there is no such setting: use enforcementLevel or unknown",
        f"{path}: scal-bounds.unknwn: there is no such setting: did you mean unknown?",
        f"{path}: conn-borrow-timeout: must be a level (mandatory, advisory, disabled) or an object with "
        "enforcementLevel",
        f"{path}: conn-pool-percent-max.note_above_percent: must be a whole number from 1 to 100 (percent of "
        "max_connections), got 101",
        f"{path}: conn-max-connections-bounds.least_connections: must be a whole number from 1 to 16,000 "
        "(connections), got 2.5",
        f"{path}: hyg-exemption-valid.exemptions[0].expire: there is no such key: did you mean expires?",
        f"{path}: hyg-exemption-valid.exemptions[0].owner: must be text, got 3",
        f"{path}: hyg-exemption-valid.exemptions[0].why: there is no such key: use rule, urn, reason, owner, expires",
        f"{path}: hyg-exemption-valid.exemptions[1]: must be an object with rule, urn, reason, owner, expires, "
        "got 'all'",
    ]


@pytest.mark.parametrize("value", ["90", True, None, [], 0, 100.5])
def test_a_number_is_a_number_within_its_range(tmp_path: Path, value: object) -> None:
    path = written(tmp_path, {PERCENT.id: {"note_above_percent": value}})
    assert validate(path, all_rules()) == [
        f"{path}: conn-pool-percent-max.note_above_percent: must be a whole number from 1 to 100 (percent of "
        f"max_connections), got {value!r}"
    ]


@pytest.mark.parametrize("value", [1, 100, 55.0])
def test_both_ends_of_a_range_are_within_it_and_whole_floats_are_whole(tmp_path: Path, value: float) -> None:
    path = written(tmp_path, {PERCENT.id: {"note_above_percent": value}})
    applied, _ = read(path, [PERCENT])
    assert applied[PERCENT.id].numbers == {"note_above_percent": int(value)}
    assert isinstance(applied[PERCENT.id].numbers["note_above_percent"], int)


def test_a_file_that_is_not_there_or_not_json_or_no_object_is_one_error(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    assert validate(missing, all_rules()) == [f"{missing}: can't be read: No such file or directory"]
    broken = written(tmp_path, "{")
    assert validate(broken, all_rules()) == [
        f"{broken}: isn't JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    ]
    listed = written(tmp_path, [])
    assert validate(listed, all_rules()) == [f"{listed}: must be an object of rule ids, got list"]


def test_a_key_that_is_there_twice_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    inner = '{"unknown": "refuse", "unknown": "advise"}'
    path = written(tmp_path, f'{{"obs-insight": "mandatory", "scal-bounds": {inner}, "obs-insight": "disabled"}}')
    assert validate(path, all_rules()) == [
        f"{path}: unknown: is there more than once in one object: keep one",
        f"{path}: obs-insight: is there more than once in one object: keep one",
    ]
    with pytest.raises(UserError, match="obs-insight: is there more than once"):
        read(path, all_rules())


def test_a_config_may_come_through_a_pipe_which_can_be_read_once_only() -> None:
    end, start = os.pipe()
    try:
        os.write(start, b'{"obs-insight": "disabled"}')
        os.close(start)
        applied, _ = read(Path(f"/dev/fd/{end}"), all_rules())
    finally:
        os.close(end)
    assert applied["obs-insight"].level is DISABLED


def test_exemptions_are_a_list(tmp_path: Path) -> None:
    path = written(tmp_path, {EXEMPTIONS: {KEY: {}}})
    assert validate(path, all_rules()) == [f"{path}: hyg-exemption-valid.exemptions: must be a list, got {{}}"]


def test_a_file_that_is_refused_is_an_error_of_the_users(tmp_path: Path) -> None:
    path = written(tmp_path, {"zzz": {}, "yyy": {}})
    with pytest.raises(UserError) as refused:
        read(path, all_rules())
    assert str(refused.value).splitlines() == validate(path, all_rules())


def test_an_empty_config_is_as_strict_as_prod() -> None:
    prod, _ = interpret(shipped(all_rules(), "prod"), all_rules())
    empty, exemptions = interpret({}, all_rules())
    assert exemptions == []
    for rule in all_rules():
        assert (empty[rule.id].level, empty[rule.id].unknown) == (prod[rule.id].level, REFUSE)
        assert {s.name: s.default for s in rule.settings} == dict(prod[rule.id].numbers)


def test_all_is_the_level_of_every_rule_that_has_none_of_its_own() -> None:
    exemption = dict.fromkeys(("rule", "urn", "reason", "owner", "expires"), "x")
    config = {
        "all": "advisory",
        "scal-bounds": "disabled",
        "conn-demand-fits": {"unknown": "advise"},
        EXEMPTIONS: {"enforcementLevel": "mandatory", KEY: [exemption]},
    }
    applied, exemptions = interpret(config, all_rules())
    assert applied["scal-bounds"] == Applied(level=DISABLED)
    assert applied["conn-demand-fits"] == Applied(level=ADVISORY, unknown=ADVISE)
    assert applied[EXEMPTIONS].level is MANDATORY
    assert applied["conn-proxy-required"] == Applied(level=ADVISORY)
    assert exemptions == [exemption]


def test_the_engine_is_told_the_range_of_a_number() -> None:
    assert schema(PERCENT)["note_above_percent"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 90,
        "description": "percent of max_connections: Our proposal: a tenth is left for people and tools that connect "
        "directly.",
    }
