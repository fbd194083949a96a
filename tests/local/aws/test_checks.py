"""What check refuses, in the user's words; and what it fills in."""

import json
from typing import Any

import pytest

from headroom.local.aws.checks import DEFAULTS
from headroom.local.aws.table import TYPES
from headroom.local.aws.values import UNKNOWN, Properties
from tests.local.aws.plugin import Plugin

pytestmark = pytest.mark.emulator

ALARM, CLUSTER = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:rds/cluster:Cluster"
GROUP, PROXY = "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup", "aws:rds/proxy:Proxy"
CLUSTER_GROUP, INSTANCE_GROUP = (
    "aws:rds/clusterParameterGroup:ClusterParameterGroup",
    "aws:rds/parameterGroup:ParameterGroup",
)
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
POLICY, ROLE = "aws:appautoscaling/policy:Policy", "aws:iam/role:Role"
GOOD_ALARM = {
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 3,
    "threshold": 900,
    "namespace": "AWS/RDS",
    "metricName": "DatabaseConnections",
    "period": 60,
    "statistic": "Maximum",
}
MATH_ALARM = {"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 3, "threshold": 900}
GOOD_CLUSTER = {"engine": "aurora-postgresql", "masterUsername": "root_admin", "manageMasterUserPassword": True}
ALARMED = "arn:aws:sns:eu-west-1:123456789012:x"
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]})
SCALED = {"serviceNamespace": "rds", "resourceId": "cluster:shop", "scalableDimension": "rds:cluster:ReadReplicaCount"}


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        (ALARM, {**GOOD_ALARM, "treshold": 5}, ["treshold: MetricAlarm has no such property"]),
        (ALARM, {**GOOD_ALARM, "threshold": "900"}, ['threshold: must be a number, got "900"']),
        (ALARM, {**GOOD_ALARM, "evaluationPeriods": 0}, ["evaluationPeriods: must be at least 1, got 0"]),
        (ALARM, {**GOOD_ALARM, "evaluationPeriods": 1.5}, ["evaluationPeriods: must be a whole number, got 1.5"]),
        (ALARM, {**GOOD_ALARM, "evaluationPeriods": True}, ["evaluationPeriods: must be a whole number, got true"]),
        (ALARM, {**GOOD_ALARM, "statistic": "Median"},
         ['statistic: must be one of SampleCount, Average, Sum, Minimum, Maximum; got "Median"']),
        (ALARM, {**GOOD_ALARM, "alarmActions": [ALARMED] * 6}, ["alarmActions: must have at most 5 entries, has 6"]),
        (ALARM, {**GOOD_ALARM, "alarmActions": "x"}, ['alarmActions: must be a list, got "x"']),
        (ALARM, {**GOOD_ALARM, "alarmActions": [ALARMED, 5]}, ["alarmActions[1]: must be text, got 5"]),
        (ALARM, {**GOOD_ALARM, "dimensions": {"Role": 5}}, ["dimensions.Role: must be text, got 5"]),
        (ALARM, {**GOOD_ALARM, "name": ""}, ["name: must have between 1 and 255 characters, has 0"]),
        (ALARM, {**MATH_ALARM, "metricQueries": [{"expression": "1", "label": 5}]},
         ["metricQueries[0].id: is required", "metricQueries[0].label: must be text, got 5"]),
        (FILTER, {"name": "slots", "logGroupName": "x", "pattern": "y", "metricTransformation": {"name": "a"}},
         ["metricTransformation.namespace: is required", "metricTransformation.value: is required"]),
        (GROUP, {}, ["dbProxyName: is required"]),
        (GROUP, {"dbProxyName": "shop", "connectionPoolConfig": {"maxConnections": 60}},
         ["connectionPoolConfig.maxConnections: there is no such property; there are: connectionBorrowTimeout, "
          "initQuery, maxConnectionsPercent, maxIdleConnectionsPercent, sessionPinningFilters"]),
        (PROXY, {"engineFamily": "ORACLE", "roleArn": "arn:aws:iam::123456789012:role/x", "vpcSubnetIds": ["a", "b"],
                 "auths": [{"authScheme": "SECRETS", "iamAuth": "PERHAPS"}]},
         ['auths[0].iamAuth: must be one of DISABLED, REQUIRED, ENABLED; got "PERHAPS"',
          'engineFamily: must be one of MYSQL, POSTGRESQL, SQLSERVER; got "ORACLE"']),
        (POLICY, {**SCALED, "scalableDimension": "rds:cluster:Replicas"},
         ["scalableDimension: must be one of " + ", ".join(()) + "…"]),
        (CLUSTER, {**GOOD_CLUSTER, "snapshotIdentifier": "x"},
         ["snapshotIdentifier: the local plugin does not serve it: it makes empty clusters only; "
          "leave it out of the local stack"]),
        (ROLE, {"assumeRolePolicy": "{"}, ["assumeRolePolicy: is not JSON"]),
        (CLUSTER_GROUP, {"family": "aurora-postgresql14", "parameters": [{"name": "lock_timeout", "value": "1000"}]},
         ["parameters[0].name: aurora-postgresql14 has no parameter lock_timeout: AWS's list of it (2026-11-30) is "
          "complete; a setting of PostgreSQL that no group has can be set for a role: ALTER ROLE … SET"]),
        (CLUSTER_GROUP,
         {"family": "aurora-postgresql16",
          "parameters": [
              {"name": "max_connections", "value": "3"},
              {"name": "log_connections", "value": "1", "applyMethod": "now"},
              {"name": UNKNOWN, "value": UNKNOWN, "applyMethod": UNKNOWN},
          ]},
         ["parameters[0].applyMethod: max_connections is static: it takes effect after a reboot, and AWS refuses "
          "`immediate` for it, which is what an omitted apply method means; write pending-reboot",
          "parameters[0].value: max_connections takes a whole number from 6 to 262143, got '3'",
          "parameters[1].applyMethod: must be immediate or pending-reboot, got 'now'"]),
        (INSTANCE_GROUP, {"family": "aurora-mysql8.0", "parameters": [{"name": "time_zone", "value": "UTC"}]},
         ["parameters[0].name: time_zone is a parameter of aurora-mysql8.0's cluster groups, not of its instances': "
          "set it there"]),
        (INSTANCE_GROUP, {"family": "aurora-postgres"},
         ["family: AWS has no family 'aurora-postgres'; Aurora's are aurora-mysql5.7, aurora-mysql8.0, "
          "aurora-mysql8.4, aurora-postgresql9.6, aurora-postgresql10, aurora-postgresql11, aurora-postgresql12, "
          "aurora-postgresql13, aurora-postgresql14, aurora-postgresql15, aurora-postgresql16, "
          "aurora-postgresql17, aurora-postgresql18"]),
        (INSTANCE_GROUP, {"family": UNKNOWN, "parameters": [{"name": "nonsense", "value": "UTC"}]}, []),
        (INSTANCE_GROUP, {"family": "aurora-mysql8.0", "parameters": [{"name": "nonsense", "value": "UTC"}]}, []),
        (ROLE, {"assumeRolePolicy": TRUST, "maxSessionDuration": 60},
         ["maxSessionDuration: must be between 3600 and 43200, got 60"]),
    ],
)  # fmt: skip
def test_a_bad_input_is_refused_with_its_name_and_what_is_allowed(
    plugin: Plugin, token: str, inputs: dict[str, Any], expected: list[str]
) -> None:
    _, failures = plugin.check(token, inputs)
    assert _shortened(failures) == _shortened(expected)


