"""Clusters, parameter groups, subnet groups and event subscriptions in moto."""

import functools
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.rds import models as rds
from moto.rds import responses as rds_responses
from moto.rds.exceptions import DBClusterNotFoundError

from headroom.local.moto_extension.wrap import wrap

_Responses = rds_responses.RDSResponse


def install() -> None:
    """Add what is missing, and mend what is wrong."""
    _clusters()
    _groups()
    _subscriptions()


# Settings that moto's constructors ignore, by the attribute from which moto would answer them.
_REMEMBERED = {
    "enable_performance_insights": "performance_insights_enabled",
    **{
        name: name
        for name in (
            "performance_insights_kms_key_id",
            "performance_insights_retention_period",
            "database_insights_mode",
            "monitoring_interval",
            "monitoring_role_arn",
        )
    },
}


def _remember(resource: Any, settings: dict[str, Any]) -> None:
    for parameter, attribute in _REMEMBERED.items():
        if settings.get(parameter) is not None:
            setattr(resource, attribute, settings[parameter])


def _clusters() -> None:
    def create(original: Callable[..., Any], self: Any, kwargs: dict[str, Any]) -> Any:
        settings = dict(kwargs)
        created = original(self, kwargs)
        _remember(self.clusters[created.db_cluster_identifier], settings)
        return created

    def create_instance(original: Callable[..., Any], self: Any, kwargs: dict[str, Any]) -> Any:
        settings = dict(kwargs)
        created = original(self, kwargs)
        _remember(created, settings)
        return created

    def delete(
        original: Callable[..., Any], self: Any, cluster_identifier: str, snapshot_name: str | None = None
    ) -> Any:
        cluster = original(self, cluster_identifier, snapshot_name)
        for name, snapshot in list(
            self.cluster_snapshots.items()
        ):  # else the same name again, within the minute, is refused
            if name.startswith(f"rds:{cluster_identifier}-") and snapshot.snapshot_type == "automated":
                del self.cluster_snapshots[name]
        return cluster

    def modify(original: Callable[..., Any], self: Any, kwargs: dict[str, Any]) -> Any:
        name = kwargs["db_cluster_identifier"]
        if name not in self.clusters:
            raise DBClusterNotFoundError(name)
        cluster = self.clusters[name]
        if exports := kwargs.pop("cloudwatch_logs_export_configuration", None):
            kwargs["enable_cloudwatch_logs_exports"] = exports  # where moto looks
        if "enable_iam_database_authentication" in kwargs:
            cluster.iam_auth = kwargs["enable_iam_database_authentication"]  # what moto shows
        _remember(cluster, kwargs)
        try:
            return original(self, kwargs)
        except Exception:
            self.clusters[name] = cluster  # moto loses a cluster whose change fails
            raise

    def allocated(original: Callable[..., int], engine: str, storage_type: str) -> int:
        return (
            1 if storage_type.startswith("aurora") else original(engine, storage_type)
        )  # moto fails at Aurora's own types

    default_allocated_storage = rds.DBCluster.default_allocated_storage
    rds.DBCluster.default_allocated_storage = staticmethod(  # type: ignore[method-assign]
        functools.partial(allocated, default_allocated_storage)
    )
    wrap(rds.RDSBackend, "create_db_cluster", create)
    wrap(rds.RDSBackend, "create_db_instance", create_instance)
    wrap(rds.RDSBackend, "delete_db_cluster", delete)
    wrap(rds.RDSBackend, "modify_db_cluster", modify)


def _groups() -> None:
    def modify_subnets(
        original: Callable[..., Any], self: Any, subnet_name: str, description: str, subnets: list[Any]
    ) -> Any:
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
        for member, attribute in (
            ("SnsTopicArn", "sns_topic_arn"),
            ("SourceType", "source_type"),
            ("Enabled", "enabled"),
            ("EventCategories", "event_categories"),
        ):
            if member in self.params:
                setattr(subscription, attribute, self.params[member])
        return ActionResult({"EventSubscription": subscription})

    def add_source(self: Any) -> ActionResult:
        subscription = _subscription(self)
        subscription.source_ids = [*subscription.source_ids, self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": subscription})

    def remove_source(self: Any) -> ActionResult:
        subscription = _subscription(self)
        subscription.source_ids = [
            source for source in subscription.source_ids if source != self.params["SourceIdentifier"]
        ]
        return ActionResult({"EventSubscription": subscription})

    _Responses.modify_event_subscription = modify  # type: ignore[attr-defined]
    _Responses.add_source_identifier_to_subscription = add_source  # type: ignore[attr-defined]
    _Responses.remove_source_identifier_from_subscription = remove_source  # type: ignore[attr-defined]


def _subscription(response: Any) -> Any:
    return next(iter(response.backend.describe_event_subscriptions(response.params["SubscriptionName"])))
