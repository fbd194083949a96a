"""Alarms that look right and never tell anybody: each counts as none, in a program and in the state of one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policies.configuration import interpret, shipped
from policies.exemptions import Exemptions
from policies.judge import judge
from policies.pack import all_rules
from policies.reading import types as t
from policies.reading.aurora import Reading
from policies.reading.state import read_state
from policies.rule import MANDATORY
from tests.policies.declared import NOW, Declared, Ref, shop
from tests.policies.deployed_state import deployed
from tests.policies.programs import read

ORDERS = Path(__file__).parent / "foreign" / "orders_with_a_proxy.py"
REGION, ACCOUNT = "eu-west-1", "123456789012"
#: What the orders' program says -> what somebody writes instead -> the rules that refuse it in prod.
UNHEARD = {"alrm-connections-required", "alrm-proxy-saturation"}
ROLES = {"alrm-connections-required"}
TOPICS = 'aws.sns.Topic("team"), aws.sns.Topic("on-call")'
PROGRAMS: dict[str, tuple[Mapping[str, str], set[str]]] = {
    "topics under AWS's own key": (
        {
            TOPICS: 'aws.sns.Topic("team", kms_master_key_id="alias/aws/sns"), '
            'aws.sns.Topic("on-call", kms_master_key_id="alias/aws/sns")'
        },
        UNHEARD,
    ),
    "one topic under a key with KMS's default policy": (
        {TOPICS: 'aws.sns.Topic("team"), aws.sns.Topic("on-call", kms_master_key_id=aws.kms.Key("key").arn)'},
        {"alrm-actions", "alrm-proxy-saturation"},
    ),
    "a namespace that doesn't exist": (
        {'namespace="AWS/RDS",\n            metric': 'namespace="AWS/Aurora",\n metric'},
        ROLES,
    ),
    "a unit that the metric doesn't have": ({'statistic="Maximum"': 'statistic="Maximum", unit="Percent"'}, ROLES),
    "a period that it isn't published at": (
        {'statistic="Maximum",\n            period=60': 'statistic="Maximum", period=10'},
        ROLES,
    ),
    "another dimension beside it": ({'"Role": role': '"Role": role, "Environment": "prod"'}, ROLES),
    "a role in small letters": ({'"Role": role}': '"Role": role.lower()}'}, ROLES),
    "a wait in milliseconds": (
        {
            'metric_name="DatabaseConnectionsBorrowLatency",': (
                'metric_name="DatabaseConnectionsBorrowLatency", unit="Milliseconds",'
            )
        },
        {"alrm-proxy-saturation"},
    ),
    "a pool by endpoint": (
        {'"TargetGroup": "default", "TargetRole": "READ_WRITE"': '"EndpointName": "read"'},
        {"alrm-proxy-saturation"},
    ),
    "the resource id, which a preview can't tell": (
        {'cluster.cluster_identifier, "Role"': 'cluster.cluster_resource_id, "Role"'},
        set(),
    ),
    "a metric of another namespace beside them": (
        {
            "pool = aws.rds": (
                'aws.cloudwatch.MetricAlarm("other", namespace="Ours", metric_name="orders", period=10, unit="Percent",'
                'statistic="Sum", evaluation_periods=1, threshold=1, comparison_operator="GreaterThanThreshold")\n'
                "pool = aws.rds"
            )
        },
        set(),
    ),
    "a function, a chat channel and an action of EC2 beside the topics": (
        {
            "alarm_actions=[topic.arn]": (
                "alarm_actions=[topic.arn, 'arn:aws:lambda:eu-west-1:123456789012:function:page', "
                "'arn:aws:automate:eu-west-1:ec2:recover', 'arn:aws:ssm:eu-west-1:123456789012:opsitem:1']"
            )
        },
        set(),
    ),
    "a function alone": (
        {"alarm_actions=[on_call.arn]": "alarm_actions=['arn:aws:lambda:eu-west-1:123456789012:function:page']"},
        set(),
    ),
}


def mandatory(reading: Reading) -> set[str]:
    """The rules that refuse it in prod."""
    applied, _ = interpret(shipped(all_rules(), "prod"), all_rules())
    verdicts = judge(all_rules(), lambda: reading, applied, Exemptions([], [], NOW.date()))
    return {verdict.rule.id for verdict in verdicts if verdict.level is MANDATORY}


@pytest.mark.parametrize(("changes", "rules"), PROGRAMS.values(), ids=list(PROGRAMS))
def test_in_a_program(changes: Mapping[str, str], rules: set[str], tmp_path: Path) -> None:
    text = ORDERS.read_text()
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    program = tmp_path / "program.py"
    program.write_text(text)
    assert mandatory(read(program)) == rules


def known(declared: Declared) -> dict[str, Any]:
    """The state of the shop as AWS names things: every reference is the text that it stands for."""
    arns = {name: f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in declared.names(t.TOPIC)}
    for name, arn in arns.items():
        declared.change(name, name=name, arn=arn)
    for name in declared.names(t.ALARM):
        tier = next((topic for topic in arns if name.endswith(topic)), "critical")
        declared.change(
            name, alarm_actions=[arns[tier]], arn=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}", region=REGION
        )
    declared.change("shop", cluster_identifier="orders", cluster_resource_id="cluster-ABC", arn="arn:aws:rds:::orders")
    declared.change("proxy", name="orders-proxy")
    for name in declared.names(t.ALARM):
        dimensions = {"ProxyName": "orders-proxy"} if name in {"pool-use", "borrow-latency"} else None
        role = name.split("-")[0].upper()
        dimensions = dimensions or {"DBClusterIdentifier": "orders", "Role": role}
        if name != "pool-use":
            declared.change(name, dimensions=dimensions)
    return deployed(declared)


def in_state(state: object) -> set[str]:
    return mandatory(Reading(read_state(json.loads(json.dumps(state))), NOW))


STATES: dict[str, tuple[dict[str, dict[str, Any]], set[str]]] = {
    "as it should be": ({}, set()),
    "topics under AWS's own key": (
        {name: {"kms_master_key_id": "alias/aws/sns"} for name in ("critical", "warning")},
        UNHEARD,
    ),
    "topics whose policy lets only RDS in": (
        {
            name: {
                "policy": json.dumps(
                    {
                        "Statement": {
                            "Effect": "Allow",
                            "Principal": {"Service": "events.rds.amazonaws.com"},
                            "Action": "sns:Publish",
                            "Resource": "*",
                        }
                    }
                )
            }
            for name in ("critical", "warning")
        },
        UNHEARD,
    ),
    "topics with SNS's default policy": (
        {
            name: {
                "policy": json.dumps(
                    {
                        "Version": "2008-10-17",
                        "Id": "__default_policy_ID",
                        "Statement": [
                            {
                                "Sid": "__default_statement_ID",
                                "Effect": "Allow",
                                "Principal": {"AWS": "*"},
                                "Action": ["SNS:GetTopicAttributes", "SNS:Subscribe", "SNS:Publish"],
                                "Resource": f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}",
                                "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
                            }
                        ],
                    }
                )
            }
            for name in ("critical", "warning")
        },
        set(),
    ),
}


@pytest.mark.parametrize(("changes", "rules"), STATES.values(), ids=list(STATES))
def test_in_the_state(changes: dict[str, dict[str, Any]], rules: set[str]) -> None:
    declared = shop()
    state = known(declared)
    for name, change in changes.items():
        declared.change(name, **change)
    state = deployed(declared) if changes else state
    assert in_state(state) == rules


def test_a_policy_that_refers_to_its_topic_passes_the_preview_and_is_judged_in_the_state() -> None:
    declared = shop()
    for tier in ("critical", "warning"):
        declared.add(t.TOPIC_POLICY, f"{tier}-policy", arn=Ref(tier), policy=Ref(tier))
    assert mandatory(declared.reading()) == set()
    for tier in ("critical", "warning"):
        declared.change(f"{tier}-policy", policy='{"Statement": []}')
    assert in_state(deployed(declared)) == UNHEARD


#: What somebody takes for the identifier, as the state has it once the cluster is there.
TAKEN = {
    "clusterResourceId": "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "arn": "arn:aws:rds:eu-west-1:123456789012:cluster:orders",
    "endpoint": "orders.cluster-abc.eu-west-1.rds.amazonaws.com",
    "clusterIdentifier": "orders",
}


@pytest.mark.parametrize("property_", TAKEN)
def test_which_property_a_dimension_is_shows_in_the_state(property_: str) -> None:
    """In the preview it comes from the cluster, and that is all that can be told."""
    declared = shop()
    assert mandatory(declared.reading()) == set()
    state = deployed(declared)
    for resource in state["deployment"]["resources"]:
        for values in (resource["inputs"], resource["outputs"]):
            if resource["type"] == t.CLUSTER:
                values.update(TAKEN)
            if resource["type"] == t.ALARM and "DBClusterIdentifier" in values.get("dimensions", {}):
                values["dimensions"] = {**values["dimensions"], "DBClusterIdentifier": TAKEN[property_]}
    assert in_state(state) == (set() if property_ == "clusterIdentifier" else ROLES)
