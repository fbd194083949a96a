"""What a config says of the rules: `config/<env>.json`, and the checks of such a file without an engine.

The engine takes a config file with any key and ignores what it doesn't know; a typing error would disable nothing and
say nothing. `pulumi policy validate-config` needs an organization. So the pack checks for itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pulumi_policy import EnforcementLevel

from headroom.errors import UserError
from policies import exemptions
from policies.rule import Rule, Setting

FOLDER = Path(__file__).parent / "config"
LEVEL, UNKNOWN = "enforcementLevel", "unknown"
LEVELS = ("mandatory", "advisory", "disabled")
#: Is "cannot be proven safe" a violation, or advice?
REFUSE, ADVISE = "refuse", "advise"

Entry = dict[str, Any]  # of a config, in its long form


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How one rule is applied.

    Attributes:
        level: its level.
        unknown: REFUSE or ADVISE.
        numbers: of its settings, where they aren't the defaults.
    """

    level: EnforcementLevel
    unknown: str = REFUSE
    numbers: Mapping[str, float] = field(default_factory=dict)


def applied(rule: Rule, level: EnforcementLevel, entry: Mapping[str, Any]) -> Applied:
    """What a valid entry says of a rule. The engine hands all numbers over as floats."""
    numbers = {s.name: type(s.default)(entry[s.name]) for s in rule.settings if s.name in entry}
    return Applied(level=level, unknown=entry.get(UNKNOWN, REFUSE), numbers=numbers)


def shipped(rules: Sequence[Rule], environment: str) -> dict[str, Entry]:
    """What `config/<env>.json` holds: every rule with its level, what unknown means, and its numbers."""
    return {
        rule.id: {
            LEVEL: rule.level(environment).value,
            UNKNOWN: REFUSE if environment in rule.unknown_refused_in else ADVISE,
            **{setting.name: setting.of(environment) for setting in rule.settings},
        }
        for rule in rules
    }


def schema(rule: Rule) -> dict[str, Any]:
    """The JSON schema of a rule's entry, for the engine, which checks a config's values."""
    numbers = {
        s.name: {
            "type": "integer" if isinstance(s.default, int) else "number",
            "minimum": s.lowest,
            "maximum": s.highest,
            "default": s.default,
            "description": f"{s.unit}: {s.reason}",
        }
        for s in rule.settings
    }
    lists = {exemptions.KEY: exemptions.SCHEMA} if rule.id == exemptions.RULE else {}
    return {UNKNOWN: {"enum": [REFUSE, ADVISE], "default": REFUSE}, **numbers, **lists}


def read(path: Path, rules: Sequence[Rule]) -> tuple[dict[str, Applied], list[dict[str, str]]]:
    """How each rule is applied, and the exemptions, without an engine.

    Raises:
        UserError: the file can't be read, or says what it can't say; all its errors, one a line.
    """
    config, errors = _parsed(path, rules)
    if errors:
        raise UserError("\n".join(errors))
    return interpret(config, rules)


def interpret(config: Mapping[str, Any], rules: Sequence[Rule]) -> tuple[dict[str, Applied], list[dict[str, str]]]:
    """The same of a valid config's content; an empty one is as strict as prod."""
    entries = {name: entry for name, value in config.items() if (entry := _entry(value)) is not None}
    of_all = entries.get("all", {}).get(LEVEL)
    result = {}
    for rule in rules:
        entry = entries.get(rule.id, {})
        result[rule.id] = applied(rule, EnforcementLevel(entry.get(LEVEL, of_all or rule.prod.value)), entry)
    return result, entries.get(exemptions.RULE, {}).get(exemptions.KEY, [])


def validate(path: Path, rules: Sequence[Rule]) -> list[str]:
    """Every error of a policy config file, each with its place; an empty list if there is none. Reads the file only."""
    _, errors = _parsed(path, rules)
    return errors


def _parsed(path: Path, rules: Sequence[Rule]) -> tuple[dict[str, Any], list[str]]:
    """A config file's content and every error of it. Read once: a pipe (`<(jq ...)`) has nothing to say twice."""
    repeated: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # JSON lets the last one win, and says nothing
        names = [name for name, _ in pairs]
        repeated.extend(dict.fromkeys(name for name in names if names.count(name) > 1))
        return dict(pairs)

    try:
        config = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    except OSError as error:
        return {}, [f"{path}: can't be read: {error.strerror}"]
    except (ValueError, RecursionError) as error:
        return {}, [f"{path}: isn't JSON: {error}"]
    if not isinstance(config, dict):
        return {}, [f"{path}: must be an object of rule ids, got {type(config).__name__}"]
    errors = [f"{name}: is there more than once in one object: keep one" for name in repeated]
    return config, [f"{path}: {error}" for error in errors + errors_of(config, rules)]


def errors_of(config: Mapping[str, Any], rules: Sequence[Rule]) -> list[str]:
    """Every error of a config's content."""
    known = {rule.id: rule for rule in rules}
    errors = []
    for name, value in config.items():
        entry = _entry(value)
        if name != "all" and name not in known:
            errors.append(f"{name}: there is no such rule: {near(name, known, '`headroom policies list` shows all')}")
        elif entry is None:
            errors.append(f"{name}: must be a level ({', '.join(LEVELS)}) or an object with {LEVEL}")
        else:
            errors += _errors_of_entry(name, entry, known.get(name))
    return errors


def _errors_of_entry(name: str, entry: Entry, rule: Rule | None) -> list[str]:
    settings = {s.name: s for s in rule.settings} if rule else {}
    lists = [exemptions.KEY] if name == exemptions.RULE else []
    keys = [LEVEL, *([UNKNOWN, *settings, *lists] if rule else [])]
    errors = []
    for key, value in entry.items():
        if key not in keys:
            hint = near(key, keys, f"use {' or '.join(keys)}")
            errors.append(f"{name}.{key}: there is no such setting: {hint}")
        elif key in settings:
            errors += _wrong_number(f"{name}.{key}", settings[key], value)
        elif key == exemptions.KEY:
            errors += [f"{name}.{error}" for error in exemptions.wrong_shape(value)]
        elif value not in (allowed := LEVELS if key == LEVEL else (REFUSE, ADVISE)):
            errors.append(f"{name}.{key}: must be one of {', '.join(allowed)}, got {value!r}")
    return errors


def _wrong_number(place: str, setting: Setting, value: object) -> list[str]:
    whole = isinstance(setting.default, int)
    right = isinstance(value, int | float) and not isinstance(value, bool) and not (whole and value % 1)
    if right and setting.lowest <= value <= setting.highest:  # type: ignore[operator]  # it is a number
        return []
    kind = "a whole number" if whole else "a number"
    return [f"{place}: must be {kind} from {setting.lowest:,} to {setting.highest:,} ({setting.unit}), got {value!r}"]


def near(word: str, known: Mapping[str, object] | Sequence[str], otherwise: str) -> str:
    """'did you mean conn-demand-fits?', or something else."""
    found = get_close_matches(word, list(known), n=1)
    return f"did you mean {found[0]}?" if found else otherwise


def _entry(value: object) -> Entry | None:
    """An entry in its long form; None if it has neither form."""
    if isinstance(value, str):
        return {LEVEL: value}
    return value if isinstance(value, dict) else None
