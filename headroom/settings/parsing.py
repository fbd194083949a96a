"""From a stack file to `Settings`, and back. Every section is checked by itself first, then one against the other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from headroom.budget.margins import Margins
from headroom.settings import models, profiles, rules, yaml_file
from headroom.settings.errors import Problem, SettingsError, Unreadable, explained, key_path, meant, shown
from headroom.settings.profiles import Environment
from headroom.settings.stack_file import Settings
from headroom.settings.values import Cleaner, top_level

REGION = "aws:region"
KEYS = tuple(key for key in Settings.model_fields if key != "region")
_TEXTS = ("region", "environment")
_MODELS: dict[str, type[BaseModel]] = {
    "database": models.Database,
    "proxy": models.Proxy,
    "autoscaling": models.Autoscaling,
    "notify": models.Notify,
    "margins": models.DeclaredMargins,
}
_ITEMS: dict[str, type[BaseModel]] = {
    "services": models.Service,
    "events": models.Event,
    "instance_classes": models.DeclaredClass,
}
_EXISTING = frozenset(models.ExistingNetwork.model_fields)


def load(path: Path) -> Settings:
    """The settings of a stack file.

    Raises:
        SettingsError: with every error of the file, each `Pulumi.prod.yaml: headroom:key: what is wrong: what to do`.
    """
    return parse(yaml_file.read(path), path.name)


def parse(config: Mapping[str, object], where: str) -> Settings:
    """The settings in a config that was already read.

    Args:
        config: full keys (`headroom:database`, `aws:region`) to values: plain ones, or the engine's strings.
        where: the file or stack, for messages.

    Raises:
        SettingsError: with every error at once.
    """
    reading = _Reading()
    reading.take(config)
    parts = reading.validated()
    problems = reading.problems + reading.cleaner.problems
    if not problems:
        return Settings(**parts)
    order = {_path(key): i for i, key in enumerate(Settings.model_fields)}
    first: dict[str, Problem] = {}
    for problem in sorted(problems, key=lambda p: p in reading.problems):  # what a value is not explains what it fails
        first.setdefault(problem.path, problem)
    ordered = sorted(first.values(), key=lambda p: order.get(p.path.partition(".")[0].partition("[")[0], -1))
    raise SettingsError(f"{where}: {p.path}: {p.message}" for p in ordered)


def dump(settings: Settings) -> str:
    """A stack file that says the same, with every default written out."""
    values = settings.model_dump(mode="json", exclude_none=True)
    values["margins"] = {key: value for key, value in values["margins"].items() if value != getattr(Margins(), key)}
    config = {_path(key): value for key, value in values.items() if value not in ([], {})}
    return yaml.safe_dump({"config": config}, sort_keys=False, width=120)


def _path(key: str) -> str:
    return REGION if key == "region" else key_path(key)


class _Reading:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.cleaner = Cleaner()
        self.sections: dict[str, Any] = {}

    def take(self, config: Mapping[str, object]) -> None:
        """The sections as plain values. Keys of other namespaces are theirs."""
        for full_key, value in config.items():
            namespace, colon, key = str(full_key).partition(":")
            if full_key == REGION:
                key = "region"
            elif not colon:
                as_meant = (
                    f"write headroom:{namespace}"
                    if namespace in KEYS
                    else "write its namespace, as in headroom:database"
                )
                self.problems.append(
                    Problem(shown(namespace) if namespace not in KEYS else namespace, f"has no namespace: {as_meant}")
                )
                continue
            elif namespace != "headroom":
                continue
            elif key not in KEYS:
                self.problems.append(Problem(key_path(key), f"unknown key: {meant(key, KEYS)}"))
                continue
            if isinstance(value, Mapping) and "secure" in value:
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
                raw = {**profiles.defaults(parts.get("environment") or Environment.PROD), **raw}
            if key in _ITEMS:
                parts[key] = self._items(key, raw, parts.get("database"))
            else:
                parts[key] = self._section(key, raw)
        well_formed: dict[str, Any] = {key: parts[key] for key in rules.SECTIONS if parts.get(key) is not None}
        self.problems += rules.check(rules.Draft(given=frozenset(self.sections), **well_formed))
        return parts | {key: tuple(item for _, item in parts[key]) for key in _ITEMS if key in parts}

    def _section(self, key: str, raw: Any) -> Any:
        model = _MODELS.get(key)
        if key == "network":
            model = models.ExistingNetwork if isinstance(raw, dict) and _EXISTING & raw.keys() else models.NewNetwork
        value = self._checked(key, _path(key), raw, model)
        return Margins(**value.model_dump()) if key == "margins" and value is not None else value

    def _items(self, key: str, raw: Any, database: models.Database | None) -> list[tuple[int, Any]]:
        """The well-formed items, each with its index in the file."""
        if not isinstance(raw, list) or not raw:
            self._checked(key, _path(key), raw, None)
            return []
        items = []
        for i, value in enumerate(raw):
            if key == "services" and isinstance(value, dict):
                value = {"database": "unknown" if database is None else database.name, **value}
            item = self._checked(key, f"{_path(key)}[{i}]", value, _ITEMS[key])
            if item is not None:
                items.append((i, item))
        return items

    def _checked(self, key: str, path: str, raw: Any, model: type[BaseModel] | None) -> Any:
        field = Settings.model_fields[key]
        adapter = _adapter(key) if model is None else TypeAdapter(model)
        try:
            return adapter.validate_python(raw)
        except ValidationError as error:
            details = error.errors(include_url=False)
            description = (model.__doc__ or "") if model in _ITEMS.values() and model else field.description or ""
            self.problems += explained(path, details, model, description)
            return None


def _adapter(key: str) -> TypeAdapter[Any]:
    field = Settings.model_fields[key]
    annotation: Any = Annotated[field.annotation, field]
    return TypeAdapter(annotation)
