"""The pack's end of the engine's wire: the SDK's server, but the stack is read once instead of once for each policy.

The SDK decodes every property of every resource again for every policy: 15 policies that do nothing cost a second on 60
resources. It also knows one level for all that a policy says, and lets a crash in one policy end all the others. So
`AnalyzeStack` and `Configure` are our own here; the rest is the SDK's. The SDK's class is private: its version is
pinned, and a test fails when it moves.
"""

import traceback
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

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

Message: TypeAlias = Any  # of protobuf, whose classes are made at run time


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

    @property
    def _rules(self) -> Sequence[RulePolicy]:
        return self._PolicyAnalyzerServicer__policies  # type: ignore[attr-defined, no-any-return]

    def Configure(self, request: Message, context: grpc.ServicerContext) -> Message:  # noqa: N802  (the protocol's)
        """Refuse a key that no rule has; the engine itself would ignore it."""
        given = {name: set(config.properties.fields) for name, config in request.policyConfig.items()}
        errors = refuse_unknown_keys(given, [policy.rule for policy in self._rules])
        if errors:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "\n".join(errors))
        return super().Configure(request, context)  # type: ignore[no-untyped-call]

    def AnalyzeStack(self, request: Message, _context: grpc.ServicerContext) -> Message:  # noqa: N802
        """Every rule on one reading of the stack."""
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

    def _reporter(self, response: Message, policy: RulePolicy, level: EnforcementLevel) -> Callable[..., None]:
        return self._create_report_violation(  # the SDK's, with its wording
            response, policy.name, policy.description, level, policy.severity
        )


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
