"""headroom:index:ConnectionAlarms - who is told, and when, that connections run out.

Makes a warning and a critical SNS topic with their key, policies and subscriptions, and the alarms: connections of
writer and readers, use of the proxy's pool and wait for a connection from it, and a writer that has fallen silent.
Every threshold is the budget's. By role, not by instance: roles follow a failover, and see readers that autoscaling
added.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from components.account import Account
from components.cluster import AuroraCluster
from components.keys import customer_key
from components.proxy import ConnectionProxy
from headroom.budget.model import Role
from headroom.budget.result import PoolThresholds, RoleThresholds, Thresholds
from headroom.settings import subscription
from headroom.settings.demand import Notify

# As fine as RDS publishes. The proxy's gauges come once a minute from each of its nodes and are summed: over a longer
# period the same connection would be counted again.
PERIOD_SECONDS = 60
NAMESPACE = "AWS/RDS"
NEXT_STEP = "What to do: README.md#when-an-alarm-rings"
_TARGET_ROLES = {Role.WRITER: "READ_WRITE", Role.READER: "READ_ONLY"}
# The writer always reports: silence is a fault of its own, which the uptime alarm rings for. Until then the last known
# state stands, and no "OK" is sent in the middle of an outage. Readers may go away on purpose, so silence is no alarm;
# INSUFFICIENT_DATA says what is known of them.
_MISSING_CONNECTIONS = {Role.WRITER: "ignore", Role.READER: "missing"}
# A proxy that nobody uses publishes nothing: that is not a full pool.
_MISSING_POOL = "notBreaching"


class Tier(NamedTuple):
    """How urgent, and how many minutes of the last few must breach."""

    name: str
    breaching_minutes: int
    of_minutes: int


class Metric(NamedTuple):
    """A metric of AWS/RDS, and how a minute's values become one."""

    name: str
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str


class Share(NamedTuple):
    """How much of `whole` is `part`, in percent."""

    part: Metric
    whole: Metric

    def queries(self) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
        """CloudWatch's metric math; exactly one of the queries returns data."""
        share = aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id="share", expression="100 * part / whole", label="used, percent", return_data=True
        )
        return [share, self._query("part", self.part), self._query("whole", self.whole)]

    @staticmethod
    def _query(name: str, metric: Metric) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
        return aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=name,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=NAMESPACE,
                metric_name=metric.name,
                dimensions=metric.dimensions,
                stat=metric.statistic,
                period=PERIOD_SECONDS,
            ),
            return_data=False,
        )


WARNING = Tier("warning", 5, 5)  # for working hours: what five minutes settle by themselves, nobody needs to read
CRITICAL = Tier("critical", 2, 3)  # pages: two minutes, and one that dips between them doesn't start the count again


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAlarmsArgs:
    """What the alarms watch, from when on, and whom they tell.

    Attributes:
        database: whose connections are counted.
        proxy: whose pool is watched, if there is one.
        thresholds: the budget's.
        notify: who is told.
    """

    database: AuroraCluster
    proxy: ConnectionProxy | None
    thresholds: Thresholds
    notify: Notify


