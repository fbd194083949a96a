"""A scenario: what the fleet does, what happens to the database, on which sides, and what is expected. One small file.

Numbers are those of a database with 40 connections, the drill's size; `limits` scales rates and instances on a machine
that carries less. The files are TOML; unknown keys are refused.
"""

import tomllib
from collections.abc import Iterator
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from headroom.errors import UserError

DEFAULT = "flash-sale"
SIZE_CONNECTIONS = 40
"""max_connections of the database that the scenarios' numbers are for."""
HIGHEST_IN_FLIGHT = 1500
"""Requests in flight at once; more are counted as dropped, so that the generator stays honest about itself."""


def _in_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of printable characters")
    return text


Title = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_in_one_line)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}\z")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SidePath(StrEnum):
    """How a side's services reach the database, unless a service says otherwise."""

    DIRECT = "direct"
    POOLED = "pooled"


class Retry(StrEnum):
    """What a client does with a failed attempt, until its timeout ends."""

    NONE = "none"
    IMMEDIATE = "immediate"
    BACKOFF = "backoff"  # exponential from 100 ms, full jitter


class Statement(StrEnum):
    """What a transaction does while it holds its connection."""

    SPREAD = "spread"  # updates one of 10,000 rows
    HOT_ROW = "hot-row"  # updates the one article on sale, and keeps it locked for the hold time
    READ = "read"  # reads one of 10,000 rows


class Service(_Strict):
    """One service: a fleet of app instances, each with a pool of its own.

    Attributes:
        name: its name, and its database role's.
        transactions_per_second: offered rate in each phase.
        instances: running app instances in each phase (what its autoscaler made of it).
        connections_max: the pool of each instance.
        eager: the pool opens fully at the start (else when all of its connections are busy).
        hold_ms: mean of the exponential time that a transaction holds its connection.
        client_timeout_ms: after which the caller gives up, from the intended start.
        retry: what it does until then.
        statement: what the transaction does.
        endpoint: the writer's or the readers'.
        path: its own way to the database; None: the side's.
        pins: sets session state on each connection, so that a proxy pins it.
        lock_timeout_ms: gives up a row lock after that; None: never.
        in_flight_max: of one instance; more is shed at once. None: no shedding.
        declared_instances_max: what the stack file says, where the fleet does something else (role limits).
    """

    name: Name
    transactions_per_second: list[Annotated[float, Field(ge=0, le=20_000)]]
    instances: list[Annotated[int, Field(ge=0, le=500)]]
    connections_max: int = Field(ge=1, le=100)
    eager: bool = True
    hold_ms: float = Field(gt=0, le=10_000)
    client_timeout_ms: int = Field(ge=10, le=60_000)
    retry: Retry = Retry.NONE
    statement: Statement = Statement.SPREAD
    endpoint: Literal["writer", "reader"] = "writer"
    path: SidePath | None = None
    pins: bool = False
    lock_timeout_ms: int | None = Field(default=None, ge=1, le=60_000)
    in_flight_max: int | None = Field(default=None, ge=1, le=1000)
    declared_instances_max: int | None = Field(default=None, ge=1, le=500)

    def instances_in(self, phase: int, factor: float) -> int:
        """Running instances in a phase on a machine that carries `factor` of the scenario: one stays one."""
        declared = self.instances[phase]
        return max(min(declared, 1), round(declared * factor))


class Phase(_Strict):
    """A stretch of the run."""

    name: Name
    seconds: float = Field(gt=0, le=120)


class Happening(_Strict):
    """Something that is done to the database or a service.

    Attributes:
        at_seconds: from the start of the run.
        what: `slow` (hold times x factor for `seconds`), `kill-writer` (the standby is promoted `seconds` later),
            `kill-reader` (its reads go to the writer `seconds` later), `deploy` (rolling, with `surge_percent`; old
            instances drain for `seconds`).
    """

    at_seconds: float = Field(ge=0)
    what: Literal["slow", "kill-writer", "kill-reader", "deploy"]
    seconds: float = Field(default=1.0, gt=0, le=60)
    factor: float = Field(default=3.0, ge=1, le=100)
    surge_percent: float = Field(default=25.0, gt=0, le=100)


class Expectation(_Strict):
    """What must come out, or the drill's exit code is 1: one measure of a side, at least or below a number.

    `refused` counts requests, `refused_connects` attempts to connect: pools reconnect without a request, too.
    """

    measure: Literal[
        "ok_percent",
        "p95_ms",
        "active_percent",
        "recovery_seconds",
        "reconnect_seconds",
        "busy",
        "refused",
        "refused_connects",
    ]
    phase: Name | None = None
    service: Name | None = None
    at_least: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.at_least is None) == (self.below is None):
            raise ValueError("needs either at_least or below")
        return self


