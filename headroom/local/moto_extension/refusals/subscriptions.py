"""RDS's event subscriptions: their topic, sources and categories."""

from typing import Any

from moto.sns.models import sns_backends

from headroom.local.moto_extension.refusals.rds import before, identifier, refuse

# Aurora User Guide, USER_Events.Messages: the categories of what a stack of this kind subscribes to.
_CATEGORIES = {
    "db-cluster": {
        *("configuration change", "creation", "deletion", "failover", "failure", "global-failover", "maintenance"),
        *("migration", "notification", "recovery", "read replica", "security patching", "serverless"),
    },
    "db-instance": {
        *("availability", "backtrack", "backup", "configuration change", "creation", "deletion", "failover", "failure"),
        *("low storage", "maintenance", "notification", "read replica", "recovery", "restoration", "security"),
        "security patching",
    },
    "db-proxy": {"configuration change", "creation", "deletion", "failure"},
}
_SOURCES = {
    "db-cluster": "clusters",
    "db-instance": "databases",
    "db-proxy": "db_proxies",
    "db-parameter-group": "db_parameter_groups",
}
_TYPES = (
    *_SOURCES,
    *("db-security-group", "db-snapshot", "db-cluster-snapshot", "custom-engine-version", "blue-green-deployment"),
    *("db-shard-group", "zero-etl"),
)


def install() -> None:
    """Put the checks before the operations."""
    before("create_event_subscription", identifier("SubscriptionName", 255), _topic, _type, _categories, _sources)
    before("modify_event_subscription", _topic, _type, _categories)
    before("add_source_identifier_to_subscription", _source)


def _topic(request: Any) -> None:
    topic = request.params.get("SnsTopicArn")
    if topic and topic not in sns_backends[request.current_account][request.region].topics:
        refuse("SNSTopicArnNotFound", f"SNS topic ARN does not exist: {topic}")


def _type(request: Any) -> None:
    kind = request.params.get("SourceType")
    if kind and kind not in _TYPES:
        refuse("InvalidParameterValue", f"Invalid source type: {kind}. Must be one of {', '.join(_TYPES)}.")
    if request.params.get("SourceIds") and not kind:
        refuse("InvalidParameterCombination", "SourceIds need a SourceType.")


def _categories(request: Any) -> None:
    kind = _kind(request)
    for category in request.params.get("EventCategories") or ():
        if kind in _CATEGORIES and category not in _CATEGORIES[kind]:
            refuse("SubscriptionCategoryNotFound", f"{category} is not a category of {kind}.")


def _sources(request: Any) -> None:
    for name in request.params.get("SourceIds") or ():
        _find(request, name)


def _source(request: Any) -> None:
    _find(request, request.params["SourceIdentifier"])


def _find(request: Any, name: str) -> None:
    kind = _kind(request)
    if kind in _SOURCES and name not in getattr(request.backend, _SOURCES[kind]):
        refuse("SourceNotFound", f"Could not find source: {name}")


def _kind(request: Any) -> str:
    """The source type of the request, or of the subscription that it changes."""
    subscription = request.backend.event_subscriptions.get(request.params.get("SubscriptionName") or "")
    return str(request.params.get("SourceType") or getattr(subscription, "source_type", "") or "")
