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
    assert refusal(wrong).splitlines() == [
        "mine.toml: sides: direct: changes: no service 'mail'",
        "mine.toml: sides: direct: expect: no phase 'spike'",
    ]


def test_an_expectation_has_one_bound() -> None:
    wrong = SMALL + 'expect = [{measure = "ok_percent", below = 60, at_least = 1}]\n'
    assert refusal(wrong) == "mine.toml: sides[0].expect[0]: needs either at_least or below"


def test_a_change_of_a_side_is_validated_as_the_service_is() -> None:
    wrong = SMALL + "changes = {checkout = {pinz = true, hold_ms = 0, name = 'mail'}}\n"
    assert refusal(wrong) == "mine.toml: sides: direct: changes: checkout: name: stays what it is"
    assert refusal(wrong.replace(", name = 'mail'", "")).splitlines() == [
        "mine.toml: sides: direct: changes: checkout: hold_ms: Input should be greater than 0, got 0",
        "mine.toml: sides: direct: changes: checkout: pinz: is no key of a scenario",
    ]


CONTRADICTIONS = [
    (
        SMALL + "[[happenings]]\nat_seconds = 1\nwhat = 'slow'\n",
        "happenings: slow: at_seconds: 1 is after the end of the run (1 s)",
    ),
    (SMALL.replace("[10]", "[0]"), "sides: direct: no service has any traffic"),
    (
        SMALL + "changes = {checkout = {transactions_per_second = [0]}}\n",
        "sides: direct: no service has any traffic",
    ),
    (
        SMALL + "changes = {checkout = {instances = [1, 2]}}\n",
        "sides: direct: changes: checkout: instances: needs a value for each of 1 phases, has 2",
    ),
    (
        SMALL + "changes = {checkout = {endpoint = 'reader'}}\n",
        'sides: direct: changes: checkout: endpoint: a reader takes no writes: its statement must be "read"',
    ),
    (
        SMALL + "[[happenings]]\nat_seconds = 0\nwhat = 'kill-reader'\n",
        'happenings: kill-reader: no service has endpoint = "reader"',
    ),
    (
        SMALL + "[[happenings]]\nat_seconds = 0\nwhat = 'kill-writer'\n" * 2,
        "happenings: kill-writer, kill-writer: there is one standby, so one server can be lost",
    ),
    (
        SMALL.replace('"checkout"', '"postgres"'),
        "services: postgres: PostgreSQL keeps this name for itself: choose another",
    ),
    (
        SMALL + 'expect = [{measure = "recovery_seconds", below = 3}]\n',
        "sides: direct: expect: recovery_seconds: there is no happening to recover from",
    ),
    (
        SMALL + 'expect = [{measure = "reconnect_seconds", below = 3}]\n',
        "sides: direct: expect: reconnect_seconds: needs a deploy, kill-writer or kill-reader",
    ),
    (
        SMALL + SMALL[SMALL.index("[[sides]]") :],
        "sides: the name 'direct' is there twice",
    ),
]


@pytest.mark.parametrize(("text", "message"), CONTRADICTIONS)
def test_what_would_crash_or_could_never_hold_is_refused_when_the_file_is_read(text: str, message: str) -> None:
    assert refusal(text) == f"mine.toml: {message}"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("hold_ms = 5", "hold_ms = nan", "services[0].hold_ms"),
        ("[10]", "[inf]", "services[0].transactions_per_second[0]"),
        ("seconds = 1", "seconds = nan", "phases[0].seconds"),
        ('path = "direct"', 'path = "direct"\nexpect = [{measure = "busy", below = nan}]', "sides[0].expect[0].below"),
    ],
)
def test_a_number_that_is_none_is_refused(old: str, new: str, place: str) -> None:
    assert refusal(SMALL.replace(old, new)).startswith(f"mine.toml: {place}: Input should be a finite number, got ")


def test_a_wrong_number_hides_no_contradiction() -> None:
    wrong = SMALL.replace("connections_max = 2", "connections_max = 0")
    wrong += (
        'expect = [{measure = "busy", phase = "spike", below = 1}, {measure = "busy", service = "mail", below = 1}]'
    )
    assert refusal(wrong + "\n[[happenings]]\nat_seconds = 7\nwhat = 'slow'\n").splitlines() == [
        "mine.toml: services[0].connections_max: Input should be greater than or equal to 1, got 0",
        "mine.toml: sides: direct: expect: no phase 'spike'",
        "mine.toml: sides: direct: expect: no service 'mail'",
        "mine.toml: happenings: slow: at_seconds: 7 is after the end of the run (1 s)",
    ]


def test_the_name_of_a_side_is_one_line_of_text() -> None:
    assert refusal(SMALL.replace('name = "direct"', r'name = "a\u0000b"')) == (
        "mine.toml: sides[0].name: must be one line of printable characters"
    )


@pytest.mark.parametrize("text", ["phases = 3", "services = [1, 2]", "sides = [{name = 1}]\nhappenings = 'x'", ""])
def test_a_file_of_another_shape_is_refused_too(text: str) -> None:
    assert "Field required" in refusal(text)


def test_what_is_not_toml_is_said_to_be_none() -> None:
    assert refusal("title = ").startswith("mine.toml: is not TOML: ")


def test_a_file_that_is_nested_without_end_is_one_line() -> None:
    assert refusal("story = " + "[" * 10_000 + "]" * 10_000) == "mine.toml: is nested too deeply for a scenario"
    assert refusal("[[services]]\nhold_ms" + ".a" * 3_000 + " = 1")  # read; whether it can be shown, Python decides


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


@pytest.mark.parametrize(("declared", "half"), [(0, 0), (1, 1), (2, 1), (3, 2), (40, 20)])
def test_a_machine_that_carries_half_runs_half_of_the_instances_and_never_none_of_one(declared: int, half: int) -> None:
    (service,) = scenarios.parse(SMALL.replace("instances = [1]", f"instances = [{declared}]"), "m", "m").services
    assert service.instances_in(0, 0.5) == half
    assert service.instances_in(0, 1.0) == declared
