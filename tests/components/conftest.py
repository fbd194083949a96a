"""The program, run once for each stack file and moment that the tests look at."""

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.components.program import BEFORE_THE_SALE, ROOT, Program, run

Ran = Callable[..., Program]


@pytest.fixture(scope="session")
def ran() -> Ran:
    """`ran("Pulumi.prod.yaml")`: what the program registers for that file, at that time."""
    cache: dict[tuple[str, datetime], Program] = {}

    def program(file: str, now: datetime = BEFORE_THE_SALE) -> Program:
        if (file, now) not in cache:
            with pytest.MonkeyPatch.context() as patch:
                cache[file, now] = run(ROOT / file, patch, now=now)
        return cache[file, now]

    return program


@pytest.fixture(scope="session")
def prod(ran: Ran) -> Program:
    return ran("Pulumi.prod.yaml")


@pytest.fixture(scope="session")
def mysql(ran: Ran) -> Program:
    return ran("docs/examples/mysql.yaml")


@pytest.fixture(scope="session")
def own_network(ran: Ran) -> Program:
    return ran("docs/examples/own-network.yaml")


@pytest.fixture(scope="session")
def before_the_incident(ran: Ran) -> Program:
    return ran("docs/examples/before-the-incident.yaml")
