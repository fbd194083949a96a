"""From a stack file to `Settings`, and back. Every section is checked by itself first, then one against the other."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from headroom.budget.margins import Margins
from headroom.settings import demand, names, profiles, rules, supply, yaml_file
from headroom.settings.draft import Draft
from headroom.settings.errors import Problem, SettingsError, Unreadable, explained, key_path, meant, step
from headroom.settings.names import Named
from headroom.settings.profiles import Environment
from headroom.settings.stack_file import Settings
from headroom.settings.values import Cleaner, top_level

REGION = "aws:region"
KEYS = tuple(key for key in Settings.model_fields if key != "region")
_SECTION = re.compile(r"([a-z_:]*)(?:\[([0-9]+)\])?")
_TEXTS = ("region", "environment")
_MODELS: dict[str, type[BaseModel]] = {
    "database": supply.Database,
    "proxy": supply.Proxy,
    "autoscaling": supply.Autoscaling,
    "notify": demand.Notify,
    "margins": demand.DeclaredMargins,
}
_ITEMS: dict[str, type[BaseModel]] = {
    "services": demand.Service,
    "events": demand.Event,
    "instance_classes": supply.DeclaredClass,
}


def load(path: Path, named: Named | None = None) -> Settings:
    """The settings of a stack file.

    Args:
        path: of the file.
        named: the stack's name, where it is to become AWS's.

    Raises:
        SettingsError: with every error of the file, each `Pulumi.prod.yaml: headroom:key: what is wrong: what to do`.
    """
    return parse(yaml_file.read(path), path.name, named)


def parse(config: Mapping[str, object], where: str, named: Named | None = None) -> Settings:
    """The settings in a config that was already read.

    Args:
        config: full keys (`headroom:database`, `aws:region`) to values: plain ones, or the engine's strings.
        where: the file or stack, for messages.
        named: the stack's name, where it is to become AWS's.

    Raises:
        SettingsError: with every error at once.
    """
    reading = _Reading()
    reading.take(config)
    parts = reading.validated()
    problems = reading.cleaner.problems + reading.problems
    if named is not None:
        problems += names.problems(named, parts)
    if not problems:
        return Settings(**parts)
    first: dict[str, Problem] = {}
    for problem in problems:  # what a value is explains what it fails
        first.setdefault(problem.path, problem)
    raise SettingsError(f"{where}: {p.path}: {p.message}" for p in sorted(first.values(), key=_place))


def _place(problem: Problem) -> tuple[int, int]:
    """Where a problem stands in the list: unknown keys first, then section by section, item by item."""
    at = _SECTION.match(problem.path)
    return (_ORDER.get(at[1], -1), int(at[2] or -1)) if at else (-1, -1)


def dump(settings: Settings) -> str:
    """A stack file that says the same, with every default written out."""
    values = settings.model_dump(mode="json", exclude_none=True)
    values["margins"] = {key: value for key, value in values["margins"].items() if value != getattr(Margins(), key)}
    config = {_path(key): value for key, value in values.items() if value not in ([], {})}
    return yaml.safe_dump({"config": config}, sort_keys=False, width=120)


def _path(key: str) -> str:
    return REGION if key == "region" else key_path(key)


_ORDER = {_path(key): i for i, key in enumerate(Settings.model_fields)}


class _Reading:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.cleaner = Cleaner()
        self.sections: dict[str, object] = {}

    def take(self, config: Mapping[str, object]) -> None:
        """The sections as plain values. Keys of other namespaces are theirs."""
        for full_key, value in config.items():
            namespace, colon, key = str(full_key).partition(":")
            if full_key == REGION:
                self._take_section("region", value)
            elif not colon:
                meaning = f"headroom:{namespace}" if namespace in KEYS else "its namespace, as in headroom:database"
                self.problems.append(Problem(step(namespace)[1:], f"has no namespace: write {meaning}"))
            elif namespace == "headroom" and key in KEYS:
                self._take_section(key, value)
            elif namespace == "headroom":
                self.problems.append(Problem(key_path(key), f"unknown key: {meant(key, KEYS)}"))

    def _take_section(self, key: str, value: object) -> None:
        if isinstance(value, Mapping) and list(value) == ["secure"] and isinstance(value["secure"], str):
            value = Unreadable("is encrypted: nothing in these settings is a secret; write it in plain")
        self.sections[key] = self.cleaner.clean(top_level(value, text=key in _TEXTS), _path(key))

    def validated(self) -> dict[str, Any]:
        """The sections as models. The rules look at what is well-formed, even where something else is not."""
        parts: dict[str, Any] = {}
        for key, field in Settings.model_fields.items():
            if key not in self.sections:
                if field.is_required():
                    self.problems.append(Problem(_path(key), f"is missing: {field.description}"))
                continue
            raw = self.sections[key]
            if key == "database" and isinstance(raw, dict):
                # Any profile will do where the environment is wrong: its keys are all that matters then.
                raw = profiles.defaults(parts.get("environment") or Environment.PROD) | raw
            parts[key] = self._items(key, raw, parts) if key in _ITEMS else self._section(key, raw)
        well_formed: dict[str, Any] = {key: parts[key] for key in rules.SECTIONS if parts.get(key) is not None}
        self.problems += rules.check(Draft(given=frozenset(self.sections), **well_formed))
        return parts | {key: tuple(item for _, item in parts[key]) for key in _ITEMS if key in parts}

    def _section(self, key: str, raw: object) -> object:
        model = _MODELS.get(key, _kind(key))
        if key == "network":
            model, raw = self._network(raw)
        value = self._checked(_path(key), raw, model, Settings.model_fields[key].description)
        return Margins(**value.model_dump()) if key == "margins" and isinstance(value, BaseModel) else value

    def _network(self, raw: object) -> tuple[type[BaseModel], object]:
        """Which of the two kinds it is, and its keys without the other kind's."""
        if not isinstance(raw, dict) or raw.keys().isdisjoint(supply.ExistingNetwork.model_fields):
            return supply.NewNetwork, raw
        for key in supply.NewNetwork.model_fields:
            if key in raw:
                message = "is for a network to create, but the other keys here name one that exists: give one kind only"
                self.problems.append(Problem(f"{_path('network')}.{key}", message))
        return supply.ExistingNetwork, {k: v for k, v in raw.items() if k not in supply.NewNetwork.model_fields}

    def _items(self, key: str, raw: object, parts: Mapping[str, Any]) -> list[tuple[int, object]]:
        """The well-formed items, each with its index in the file."""
        field, model, items = Settings.model_fields[key], _ITEMS[key], []
        annotation: Any = Annotated[tuple[Any, ...], *field.metadata]
        listed = self._checked(_path(key), raw, annotation, field.description)
        for i, value in enumerate(listed if isinstance(listed, tuple) else ()):
            if key == "services" and isinstance(value, dict):
                database = parts.get("database")
                completed = {"database": "unknown" if database is None else database.name} | value
            else:
                completed = value
            item = self._checked(f"{_path(key)}[{i}]", completed, model, model.__doc__)
            if item is not None:
                items.append((i, item))
        return items

    def _checked(self, path: str, raw: object, kind: Any, description: str | None) -> object:
        """The value as that kind: a model, or any other annotation."""
        try:
            return TypeAdapter[object](kind).validate_python(raw)
        except ValidationError as error:
            model = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
            self.problems += explained(path, error.errors(include_url=False), model, description or "")
            return None


def _kind(key: str) -> Any:
    field = Settings.model_fields[key]
    return Annotated[field.annotation, field]
