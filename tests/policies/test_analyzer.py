import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel
from pulumi_policy import policy as sdk

from policies import pack
from policies.analyzer import ReadOnce, RulePolicy
from policies.exemptions import RULE as EXEMPTIONS
from policies.pack import all_rules
from policies.reading import resources
from policies.reading.aurora import Reading
from policies.rule import ADVISORY, Finding, Rule
from tests.policies.declared import Declared, shop


def crash(reading: Reading) -> Iterator[Finding]:
    yield Finding(urn=reading.clusters[0].urn, found="half of it", allowed="", remedy="")
    raise ZeroDivisionError("the rule's own bug")


def served(*rules: Rule) -> Any:
    return ReadOnce("headroom", "0.1.0", [RulePolicy(rule) for rule in rules], EnforcementLevel.MANDATORY)


def analyze(servicer: Any, declared: Declared) -> list[Any]:
    request = proto.AnalyzeStackRequest(resources=declared.messages())
    return list(servicer.AnalyzeStack(request, None).diagnostics)


@pytest.mark.clock
@pytest.mark.parametrize("level", [EnforcementLevel.MANDATORY, ADVISORY])
def test_a_rule_that_crashes_is_reported_at_its_level_and_the_others_still_run(level: EnforcementLevel) -> None:
    demand_fits, *_, encrypted = (r for r in all_rules() if r.id in {"conn-demand-fits", "sec-encrypted-private"})
    broken = replace(demand_fits, check=crash, prod=level)
    found = analyze(served(broken, encrypted), shop().change("shop", storage_encrypted=False))
    line = inspect.getsourcelines(crash)[1] + 2
    assert found[0].message == (
        f"{broken.title}\n[conn-demand-fits] the rule itself failed: ZeroDivisionError: the rule's own bug "
        f"({__file__}:{line}); a rule that doesn't end proves nothing, so this counts as a violation; report it with "
        "this line, and until it is fixed set conn-demand-fits to advisory in the policy config"
    )
    assert found[0].enforcementLevel == (proto.MANDATORY if level is EnforcementLevel.MANDATORY else proto.ADVISORY)
    assert [d.policyName for d in found] == ["conn-demand-fits", "sec-encrypted-private"]


@pytest.mark.clock
def test_the_stack_is_decoded_once_for_all_rules_and_only_what_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    original = resources._resource

    def counted(message: Any) -> resources.Resource:
        decoded.append(message.urn)
        return original(message)

    monkeypatch.setattr(resources, "_resource", counted)
    declared = shop().add("aws:s3/bucket:Bucket", "unread", versioning={"enabled": True})
    assert analyze(served(*all_rules()), declared) == []
    assert len(decoded) == len(set(decoded)) == len(declared.resources()) - 2  # not the bucket, not the parent


@pytest.mark.clock
def test_a_stack_that_cannot_be_read_at_all_is_reported_by_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(messages: object) -> None:
        raise RuntimeError("unreadable")

    monkeypatch.setattr(resources.Resources, "from_message", broken)
    assert [d.policyName for d in analyze(served(*all_rules()), shop())] == [
        *(rule.id for rule in all_rules() if rule.id != EXEMPTIONS),
        EXEMPTIONS,
    ]


def test_the_sdk_still_has_the_private_parts_that_the_pack_builds_on() -> None:
    assert set(inspect.signature(sdk._PolicyAnalyzerServicer.__init__).parameters) >= {"name", "version", "policies"}
    for name in ("AnalyzeStack", "Configure", "_get_enforcement_level", "_get_policy_config"):
        assert callable(getattr(sdk._PolicyAnalyzerServicer, name))
    assert list(inspect.signature(sdk._PolicyAnalyzerServicer._create_report_violation).parameters) == [
        "self",
        "response",
        "policy_name",
        "policy_description",
        "enforcement_level",
        "severity",
    ]
    assert "_PolicyAnalyzerServicer(" in inspect.getsource(sdk.PolicyPack)


def test_under_a_servicer_that_is_not_ours_the_rules_fail_instead_of_passing() -> None:
    policies: list[Any] = [RulePolicy(all_rules()[0])]
    plain: Any = sdk._PolicyAnalyzerServicer("headroom", "0.1.0", policies, EnforcementLevel.MANDATORY)
    with pytest.raises(NotImplementedError):
        plain.AnalyzeStack(proto.AnalyzeStackRequest(), None)


def test_the_pack_is_found_by_name() -> None:
    assert pack.NAME == "headroom"
