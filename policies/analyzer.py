"""The pack's end of the engine's wire: the SDK's server, but the stack is read once instead of once for each policy.

The SDK decodes every property of every resource again for every policy: 15 policies that do nothing cost a second on 60
resources. It also knows one level for all that a policy says, and lets a crash in one policy end all the others. So
`AnalyzeStack` and `Configure` are our own here; the rest is the SDK's. The SDK's class is private: its version is
pinned, and a test fails when it moves.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import grpc
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel, PolicyConfigSchema, StackValidationPolicy
from pulumi_policy import policy as sdk

from headroom import clock
from headroom.errors import UserError
from policies.configuration import applied, errors_of, schema
from policies.exemptions import KEY, Exemptions
from policies.exemptions import RULE as EXEMPTIONS
from policies.judge import judge
from policies.reading.aurora import Reading
from policies.reading.resources import Resources
from policies.rule import MANDATORY, Rule

Message: TypeAlias = Any  # of protobuf, whose classes are made at run time


class RulePolicy(StackValidationPolicy):
    """One rule as one Pulumi policy, so that the engine lists, configures and reports it by its id."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(
            name=rule.id,
            description=rule.title,
            enforcement_level=rule.prod,
            remediation_steps=rule.remedy,
            config_schema=PolicyConfigSchema(schema(rule)),
        )
        self.rule = rule


class ReadOnce(sdk._PolicyAnalyzerServicer):  # noqa: SLF001  (see the module's text)
    """The SDK's servicer with one reading of the stack for all rules."""

    @property
    def _rules(self) -> Sequence[RulePolicy]:
        return self._PolicyAnalyzerServicer__policies  # type: ignore[attr-defined, no-any-return]

    def Configure(self, request: Message, context: grpc.ServicerContext) -> Message:  # noqa: N802  (the protocol's)
        """Refuse a key that no rule has, which the engine itself would ignore, and values that can't be."""
        given = {name: MessageToDict(config.properties) for name, config in request.policyConfig.items()}
        errors = errors_of(given, [policy.rule for policy in self._rules])
        if errors:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "\n".join(errors))
        return super().Configure(request, context)  # type: ignore[no-untyped-call]

    def AnalyzeStack(self, request: Message, context: grpc.ServicerContext) -> Message:  # noqa: N802
        """Every rule on one reading of the stack."""
        try:
            now = clock.now()
        except UserError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        policies = {policy.name: policy for policy in self._rules}
        entries = {name: self._get_policy_config(name) or {} for name in policies}
        exempt = Exemptions(entries.get(EXEMPTIONS, {}).get(KEY, []), policies, now.date())
        how = {name: applied(policy.rule, self._level(policy), entries[name]) for name, policy in policies.items()}
        rules = [policy.rule for policy in self._rules]
        response = proto.AnalyzeResponse()
        for verdict in judge(rules, lambda: Reading(Resources.from_message(request.resources), now), how, exempt):
            policy = policies[verdict.rule.id]
            report = self._create_report_violation(  # the SDK's, with its wording
                response, policy.name, policy.description, verdict.level, policy.severity
            )
            report(verdict.message, verdict.urn)
        return response

    def _level(self, policy: RulePolicy) -> EnforcementLevel:
        level = self._get_enforcement_level(policy)
        return MANDATORY if level is EnforcementLevel.REMEDIATE else level  # a stack can't be remediated; as the SDK
