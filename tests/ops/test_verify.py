import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from headroom import clock
from headroom.budget import evaluate
from headroom.budget.roles import role_limits, sql
from headroom.drill.server import Server
from headroom.ops.dsn import read_dsn
from headroom.ops.live import read_cluster
from headroom.ops.session import Session
from headroom.ops.verify import Report, verify
from headroom.ops.verify.alarms import armed
from headroom.ops.verify.capacity import proxy_addresses
from headroom.ops.verify.check import Verdict
from headroom.ops.verify.limits import engine_version
from tests.commands.conftest import Headroom
from tests.ops.calls import Calls
from tests.ops.deployed import client, deploy_alarms
from tests.ops.servers import admin, dsn

pytestmark = pytest.mark.emulator

READY = "ready for the sale black-friday (2096-11-23 08:00 to 2096-11-24 02:00 UTC)"


@pytest.fixture
def whole(deployed: Session) -> Session:
    """All of the stack."""
    deploy_alarms(deployed)
    return deployed


def no(report: Report) -> dict[str, str]:
    return {c.what: c.text for c in report.checks if c.verdict is Verdict.NO}


@pytest.mark.clock("every")
def test_a_stack_as_declared_is_ready(whole: Session, headroom: Headroom) -> None:
    done = headroom("verify")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == f"{READY}: yes (17 checks, 2 not asked: no --dsn)"
    answer = json.loads(headroom("verify", "--json").out)
    assert answer["ready"] is True
    assert {c["what"]: c["text"] for c in answer["checks"]}["free addresses"].endswith("182 may be needed")


@pytest.mark.clock("every")
def test_a_sale_that_is_over_is_no_sale_to_be_ready_for(whole: Session) -> None:
    (sale,) = whole.budget.stack.events
    over = replace(sale, starts=clock.now() - timedelta(days=1), ends=clock.now() - timedelta(seconds=1))
    found = verify(replace(whole, budget=evaluate(replace(whole.budget.stack, events=(over,)))), None)
    assert (found.ready, found.headline) == (
        True,
        "as declared: yes (17 checks, 2 not asked: no --dsn); no sale is declared that is still to come: black-friday "
        f"ended on {over.ends:%Y-%m-%d %H:%M} UTC",
    )
    assert {c.what: c.text for c in found.checks}["the sale calendar"] == "nothing is to come"


