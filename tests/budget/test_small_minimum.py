"""Aurora Serverless v2 with a minimum that is too small, and with one that isn't."""

import re
from dataclasses import replace

from headroom.budget import evaluate
from headroom.budget.model import Engine, Stack
from headroom.budget.result import Finding
from tests.budget.stacks import seeded

CODES = ("serverless-cap", "serverless-memory", "serverless-reconnect")
SERVERLESS = [stack for stack in seeded(800) if stack.cluster.serverless]


def about_the_minimum(stack: Stack) -> list[Finding]:
    return [finding for finding in evaluate(stack).findings if finding.code in CODES]


def with_minimum(stack: Stack, acu: float) -> Stack:
    assert stack.cluster.serverless is not None
    capacity = replace(stack.cluster.serverless, min_acu=acu)
    return replace(stack, cluster=replace(stack.cluster, serverless=capacity))


def asked_for(stack: Stack) -> float:
    """The largest minimum that a warning asks for; 0 without one."""
    found = about_the_minimum(stack)
    return max((float(re.findall(r"set min_acu to ([0-9.]+)", f.message)[0]) for f in found), default=0)


def test_the_minimum_that_a_warning_asks_for_is_possible_and_ends_it() -> None:
    """Once more where it lifts the cap of 2,000: the proxy may then keep more connections open."""
    warned = [stack for stack in SERVERLESS if about_the_minimum(stack)]
    assert len(warned) > 20
    for stack in warned:
        assert stack.cluster.serverless is not None
        least, most = stack.cluster.serverless.min_acu, stack.cluster.serverless.max_acu
        first = asked_for(stack)
        second = max(first, asked_for(with_minimum(stack, first)))
        assert least < first <= second <= most
        assert first == second or least <= 0.5
        assert about_the_minimum(with_minimum(stack, second)) == []


def test_with_the_minimum_at_the_maximum_nothing_is_said() -> None:
    for stack in SERVERLESS:
        assert stack.cluster.serverless is not None
        assert about_the_minimum(with_minimum(stack, stack.cluster.serverless.max_acu)) == []


def test_provisioned_instances_and_mysql_have_no_cap() -> None:
    for stack in seeded(200):
        codes = [finding.code for finding in about_the_minimum(stack)]
        assert stack.cluster.serverless or not codes
        assert stack.cluster.engine is Engine.POSTGRESQL or "serverless-cap" not in codes
