"""KMS, IAM, Secrets Manager, SNS."""

import re
from typing import Any

from headroom.local.aws.documents import actions
from headroom.local.aws.naming import parse_json
from headroom.local.aws.prose.rule import Given, Rule, api, full

KEY, ALIAS = ("aws:kms/key:Key",), ("aws:kms/alias:Alias",)
POLICY, SECRET = ("aws:iam/rolePolicy:RolePolicy",), ("aws:secretsmanager/secret:Secret",)
TOPIC, SUBSCRIPTION = ("aws:sns/topic:Topic",), ("aws:sns/topicSubscription:TopicSubscription",)
TOPIC_POLICY = ("aws:sns/topicPolicy:TopicPolicy",)
_KMS, _SNS, _SECRETS = "kms/latest/APIReference", "sns/latest/api", "secretsmanager/latest/apireference"
_INLINE = 10240  # characters, white space not counted
_ARN = r"arn:aws[a-z-]*:"
_ENDPOINTS = {
    "http": r"http://.+",
    "https": r"https://.+",
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "email-json": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "sms": r"\+?[0-9() -]{4,}",
    "sqs": _ARN + r"sqs:[^:]+:\d{12}:.+",
    "application": _ARN + r"sns:[^:]+:\d{12}:endpoint/.+",
    "lambda": _ARN + r"lambda:[^:]+:\d{12}:function:.+",
    "firehose": _ARN + r"firehose:[^:]+:\d{12}:deliverystream/.+",
}


def _leaves_a_way_in(value: Any, given: Given) -> bool:
    if given("bypassPolicyLockoutSafetyCheck"):
        return True
    document = parse_json(value)
    if not isinstance(document, dict):
        return True  # said elsewhere
    statements = document.get("Statement", [])
    allowing = [one for one in (statements if isinstance(statements, list) else [statements]) if isinstance(one, dict)]
    document = {"Statement": [one for one in allowing if one.get("Effect") == "Allow"]}
    if any("NotAction" in one for one in document["Statement"]):
        return True
    patterns = (re.escape(action.lower()).replace(r"\*", ".*").replace(r"\?", ".") for _, action in actions(document))
    return any(re.fullmatch(pattern, "kms:putkeypolicy") for pattern in patterns)


def _only_sns(value: Any, given: Given) -> bool:
    return all(re.match(r"\*|sns:", action, re.IGNORECASE) for _, action in actions(parse_json(value)))


def _reaches(value: Any, given: Given) -> bool:
    pattern = _ENDPOINTS.get(given("protocol"))
    return pattern is None or re.fullmatch(pattern, value) is not None


def _topic(value: Any, given: Given) -> bool:
    stem = value.removesuffix(".fifo") if given("fifoTopic") else value
    return re.fullmatch(r"[A-Za-z0-9_-]{1,256}", stem) is not None and (stem != value or not given("fifoTopic"))


RULES = (
    Rule(ALIAS, "name", "must be alias/ and letters, digits, / _ -", api(_KMS, "CreateAlias"),
         full(r"alias/[a-zA-Z0-9/_-]+")),
    Rule(ALIAS, "name", "must not begin with alias/aws/: that is AWS's own", api(_KMS, "CreateAlias"),
         lambda value, given: not value.startswith("alias/aws/")),
    Rule(KEY, "policy", "must allow somebody kms:PutKeyPolicy, or nobody could ever change it again",
         api(_KMS, "CreateKey"), _leaves_a_way_in),
    Rule(KEY, "rotationPeriodInDays", "needs enableKeyRotation: true", api(_KMS, "EnableKeyRotation"),
         lambda value, given: bool(given("enableKeyRotation"))),
    Rule(POLICY, "policy", "must have at most 10,240 characters without white space: all inline policies of a role",
         "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
         lambda value, given: len(re.sub(r"\s", "", value)) <= _INLINE),
    Rule(SECRET, "name", "must have 1 to 512 letters, digits and / _ + = . @ -", api(_SECRETS, "CreateSecret"),
         full(r"[A-Za-z0-9/_+=.@-]{1,512}")),
    Rule(SECRET, "recoveryWindowInDays", "must be 0 (no recovery) or 7 to 30 days", api(_SECRETS, "DeleteSecret"),
         lambda value, given: value == 0 or 7 <= value <= 30),
    Rule(TOPIC, "name", "must have 1 to 256 letters, digits, _ and -, and end with .fifo if it is a FIFO topic",
         api(_SNS, "CreateTopic"), _topic),
    Rule((*TOPIC, *TOPIC_POLICY), "policy", "must name actions of SNS only", api(_SNS, "SetTopicAttributes"), _only_sns),
    Rule(SUBSCRIPTION, "protocol", f"must be one of {', '.join(_ENDPOINTS)}", api(_SNS, "Subscribe"),
         lambda value, given: value in _ENDPOINTS),
    Rule(SUBSCRIPTION, "endpoint", "is not of the protocol's form", api(_SNS, "Subscribe"), _reaches),
    Rule(SUBSCRIPTION, "rawMessageDelivery", "is for http, https, sqs and firehose only", api(_SNS, "Subscribe"),
         lambda value, given: not value or given("protocol") not in ("email", "email-json", "sms", "application", "lambda")),
)  # fmt: skip
