"""Clusters, parameter groups, subnet groups and event subscriptions in moto."""

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.rds import models as rds
from moto.rds import responses as rds_responses

from headroom.local.moto_extension.wrap import wrap

_Responses = rds_responses.RDSResponse


def install() -> None:
    """Add what is missing, and mend what is wrong."""
    _clusters()
    _groups()
    _subscriptions()


def _clusters() -> None:
    def delete(original: Callable[..., Any], self: Any, cluster_identifier: str, snapshot_name: str | None = None) -> Any:
        cluster = original(self, cluster_identifier, snapshot_name)
        for name, snapshot in list(self.cluster_snapshots.items()):  # else the same name again, within the minute, is refused
            if name.startswith(f"rds:{cluster_identifier}-") and snapshot.snapshot_type == "automated":
                del self.cluster_snapshots[name]
        return cluster

    wrap(rds.RDSBackend, "delete_db_cluster", delete)


def _groups() -> None:
    def modify_subnets(original: Callable[..., Any], self: Any, subnet_name: str, description: str, subnets: list[Any]) -> Any:
        group = original(self, subnet_name, description, subnets)
        self.subnet_groups[subnet_name] = group  # moto loses the group that it modifies
        return group

    def reset(self: Any) -> ActionResult:
        name = self.params.get("DBClusterParameterGroupName")
        groups = self.backend.db_cluster_parameter_groups if name else self.backend.db_parameter_groups
        name = name or self.params["DBParameterGroupName"]
        for parameter in self.params.get("Parameters", []):
            groups[name].parameters.pop(parameter["ParameterName"], None)
        return ActionResult({"DBParameterGroupName": name, "DBClusterParameterGroupName": name})

    wrap(rds.RDSBackend, "modify_db_subnet_group", modify_subnets)
    _Responses.reset_db_parameter_group = reset  # type: ignore[attr-defined]
    _Responses.reset_db_cluster_parameter_group = reset  # type: ignore[attr-defined]


def _subscriptions() -> None:
    def modify(self: Any) -> ActionResult:
        subscription = _subscription(self)
        for member, attribute in (("SnsTopicArn", "sns_topic_arn"), ("SourceType", "source_type"), ("Enabled", "enabled"),
                                  ("EventCategories", "event_categories")):
            if member in self.params:
                setattr(subscription, attribute, self.params[member])
        return ActionResult({"EventSubscription": subscription})

    def add_source(self: Any) -> ActionResult:
        subscription = _subscription(self)
        subscription.source_ids = [*subscription.source_ids, self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": subscription})

    def remove_source(self: Any) -> ActionResult:
        subscription = _subscription(self)
        subscription.source_ids = [source for source in subscription.source_ids if source != self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": subscription})

    _Responses.modify_event_subscription = modify  # type: ignore[attr-defined]
    _Responses.add_source_identifier_to_subscription = add_source  # type: ignore[attr-defined]
    _Responses.remove_source_identifier_from_subscription = remove_source  # type: ignore[attr-defined]


def _subscription(response: Any) -> Any:
    return next(iter(response.backend.describe_event_subscriptions(response.params["SubscriptionName"])))