@pytest.mark.clock
def test_everything_that_differs_is_listed(whole: Session, headroom: Headroom) -> None:
    name, cloudwatch = whole.name, client("cloudwatch")
    cloudwatch.delete_alarms(AlarmNames=[f"{name}-deadlocks-warning"])
    cloudwatch.disable_alarm_actions(AlarmNames=[f"{name}-replica-lag-warning"])
    alarm = cloudwatch.describe_alarms(AlarmNames=[f"{name}-writer-connections-critical"])["MetricAlarms"][0]
    kept = {k: alarm[k] for k in ("AlarmName", "ComparisonOperator", "EvaluationPeriods", "DatapointsToAlarm")}
    kept |= {
        k: alarm[k] for k in ("TreatMissingData", "AlarmActions", "Namespace", "MetricName", "Statistic", "Period")
    }
    cloudwatch.put_metric_alarm(**kept, Threshold=900, Dimensions=alarm["Dimensions"])
    client("rds").modify_db_proxy_target_group(
        DBProxyName=name, TargetGroupName="default", ConnectionPoolConfig={"MaxConnectionsPercent": 100}
    )
    client("rds").delete_event_subscription(SubscriptionName=f"{name}-cluster-critical")
    client("logs").delete_metric_filter(
        logGroupName=f"/aws/rds/cluster/{name}/postgresql", filterName=f"{name}-RefusedLogins"
    )
    client("logs").put_metric_filter(
        logGroupName=f"/aws/rds/cluster/{name}/postgresql",
        filterName=f"{name}-RoleRefusals",
        filterPattern="FATAL",
        metricTransformations=[
            {
                "metricName": "RoleRefusals",
                "metricNamespace": f"Headroom/{name}",
                "metricValue": "1",
                "defaultValue": 0,
            }
        ],
    )
    scaling: dict[str, Any] = {
        "ServiceNamespace": "rds",
        "ResourceId": f"cluster:{name}",
        "ScalableDimension": "rds:cluster:ReadReplicaCount",
    }
    client("application-autoscaling").delete_scheduled_action(
        **scaling, ScheduledActionName=f"{name}-black-friday-begins"
    )
    client("application-autoscaling").delete_scaling_policy(**scaling, PolicyName=f"{name}-cpu")
    client("application-autoscaling").register_scalable_target(**scaling, MinCapacity=1, MaxCapacity=3)

    found = no(verify(whole, None))

    assert found["alarms"].split("; ") == [
        "writer-connections-critical: Threshold is 900.0, by the budget 321",
        f"writer-connections-critical: doesn't tell that it is over to the topic {name}-warning",
        "replica-lag-warning: its actions are off",
        "deadlocks-warning isn't there",
    ]
    assert found["proxy"].startswith("max_connections_percent is 100, declared is 45")
    assert found["database events"] == "cluster-critical isn't there"
    assert found["refused logins are counted"] == (
        f"no filter {name}-RefusedLogins on /aws/rds/cluster/{name}/postgresql: refused-logins can't ring; "
        f"{name}-RoleRefusals: filterPattern is FATAL, by the budget "
        '?"too many connections for role" ?"too many connections for database"'
    )
    assert found["the sale calendar"] == f"{name}-black-friday-begins isn't scheduled: pulumi up"
    assert found["autoscaling's policies"] == f"{name}-cpu isn't registered: pulumi up"
    assert found["autoscaling's bounds"] == "the minimum is 1, declared is 2; the maximum is 3, declared is 6"
    done = headroom("verify")
    assert done.code == 1
    assert done.out.splitlines()[-1] == f"{READY}: no (7 of 19 checks failed, 0 couldn't be made)"


def _alarm(change: Callable[[Any], Any], kind: str, name: str) -> Callable[[Any], Any]:
    def changed(answer: Any) -> Any:
        for one in answer[kind]:
            if one["AlarmName"].endswith(name):
                change(one)
        return answer

    return changed


def _set(*path: Any, to: Any) -> Callable[[Any], Any]:
    def change(alarm: Any) -> None:
        for key in path[:-1]:
            alarm = alarm[key]
        alarm[path[-1]] = to

    return change


WRITER, POOL, PAGE = "writer-connections-warning", "writer-pool-critical", "exhaustion-imminent-critical"


