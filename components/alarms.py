"""headroom:index:ConnectionAlarms - who is told, and when, that connections run out.

Declares what the alarm table says (`headroom.budget.alarms`): the two tiers' topics, the alarms, the composite alarm
that pages once for all that say the same, RDS's events, and the count of refused logins. No number is decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import events
from components.account import Account
from components.cluster import AuroraCluster
from components.measures import Names
from components.notifications import topics
from components.proxy import ConnectionProxy
from headroom.budget.alarms import Alarm, AlarmTable, Tier
from headroom.budget.alarms.model import Composite, Expression, Measure
from headroom.settings.demand import Notify


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAlarmsArgs:
    """What is watched, from when on, and who is told.

    Attributes:
        database: whose connections are counted.
        instances: its declared instances' names, the writer's first, as the budget has them.
        proxy: whose pool is watched, if there is one.
        table: the budget's alarms.
        notify: who is told.
    """

    database: AuroraCluster
    instances: Sequence[str]
    proxy: ConnectionProxy | None
    table: AlarmTable
    notify: Notify


class ConnectionAlarms(pulumi.ComponentResource):
    """The alarms, their topics, and the events.

    Attributes:
        names: the alarms' names, the composite's first.
        arns: alarm -> its ARN.
        topics: tier -> its topic.
        measured: what the table's symbols stand for.
    """

    def __init__(self, name: str, args: ConnectionAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("headroom:index:ConnectionAlarms", name, {}, opts)
        self._name = name
        maximum = args.table.scaled_to_maximum
        told = topics(name, args.notify, None if maximum is None else maximum.tier, Account.of(self), self)
        self.topics = {tier: each.topic for tier, each in told.items()}
        # An alarm for which silence breaches would page while the instances are still being made.
        self._made = pulumi.ResourceOptions(
            parent=self, depends_on=[*args.database.instances, *(each.policy for each in told.values())]
        )
        self.measured = Names.of(name, args.database, tuple(args.instances), args.proxy)
        declared = {alarm.name: self._alarm(alarm) for alarm in args.table.alarms}
        self.arns: dict[str, pulumi.Output[str]] = {name: alarm.arn for name, alarm in declared.items()}
        self.names = [f"{name}-{alarm}" for alarm in declared]
        if args.table.composite is not None:
            composite = self._composite(args.table.composite, [declared[c] for c in args.table.composite.children])
            self.arns = {args.table.composite.name: composite.arn, **self.arns}
            self.names.insert(0, f"{name}-{args.table.composite.name}")
        child = pulumi.ResourceOptions(parent=self)
        for one in args.table.events:
            events.subscribe(name, one, told[one.tier], args.database, args.proxy, child)
        if maximum is not None:
            events.tell_of_the_maximum(name, maximum, told[maximum.tier], args.database, child)
        for metric in args.table.log_metrics:
            events.count_in_the_log(name, metric, self.measured, args.database, child)
        self.register_outputs(
            {"alarmNames": self.names, "topicArns": {str(tier): topic.arn for tier, topic in self.topics.items()}}
        )

    def _alarm(self, alarm: Alarm) -> aws.cloudwatch.MetricAlarm:
        name, topic = f"{self._name}-{alarm.name}", self.topics[alarm.notifies].arn
        single = None if isinstance(alarm.measure, Expression) else alarm.measure
        return aws.cloudwatch.MetricAlarm(
            name,
            name=name,
            alarm_description=alarm.description(self._name),
            comparison_operator=str(alarm.comparison),
            threshold=alarm.threshold,
            treat_missing_data=str(alarm.missing),
            datapoints_to_alarm=alarm.datapoints_to_alarm,
            evaluation_periods=alarm.evaluation_periods,
            namespace=None if single is None else self.measured.namespace(single),
            metric_name=None if single is None else single.name,
            dimensions=None if single is None else self.measured.dimensions(single) or None,
            statistic=None if single is None else single.statistic,
            period=None if single is None else single.period_seconds,
            metric_queries=self._queries(alarm.measure),
            alarm_actions=[topic],
            ok_actions=[topic],
            opts=self._made,
        )

    def _queries(self, measure: Measure) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs] | None:
        """CloudWatch's metric math; exactly one of the queries returns data."""
        if not isinstance(measure, Expression):
            return None
        result = aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id="result", expression=measure.expression, label=measure.label, return_data=True
        )
        return [
            result,
            *(
                aws.cloudwatch.MetricAlarmMetricQueryArgs(
                    id=name,
                    metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                        namespace=self.measured.namespace(metric),
                        metric_name=metric.name,
                        dimensions=self.measured.dimensions(metric),
                        stat=metric.statistic,
                        period=metric.period_seconds,
                    ),
                    return_data=False,
                )
                for name, metric in measure.metrics
            ),
        ]

    def _composite(
        self, composite: Composite, children: Sequence[aws.cloudwatch.MetricAlarm]
    ) -> aws.cloudwatch.CompositeAlarm:
        name, topic = f"{self._name}-{composite.name}", self.topics[Tier.CRITICAL].arn
        names = pulumi.Output.all(*(child.name for child in children))
        return aws.cloudwatch.CompositeAlarm(
            name,
            alarm_name=name,
            alarm_description=composite.description(self._name),
            alarm_rule=names.apply(lambda known: " OR ".join(f'ALARM("{child}")' for child in known)),
            alarm_actions=[topic],
            ok_actions=[topic],
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(children)),
        )
