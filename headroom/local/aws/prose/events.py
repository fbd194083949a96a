"""EventBridge, and RDS's event subscriptions."""

import re
from typing import Any

from headroom.local.aws.naming import parse_json
from headroom.local.aws.prose.metrics import ACTION_ARN
from headroom.local.aws.prose.rds import identifier
from headroom.local.aws.prose.rule import Given, Rule, api
from headroom.local.aws.prose.scaling import cron, rate

_RDS, _EVENTS = "AmazonRDS/latest/APIReference", "eventbridge/latest/APIReference"
SUBSCRIPTION = ("aws:rds/eventSubscription:EventSubscription",)
RULE, TARGET = ("aws:cloudwatch/eventRule:EventRule",), ("aws:cloudwatch/eventTarget:EventTarget",)
_MESSAGES = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html"
_CHANGES = ("configuration change", "creation", "deletion", "failure")
# Aurora's page and RDS's together; types whose categories the pages don't list in full aren't here.
CATEGORIES = {
    "db-cluster": (
        *_CHANGES, "failover", "global failover", "maintenance", "migration", "notification", "read replica",
        "recovery", "restoration", "security patching", "serverless", "backtrack", "global database",
    ),
    "db-instance": (
        *_CHANGES, "availability", "backtrack", "backup", "failover", "global database", "low storage", "maintenance",
        "notification", "read replica", "recovery", "restoration", "security", "security patching", "serverless",
    ),
    "db-parameter-group": ("configuration change",),
    "db-proxy": _CHANGES,
    "db-security-group": ("configuration change", "failure"),
}  # fmt: skip
_SOURCES = (
    *CATEGORIES, "blue-green-deployment", "custom-engine-version", "db-cluster-snapshot", "db-shard-group",
    "db-snapshot", "zero-etl",
)  # fmt: skip
_NAMED_SOURCES = ("db-cluster", "db-instance", "db-proxy")


def _category(value: Any, given: Given) -> bool:
    return value in CATEGORIES.get(given("sourceType"), (value,))


def _source(value: Any, given: Given) -> bool:
    return given("sourceType") not in _NAMED_SOURCES or identifier(value, given)


def _pattern(value: Any, given: Given) -> bool:
    document = parse_json(value)
    return document is None or (isinstance(document, dict) and bool(document) and _lists(document))


def _lists(pattern: Any) -> bool:
    """An event pattern's leaves are lists of what may be there."""
    if isinstance(pattern, dict):
        return all(isinstance(item, list) or (isinstance(item, dict) and _lists(item)) for item in pattern.values())
    return False


RULES = (
    Rule(SUBSCRIPTION, "sourceType", f"must be one of {', '.join(sorted(_SOURCES))}", api(_RDS, "CreateEventSubscription"),
         lambda value, given: value in _SOURCES),
    Rule(SUBSCRIPTION, "sourceIds", "needs sourceType", api(_RDS, "CreateEventSubscription"),
         lambda value, given: not value or given("sourceType") is not None),
    Rule(SUBSCRIPTION, "sourceIds[]", "must be the name of a source: a letter first, then letters, digits and single hyphens",
         api(_RDS, "CreateEventSubscription"), _source),
    Rule(SUBSCRIPTION, "eventCategories[]", "is no category of the source type", _MESSAGES, _category),
    Rule(SUBSCRIPTION, "name", "must have fewer than 255 letters, digits and hyphens",
         api(_RDS, "CreateEventSubscription"),
         lambda value, given: re.fullmatch(r"[a-zA-Z0-9-]{1,254}", value) is not None),
    Rule(RULE, "eventPattern", "must be an object whose fields are lists, or objects of such",
         "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html", _pattern),
    Rule(RULE, "scheduleExpression", "must be rate(value unit) or cron(with six fields)", api(_EVENTS, "PutRule"),
         lambda value, given: rate(value) or cron(value)),
    Rule(TARGET, "arn", "must be an ARN", api(_EVENTS, "Target"),
         lambda value, given: ACTION_ARN.fullmatch(value) is not None),
    Rule(TARGET, "input", "must be JSON", api(_EVENTS, "Target"),
         lambda value, given: parse_json(value) is not None or value == "null"),
    Rule(TARGET, "input", "must not be given with inputPath or inputTransformer", api(_EVENTS, "Target"),
         lambda value, given: given("inputPath") is None and given("inputTransformer") is None),
)  # fmt: skip
