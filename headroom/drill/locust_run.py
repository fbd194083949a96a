"""A run of the Locust user class: what it is told, a table of its own, and a budget of errors. Needs no Locust."""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg

from headroom.drill.load import ROWS
from headroom.drill.reason import reason
from headroom.drill.scenario import DEFAULT, Scenario, load
from headroom.drill.target import Target, parse_dsn, refuse_production
from headroom.errors import UserError

T = TypeVar("T")
_DSN, _BUDGET = "HEADROOM_DRILL_DSN", "HEADROOM_DRILL_ERROR_BUDGET"
_ERROR_BUDGET = 200
_PATIENCE_SECONDS = 15.0
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Settings:
    """What is run where, and after how many failed requests it stops by itself."""

    scenario: Scenario
    target: Target
    error_budget: int


def settings() -> Settings:
    """From the environment.

    Raises:
        UserError: all that is wrong with it; or the target looks like production.
    """
    wrong: list[str] = []

    def read(what: Callable[[], T]) -> T | None:
        try:
            return what()
        except UserError as error:
            wrong.append(str(error))
            return None

    scenario = read(lambda: load(os.environ.get("HEADROOM_DRILL_SCENARIO", DEFAULT)))
    target = read(_target)
    if scenario is not None and scenario.services_on(scenario.sides[0])[0].lock_timeout_ms is not None:
        wrong.append(f"{scenario.name}: sets a lock_timeout on a role: it runs on a server of the drill's own only")
    budget = os.environ.get(_BUDGET, str(_ERROR_BUDGET))
    if not budget.isdecimal() or int(budget) < 1:
        wrong.append(f"{_BUDGET}: must be a whole number from 1 on, got {budget!r}")
    if wrong or scenario is None or target is None:
        raise UserError("\n".join(wrong))
    return Settings(scenario, target, int(budget))


def _target() -> Target:
    target = parse_dsn(_DSN, os.environ.get(_DSN, ""))
    refuse_production(_DSN, target)
    return target


def connect(target: Target) -> "psycopg.Connection[Any]":
    """Simple protocol, no prepared statements: safe through any pooler.

    Raises:
        psycopg.Error: it was refused, or nobody answers.
    """
    return psycopg.connect(
        host=target.host,
        port=target.port,
        user=target.user,
        password=target.password,
        dbname=target.database,
        sslmode=target.sslmode,
        autocommit=True,
        prepare_threshold=None,
        cursor_factory=psycopg.ClientCursor,
        connect_timeout=10,
    )


@dataclass
class OwnTable:
    """The run's own table on the target: two runs don't meet, and nothing is left.

    Attributes:
        target: where.
        name: empty while there is none.
    """

    target: Target
    name: str = field(default="", init=False)

    def make(self) -> str:
        """Make it under a name that nobody else has, and return that.

        Raises:
            UserError: the target can't be reached, or its user may not.
        """
        self.drop()
        name = f"headroom_drill_{secrets.token_hex(4)}"
        try:
            self._execute(
                f"CREATE TABLE {name} (id int PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);"  # noqa: S608 - our own name
                f"INSERT INTO {name} SELECT i, 1000000 FROM generate_series(1, {ROWS}) AS i"
            )
        except psycopg.Error as error:
            raise UserError(f"{self.target.name}: no table can be made: {reason(error)}") from None
        self.name = name
        return name

    def drop(self) -> None:
        """Drop it if it is there; for some seconds again, since the run's connections may hold the last slots.

        Raises:
            UserError: it couldn't be dropped.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self.name:
            try:
                self._execute(f"DROP TABLE IF EXISTS {self.name}")
                self.name = ""
            except psycopg.Error as error:
                if time.monotonic() > deadline:
                    lack = f"the table {self.name} could not be dropped: drop it by hand"
                    raise UserError(f"{self.target.name}: {lack}: {reason(error)}") from None
                time.sleep(_PAUSE_SECONDS)

    def _execute(self, statement: str) -> None:
        with connect(self.target) as connection:
            connection.execute(statement)
