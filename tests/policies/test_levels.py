import json
from pathlib import Path

import pytest

from policies.levels import FOLDER, validate
from policies.pack import all_rules

ENVIRONMENTS = ("prod", "staging", "dev")


def written(folder: Path, config: object) -> Path:
    path = folder / "levels.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    return path


def test_there_is_a_file_for_each_environment_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ENVIRONMENTS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_files_say_what_the_rules_say(environment: str) -> None:
    path = FOLDER / f"{environment}.json"
    unknown = "refuse" if environment == "prod" else "advise"
    assert validate(path, all_rules()) == []
    assert json.loads(path.read_text()) == {
        rule.id: {"enforcementLevel": getattr(rule, environment).value, "unknown": unknown} for rule in all_rules()
    }


def test_every_error_of_a_file_is_reported_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "all": "strict",
            "conn-proxy": "mandatory",
            "scal-bounds": {"enforcementLevel": "must", "unknown": "maybe", "highest": 5},
            "conn-borrow-timeout": 3,
            "sec-encrypted-private": "disabled",
        },
    )
    known = ", ".join(rule.id for rule in all_rules())
    assert validate(path, all_rules()) == [
        f"{path}: conn-proxy: there is no such rule: use one of {known}",
        f"{path}: scal-bounds.highest: there is no such setting: use enforcementLevel or unknown",
        f"{path}: scal-bounds.enforcementLevel: must be one of mandatory, advisory, disabled, got 'must'",
        f"{path}: scal-bounds.unknown: must be one of refuse, advise, got 'maybe'",
        f"{path}: conn-borrow-timeout: must be a level (mandatory, advisory, disabled) or an object with "
        "enforcementLevel",
        f"{path}: all.enforcementLevel: must be one of mandatory, advisory, disabled, got 'strict'",
    ]


def test_a_file_that_is_not_there_or_not_json_or_no_object_is_one_error(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    assert validate(missing, all_rules()) == [f"{missing}: can't be read: No such file or directory"]
    broken = written(tmp_path, "{")
    assert validate(broken, all_rules()) == [
        f"{broken}: isn't JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    ]
    listed = written(tmp_path, [])
    assert validate(listed, all_rules()) == [f"{listed}: must be an object of rule ids, got list"]
