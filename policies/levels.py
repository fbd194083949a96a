"""The levels of the rules by environment: `config/<env>.json`, and the checks of such a file without an engine.

The engine takes a config file with any key and ignores what it doesn't know; a typing error would disable nothing and
say nothing. `pulumi policy validate-config` needs an organization. So the pack checks for itself.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from policies.rule import Rule

FOLDER = Path(__file__).parent / "config"
LEVELS = ("mandatory", "advisory", "disabled")
SETTINGS = {"unknown": ("refuse", "advise")}


def refuse_unknown_keys(given: Mapping[str, Collection[str]], rules: Sequence[Rule]) -> list[str]:
    """One error for each rule, or setting of a rule, that doesn't exist. `given`: rule id -> its settings."""
    known = {rule.id for rule in rules}
    errors = [
        f"{name}: there is no such rule: use one of {', '.join(sorted(known))}" for name in given if name not in known
    ]
    errors += [
        f"{name}.{setting}: there is no such setting: use {' or '.join(['enforcementLevel', *SETTINGS])}"
        for name, settings in given.items()
        for setting in sorted(settings)
        if name in known and setting not in SETTINGS
    ]
    return errors


def validate(path: Path, rules: Sequence[Rule]) -> list[str]:
    """Every error of a policy config file, each with its place; an empty list if there is none. Reads the file only."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return [f"{path}: can't be read: {error.strerror}"]
    except ValueError as error:
        return [f"{path}: isn't JSON: {error}"]
    if not isinstance(config, dict):
        return [f"{path}: must be an object of rule ids, got {type(config).__name__}"]
    entries = {name: _entry(value) for name, value in config.items() if name != "all"}
    given = {name: set(entry) - {"enforcementLevel"} for name, entry in entries.items() if entry is not None}
    errors = refuse_unknown_keys({**dict.fromkeys(entries, ()), **given}, rules)
    errors += _wrong_values({**entries, **({"all": _entry(config["all"])} if "all" in config else {})})
    return [f"{path}: {error}" for error in errors]


def _entry(value: object) -> dict[str, object] | None:
    """An entry in its long form; None if it has neither form."""
    if isinstance(value, str):
        return {"enforcementLevel": value}
    return value if isinstance(value, dict) else None


def _wrong_values(entries: Mapping[str, dict[str, object] | None]) -> list[str]:
    errors = []
    for name, entry in entries.items():
        if entry is None:
            errors.append(f"{name}: must be a level ({', '.join(LEVELS)}) or an object with enforcementLevel")
            continue
        for key, allowed in {"enforcementLevel": LEVELS, **SETTINGS}.items():
            if key in entry and entry[key] not in allowed:
                errors.append(f"{name}.{key}: must be one of {', '.join(allowed)}, got {entry[key]!r}")
    return errors
