"""What doesn't fit together in a scenario's file: all of it, when it is read, and not when the drill is half through.

The rules look at the parts of the file that are valid by themselves, so that a wrong number here hides no contradiction
there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from headroom.drill.scenario import Happening, Phase, Service, Side, Statement, problems, service_on

Model = TypeVar("Model", bound=BaseModel)
_KILLS = ("kill-writer", "kill-reader")
_RESERVED = ("none", "postgres", "public")  # roles that PostgreSQL has, or whose names it refuses


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Of a file: the names that are there, and what is valid by itself; `seconds` is None if a phase isn't."""

    phase_names: list[str]
    service_names: list[str]
    seconds: float | None
    services: list[Service]
    happenings: list[Happening]
    sides: list[Side]

    @property
    def services_whole(self) -> bool:
        """Every service is valid."""
        return len(self.services) == len(self.service_names)

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Parts":
        """From a file's content."""
        phases = _valid(Phase, data, "phases")
        return cls(
            phase_names=_names(data, "phases"),
            service_names=_names(data, "services"),
            seconds=sum(p.seconds for p in phases) if len(phases) == len(_items(data, "phases")) else None,
            services=_valid(Service, data, "services"),
            happenings=_valid(Happening, data, "happenings"),
            sides=_valid(Side, data, "sides"),
        )


def contradictions(parts: Parts) -> Iterator[str]:
    """Each in a sentence, with its place."""
    side_names = [side.name for side in parts.sides]
    for what, names in (("phases", parts.phase_names), ("services", parts.service_names), ("sides", side_names)):
        yield from (f"{what}: the name {n!r} is there twice" for n in sorted(set(names)) if names.count(n) > 1)
    for name in sorted({*parts.service_names} & {*_RESERVED}):
        yield f"services: {name}: PostgreSQL keeps this name for itself: choose another"
    for service in parts.services:
        yield from _service(f"services: {service.name}", service, parts)
    for side in parts.sides:
        yield from _side(f"sides: {side.name}", side, parts)
    yield from _happenings(parts)


def _service(place: str, service: Service, parts: Parts) -> Iterator[str]:
    count = len(parts.phase_names)
    for key in ("transactions_per_second", "instances"):
        if (found := len(getattr(service, key))) != count:
            yield f"{place}: {key}: needs a value for each of {count} phases, has {found}"
    if service.endpoint == "reader" and service.statement is not Statement.READ:
        yield f'{place}: endpoint: a reader takes no writes: its statement must be "read"'


def _side(place: str, side: Side, parts: Parts) -> Iterator[str]:
    known = {service.name: service for service in parts.services}
    services = dict(known)
    for name, changes in side.changes.items():
        there = f"{place}: changes: {name}"
        if name not in parts.service_names:
            yield f"{place}: changes: no service {name!r}"
        elif "name" in changes:
            yield f"{there}: name: stays what it is"
        elif name in known:
            try:
                services[name] = service_on(side, known[name])
            except ValidationError as error:
                yield from (f"{there}: {problem}" for problem in problems(error))
                continue
            before = {*_service(there, known[name], parts)}
            yield from (line for line in _service(there, services[name], parts) if line not in before)
    rates = [rate for service in services.values() for rate in service.transactions_per_second]
    if rates and parts.services_whole and not any(rates):
        yield f"{place}: no service has any traffic"
    yield from _expectations(f"{place}: expect", side, parts)


def _expectations(place: str, side: Side, parts: Parts) -> Iterator[str]:
    happens = {happening.what for happening in parts.happenings}
    for expectation in side.expect:
        if expectation.phase not in {None, *parts.phase_names}:
            yield f"{place}: no phase {expectation.phase!r}"
        if expectation.service not in {None, *parts.service_names}:
            yield f"{place}: no service {expectation.service!r}"
        if expectation.measure == "recovery_seconds" and not happens:
            yield f"{place}: recovery_seconds: there is no happening to recover from"
        if expectation.measure == "reconnect_seconds" and not happens & {"deploy", *_KILLS}:
            yield f"{place}: reconnect_seconds: needs a deploy, kill-writer or kill-reader"


def _happenings(parts: Parts) -> Iterator[str]:
    for happening in parts.happenings:
        if parts.seconds is not None and happening.at_seconds >= parts.seconds:
            yield (
                f"happenings: {happening.what}: at_seconds: {happening.at_seconds:g} is after the end of the run "
                f"({parts.seconds:g} s)"
            )
    kills = [happening.what for happening in parts.happenings if happening.what in _KILLS]
    if len(kills) > 1:
        yield f"happenings: {', '.join(kills)}: there is one standby, so one server can be lost"
    reads = [s.endpoint == "reader" for s in parts.services]
    reads += [changes.get("endpoint") == "reader" for side in parts.sides for changes in side.changes.values()]
    if "kill-reader" in kills and not any(reads) and parts.services_whole:
        yield 'happenings: kill-reader: no service has endpoint = "reader"'


def _items(data: dict[str, Any], key: str) -> list[Any]:
    found = data.get(key)
    return found if isinstance(found, list) else []


def _names(data: dict[str, Any], key: str) -> list[str]:
    return [str(item.get("name")) for item in _items(data, key) if isinstance(item, dict)]


def _valid(model: type[Model], data: dict[str, Any], key: str) -> list[Model]:
    found = []
    for item in _items(data, key):
        try:
            found.append(model.model_validate(item))
        except ValidationError:
            continue  # told elsewhere, with its place
    return found
