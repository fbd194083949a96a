"""headroom:index:ReplicaAutoscaling - readers that grow with the load, and before a declared sale.

Makes the scalable target, a tracking policy on connections and one on CPU, and the scheduled actions of the calendar.
It can't save the writer, and a new reader takes minutes: the budget holds without the readers that haven't come yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.cluster import AuroraCluster
from headroom.budget.result import ScalingTargets
from headroom.settings.demand import Event
from headroom.settings.supply import Autoscaling

# AWS's default, which suits a reader that takes 5 to 15 minutes: don't ask again before the first one helps.
SCALE_OUT_COOLDOWN_SECONDS = 300
# Three times as long: a sale comes in waves, and a reader that goes between two of them is missing at the second.
SCALE_IN_COOLDOWN_SECONDS = 900


class ScheduledMinimum(NamedTuple):
    """From `at` on, AWS keeps at least `readers` readers."""

    name: str
    at: datetime
    readers: int


def scheduled_minimums(
    events: Sequence[Event], readers_min: int, lead: timedelta, now: datetime
) -> list[ScheduledMinimum]:
    """What is still to come of the calendar: an event raises the minimum `lead` before it starts, its end restores it.

    Events that ask for readers don't overlap (the settings refuse it). What is past isn't declared: AWS has done it,
    and a schedule in the past would never run.
    """
    actions = [
        action
        for event in events
        if event.readers_min is not None
        for action in (
            ScheduledMinimum(f"{event.name}-begins", event.starts - lead, event.readers_min),
            ScheduledMinimum(f"{event.name}-ends", event.ends, readers_min),
        )
    ]
    return [action for action in actions if action.at > now]


def event_in_progress(events: Sequence[Event], lead: timedelta, now: datetime) -> Event | None:
    """The event that has raised the minimum and not yet restored it, if any."""
    return next((e for e in events if e.readers_min is not None and e.starts - lead <= now < e.ends), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaAutoscalingArgs:
    """Whose readers, between which bounds, by which targets and calendar.

    Attributes:
        database: whose readers are scaled, once its declared instances are available.
        autoscaling: least and most readers, declared ones included, as AWS counts them.
        targets: from the budget.
        events: the sale calendar.
        now: an aware time; a program that runs during an event leaves the minimum alone.
    """

    database: AuroraCluster
    autoscaling: Autoscaling
    targets: ScalingTargets
    events: Sequence[Event]
    now: datetime


class ReplicaAutoscaling(pulumi.ComponentResource):
    """The scalable target, its two policies and its calendar.

    Attributes:
        target: the scalable target.
    """

    def __init__(self, name: str, args: ReplicaAutoscalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("headroom:index:ReplicaAutoscaling", name, {}, opts)
        self._name = name
        child = pulumi.ResourceOptions(parent=self)
        lead = timedelta(minutes=args.targets.lead_minutes)
        current = event_in_progress(args.events, lead, args.now)
        if current:
            pulumi.warn(
                f"the event {current.name} has begun, or its lead of {args.targets.lead_minutes} minutes has: the "
                "minimum of the readers is left alone until it ends. If the event was declared too late to be "
                "scheduled, raise it by hand: headroom relieve add-readers",
                self,
            )
        self.target = aws.appautoscaling.Target(
            f"{name}-readers",
            service_namespace="rds",
            scalable_dimension="rds:cluster:ReadReplicaCount",
            resource_id=pulumi.Output.concat("cluster:", args.database.cluster.cluster_identifier),
            min_capacity=(current and current.readers_min) or args.autoscaling.readers_min,
            max_capacity=args.autoscaling.readers_max,
            opts=pulumi.ResourceOptions(
                parent=self,
                # A policy that is registered before the instances are available never reaches its minimum
                # (terraform-aws-rds-aurora#297).
                depends_on=list(args.database.instances),
                # During an event the minimum belongs to the calendar, and to the operators who may have raised it
                # further: a refresh reads it, and this program must not pull it down. Outside of events it is the stack
                # file's again, so that a change of readers_min arrives
                # (docs/decisions/0005-the-minimum-during-a-sale.md).
                ignore_changes=["min_capacity"] if current else [],
            ),
        )
        if args.targets.connections is not None:
            self._track("connections", "RDSReaderAverageDatabaseConnections", args.targets.connections)
        self._track("cpu", "RDSReaderAverageCPUUtilization", args.targets.cpu_percent)
        for action in scheduled_minimums(args.events, args.autoscaling.readers_min, lead, args.now):
            aws.appautoscaling.ScheduledAction(
                f"{name}-{action.name}",
                name=f"{name}-{action.name}",
                service_namespace=self.target.service_namespace,
                scalable_dimension=self.target.scalable_dimension,
                resource_id=self.target.resource_id,
                schedule=f"at({action.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S})",
                timezone="UTC",
                scalable_target_action=aws.appautoscaling.ScheduledActionScalableTargetActionArgs(
                    min_capacity=action.readers
                ),
                opts=child,
            )
        self.register_outputs({"resourceId": self.target.resource_id})

    def _track(self, what: str, metric: str, target: float) -> None:
        """Follow the metric's mean over all readers. Of two policies, the one that asks for more readers wins."""
        aws.appautoscaling.Policy(
            f"{self._name}-{what}",
            name=f"{self._name}-{what}",
            policy_type="TargetTrackingScaling",
            service_namespace=self.target.service_namespace,
            scalable_dimension=self.target.scalable_dimension,
            resource_id=self.target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                predefined_metric_specification=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type=metric
                ),
                target_value=target,
                scale_out_cooldown=SCALE_OUT_COOLDOWN_SECONDS,
                scale_in_cooldown=SCALE_IN_COOLDOWN_SECONDS,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
