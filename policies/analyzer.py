"""The pack's end of the engine's wire: the SDK's server, but the stack is read once instead of once for each policy.

The SDK decodes every property of every resource again for every policy: 15 policies that do nothing cost a second on 60
resources. It also knows one level for all that a policy says, and lets a crash in one policy end all the others. So
`AnalyzeStack` and `Configure` are our own here; the rest is the SDK's. The SDK's class is private: its version is pinned,
and a test fails when it moves.
"""

import traceback
from collections.abc import Sequence
from typing import Any

import grpc
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, PolicyConfigSchema, StackValidationPolicy
from pulumi_policy import policy as sdk

from policies.levels import refuse_unknown_keys
from policies.reading.aurora import Reading
from policies.reading.resources import Resources
from policies.rule import ADVISORY, DISABLED, MANDATORY, Finding, Kind, Rule

#: The only setting of a rule: is "cannot be proven safe" a violation, or advice?
UNKNOWN_SETTING = "unknown"
REFUSE, ADVISE = "refuse", "advise"


class RulePolicy(StackValidationPolicy):
    """One rule as one Pulumi policy, so that the engine lists, configures and reports it by its id."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(
            name=rule.id,
            description=rule.title,
            enforcement_level=rule.prod,
            remediation_steps=rule.remedy,
            config_schema=PolicyConfigSchema({UNKNOWN_SETTING: {"enum": [REFUSE, ADVISE], "default": REFUSE}}),
        )
        self.rule = rule


class ReadOnce(sdk._PolicyAnalyzerServicer):  # noqa: SLF001  (see the module's text)
    """The SDK's servicer with one reading of the stack for all rules."""

    _rules: Sequence[RulePolicy] = ()

    def __init__(self, name: str, version: str, policies: list[RulePolicy], *args: Any, **kwargs: Any) -> None:
        super().__init__(name, version, policies, *args, **kwargs)
        self._rules = policies

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802  (the protocol's name)
        """Refuse a key that no rule has; the engine itself would ignore it."""
        given = {name: set(config.properties.fields) for name, config in request.policyConfig.items()}
        errors = refuse_unknown_keys(given, [policy.rule for policy in self._rules])
        if errors:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "\n".join(errors))
        return super().Configure(request, context)

    def AnalyzeStack(self, request: Any, _context: grpc.ServicerContext) -> Any:  # noqa: N802
        response = proto.AnalyzeResponse()
        reading: Reading | None = None
        for policy in self._rules:
            level = self._get_enforcement_level(policy)
            if level is DISABLED:
                continue
            if level is EnforcementLevel.REMEDIATE:
                level = MANDATORY  # a stack can't be remediated; as the SDK does
            try:
                reading = reading or Reading(Resources.from_message(request.resources))
                findings = list(policy.rule.check(reading))
            except Exception as error:  # noqa: BLE001  one rule's bug must not hide what the others find
                self._reporter(response, policy, level)(_crashed(policy.rule, error))
                continue
            config = self._get_policy_config(policy.name) or {}
            for finding in findings:
                report = self._reporter(response, policy, _level(finding, level, config.get(UNKNOWN_SETTING, REFUSE)))
                report(policy.rule.message(finding), finding.urn)
        return response

    def _reporter(self, response: Any, policy: RulePolicy, level: EnforcementLevel) -> Any:
        return self._create_report_violation(response, policy.name, policy.description, level, policy.severity)


def _level(finding: Finding, level: EnforcementLevel, unknown: str) -> EnforcementLevel:
    if finding.kind is Kind.ADVICE or (finding.kind is Kind.UNPROVEN and unknown == ADVISE):
        return ADVISORY
    return level


def _crashed(rule: Rule, error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"[{rule.id}] the rule itself failed: {type(error).__name__}: {error} ({where.filename}:{where.lineno}); "
        "a rule that doesn't end proves nothing, so this counts as a violation; report it with this line, "
        f"and until it is fixed set {rule.id} to advisory in the policy config"
    )