class ConnectionAlarms(pulumi.ComponentResource):
    """The alarms and their topics.

    Attributes:
        names: the alarms' names.
        topics: tier -> its topic.
    """

    def __init__(self, name: str, args: ConnectionAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("headroom:index:ConnectionAlarms", name, {}, opts)
        self._name = name
        self.names: list[str] = []
        account = Account.of(self)
        # Not alias/aws/sns: its policy, which nobody can change, keeps CloudWatch's messages out.
        key = customer_key(
            f"{name}-alarms",
            "messages of the alarms",
            account,
            {"cloudwatch.amazonaws.com": _from_alarms_of(account)},
            pulumi.ResourceOptions(parent=self),
        )
        self.topics = {
            tier: self._topic(tier, targets, key, account)
            for tier, targets in ((WARNING, args.notify.warning), (CRITICAL, args.notify.critical))
        }
        for role in args.thresholds.roles:
            self._connections(args.database.cluster, role)
        if args.proxy is not None:
            for pool in args.thresholds.pools:
                self._pool_use(args.proxy.proxy, pool)
                self._borrow_latency(args.proxy, pool)
        self._silence(args.database.cluster)
        self.register_outputs(
            {"alarmNames": self.names, "topicArns": {tier.name: topic.arn for tier, topic in self.topics.items()}}
        )

    def _topic(self, tier: Tier, targets: Sequence[str], key: aws.kms.Key, account: Account) -> aws.sns.Topic:
        name = f"{self._name}-{tier.name}"
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(name, name=name, kms_master_key_id=key.arn, opts=child)
        aws.sns.TopicPolicy(
            name, arn=topic.arn, policy=topic.arn.apply(lambda arn: json.dumps(_publishing(account, arn))), opts=child
        )
        for target in targets:
            protocol, endpoint = subscription(target)
            aws.sns.TopicSubscription(
                f"{name}-{target}",
                topic=topic.arn,
                protocol=protocol,
                endpoint=endpoint,
                opts=child,
            )
        return topic

    def _connections(self, cluster: aws.rds.Cluster, thresholds: RoleThresholds) -> None:
        role = thresholds.role
        # Maximum is the busiest instance; a mean hides it among the others.
        metric = Metric("DatabaseConnections", _of_role(cluster, role), "Maximum")
        for tier, connections in (
            (WARNING, thresholds.warning_connections),
            (CRITICAL, thresholds.critical_connections),
        ):
            self._alarm(
                f"{role}-connections",
                tier,
                f"The {_busiest(role)} has {connections:,} or more connections. Expected at most "
                f"{thresholds.accepted_peak_connections:,}; clients are refused at {thresholds.limit_connections:,}.",
                threshold=connections,
                missing=_MISSING_CONNECTIONS[role],
                metric=metric,
            )

    def _pool_use(self, proxy: aws.rds.Proxy, thresholds: PoolThresholds) -> None:
        role = thresholds.role
        dimensions: dict[str, pulumi.Input[str]] = {
            "ProxyName": proxy.name,
            "TargetGroup": "default",
            "TargetRole": _TARGET_ROLES[role],
        }
        # Each of the proxy's nodes publishes its own share: the proxy's is their sum.
        borrowed = Metric("DatabaseConnectionsCurrentlyBorrowed", dimensions, "Sum")
        allowed = Metric("MaxDatabaseConnectionsAllowed", dimensions, "Sum")
        for tier, percent in ((WARNING, thresholds.warning_percent), (CRITICAL, thresholds.critical_percent)):
            self._alarm(
                f"{role}-pool",
                tier,
                f"The proxy lends {percent:.0f} % or more of the {_possessive(role)} pool. Expected at most "
                f"{thresholds.accepted_peak_percent:.0f} %; clients wait at 100 %.",
                threshold=percent,
                missing=_MISSING_POOL,
                metric=Share(borrowed, allowed),
            )

    def _borrow_latency(self, proxy: ConnectionProxy, thresholds: PoolThresholds) -> None:
        role = thresholds.role
        dimensions: dict[str, pulumi.Input[str]] = {"ProxyName": proxy.proxy.name}
        if role is Role.READER:
            if proxy.reader_endpoint is None:
                return
            dimensions["EndpointName"] = proxy.reader_endpoint.db_proxy_endpoint_name
        # Of a latency, AWS's own advice: each node's requests weigh in by their number.
        metric = Metric("DatabaseConnectionsBorrowLatency", dimensions, "Average")
        for tier, microseconds in (
            (WARNING, thresholds.borrow_latency_warning_microseconds),
            (CRITICAL, thresholds.borrow_latency_critical_microseconds),
        ):
            self._alarm(
                f"{role}-borrow-latency",
                tier,
                f"Clients wait {microseconds / 1000:,.0f} ms or longer for a connection to the {_busiest(role)} "
                "from the proxy's pool, on average.",
                threshold=microseconds,
                missing=_MISSING_POOL,
                metric=metric,
            )

    def _silence(self, cluster: aws.rds.Cluster) -> None:
        self._alarm(
            "writer-down",
            CRITICAL,
            "The writer is down or doesn't report: its connections can't be counted.",
            threshold=0,
            missing="breaching",  # the one alarm that silence itself sets off
            metric=Metric("EngineUptime", _of_role(cluster, Role.WRITER), "Average"),
            comparison="LessThanOrEqualToThreshold",
        )

    def _alarm(
        self,
        what: str,
        tier: Tier,
        message: str,
        *,
        threshold: float,
        missing: str,
        metric: Metric | Share,
        comparison: str = "GreaterThanOrEqualToThreshold",
    ) -> None:
        name = f"{self._name}-{what}-{tier.name}"
        self.names.append(name)
        topic = self.topics[tier].arn
        single = metric if isinstance(metric, Metric) else None
        aws.cloudwatch.MetricAlarm(
            name,
            name=name,
            alarm_description=f"{self._name} {tier.name}: {message} {NEXT_STEP}",
            comparison_operator=comparison,
            threshold=threshold,
            treat_missing_data=missing,
            datapoints_to_alarm=tier.breaching_minutes,
            evaluation_periods=tier.of_minutes,
            namespace=single and NAMESPACE,
            metric_name=single and single.name,
            dimensions=single and single.dimensions,
            statistic=single and single.statistic,
            period=single and PERIOD_SECONDS,
            metric_queries=None if isinstance(metric, Metric) else metric.queries(),
            alarm_actions=[topic],
            ok_actions=[topic],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _of_role(cluster: aws.rds.Cluster, role: Role) -> dict[str, pulumi.Input[str]]:
    return {"DBClusterIdentifier": cluster.cluster_identifier, "Role": role.upper()}


def _busiest(role: Role) -> str:
    return "writer" if role is Role.WRITER else "busiest reader"


def _possessive(role: Role) -> str:
    return "writer's" if role is Role.WRITER else "readers'"


def _from_alarms_of(account: Account) -> dict[str, object]:
    """Only on behalf of this account's alarms."""
    return {
        "StringEquals": {"aws:SourceAccount": account.account_id},
        "ArnLike": {"aws:SourceArn": account.arn("cloudwatch", "alarm:*")},
    }


def _publishing(account: Account, topic_arn: str) -> dict[str, object]:
    """The topic's policy: CloudWatch may publish this account's alarms, and nobody without TLS."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AlarmsPublish",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": _from_alarms_of(account),
            },
            {
                "Sid": "OnlyWithTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sns:Publish",
                "Resource": topic_arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
