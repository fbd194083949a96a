"""The rules on other people's programs, in plain pulumi_aws: a safe one is never refused, an unsafe one by these."""

from pathlib import Path

import pytest

from policies.configuration import interpret, shipped
from policies.exemptions import Exemptions
from policies.judge import judge
from policies.pack import all_rules
from tests.policies.declared import NOW
from tests.policies.programs import read

FOLDER = Path(__file__).parent / "foreign"
SAFE = ("orders_with_a_proxy", "ledger_without_a_proxy", "tickets_by_literal_names")
#: environment -> the rules that refuse shop_before_the_incident.
UNSAFE = {
    "prod": {
        "alrm-connections-required",
        "alrm-connections-threshold",
        "alrm-latency-to-page",
        "avail-multi-az",
        "avail-no-burstable",
        "conn-demand-declared",
        "dur-backup-retention",
        "dur-deletion-guards",
        "sec-encrypted-private",
        "sec-no-plaintext-password",
    },
    "staging": {
        "alrm-connections-required",
        "alrm-connections-threshold",
        "dur-backup-retention",
        "sec-encrypted-private",
        "sec-no-plaintext-password",
    },
    "dev": {"sec-encrypted-private", "sec-no-plaintext-password"},
}


def said(program: str, environment: str) -> set[tuple[str, str]]:
    """(rule, level) of every verdict."""
    applied, _ = interpret(shipped(all_rules(), environment), all_rules())
    path = FOLDER / f"{program}.py"
    verdicts = judge(all_rules(), lambda: read(path), applied, Exemptions([], [], NOW.date()))
    return {(verdict.rule.id, verdict.level.value) for verdict in verdicts}


@pytest.mark.parametrize("environment", ["prod", "staging", "dev"])
@pytest.mark.parametrize("program", SAFE)
def test_a_safe_program_is_never_refused_nor_even_advised(program: str, environment: str) -> None:
    assert said(program, environment) == set()


@pytest.mark.parametrize("environment", UNSAFE)
def test_an_unsafe_one_is_refused_by_exactly_these_rules(environment: str) -> None:
    refusing = {rule for rule, level in said("shop_before_the_incident", environment) if level == "mandatory"}
    assert refusing == UNSAFE[environment]
