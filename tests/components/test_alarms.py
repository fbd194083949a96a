"""What the component declares is the table, whole and nothing else; the table's own tests are in tests/budget."""

from fnmatch import fnmatchcase

import pytest

from headroom.budget import evaluate
from headroom.budget.alarms import Alarm, AlarmTable, alarm_table
from headroom.budget.alarms.model import Expression
from headroom.budget.model import Role
from headroom.settings import load
from tests.components.conftest import Ran
from tests.components.program import ACCOUNT, ROOT, Program
from tests.golden_files import FOLDER, check_golden

FILES = ["Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml", "Pulumi.local.yaml", "docs/examples/mysql.yaml"]
TOPIC = f"arn:aws:made:eu-west-1:{ACCOUNT}:Topic/headroom-prod-"
THIS_ACCOUNTS_ALARMS = {
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
    "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:*"},
}


def name_of(file: str) -> str:
    return f"headroom-{file.rpartition('/')[2].removeprefix('Pulumi.').removesuffix('.yaml')}"


def table(file: str) -> AlarmTable:
    return alarm_table(evaluate(load(ROOT / file).stack(name_of(file))))


def of_prod() -> dict[str, Alarm]:
    return {f"headroom-prod-{alarm.name}": alarm for alarm in table("Pulumi.prod.yaml").alarms}


def test_every_alarm_says_what_it_saw_what_is_expected_and_where_to_go_on_as_in_the_golden_file(
    ran: Ran, prod: Program
) -> None:
    declared = {**prod.all(":CompositeAlarm"), **prod.all(":MetricAlarm")}
    text = "\n".join(f"{name}\n  {alarm['alarmDescription']}\n" for name, alarm in declared.items())
    check_golden(FOLDER / "alarms.prod.txt", text)
    mysql = ran("docs/examples/mysql.yaml").all(":MetricAlarm")
    text = "\n".join(f"{name}\n  {alarm['alarmDescription']}\n" for name, alarm in mysql.items())
    check_golden(FOLDER / "alarms.mysql.txt", text)


@pytest.mark.parametrize("file", FILES)
def test_every_alarm_of_the_table_is_declared_with_its_numbers(ran: Ran, file: str) -> None:
    declared = ran(file).all(":MetricAlarm")
    expected = {f"{name_of(file)}-{alarm.name}": alarm for alarm in table(file).alarms}
    assert declared.keys() == expected.keys()
    for name, alarm in expected.items():
        assert (
            declared[name]["threshold"],
            declared[name]["comparisonOperator"],
            declared[name]["datapointsToAlarm"],
            declared[name]["evaluationPeriods"],
            declared[name]["treatMissingData"],
        ) == (
            alarm.threshold,
            alarm.comparison,
            alarm.datapoints_to_alarm,
            alarm.evaluation_periods,
            alarm.missing,
        )
        assert len(declared[name]["alarmDescription"]) <= 1024


def test_no_symbol_is_left_in_what_is_declared(prod: Program) -> None:
    for declared in prod.declared:
        assert "<" not in str(declared.inputs.get("dimensions", "")) + str(declared.inputs.get("metricQueries", ""))


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
        {"id": "result", "expression": "100 * part / whole", "label": "used, percent", "returnData": True},
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
    for suffix, statistic in (("warning", "Average"), ("longest-warning", "Maximum"), ("critical", "Average")):
        writer, reader = (alarms[f"headroom-prod-{role}-borrow-latency-{suffix}"] for role in Role)
        assert writer["dimensions"] == {"ProxyName": "headroom-prod"}
        assert reader["dimensions"] == {"ProxyName": "headroom-prod", "EndpointName": "headroom-prod-read-only"}
        assert writer["statistic"] == reader["statistic"] == statistic


def test_an_instances_load_is_watched_by_its_name(prod: Program) -> None:
    alarm = prod.all(":MetricAlarm")["headroom-prod-instance-2-load-warning"]
    assert alarm["dimensions"] == {"DBInstanceIdentifier": "headroom-prod-2"}


def test_alarms_wait_for_the_instances_or_silence_would_page_while_they_are_made(prod: Program) -> None:
    instances = {declared.key for declared in prod.all(":ClusterInstance").values()}
    for alarm in prod.all(":MetricAlarm").values():
        assert instances <= alarm.dependencies


def test_each_tier_tells_its_own_people_when_it_rings_and_when_it_is_over(prod: Program) -> None:
    for name, alarm in prod.all(":MetricAlarm").items():
        assert alarm["alarmActions"] == alarm["okActions"] == [TOPIC + of_prod()[name].notifies]
    assert {
        (s["topic"].rpartition("-")[2], s["protocol"], s["endpoint"]) for s in prod.all(":TopicSubscription").values()
    } == {
        ("warning", "email", "shop-team@example.com"),
        ("critical", "https", "https://events.example.com/integration/shop"),
    }