def _shortened(failures: list[str]) -> list[str]:
    """The list of all scalable dimensions is long."""
    return [line if len(line) < 300 else line[: len("scalableDimension: must be one of ")] + "…" for line in failures]


def test_several_bad_inputs_are_all_told(plugin: Plugin) -> None:
    _, failures = plugin.check(ALARM, {**GOOD_ALARM, "threshold": "x", "period": 0, "unit": "Connections"})
    assert [line.split(":")[0] for line in failures] == ["period", "threshold", "unit"]


def test_the_value_of_a_secret_parameter_is_not_told(plugin: Plugin) -> None:
    parameter = {"name": "max_connections", "value": "3", "applyMethod": "pending-reboot"}
    inputs = Properties({"family": "aurora-postgresql16", "parameters": [parameter]}, ["parameters"])
    _, failures = plugin.check(CLUSTER_GROUP, inputs)
    assert failures == [
        ": property parameters[0].value: max_connections takes a whole number from 6 to 262143, got [secret]"
    ]


def test_the_value_of_a_secret_is_not_told(plugin: Plugin) -> None:
    inputs = Properties(
        {"engine": "aurora-postgresql", "masterUsername": "x", "masterPassword": 12345}, ["masterPassword"]
    )
    _, failures = plugin.check(CLUSTER, inputs)
    # No property either: the engine would show its value.
    assert failures == [": property masterPassword: must be text, got [secret]"]


