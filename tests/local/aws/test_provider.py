"""What the life of a resource doesn't show: differences, previews, secrets, half-made resources."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as proto

from headroom.local.aws.registry import as_of
from headroom.local.aws.values import UNKNOWN, Properties, from_struct, to_struct
from tests.local.aws.plugin import Plugin, RefusedError

pytestmark = pytest.mark.emulator

CLUSTER, VPC, TOPIC = "aws:rds/cluster:Cluster", "aws:ec2/vpc:Vpc", "aws:sns/topic:Topic"
PARAMETERS = "aws:rds/clusterParameterGroup:ClusterParameterGroup"
KEY, ROLE, GROUP = "aws:kms/key:Key", "aws:iam/role:Role", "aws:ec2/securityGroup:SecurityGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
GIVEN = {
    "clusterIdentifier": "shop",
    "engine": "aurora-postgresql",
    "masterUsername": "root_admin",
    "manageMasterUserPassword": True,
    "storageEncrypted": True,
}
_Kind = proto.PropertyDiff


def _diff(
    plugin: Plugin, token: str, old: dict[str, Any], new: dict[str, Any], state: dict[str, Any] | None = None
) -> Any:
    before = plugin.checked(token, old)
    return plugin.diff(token, "x", {**before, **(state or {})}, before, plugin.checked(token, new, before))


def test_a_change_in_the_replace_list_replaces_and_says_what(plugin: Plugin) -> None:
    diff = _diff(plugin, CLUSTER, {**GIVEN, "port": 5432}, {**GIVEN, "port": 5433, "masterUsername": "someone"})
    assert (list(diff.diffs), list(diff.replaces)) == (["masterUsername", "port"], ["masterUsername"])
    kinds = {name: entry.kind for name, entry in diff.detailedDiff.items()}
    assert kinds == {"masterUsername": _Kind.UPDATE_REPLACE, "port": _Kind.UPDATE}


def test_a_fixed_name_is_deleted_before_it_is_made_again_and_a_made_up_one_after(plugin: Plugin) -> None:
    fixed = _diff(plugin, CLUSTER, GIVEN, {**GIVEN, "masterUsername": "someone"})
    assert fixed.deleteBeforeReplace
    unnamed = {key: value for key, value in GIVEN.items() if key != "clusterIdentifier"}
    assert not _diff(plugin, CLUSTER, unnamed, {**unnamed, "masterUsername": "someone"}).deleteBeforeReplace
    renamed = {**GIVEN, "clusterIdentifier": "other"}
    assert not _diff(plugin, CLUSTER, GIVEN, renamed).deleteBeforeReplace
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    policies = [{"role": "x", "policyArn": f"arn:aws:iam::aws:policy/{name}"} for name in "ab"]
    assert not _diff(plugin, attachment, *policies).deleteBeforeReplace


def test_another_region_replaces(plugin: Plugin) -> None:
    diff = _diff(plugin, CLUSTER, GIVEN, GIVEN, {"region": "us-east-1"})
    assert (list(diff.replaces), diff.deleteBeforeReplace) == (["region"], False)


def test_a_tag_never_replaces(plugin: Plugin) -> None:
    diff = _diff(plugin, CLUSTER, GIVEN, {**GIVEN, "tags": {"a": "b"}})
    assert (list(diff.diffs), list(diff.replaces)) == (["tags"], [])


def test_what_means_the_same_is_no_change(plugin: Plugin) -> None:
    old = {**GIVEN, "vpcSecurityGroupIds": ["sg-1", "sg-2"], "kmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1"}
    new = {**GIVEN, "vpcSecurityGroupIds": ["sg-2", "sg-1"], "kmsKeyId": "1"}
    assert list(_diff(plugin, CLUSTER, old, new).diffs) == []
    policies = ['{"Version": "2012-10-17", "Statement": []}', '{"Statement":[],"Version":"2012-10-17"}']
    assert list(_diff(plugin, ROLE, *({"assumeRolePolicy": policy} for policy in policies)).diffs) == []


def test_an_added_input_that_says_what_is_there_is_no_change(plugin: Plugin) -> None:
    new = {**GIVEN, "availabilityZones": ["eu-west-1a"]}
    assert list(_diff(plugin, CLUSTER, GIVEN, new, {"availabilityZones": ["eu-west-1a"]}).diffs) == []
    assert list(_diff(plugin, CLUSTER, GIVEN, new, {"availabilityZones": ["eu-west-1b"]}).replaces) == [
        "availabilityZones"
    ]


def test_a_removed_input_is_sent_as_its_default(plugin: Plugin) -> None:
    identifier, inputs, state = plugin.made(KEY, {"description": "shop", "enableKeyRotation": True})
    new = plugin.checked(KEY, {}, inputs)
    assert set(plugin.diff(KEY, identifier, state, inputs, new).diffs) == {"description", "enableKeyRotation"}
    state = plugin.update(KEY, identifier, state, inputs, new)
    assert (state.get("description", ""), state["enableKeyRotation"]) == ("", False)


def test_a_removed_input_that_nothing_resets_keeps_its_value(plugin: Plugin) -> None:
    old = {**GIVEN, "preferredBackupWindow": "02:00-03:00"}
    assert list(_diff(plugin, CLUSTER, old, GIVEN).diffs) == []


def test_a_removed_input_that_was_the_default_anyway_is_no_change(plugin: Plugin) -> None:
    old = {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": False}
    assert list(_diff(plugin, VPC, old, {"cidrBlock": "10.0.0.0/16"}).diffs) == []


def test_an_alarm_is_put_whole_so_a_removed_input_is_gone(plugin: Plugin) -> None:
    given = {
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 1,
        "threshold": 5,
        "metricName": "x",
        "namespace": "y",
        "statistic": "Sum",
        "period": 60,
    }
    identifier, inputs, state = plugin.made(
        ALARM, {**given, "alarmDescription": "old", "okActions": ["arn:aws:sns:::x"]}
    )
    new = plugin.checked(ALARM, given, inputs)
    state = plugin.update(ALARM, identifier, state, inputs, new)
    assert not state.get("alarmDescription")
    assert not state.get("okActions")


def test_default_tags_reach_every_resource_and_their_change_is_seen(at_emulator: str) -> None:
    before, after = (Plugin(json.dumps({"tags": {"project": value}})) for value in ("one", "two"))
    identifier, inputs, state = before.made(VPC, {"cidrBlock": "10.200.0.0/16", "tags": {"own": "x"}})
    assert state["tagsAll"] == {"project": "one", "own": "x"}
    assert state["tags"] == {"own": "x"}
    assert list(before.diff(VPC, identifier, state, inputs, inputs).diffs) == []
    assert list(after.diff(VPC, identifier, state, inputs, inputs).diffs) == ["tagsAll"]
    state = after.update(VPC, identifier, state, inputs, inputs)
    _, outputs, now = after.read(VPC, identifier, state, inputs)
    assert (outputs["tagsAll"], outputs["tags"], now) == ({"project": "two", "own": "x"}, {"own": "x"}, inputs)
    after.delete(VPC, identifier, state)


def test_secret_default_tags_stay_secret(at_emulator: str) -> None:
    plugin = Plugin()
    plugin.provider._settings = type(plugin.provider._settings)(
        "eu-west-1", {"token": "open-sesame"}, default_tags_are_secret=True
    )
    identifier, _, state = plugin.made(VPC, {"cidrBlock": "10.201.0.0/16"})
    assert state.secrets == {"tagsAll"}
    plugin.delete(VPC, identifier, state)


def test_a_preview_answers_what_is_known_and_makes_nothing(plugin: Plugin) -> None:
    inputs = plugin.checked(TOPIC, {"name": "previewed", "tags": {"a": "b"}, "displayName": UNKNOWN})
    identifier, outputs = plugin.create(TOPIC, inputs, preview=True)
    assert identifier == ""
    assert set(outputs) == set(plugin.provider._type(f"::::{TOPIC}").schema.outputs)
    assert (outputs["name"], outputs["tagsAll"], outputs["region"]) == ("previewed", {"a": "b"}, "eu-west-1")
    assert (outputs["arn"], outputs["displayName"]) == (UNKNOWN, UNKNOWN)
    assert plugin.read(TOPIC, "arn:aws:sns:eu-west-1:123456789012:previewed") == ("", {}, {})


def test_the_preview_of_an_update_keeps_what_will_stay(plugin: Plugin) -> None:
    identifier, inputs, state = plugin.made(TOPIC, {"displayName": "a"})
    new = plugin.checked(TOPIC, {"displayName": UNKNOWN}, inputs)
    assert list(plugin.diff(TOPIC, identifier, state, inputs, new).diffs) == ["displayName"]
    outputs = plugin.update(TOPIC, identifier, state, inputs, new, preview=True)
    assert (outputs["arn"], outputs["displayName"]) == (identifier, UNKNOWN)
    assert plugin.read(TOPIC, identifier, state, inputs)[1]["displayName"] == "a"


def test_secrets_go_in_and_stay_secret_wherever_they_show(plugin: Plugin) -> None:
    given = Properties(
        {
            **GIVEN,
            "clusterIdentifier": "with-secrets",
            "manageMasterUserPassword": False,
            "masterPassword": "open-sesame",
            "tags": {"token": "abracadabra"},
        },
        ["masterPassword", "tags"],
    )
    inputs = plugin.checked(CLUSTER, given)
    assert inputs.secrets == {"masterPassword", "tags"}
    identifier, state = plugin.create(CLUSTER, inputs)
    assert (state["masterPassword"], state.secrets) == ("open-sesame", {"masterPassword", "tags", "tagsAll"})
    _, outputs, now = plugin.read(CLUSTER, identifier, state, inputs)
    assert (outputs.secrets, now.secrets) == ({"masterPassword", "tags", "tagsAll"}, {"masterPassword", "tags"})
    new = plugin.checked(CLUSTER, Properties({**given, "port": 5433}, given.secrets), inputs)
    state = plugin.update(CLUSTER, identifier, state, inputs, new)
    assert state.secrets == {"masterPassword", "tags", "tagsAll"}
    plugin.delete(CLUSTER, identifier, Properties({**state, "skipFinalSnapshot": True}))


def test_a_half_made_resource_is_reported_with_what_is_in_effect(plugin: Plugin) -> None:
    other = plugin.made(KEY, {})[0]
    given = plugin.checked(TOPIC, {"name": "half-made", "displayName": "critical", "kmsMasterKeyId": other})
    client: Any = plugin.provider._connected().client("sns", "eu-west-1")
    calls = client.set_topic_attributes

    def fail_at_the_second(**members: Any) -> Any:
        if members["AttributeName"] == "KmsMasterKeyId":
            return client.get_topic_attributes(TopicArn="arn:aws:sns:eu-west-1:123456789012:missing")
        return calls(**members)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "set_topic_attributes", fail_at_the_second)
        with pytest.raises(RefusedError) as failed:
            plugin.create(TOPIC, given)

    arn = "arn:aws:sns:eu-west-1:123456789012:half-made"
    assert str(failed.value) == (
        f"{arn} was created, but a later step failed: SetTopicAttributes: NotFound: Topic does not exist"
    )
    detail = proto.ErrorResourceInitFailed()
    assert failed.value.details[0].Unpack(detail)
    inputs, state = from_struct(detail.inputs), from_struct(detail.properties)
    assert (detail.id, list(detail.reasons)) == (arn, ["SetTopicAttributes: NotFound: Topic does not exist"])
    # Both attributes belong to the failed step: the next run sends both, whichever got through.
    assert (set(given) - set(inputs), state.get("kmsMasterKeyId")) == ({"displayName", "kmsMasterKeyId"}, None)

    assert set(plugin.diff(TOPIC, arn, state, inputs, given).diffs) == {"displayName", "kmsMasterKeyId"}
    state = plugin.update(TOPIC, arn, state, inputs, given)
    assert (state["displayName"], state["kmsMasterKeyId"]) == ("critical", other)
    plugin.delete(TOPIC, arn, state)


def test_an_update_of_what_is_gone_says_so(plugin: Plugin) -> None:
    identifier, inputs, state = plugin.made(GROUP, {"description": "a"})
    plugin.delete(GROUP, identifier, state)
    new = plugin.checked(GROUP, {"description": "a", "revokeRulesOnDelete": True}, inputs)
    with pytest.raises(RefusedError) as refused:
        plugin.update(GROUP, identifier, state, inputs, new)
    assert str(refused.value) == (
        f"{identifier} is gone: it was deleted outside Pulumi. Run `pulumi refresh`, then `pulumi up`."
    )


def test_aws_says_no_with_the_name_of_the_call(plugin: Plugin) -> None:
    inputs = plugin.checked(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "missing", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
    )
    with pytest.raises(RefusedError) as refused:
        plugin.create("aws:iam/rolePolicyAttachment:RolePolicyAttachment", inputs)
    assert str(refused.value) == "AttachRolePolicy: NoSuchEntity: Role missing not found"


def test_a_malformed_id_to_import_is_told_with_its_form(plugin: Plugin) -> None:
    with pytest.raises(RefusedError) as refused:
        plugin.read("aws:appautoscaling/target:Target", "cluster-shop")
    assert str(refused.value) == (
        "'cluster-shop' is no id of aws:appautoscaling/target:Target: "
        "expected the form {serviceNamespace}/{resourceId}/{scalableDimension}"
    )


def test_what_changed_behind_our_back_is_read(plugin: Plugin, at_emulator: str) -> None:
    token = "aws:appautoscaling/target:Target"
    scaled = {
        "serviceNamespace": "rds",
        "resourceId": "cluster:sale",
        "scalableDimension": "rds:cluster:ReadReplicaCount",
    }
    plugin.made(CLUSTER, {**GIVEN, "clusterIdentifier": "sale"})
    identifier, inputs, state = plugin.made(token, {**scaled, "minCapacity": 2, "maxCapacity": 8})
    client = boto3.client(
        "application-autoscaling",
        region_name="eu-west-1",
        endpoint_url=at_emulator,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    client.register_scalable_target(
        ServiceNamespace="rds",
        ResourceId="cluster:sale",
        ScalableDimension="rds:cluster:ReadReplicaCount",
        MinCapacity=6,
    )
    _, outputs, now = plugin.read(token, identifier, state, inputs)
    assert (outputs["minCapacity"], now["minCapacity"], now["maxCapacity"]) == (6, 6, 8)
    plugin.delete(token, identifier, state)


def test_what_is_only_recorded_or_not_proven_is_said_on_the_resource(at_emulator: str) -> None:
    said: list[engine_pb2.LogRequest] = []

    class Engine(engine_pb2_grpc.EngineServicer):
        def Log(self, request: engine_pb2.LogRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802 -- the protocol's
            said.append(request)
            return empty_pb2.Empty()

    server = grpc.server(ThreadPoolExecutor(1))
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    plugin = Plugin(engine_address=f"127.0.0.1:{port}")
    for given in ({"enableKeyRotation": True, "rotationPeriodInDays": 90}, {}):
        plugin.create(KEY, plugin.checked(KEY, given), preview=True)
    for family in ("aurora-postgresql16", "aurora-postgresql19"):
        group = plugin.checked(PARAMETERS, {"family": family, "parameters": [{"name": "foo", "value": "1"}]})
        plugin.create(PARAMETERS, group, preview=True)
    plugin.checked(
        "aws:rds/clusterInstance:ClusterInstance",
        {"clusterIdentifier": "shop", "engine": "aurora-postgresql", "instanceClass": "db.r99g.large"},
    )
    server.stop(None)
    assert [(request.message, request.severity) for request in said] == [
        ("recorded, not emulated: rotationPeriodInDays", engine_pb2.INFO),
        (
            "parameters[0].name: foo isn't in the list of aurora-postgresql14's parameters (2026-11-30), and there is "
            "no complete one of aurora-postgresql16: AWS may answer `Could not find parameter with name: foo`; a "
            "setting of PostgreSQL that no group has can be set for a role: ALTER ROLE … SET",
            engine_pb2.WARNING,
        ),
        (
            "family: aurora-postgresql19 is newer than the lists here, of 2026-11-30: its parameters aren't checked",
            engine_pb2.WARNING,
        ),
        (f"instanceClass: db.r99g.large is not in AWS's list of {as_of()}: not checked", engine_pb2.WARNING),
    ]
    assert said[0].urn.endswith(f"{KEY}::it")


def test_a_type_or_function_that_is_not_served_is_named(plugin: Plugin) -> None:
    with pytest.raises(
        RefusedError, match=r"^the local AWS plugin does not serve aws:s3/bucket:Bucket: it knows the \d+ types"
    ):
        plugin.check("aws:s3/bucket:Bucket", {})
    with pytest.raises(
        RefusedError, match=r"^the local plugin does not serve the function aws:x/y:z; it serves aws:ec2/getSubnet"
    ):
        plugin._call("Invoke", proto.InvokeRequest(tok="aws:x/y:z"))


def test_settings_of_the_provider_that_lead_elsewhere_are_refused(
    plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    answer = plugin._call("CheckConfig", proto.CheckRequest(news=to_struct({"endpoints": "[]"})))
    assert [(failure.property, failure.reason) for failure in answer.failures] == [
        ("region", "is not set: `pulumi config set aws:region eu-west-1`"),
        ("endpoints", "the local plugin serves AWS_ENDPOINT_URL only"),
    ]
    answer = plugin._call("CheckConfig", proto.CheckRequest(news=to_struct({"region": "eu-wset-1"})))
    (failure,) = answer.failures
    assert failure.property == "region"
    assert failure.reason.startswith("is eu-wset-1, which is no AWS region: did you mean eu-west-1, ")