def test_exhaustion_pages_once_and_its_children_leave_the_pager_to_it(prod: Program) -> None:
    composite = prod.one(":CompositeAlarm")
    children = [name for name, alarm in of_prod().items() if alarm.exhaustion]
    assert composite["alarmActions"] == composite["okActions"] == [f"{TOPIC}critical"]
    assert composite["alarmRule"] == " OR ".join(f'ALARM("{child}")' for child in children)
    assert len(composite["alarmRule"]) <= 10_240
    assert {f"aws:cloudwatch/metricAlarm:MetricAlarm::{child}" for child in children} <= composite.dependencies
    paging = {n for n, a in prod.all(":MetricAlarm").items() if a["alarmActions"] == [f"{TOPIC}critical"]}
    assert paging == {
        "headroom-prod-writer-down-critical",
        "headroom-prod-writer-proxy-availability-critical",
        "headroom-prod-role-refusals-critical",
    }
    assert not paging & set(children)


def test_the_databases_own_events_reach_the_tier_that_they_belong_to(prod: Program) -> None:
    assert {
        name.removeprefix("headroom-prod-"): (
            e["sourceType"],
            e["sourceIds"],
            e["eventCategories"],
            e["snsTopic"].rpartition("-")[2],
        )
        for name, e in prod.all(":EventSubscription").items()
    } == {
        "cluster-critical": ("db-cluster", ["headroom-prod"], ["failover", "failure"], "critical"),
        "cluster-warning": ("db-cluster", ["headroom-prod"], ["maintenance"], "warning"),
        "instances-critical": (
            "db-instance",
            ["headroom-prod-1", "headroom-prod-2", "headroom-prod-3"],
            ["failure", "low storage"],
            "critical",
        ),
        "instances-warning": (
            "db-instance",
            ["headroom-prod-1", "headroom-prod-2", "headroom-prod-3"],
            ["availability", "maintenance", "recovery"],
            "warning",
        ),
        "proxy-critical": ("db-proxy", ["headroom-prod"], ["failure"], "critical"),
    }


def test_autoscaling_at_its_maximum_is_told_of_by_its_own_event(prod: Program) -> None:
    import json

    rule, target = prod.one(":EventRule"), prod.one(":EventTarget")
    assert json.loads(rule["eventPattern"]) == {
        "source": ["aws.application-autoscaling"],
        "detail-type": ["Application Auto Scaling Scaling Activity State Change"],
        "detail": {
            "resourceId": ["cluster:headroom-prod"],
            "scalableDimension": ["rds:cluster:ReadReplicaCount"],
            "scaledToMax": [True],
        },
    }
    assert (target["rule"], target["arn"]) == ("headroom-prod-readers-at-maximum", f"{TOPIC}warning")
    assert json.loads(target["input"]) == (
        "headroom-prod warning: Replica autoscaling has reached its maximum of 6 readers. "
        "What to do: docs/runbook.md#readers-at-maximum"
    )


def test_refused_logins_are_counted_in_postgresqls_log_by_their_messages(prod: Program, mysql: Program) -> None:
    for metric, key, pattern in (
        (
            "RefusedLogins",
            "refused-logins",
            '?"sorry, too many clients already" ?"remaining connection slots are reserved"',
        ),
        (
            "RoleRefusals",
            "role-refusals",
            '?"too many connections for role" ?"too many connections for database"',
        ),
    ):
        counted = prod.all(":LogMetricFilter")[f"headroom-prod-{metric}"]
        assert counted["logGroupName"] == "/aws/rds/cluster/headroom-prod/postgresql"
        assert counted["pattern"] == pattern
        assert counted["metricTransformation"] == {
            "name": metric,
            "namespace": "Headroom/headroom-prod",
            "value": "1",
            "defaultValue": "0",
        }
        alarm = prod.all(":MetricAlarm")[f"headroom-prod-{key}-critical"]
        assert (alarm["namespace"], alarm["metricName"]) == ("Headroom/headroom-prod", metric)
        assert "dimensions" not in alarm.inputs
    assert not mysql.all(":LogMetricFilter")  # it has no line for error 1040


@pytest.mark.parametrize("file", FILES)
def test_an_expression_has_one_answer_and_no_more_metrics_than_an_alarm_may_have(ran: Ran, file: str) -> None:
    for alarm in table(file).alarms:
        if isinstance(alarm.measure, Expression):
            queries = ran(file).all(":MetricAlarm")[f"{name_of(file)}-{alarm.name}"]["metricQueries"]
            assert [query["returnData"] for query in queries].count(True) == 1
            assert len(queries) <= 10


