"""What AWS says by itself: RDS's events, autoscaling at its maximum, and the log's refusals as a metric."""

import json

import pulumi
import pulumi_aws as aws

from components.cluster import AuroraCluster
from components.measures import Names
from components.notifications import Told
from components.proxy import ConnectionProxy
from headroom.budget.alarms.model import Events, LogMetric, ScaledToMaximum, Symbol


def subscribe(
    name: str,
    events: Events,
    told: Told,
    database: AuroraCluster,
    proxy: ConnectionProxy | None,
    opts: pulumi.ResourceOptions,
) -> None:
    """RDS's events of these categories, of this stack's resources.

    Readers that autoscaling adds have names that nobody knows beforehand: their failovers are the cluster's events,
    their other events aren't heard.
    """
    sources: dict[str, list[pulumi.Input[str]]] = {
        "db-cluster": [database.cluster.cluster_identifier],
        "db-instance": [instance.identifier for instance in database.instances],
        "db-proxy": [] if proxy is None else [proxy.proxy.name],
    }
    aws.rds.EventSubscription(
        f"{name}-{events.name}",
        name=f"{name}-{events.name}",
        sns_topic=told.topic.arn,
        source_type=events.source,
        source_ids=sources[events.source],
        event_categories=list(events.categories),
        opts=_after(told, opts),
    )


def tell_of_the_maximum(
    name: str, event: ScaledToMaximum, told: Told, database: AuroraCluster, opts: pulumi.ResourceOptions
) -> None:
    """Application Auto Scaling's event when it has started the last reader that it may start."""
    rule = aws.cloudwatch.EventRule(
        f"{name}-{event.name}",
        name=f"{name}-{event.name}",
        description=event.text,
        event_pattern=database.cluster.cluster_identifier.apply(
            lambda cluster: json.dumps(_scaled_to_maximum(cluster))
        ),
        opts=opts,
    )
    aws.cloudwatch.EventTarget(
        f"{name}-{event.name}",
        rule=rule.name,
        target_id="topic",
        arn=told.topic.arn,
        input=json.dumps(event.description(name)),
        opts=_after(told, opts),
    )


def _after(told: Told, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """When the topic's policy is there."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[told.policy]))


def _scaled_to_maximum(cluster: str) -> dict[str, object]:
    """The pattern (Application Auto Scaling User Guide, "Monitor events using Amazon EventBridge")."""
    return {
        "source": ["aws.application-autoscaling"],
        "detail-type": ["Application Auto Scaling Scaling Activity State Change"],
        "detail": {
            "resourceId": [f"cluster:{cluster}"],
            "scalableDimension": ["rds:cluster:ReadReplicaCount"],
            "scaledToMax": [True],
        },
    }


def count_in_the_log(
    name: str, metric: LogMetric, measured: Names, database: AuroraCluster, opts: pulumi.ResourceOptions
) -> None:
    """A metric that counts the log's lines with any of the phrases; lines without them count 0, so silence is a gap."""
    aws.cloudwatch.LogMetricFilter(
        f"{name}-{metric.name}",
        name=f"{name}-{metric.name}",
        log_group_name=database.log_groups[metric.log].name,
        pattern=metric.pattern,
        metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
            name=metric.name, namespace=measured.symbols[Symbol.NAMESPACE], value="1", default_value="0"
        ),
        opts=opts,
    )
