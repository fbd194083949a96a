"""Tags: the limits that all services share."""

from typing import Any

from headroom.local.aws.prose.rule import Given, Rule
from headroom.local.aws.registry_names import COUNTERPARTS
from headroom.local.aws.values import is_unknown

_PAGE = "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"
_WITHOUT = frozenset(
    {
        "aws:appautoscaling/policy:Policy",
        "aws:appautoscaling/scheduledAction:ScheduledAction",
        "aws:cloudwatch/dashboard:Dashboard",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:kms/alias:Alias",
        "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup",
        "aws:rds/proxyTarget:ProxyTarget",
        "aws:secretsmanager/secretPolicy:SecretPolicy",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
    }
)
TAGGED = tuple(token for token in COUNTERPARTS if token not in _WITHOUT)


def _keys(value: Any, given: Given) -> bool:
    return all(1 <= len(key) <= 128 and not key.lower().startswith("aws:") for key in value)


def _values(value: Any, given: Given) -> bool:
    return all(is_unknown(item) or len(item) <= 256 for item in value.values())


RULES = (
    Rule(TAGGED, "tags", "must have keys of 1 to 128 characters that don't begin with aws:", _PAGE, _keys),
    Rule(TAGGED, "tags", "must have values of at most 256 characters", _PAGE, _values),
    Rule(TAGGED, "tags", "must be at most 50", _PAGE, lambda value, given: len(value) <= 50),
)