@pytest.mark.parametrize(
    ("name", "change", "difference"),
    [
        (WRITER, _set("MetricName", to="Aurora"), "MetricName is Aurora, by the budget DatabaseConnections"),
        (WRITER, _set("Statistic", to="Average"), "Statistic is Average, by the budget Maximum"),
        (WRITER, _set("Period", to=300), "Period is 300, by the budget 60"),
        (WRITER, _set("DatapointsToAlarm", to=3), "DatapointsToAlarm is 3, by the budget 2"),
        (WRITER, _set("EvaluationPeriods", to=9), "EvaluationPeriods is 9, by the budget 3"),
        (WRITER, _set("TreatMissingData", to="notBreaching"), "TreatMissingData is notBreaching, by the budget ignore"),
        (WRITER, _set("Unit", to="Bytes"), "Unit is Bytes, by the budget not set"),
        (
            WRITER,
            _set("Dimensions", to=[{"Name": "DBClusterIdentifier", "Value": "other"}]),
            "Dimensions is DBClusterIdentifier=other, by the budget DBClusterIdentifier={stack}, Role=WRITER",
        ),
        (WRITER, _set("AlarmActions", to=[]), "doesn't tell the topic {stack}-warning"),
        (WRITER, _set("OKActions", to=[]), "doesn't tell that it is over to the topic {stack}-warning"),
        (WRITER, _set("ActionsEnabled", to=False), "its actions are off"),
        (
            POOL,
            _set("Metrics", 0, "Expression", to="part"),
            "Metrics[result].Expression is part, by the budget 100 * part / whole",
        ),
        (
            POOL,
            _set("Metrics", 1, "MetricStat", "Stat", to="Average"),
            "Metrics[part].Statistic is Average, by the budget Sum",
        ),
        (
            POOL,
            _set("Metrics", 2, "MetricStat", "Metric", "MetricName", to="Other"),
            "Metrics[whole].MetricName is Other, by the budget MaxDatabaseConnectionsAllowed",
        ),
        (PAGE, _set("AlarmRule", to='ALARM("x") AND ALARM("y")'), "rings for x, y as well"),
        (PAGE, _set("ActionsSuppressor", to="quiet"), "quiet keeps it back, by the budget nothing does"),
    ],
)
def test_an_alarm_that_is_not_wholly_the_budgets_is_named_with_each_difference(
    whole: Session, calls: Calls, name: str, change: Callable[[Any], Any], difference: str
) -> None:
    kind = "CompositeAlarms" if name == PAGE else "MetricAlarms"
    calls.answering["cloudwatch:DescribeAlarms"] = _alarm(change, kind, name)
    assert f"{name}: {difference.format(stack=whole.name)}" in armed(whole).text.split("; ")


def test_somebody_who_wants_to_hear_an_alarm_too_is_no_difference(whole: Session, calls: Calls) -> None:
    def too(alarm: Any) -> None:
        alarm["AlarmActions"].append("arn:aws:sns:eu-west-1:123456789012:somebody")

    calls.answering["cloudwatch:DescribeAlarms"] = _alarm(too, "MetricAlarms", WRITER)
    assert armed(whole).verdict is Verdict.YES


def test_an_alarm_that_no_data_reaches_is_no_yes(whole: Session) -> None:
    name = f"{whole.name}-{WRITER}"
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="INSUFFICIENT_DATA", StateReason="nothing")
    check = armed(whole)
    assert (check.verdict, check.text) == (
        Verdict.UNKNOWN,
        f"no data reaches {WRITER}: they can't ring (just deployed? ask again in some minutes)",
    )


RETIRED = "16.6 can't be created any more (list of 2026-10-20); 16.15 is the newest that can be"


@pytest.mark.parametrize(
    ("declared", "runs", "verdict", "text"),
    [
        ("16.15", "16.15", Verdict.YES, "16.15, as declared"),
        ("16.6", "16.6", Verdict.YES, f"16.6, as declared; {RETIRED}"),
        (
            "16.99",
            "16.99",
            Verdict.YES,
            "16.99, as declared; 16.99 isn't on the list of 2026-10-20, and is later than what is; 16.15 is the newest "
            "that can be",
        ),
        (
            "16.15",
            "16.6",
            Verdict.NO,
            "16.6 runs, declared is 16.15: an upgrade waits for the maintenance window, or AWS was faster: then write "
            f"16.6 into the stack file; {RETIRED}",
        ),
    ],
)
def test_the_running_version_is_the_declared_one_and_a_retired_one_is_said(
    whole: Session, calls: Calls, declared: str, runs: str, verdict: Verdict, text: str
) -> None:
    def other(answer: Any) -> Any:
        answer["DBClusters"][0]["EngineVersion"] = runs
        return answer

    calls.answering["rds:DescribeDBClusters"] = other
    cluster = replace(whole.budget.stack.cluster, engine_version=declared)
    session = replace(whole, budget=replace(whole.budget, stack=replace(whole.budget.stack, cluster=cluster)))
    check = engine_version(session, read_cluster(session))
    assert (check.verdict, check.text) == (verdict, text)


def _pending(answer: Any) -> Any:
    answer["DBClusters"][0]["DBClusterMembers"][0]["DBClusterParameterGroupStatus"] = "pending-reboot"
    return answer


