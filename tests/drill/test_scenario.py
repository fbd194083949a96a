import pytest

from headroom.drill import scenario as scenarios
from headroom.drill.scenario import SidePath
from headroom.errors import UserError

SMALL = """
title = "t"
story = "s"
lesson = "l"
[[phases]]
name = "all"
seconds = 1
[[services]]
name = "checkout"
transactions_per_second = [10]
instances = [1]
connections_max = 2
hold_ms = 5
client_timeout_ms = 1000
[[sides]]
name = "direct"
path = "direct"
"""


@pytest.mark.parametrize("name", scenarios.names())
def test_every_scenario_that_comes_with_the_drill_loads(name: str) -> None:
    assert scenarios.load(name).name == name


def test_the_incident_comes_first() -> None:
    assert scenarios.names()[0] == "flash-sale"
    assert set(scenarios.names()) == {
        "flash-sale",
        "deploy-overlap",
        "failover",
        "greedy-service",
        "hot-row",
        "idle-pools",
        "pinned-sessions",
        "reader-lost",
        "retry-storm",
        "slow-query",
        "smaller-pools",
    }


def refusal(text: str) -> str:
    with pytest.raises(UserError) as caught:
        scenarios.parse(text, "mine.toml", "mine")
    return str(caught.value)


def test_an_unknown_key_is_refused_with_its_place() -> None:
    assert refusal(SMALL + 'colour = "red"\n') == "mine.toml: sides[0].colour: is no key of a scenario"


def test_all_mistakes_are_told_at_once_each_with_what_was_found() -> None:
    wrong = SMALL.replace("connections_max = 2", "connections_max = 0").replace("hold_ms = 5", "hold_ms = -1")
    assert refusal(wrong).splitlines() == [
        "mine.toml: services[0].connections_max: Input should be greater than or equal to 1, got 0",
        "mine.toml: services[0].hold_ms: Input should be greater than 0, got -1",
    ]


def test_a_rate_is_needed_for_each_phase() -> None:
    wrong = SMALL.replace("[10]", "[10, 20]")
    assert refusal(wrong) == (
        "mine.toml: services: checkout: transactions_per_second: needs a value for each of 1 phases, has 2"
    )


def test_names_that_the_scenario_does_not_have_are_refused() -> None:
    wrong = (
        SMALL + 'expect = [{measure = "ok_percent", phase = "spike", below = 60}]\nchanges = {mail = {pins = true}}\n'
    )
    assert (
        refusal(wrong)
        == "mine.toml: sides: direct: changes: no service 'mail'; sides: direct: expect: no phase 'spike'"
    )


def test_an_expectation_has_one_bound() -> None:
    wrong = SMALL + 'expect = [{measure = "ok_percent", below = 60, at_least = 1}]\n'
    assert refusal(wrong) == "mine.toml: sides[0].expect[0]: needs either at_least or below"


def test_a_change_of_a_side_is_validated_as_the_service_is() -> None:
    wrong = SMALL + "changes = {checkout = {pinz = true}}\n"
    assert refusal(wrong) == "mine.toml: pinz: is no key of a scenario"


def test_what_is_not_toml_is_said_to_be_none() -> None:
    assert refusal("title = ").startswith("mine.toml: is not TOML: ")


def test_an_unknown_scenario_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"^lunch: no such scenario: name one of flash-sale, deploy-overlap, "):
        scenarios.load("lunch")


def test_a_file_that_is_missing_is_said_to_be() -> None:
    with pytest.raises(UserError, match=r"^/nowhere/mine\.toml: can't be read: No such file or directory$"):
        scenarios.load("/nowhere/mine.toml")


def test_a_side_changes_services_and_gives_them_its_path() -> None:
    found = scenarios.load("greedy-service")
    reporting, checkout = found.services_on(found.sides[0])
    assert (reporting.path, checkout.path) == (SidePath.DIRECT, SidePath.POOLED)
    fixed = scenarios.load("smaller-pools")
    assert [fixed.services_on(side)[0].connections_max for side in fixed.sides] == [8, 3]