def test_what_is_not_known_yet_is_not_judged(plugin: Plugin) -> None:
    unknown = {
        **GOOD_ALARM,
        "name": UNKNOWN,
        "threshold": UNKNOWN,
        "alarmActions": [UNKNOWN],
        "dimensions": {"Role": UNKNOWN},
    }
    assert plugin.check(ALARM, unknown)[1] == []
    assert plugin.check(CLUSTER, {**GOOD_CLUSTER, "engine": UNKNOWN, "vpcSecurityGroupIds": UNKNOWN})[1] == []


def test_a_change_that_is_in_neither_list_is_an_error_and_no_replacement(plugin: Plugin) -> None:
    given = {**GOOD_CLUSTER, "globalClusterIdentifier": "one"}
    old = plugin.checked(CLUSTER, given)
    _, failures = plugin.check(CLUSTER, {**given, "globalClusterIdentifier": "two"}, old)
    assert failures == [
        "globalClusterIdentifier: the local plugin knows no way to change it: neither in place nor by a new Cluster"
    ]


def test_defaults_are_filled_in_and_said_to_be_so(plugin: Plugin) -> None:
    inputs = plugin.checked("aws:cloudwatch/logGroup:LogGroup", {"name": "/shop"})
    assert inputs == {
        "name": "/shop",
        "retentionInDays": 0,
        "skipDestroy": False,
        DEFAULTS: ["retentionInDays", "skipDestroy"],
    }


def test_a_policy_given_as_an_object_becomes_text(plugin: Plugin) -> None:
    policy = {"Version": "2012-10-17", "Statement": []}
    assert json.loads(plugin.checked(ROLE, {"assumeRolePolicy": policy})["assumeRolePolicy"]) == policy
    assert plugin.checked(ROLE, {"assumeRolePolicy": {"Version": UNKNOWN}})["assumeRolePolicy"] == UNKNOWN


def test_a_name_is_made_up_once_and_kept(plugin: Plugin) -> None:
    topic = "aws:sns/topic:Topic"
    first = plugin.checked(topic, {})
    assert first["name"].startswith("it-")
    assert plugin.checked(topic, {}, first)["name"] == first["name"]
    assert plugin.check(topic, {}, first, name="renamed")[0]["name"] == first["name"]
    # For a replacement the engine asks again, without the old inputs: both must fit side by side.
    assert plugin.checked(topic, {})["name"] != first["name"]


def test_a_name_that_was_given_and_is_no_longer_makes_room_for_a_made_up_one(plugin: Plugin) -> None:
    topic = "aws:sns/topic:Topic"
    given = plugin.checked(topic, {"name": "critical"})
    assert plugin.checked(topic, {}, given)["name"].startswith("it-")
    assert plugin.checked(topic, {"namePrefix": "alarm-"}, given)["name"].startswith("alarm-")
    assert plugin.checked("aws:kms/alias:Alias", {"targetKeyId": "x"})["name"].startswith("alias/it-")


def test_every_property_of_every_type_has_its_place(plugin: Plugin) -> None:
    """No property is silently ignored: each is sent, stored, refused, or recorded and said to be."""
    for token, entry in TYPES.items():
        derived = plugin.provider._type(f"::::{token}")
        inputs = set(derived.schema.inputs)
        assert derived.unaccounted == frozenset(), token
        named = entry.replaces | entry.stored | entry.recorded | entry.unechoed | entry.documents | {entry.name}
        named |= set(entry.defaults) | set(entry.removed) | set(entry.refused) | {n.split(".")[0] for n in entry.names}
        assert named - {""} <= inputs, token
        outputs = set(entry.reads) | set(entry.computed) | {name for more in entry.more for name in more.reads}
        assert outputs <= set(derived.schema.outputs), token


def test_only_what_aws_cannot_change_has_no_way_to_change(plugin: Plugin) -> None:
    neither = {
        f"{token.split(':')[-1]}.{name}"
        for token, entry in TYPES.items()
        for derived in [plugin.provider._type(f"::::{token}")]
        for name in set(derived.schema.inputs) - entry.replaces - derived.changeable - set(entry.refused)
    }
    assert neither == {"Cluster.globalClusterIdentifier"}


def test_pulumi_requires_whatever_aws_requires(plugin: Plugin) -> None:
    """So check need not ask botocore which properties must be there."""
    for token, entry in TYPES.items():
        derived = plugin.provider._type(f"::::{token}")
        required = derived.input_shape(entry.create.operation).required_members
        for name, target in derived.targets(entry.create).items():
            if target.member in required and not target.within:
                assert derived.schema.inputs[name].required or name in entry.defaults or name == entry.name, (
                    token,
                    name,
                )
