from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from headroom import clock
from policies.pack import all_rules
from tests.days import Day
from tests.policies.declared import CHECKOUT, GREEDY, Ref, demand_of, shop
from tests.policies.harness import PACK, Pack, running

pytestmark = pytest.mark.clock("29-february", "ten-years-ahead")


@pytest.fixture(scope="module")
def packs() -> Iterator[Callable[[Day], Pack]]:
    """One pack for each day."""
    started: dict[Day, Pack] = {}
    with ExitStack() as until_done:

        def of(day: Day) -> Pack:
            if day not in started:
                started[day] = until_done.enter_context(running())
            return started[day]

        yield of


@pytest.fixture
def pack(packs: Callable[[Day], Pack], day: Day) -> Pack:
    return packs(day)


@pytest.fixture(autouse=True)
def _as_strict_as_prod(pack: Pack) -> None:
    pack.configure_environment("prod")


def test_the_engine_sees_one_policy_for_each_rule_with_prods_level(pack: Pack) -> None:
    levels = {0: "advisory", 1: "mandatory", 2: "disabled"}
    info = pack.info()
    assert info.name == "headroom"
    assert {p.name: levels[p.enforcementLevel] for p in info.policies} == {r.id: r.prod.value for r in all_rules()}
    assert all(p.description and p.remediation_steps for p in info.policies)


def test_without_a_config_a_breach_is_as_bad_as_in_prod() -> None:
    with running() as fresh:
        assert fresh.analyze_stack(shop().change("shop", storage_encrypted=False).messages()) == [
            (
                "sec-encrypted-private",
                "mandatory",
                "shop",
                "[sec-encrypted-private] the storage of the cluster shop is not encrypted; storageEncrypted has to be "
                "true; set storageEncrypted, best with a KMS key of your own (this replaces the cluster: restore it "
                "from an encrypted snapshot)",
            )
        ]


def test_a_safe_stack_is_never_refused(pack: Pack) -> None:
    for environment in ("prod", "staging", "dev"):
        pack.configure_environment(environment)
        assert pack.analyze_stack(shop().messages()) == []


def test_an_empty_stack_has_nothing_to_refuse(pack: Pack) -> None:
    assert pack.analyze_stack([]) == []


def test_single_resources_are_left_to_the_stacks_analysis(pack: Pack) -> None:
    for message in shop().change("shop", storage_encrypted=False).messages():
        assert pack.analyze(message) == []


def test_an_unknown_value_hides_no_other_violation(pack: Pack) -> None:
    declared = (
        shop().change("shop", storage_encrypted=False).change("readers", max_capacity=Ref("stack"), min_capacity=2)
    )
    found = {(rule, level, name) for rule, level, name, _ in pack.analyze_stack(declared.messages())}
    assert found == {
        ("sec-encrypted-private", "mandatory", "shop"),
        ("scal-bounds", "mandatory", "readers"),
        ("conn-demand-fits", "mandatory", "readers"),
    }


@pytest.mark.parametrize(
    ("environment", "level"), [("prod", "mandatory"), ("staging", "advisory"), ("dev", "advisory")]
)
def test_what_cannot_be_proven_is_refused_in_prod_and_noted_elsewhere(pack: Pack, environment: str, level: str) -> None:
    pack.configure_environment(environment)
    declared = shop().change("shop", storage_encrypted=Ref("stack"))
    assert pack.analyze_stack(declared.messages()) == [
        (
            "sec-encrypted-private",
            level,
            "shop",
            "[sec-encrypted-private] storageEncrypted of shop is known only after the update; so this cannot be proven "
            "safe; give it as a value that is known before the update",
        )
    ]


def test_advice_of_a_mandatory_rule_is_advisory(pack: Pack) -> None:
    limit = {"name": "max_connections", "value": "2000", "apply_method": "pending-reboot"}
    declared = shop().change("parameters", parameters=[limit])
    declared.change("pool", connection_pool_config={"max_connections_percent": 3, "connection_borrow_timeout": 2})
    found = [(rule, level, name) for rule, level, name, _ in pack.analyze_stack(declared.messages())]
    assert ("conn-max-connections-bounds", "advisory", "shop") in found
    assert {level for _, level, _ in found} == {"advisory"}


def test_a_disabled_rule_says_nothing(pack: Pack) -> None:
    declared = shop().change(
        "pool", connection_pool_config={"max_connections_percent": 30, "connection_borrow_timeout": 5}
    )
    assert "conn-borrow-timeout" in {rule for rule, *_ in pack.analyze_stack(declared.messages())}
    pack.configure_environment("dev")
    assert pack.analyze_stack(declared.messages()) == []


def test_several_clusters_in_one_stack_are_judged_by_their_own_demand(pack: Pack) -> None:
    safe, broken = shop("safe-"), shop("broken-").change("broken-budget", demand=demand_of(CHECKOUT, GREEDY))
    found = pack.analyze_stack([*safe.messages(), *broken.messages()])
    assert {name for _, _, name, _ in found} == {"broken-shop-1", "broken-shop-2"}
    assert {rule for rule, *_ in found} == {"alrm-reachable", "conn-cpu-cap", "conn-demand-fits", "conn-memory"}


def test_a_config_key_that_no_rule_has_is_refused(pack: Pack) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        pack.configure({"conn-demand-fit": {}, "scal-bounds": {"highest": 5}})
    assert refused.value.details() == (
        "conn-demand-fit: there is no such rule: did you mean conn-demand-fits?\n"
        "scal-bounds.highest: there is no such setting: use enforcementLevel or unknown"
    )


@pytest.mark.parametrize("flags", [("-P",), ()], ids=["our language host", "the vendor's"])
def test_the_pack_runs_from_a_foreign_project_that_has_policies_of_its_own(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    for name in ("policies", "headroom", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('the wrong one')\n")
    with running(project=tmp_path, flags=flags) as foreign:
        assert foreign.analyze_stack(shop().messages()) == []


def test_the_pack_runs_from_within_its_own_folder() -> None:
    with running(project=PACK) as pack:
        assert pack.analyze_stack(shop().messages()) == []


def test_a_wrong_shift_of_the_clock_judges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "soon")
    with running() as fresh, pytest.raises(grpc.RpcError) as caught:
        fresh.analyze_stack(shop().messages())
    assert caught.value.details() == (
        "HEADROOM_CLOCK_SHIFT_SECONDS: must be a whole number of seconds, such as 86400 or -3600, got 'soon'"
    )


def test_an_interrupted_pack_ends_by_itself() -> None:
    with running() as pack:
        pack.analyze_stack(shop().messages())
        code, _ = pack.interrupt()
    assert code == 0
