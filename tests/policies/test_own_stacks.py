"""What our own components declare passes our own rules, whatever the settings accept and the budget carries."""

import gc
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from headroom.budget import evaluate
from headroom.settings import SettingsError, parse, yaml_file
from policies.configuration import interpret, shipped
from policies.exemptions import Exemptions
from policies.judge import judge
from policies.pack import all_rules
from policies.reading.aurora import Reading
from policies.reading.resources import Resources
from policies.rule import MANDATORY
from tests.components.program import BEFORE_THE_SALE, ROOT
from tests.policies.own_program import declared_by
from tests.searches import searched
from tests.settings.stack_files import right

STACKS = ["Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml", "Pulumi.local.yaml", "docs/examples/mysql.yaml"]


#: Rules about what a user may choose, in the settings, against good advice: away from alarms, targets and pools.
CHOSEN = frozenset({"avail-multi-az", "avail-no-burstable"})


# The SDK leaves the event loop of each program that it ran open; nothing of ours is to be found among that.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def _loops_end_here() -> Iterator[None]:
    yield
    gc.collect()  # or they are found, and objected to, in another test


def refused(config: Mapping[str, Any]) -> list[str]:
    """The mandatory verdicts on what the program declares for a stack file, with its environment's levels."""

    messages = declared_by(config)
    environment = str(config["headroom:environment"])
    applied, _ = interpret(shipped(all_rules(), environment), all_rules())
    none = Exemptions([], [], BEFORE_THE_SALE.date())
    verdicts = judge(all_rules(), lambda: Reading(Resources.from_message(messages), BEFORE_THE_SALE), applied, none)
    return [v.message for v in verdicts if v.level is MANDATORY and v.rule.id not in CHOSEN]


@pytest.mark.parametrize("file", STACKS)
def test_every_stack_file_of_the_project_passes(file: str) -> None:
    assert refused(yaml_file.read(ROOT / file)) == []


#: What a user may choose and a rule may then refuse for good reason, away from alarms, targets and pools.
CHOICES = (
    "backup_retention_days", "deletion_protection", "skip_final_snapshot", "protect", "monitoring_interval_seconds",
    "performance_insights_retention_days", "idle_in_transaction_timeout_seconds",
)  # fmt: skip


@st.composite
def modest(draw: st.DrawFn) -> dict[str, Any]:
    """A right stack file with somebody to tell, demands that have a chance to fit, and none of those choices."""
    config = draw(right())
    database = config["headroom:database"]
    for choice in CHOICES:
        database.pop(choice, None)
    config.pop("headroom:margins", None)
    if config["headroom:network"].get("zones") == 4:
        config["headroom:network"]["zones"] = 3  # as many as the made-up region has
    config["headroom:notify"] = {"warning": ["email:a@example.com"], "critical": ["https://page.example.com/x"]}
    for service in config["headroom:services"]:
        service |= {"instances_max": draw(st.integers(1, 12)), "hold_ms": draw(st.floats(0.5, 8))}
        service |= {"transactions_per_second_peak": draw(st.floats(1, 60)), "serialized_percent": 0}
        for pool in service["pools"]:
            pool["connections_max"] = min(pool["connections_max"], draw(st.integers(1, 6)))
    if not any(pool["path"] == "proxy" for service in config["headroom:services"] for pool in service["pools"]):
        config.pop("headroom:proxy", None)  # one without a way in is sec-proxy-tls-auth's, and AWS's, to refuse
    for event in config["headroom:events"]:
        event["traffic_factor"] = draw(st.floats(1, 4))
    return config


@settings(max_examples=searched(25), suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(modest())
def test_every_stack_that_the_settings_accept_and_whose_budget_fits_passes(config: dict[str, Any]) -> None:
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    try:
        accepted = parse(texts, "stack")
    except SettingsError:
        assume(False)
    assume(evaluate(accepted.stack("stack")).fits)
    assert refused(config) == []