class Side(_Strict):
    """One of the runs that are compared.

    Attributes:
        name: its title.
        path: direct, or through the pooler.
        role_limits: `ALTER ROLE ... CONNECTION LIMIT` from the budget of what the services declared.
        changes: keys of a service that differ on this side, by service.
        expect: what must come out.
    """

    name: Annotated[Title, StringConstraints(max_length=40)]
    path: SidePath
    role_limits: bool = False
    changes: dict[Name, dict[str, Any]] = {}
    expect: list[Expectation] = []


class Scenario(_Strict):
    """A whole scenario; its name is its file's."""

    name: Name
    title: Title
    story: str = Field(min_length=1)
    lesson: str = Field(min_length=1)
    authentication: Literal["trust", "scram"] = "trust"
    phases: list[Phase] = Field(min_length=1, max_length=10)
    services: list[Service] = Field(min_length=1, max_length=10)
    happenings: list[Happening] = []
    sides: list[Side] = Field(min_length=1, max_length=4)

    @property
    def seconds(self) -> float:
        """The whole run's length."""
        return sum(phase.seconds for phase in self.phases)

    def services_on(self, side: Side) -> list[Service]:
        """The services as they are on that side, with their path."""
        return [service_on(side, service) for service in self.services]

    def has(self, *what: str) -> bool:
        """Any of these happens."""
        return any(happening.what in what for happening in self.happenings)

    @property
    def replicated(self) -> bool:
        """It needs a standby."""
        services = [service for side in self.sides for service in self.services_on(side)]
        return self.has("kill-writer", "kill-reader") or any(s.endpoint == "reader" for s in services)


def service_on(side: Side, service: Service) -> Service:
    """The service as it is on that side, with its path.

    Raises:
        ValidationError: a change is none that a service can have.
    """
    own = service.model_dump(exclude_none=True)
    return Service.model_validate({"path": side.path, **own, **side.changes.get(service.name, {})})


def _files() -> list[Traversable]:
    folder = resources.files("headroom.drill") / "scenarios"
    return sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)


def names() -> list[str]:
    """The scenarios that come with the drill; the default one first."""
    found = [f.name.removesuffix(".toml") for f in _files()]
    return sorted(found, key=lambda name: (name != DEFAULT, name))


def load(name: str) -> Scenario:
    """A scenario by name, or from a file of yours (`*.toml`).

    Raises:
        UserError: there is none, or it isn't one; everything that is wrong with it, a line each.
    """
    if name.endswith(".toml"):
        path = Path(name)
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{name}: can't be read: {getattr(error, 'strerror', None) or error}") from None
        return parse(text, name, path.name.removesuffix(".toml"))
    found = next((f for f in _files() if f.name == f"{name}.toml"), None)
    if found is None:
        raise UserError(f"{name}: no such scenario: name one of {', '.join(names())}, or a file of yours (*.toml)")
    return parse(found.read_text(), f"{name}.toml", name)


def parse(text: str, where: str, name: str) -> Scenario:
    """The scenario in a file's text.

    Raises:
        UserError: all that is wrong with it.
    """
    try:
        return _parse(text, where, name)
    except RecursionError:  # where it is read, or where a wrong value is shown
        raise UserError(f"{where}: is nested too deeply for a scenario") from None


def _parse(text: str, where: str, name: str) -> Scenario:
    from headroom.drill.scenario_rules import Parts, contradictions

    wrong: list[str] = []
    try:
        data = {"name": name, **tomllib.loads(text)}
        found = Scenario.model_validate(data)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{where}: is not TOML: {error}") from None
    except ValidationError as error:
        wrong += problems(error)
    wrong += contradictions(Parts.of(data))
    if wrong:
        raise UserError("\n".join(f"{where}: {line}" for line in wrong))
    return found


def problems(error: ValidationError) -> Iterator[str]:
    """What a validation found, a line each, with its place."""
    for problem in error.errors(include_url=False):
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in problem["loc"]).lstrip(".")
        what = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            what = "is no key of a scenario"
        got = "" if problem["type"] in {"missing", "value_error", "extra_forbidden"} else f", got {problem['input']!r}"
        yield f"{place + ': ' if place else ''}{what}{got}"
