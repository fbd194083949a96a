from collections.abc import Mapping
from typing import Any

import pytest

from policies.configuration import interpret
from policies.exemptions import KEY, Exemptions
from policies.exemptions import RULE as EXEMPTIONS
from policies.judge import Verdict, judge
from policies.pack import all_rules
from tests.policies.declared import NOW, Declared, Ref, shop

URN = "urn:pulumi:test::shop::headroom:index:Shop$aws:rds/cluster:Cluster::shop"
EXEMPT = {
    "rule": "sec-encrypted-private",
    "urn": URN,
    "reason": "restored from a snapshot on Monday",
    "owner": "payments",
    "expires": "2026-12-31",
}
SAID = "the storage of the cluster shop is not encrypted; storageEncrypted has to be true"


def verdicts(declared: Declared, config: Mapping[str, Any] | None = None) -> list[Verdict]:
    how, exemptions = interpret(config or {}, all_rules())
    listed = Exemptions(exemptions, [r.id for r in all_rules()], NOW.date())
    return list(judge(all_rules(), declared.reading, how, listed))


def told(declared: Declared, config: Mapping[str, Any] | None = None) -> list[tuple[str, str, str]]:
    return [(v.rule.id, v.level.value, v.why) for v in verdicts(declared, config)]


def test_an_exempted_finding_stays_visible_as_advice_with_reason_owner_and_date() -> None:
    open_ = shop().change("shop", storage_encrypted=False)
    (verdict,) = verdicts(open_, {EXEMPTIONS: {KEY: [EXEMPT]}})
    assert (verdict.rule.id, verdict.level.value, verdict.why) == ("sec-encrypted-private", "advisory", "exempt")
    assert verdict.message == (
        f"[sec-encrypted-private] exempt until 2026-12-31 by payments: restored from a snapshot on Monday ({SAID})"
    )


@pytest.mark.parametrize("change", [{"expires": "2026-10-31"}, {"reason": ""}, {"owner": " "}])
def test_an_exemption_that_is_not_valid_leaves_the_violation_and_adds_its_own(change: Mapping[str, str]) -> None:
    open_ = shop().change("shop", storage_encrypted=False)
    assert told(open_, {EXEMPTIONS: {KEY: [{**EXEMPT, **change}]}}) == [
        ("sec-encrypted-private", "mandatory", "violation"),
        ("hyg-exemption-valid", "mandatory", "violation"),
    ]


@pytest.mark.parametrize("change", [{"urn": "*::other"}, {"rule": "scal-bounds"}])
def test_an_exemption_for_something_else_leaves_the_violation_and_is_advised_about(change: Mapping[str, str]) -> None:
    open_ = shop().change("shop", storage_encrypted=False)
    assert told(open_, {EXEMPTIONS: {KEY: [{**EXEMPT, **change}]}}) == [
        ("sec-encrypted-private", "mandatory", "violation"),
        ("hyg-exemption-valid", "advisory", "advice"),
    ]


def test_what_is_unproven_and_what_is_advice_can_be_exempt_too() -> None:
    unknown = shop().change("shop", storage_encrypted=Ref("stack"))
    assert told(unknown, {EXEMPTIONS: {KEY: [EXEMPT]}}) == [("sec-encrypted-private", "advisory", "exempt")]


def test_an_exemption_of_what_is_unknown_in_the_preview_does_not_fail_the_update_at_its_end() -> None:
    config = {EXEMPTIONS: {KEY: [EXEMPT]}}
    preview = shop().change("shop", storage_encrypted=Ref("stack"))
    assert told(preview, config) == [("sec-encrypted-private", "advisory", "exempt")]
    end = shop().change("shop", storage_encrypted=True)
    assert told(end, config) == [("hyg-exemption-valid", "advisory", "advice")]


def test_an_exemption_for_a_disabled_rule_matches_nothing() -> None:
    open_ = shop().change("shop", storage_encrypted=False)
    config = {"sec-encrypted-private": "disabled", EXEMPTIONS: {KEY: [EXEMPT]}}
    assert told(open_, config) == [("hyg-exemption-valid", "advisory", "advice")]


def test_a_setting_changes_what_the_rule_says() -> None:
    wide = shop().change("pool", connection_pool_config={"max_connections_percent": 60, "connection_borrow_timeout": 2})
    percent = ("conn-pool-percent-max", "advisory", "advice")
    assert percent not in told(wide)
    assert percent in told(wide, {"conn-pool-percent-max": {"note_above_percent": 59}})