def test_only_this_accounts_alarms_and_events_publish_and_only_with_tls(prod: Program) -> None:
    # EventBridge is let in where its rule publishes, and nowhere else: its statement can't have a condition.
    from_rules = [("events.amazonaws.com", "sns:Publish", f"{TOPIC}warning", None)]
    for tier, more in (("warning", from_rules), ("critical", [])):
        topic = TOPIC + tier
        *publishers, tls = prod.policy(":TopicPolicy", f"headroom-prod-{tier}")
        assert [(p["Principal"]["Service"], p["Action"], p["Resource"], p.get("Condition")) for p in publishers] == [
            ("cloudwatch.amazonaws.com", "sns:Publish", topic, THIS_ACCOUNTS_ALARMS),
            (
                "events.rds.amazonaws.com",
                "sns:Publish",
                topic,
                {
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:rds:eu-west-1:{ACCOUNT}:*"},
                },
            ),
            *more,
        ]
        assert tls == {
            "Sid": "OnlyWithTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }


@pytest.mark.parametrize(
    "source", ["cluster:headroom-prod", "db:headroom-prod-1", "db-proxy:prx-0123", "es:headroom-prod-cluster-critical"]
)
def test_rds_is_let_in_whichever_arn_it_names(prod: Program, source: str) -> None:
    for tier in ("warning", "critical"):
        (rds,) = [
            statement
            for statement in prod.policy(":TopicPolicy", f"headroom-prod-{tier}")
            if statement["Principal"] == {"Service": "events.rds.amazonaws.com"}
        ]
        pattern = rds["Condition"]["ArnLike"]["aws:SourceArn"]
        assert fnmatchcase(f"arn:aws:rds:eu-west-1:{ACCOUNT}:{source}", pattern)
        assert not fnmatchcase(f"arn:aws:rds:eu-west-1:210987654321:{source}", pattern)


def test_eventbridge_is_let_in_only_where_a_rule_publishes(ran: Ran) -> None:
    for file in FILES:
        program = ran(file)
        targets = {target["arn"].rpartition("/")[2] for target in program.all(":EventTarget").values()}
        for name in program.all(":TopicPolicy"):
            lets_in = "events.amazonaws.com" in str(program.policy(":TopicPolicy", name))
            assert lets_in is (name in targets), name
        key = next(name for name in program.all(":Key") if name.endswith("-alarms"))
        assert ("events.amazonaws.com" in str(program.policy(":Key", key))) is bool(targets)


def test_whatever_publishes_waits_for_the_policies_or_the_first_deploy_would_be_let_in_by_the_default(
    prod: Program,
) -> None:
    policies = {tier: prod.all(":TopicPolicy")[f"headroom-prod-{tier}"].key for tier in ("warning", "critical")}
    for alarm in prod.all(":MetricAlarm").values():
        assert set(policies.values()) <= alarm.dependencies
    publishers = [*prod.all(":EventSubscription").values(), *prod.all(":EventTarget").values()]
    assert publishers
    for publisher in publishers:
        topic = publisher.inputs.get("snsTopic") or publisher["arn"]
        assert policies[topic.rpartition("-")[2]] in publisher.dependencies, publisher.key


def test_the_topics_are_encrypted_with_a_key_that_their_publishers_may_use(prod: Program) -> None:
    assert {t["kmsMasterKeyId"].rpartition("/")[2] for t in prod.all(":Topic").values()} == {"headroom-prod-alarms"}
    _, cloudwatch, database, events = prod.policy(":Key", "headroom-prod-alarms")
    assert cloudwatch["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert cloudwatch["Condition"] == THIS_ACCOUNTS_ALARMS
    for statement, service in ((database, "events.rds.amazonaws.com"), (events, "events.amazonaws.com")):
        assert statement["Principal"] == {"Service": service}
        assert statement["Condition"] == {
            "ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:headroom-prod-*"}
        }


def test_the_key_policys_statements_have_names_of_their_own(prod: Program) -> None:
    sids = [statement["Sid"] for statement in prod.policy(":Key", "headroom-prod-alarms")]
    assert len(set(sids)) == len(sids), sids


def test_with_nobody_to_tell_there_are_no_alarms(before_the_incident: Program) -> None:
    assert not before_the_incident.all(":MetricAlarm")
    assert not before_the_incident.all(":CompositeAlarm")
    assert before_the_incident.outputs["alarms"] == []
