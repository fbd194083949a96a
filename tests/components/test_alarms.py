import pytest

from headroom.budget import evaluate
from headroom.budget.model import Role
from headroom.budget.result import Thresholds
from headroom.settings import load
from tests.components.conftest import Ran
from tests.components.program import ACCOUNT, ROOT, Program
from tests.golden_files import FOLDER, check_golden

FILES = ["Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml", "Pulumi.local.yaml", "docs/examples/mysql.yaml"]
THIS_ACCOUNTS_ALARMS = {
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
    "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:*"},
}


def thresholds(file: str) -> Thresholds:
    return evaluate(load(ROOT / file).stack("any")).thresholds


def test_every_alarm_says_what_it_saw_what_is_expected_and_where_to_go_on_as_in_the_golden_file(prod: Program) -> None:
    alarms = sorted(prod.all(":MetricAlarm").items())
    text = "\n".join(f"{name}\n  {alarm['alarmDescription']}\n" for name, alarm in alarms)
    check_golden(FOLDER / "alarms.prod.txt", text)


@pytest.mark.parametrize("file", FILES)
def test_thresholds_are_the_budgets(ran: Ran, file: str) -> None:
    alarms = {n.split("-", 2)[2]: a["threshold"] for n, a in ran(file).all(":MetricAlarm").items()}
    budget, expected = thresholds(file), {"writer-down-critical": 0.0}
    for role in budget.roles:
        expected[f"{role.role}-connections-warning"] = role.warning_connections
        expected[f"{role.role}-connections-critical"] = role.critical_connections
    for pool in budget.pools:
        expected[f"{pool.role}-pool-warning"] = pool.warning_percent
        expected[f"{pool.role}-pool-critical"] = pool.critical_percent
        expected[f"{pool.role}-borrow-latency-warning"] = pool.borrow_latency_warning_microseconds
        expected[f"{pool.role}-borrow-latency-critical"] = pool.borrow_latency_critical_microseconds
    assert len(budget.roles) == len(budget.pools) == 2
    assert alarms == expected


@pytest.mark.parametrize("role", Role)
def test_connections_are_those_of_the_roles_busiest_instance_minute_by_minute(prod: Program, role: Role) -> None:
    for tier in ("warning", "critical"):
        alarm = prod.all(":MetricAlarm")[f"headroom-prod-{role}-connections-{tier}"]
        assert (alarm["namespace"], alarm["metricName"], alarm["statistic"], alarm["period"]) == (
            "AWS/RDS",
            "DatabaseConnections",
            "Maximum",
            60,
        )
        assert alarm["dimensions"] == {"DBClusterIdentifier": "headroom-prod", "Role": role.upper()}


def test_the_use_of_the_pool_is_what_is_lent_of_what_is_allowed(prod: Program) -> None:
    alarm = prod.all(":MetricAlarm")["headroom-prod-reader-pool-critical"]
    dimensions = {"ProxyName": "headroom-prod", "TargetGroup": "default", "TargetRole": "READ_ONLY"}
    common = {"namespace": "AWS/RDS", "dimensions": dimensions, "stat": "Sum", "period": 60}
    assert alarm["metricQueries"] == [
        {"id": "share", "expression": "100 * part / whole", "label": "used, percent", "returnData": True},
        {
            "id": "part",
            "metric": {"metricName": "DatabaseConnectionsCurrentlyBorrowed", **common},
            "returnData": False,
        },
        {"id": "whole", "metric": {"metricName": "MaxDatabaseConnectionsAllowed", **common}, "returnData": False},
    ]
    # CloudWatch refuses these beside metric queries.
    assert not {"metricName", "namespace", "dimensions", "statistic", "period"} & set(alarm.inputs)


def test_the_wait_for_a_connection_is_watched_at_both_endpoints(prod: Program) -> None:
    alarms = prod.all(":MetricAlarm")
    writer, reader = (alarms[f"headroom-prod-{role}-borrow-latency-warning"] for role in Role)
    assert writer["dimensions"] == {"ProxyName": "headroom-prod"}
    assert reader["dimensions"] == {"ProxyName": "headroom-prod", "EndpointName": "headroom-prod-read-only"}
    assert writer["statistic"] == reader["statistic"] == "Average"


def test_silence_is_judged_alarm_by_alarm(prod: Program) -> None:
    assert {n.removeprefix("headroom-prod-"): a["treatMissingData"] for n, a in prod.all(":MetricAlarm").items()} == {
        "writer-connections-warning": "ignore",
        "writer-connections-critical": "ignore",
        "reader-connections-warning": "missing",
        "reader-connections-critical": "missing",
        "writer-pool-warning": "notBreaching",
        "writer-pool-critical": "notBreaching",
        "writer-borrow-latency-warning": "notBreaching",
        "writer-borrow-latency-critical": "notBreaching",
        "reader-pool-warning": "notBreaching",
        "reader-pool-critical": "notBreaching",
        "reader-borrow-latency-warning": "notBreaching",
        "reader-borrow-latency-critical": "notBreaching",
        "writer-down-critical": "breaching",
    }


def test_a_critical_alarm_rings_within_three_minutes_a_warning_within_five(prod: Program) -> None:
    for name, alarm in prod.all(":MetricAlarm").items():
        critical = name.endswith("-critical")
        assert (alarm["datapointsToAlarm"], alarm["evaluationPeriods"]) == ((2, 3) if critical else (5, 5))


def test_each_tier_tells_its_own_people_when_it_rings_and_when_it_is_over(prod: Program) -> None:
    for name, alarm in prod.all(":MetricAlarm").items():
        topic = f"arn:aws:made:eu-west-1:{ACCOUNT}:Topic/headroom-prod-{name.rpartition('-')[2]}"
        assert alarm["alarmActions"] == alarm["okActions"] == [topic]
    assert {
        (s["topic"].rpartition("-")[2], s["protocol"], s["endpoint"]) for s in prod.all(":TopicSubscription").values()
    } == {
        ("warning", "email", "shop-team@example.com"),
        ("critical", "https", "https://events.example.com/integration/shop"),
    }


def test_only_this_accounts_alarms_publish_and_only_with_tls(prod: Program) -> None:
    for tier in ("warning", "critical"):
        topic = f"arn:aws:made:eu-west-1:{ACCOUNT}:Topic/headroom-prod-{tier}"
        assert prod.policy(":TopicPolicy", f"headroom-prod-{tier}") == [
            {
                "Sid": "AlarmsPublish",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": "sns:Publish",
                "Resource": topic,
                "Condition": THIS_ACCOUNTS_ALARMS,
            },
            {
                "Sid": "OnlyWithTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sns:Publish",
                "Resource": topic,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ]


def test_the_topics_are_encrypted_with_a_key_that_cloudwatch_may_use(prod: Program) -> None:
    assert {t["kmsMasterKeyId"].rpartition("/")[2] for t in prod.all(":Topic").values()} == {"headroom-prod-alarms"}
    _, cloudwatch = prod.policy(":Key", "headroom-prod-alarms")
    assert cloudwatch["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert cloudwatch["Condition"] == THIS_ACCOUNTS_ALARMS


def test_with_nobody_to_tell_there_are_no_alarms(before_the_incident: Program) -> None:
    assert not before_the_incident.all(":MetricAlarm")
    assert before_the_incident.outputs["alarms"] == []