def _unhealthy(answer: Any) -> Any:
    answer["Targets"] = [
        {
            "RdsResourceId": "a",
            "Type": "RDS_INSTANCE",
            "TargetHealth": {"State": "UNAVAILABLE", "Reason": "AUTH_FAILURE"},
        }
    ]
    return answer


def _unconfirmed(answer: Any) -> Any:
    for one in answer["Subscriptions"]:
        one["SubscriptionArn"] = "PendingConfirmation"
    return answer


def _few(answer: Any) -> Any:
    for subnet in answer["Subnets"]:
        subnet["AvailableIpAddressCount"] = 20
    return answer


def _small(answer: Any) -> Any:
    answer["Quota"]["Value"] = 3.0
    return answer


def _failed(answer: Any) -> Any:
    answer["ScalingActivities"] = [{"StatusCode": "Failed", "StatusMessage": "no capacity", "StartTime": clock.now()}]
    return answer


@pytest.mark.clock
@pytest.mark.parametrize(
    ("call", "change", "what", "text"),
    [
        ("rds:DescribeDBClusters", _pending, "parameters in effect", "pending-reboot, so max_connections may not be"),
        ("rds:DescribeDBProxyTargets", _unhealthy, "proxy's targets", "a is UNAVAILABLE (AUTH_FAILURE)"),
        ("sns:ListSubscriptionsByTopic", _unconfirmed, "subscriptions", "hasn't confirmed: it hears nothing"),
        ("ec2:DescribeSubnets", _few, "free addresses", "60 are free in 3 subnets; 4 instances may come"),
        ("servicequotas:GetServiceQuota", _small, "instance quota", "ask for a higher quota"),
        (
            "application-autoscaling:DescribeScalingActivities",
            _failed,
            "autoscaling's activities",
            "no capacity",
        ),
    ],
)
def test_what_the_emulator_never_does_is_seen(
    whole: Session, calls: Calls, call: str, change: Callable[[Any], Any], what: str, text: str
) -> None:
    calls.answering[call] = change
    found = no(verify(whole, None))
    assert what in found
    assert text in found[what]


@pytest.mark.clock
def test_a_check_that_cannot_be_made_is_no_yes(whole: Session, calls: Calls, headroom: Headroom) -> None:
    calls.refuse("sns:ListTopics", "AuthorizationError")
    done = headroom("verify")
    assert done.code == 1
    assert "missing permission: sns:ListTopics" in done.out
    assert done.out.splitlines()[-1] == f"{READY}: no (0 of 19 checks failed, 1 couldn't be made)"


@pytest.mark.clock
def test_a_quota_that_was_never_changed_is_the_default(whole: Session, calls: Calls) -> None:
    calls.refuse("servicequotas:GetServiceQuota", "NoSuchResourceException")
    verify(whole, None)
    assert "servicequotas:GetAWSDefaultServiceQuota" in calls.made


@pytest.mark.clock
@pytest.mark.server
def test_with_a_dsn_the_limits_in_effect_are_compared(whole: Session, server: Server) -> None:
    found = read_dsn(dsn(server), whole.budget.stack.cluster.engine)
    answer = no(verify(whole, found))
    assert answer["max_connections in effect"] == "20 on this instance; the budget counts on 1,000"
    assert answer["role limits"].startswith(
        "checkout: unlimited (it may take every slot); "
        "checkout: no lock_timeout (nothing ends its waits for a lock; declared are 10,000 ms); "
    )
    with admin(server) as database:
        for line in sql(whole.budget).splitlines():
            if not line.startswith("--"):
                database.execute(line)
    assert set(no(verify(whole, found))) == {"max_connections in effect"}
    assert len(role_limits(whole.budget)) == 4


def test_addresses_for_the_proxy_are_counted_for_the_most_readers(session: Session) -> None:
    # db.r6g.4xlarge: 25 for the writer and for each of six readers, 3 for the read-only endpoint; at most 215.
    assert proxy_addresses(session) == 7 * 25 + 3
