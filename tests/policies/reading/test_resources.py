from typing import Any

import pytest

from policies.reading import types as t
from policies.reading.aurora import Reading
from policies.reading.field import MISSING, UNKNOWN
from policies.reading.resources import Resource, Resources
from tests.policies.declared import COMPUTED, NOW, Ref, shop


def test_the_engines_message_is_read_as_it_was_declared() -> None:
    declared = shop()
    read = Resources.from_message(declared.messages())
    for resource in declared.resources():
        if resource.type_ in t.READ - {t.BUDGET}:  # its demand is compared as what the budget makes of it, below
            same = read.by_urn[resource.urn]
            assert same.properties == resource.properties
            assert same.property_dependencies == resource.property_dependencies
            assert (same.parent, same.dependencies) == (resource.parent, resource.dependencies)


def test_the_demand_survives_the_wire() -> None:
    (sent,) = Reading(Resources.from_message(shop().messages()), NOW).clusters
    (declared,) = shop().reading().clusters
    assert sent.budget == declared.budget


def test_a_type_that_no_rule_reads_is_not_read() -> None:
    declared = shop().add("aws:s3/bucket:Bucket", "bucket")
    assert declared.urn("bucket") not in Resources.from_message(declared.messages()).by_urn


def test_a_secret_is_read_as_its_value_and_an_unknown_secret_as_unknown() -> None:
    signature = "4dabf18193072939515e22adb298388d"
    secret = {signature: "1b47061264138c4ac30d75fd1eb44270"}
    declared = shop().change("budget", demand={"known": {**secret, "value": 5}, "unknown": secret})
    budget = Resources.from_message(declared.messages()).of(t.BUDGET)[0]
    assert budget.properties == {"demand": {"known": 5, "unknown": UNKNOWN}}


def test_an_object_whose_mark_is_no_text_is_an_object() -> None:
    marked = {"4dabf18193072939515e22adb298388d": [], "value": 5}
    declared = shop().change("budget", demand={"marked": marked})
    (budget,) = Resources.from_message(declared.messages()).of(t.BUDGET)
    assert budget.properties == {"demand": {"marked": marked}}


def test_an_unknown_that_comes_from_nowhere_was_never_given() -> None:
    declared = shop().change("shop", port=COMPUTED, kms_key_id=Ref("stack"), scaling={"low": COMPUTED, "high": 5})
    cluster = Resources.from_message(declared.messages()).of(t.CLUSTER)[0]
    assert cluster.field("port") is MISSING
    assert cluster.field("kmsKeyId") is UNKNOWN
    assert cluster.field("scaling") == {"high": 5}


def test_a_component_has_no_provider_so_its_unknowns_stay() -> None:
    budget = Resource(type_=t.BUDGET, urn="urn::b", properties={"demand": UNKNOWN})
    assert budget.field("demand") is UNKNOWN


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("shop-1", t.CLUSTER_INSTANCE),
        ("readers", t.SCALING_TARGET),
        ("on-cpu", t.SCALING_POLICY),
        ("target", t.PROXY_TARGET),
        ("writer-warning", t.ALARM),
    ],
)
def test_resources_are_linked_to_their_cluster_by_where_values_come_from(name: str, type_: str) -> None:
    declared = shop().add(t.CLUSTER, "other", engine="aurora-mysql")
    resources = Resources(declared.resources())
    resource = resources.by_urn[declared.urn(name)]
    assert resource.type_ == type_
    assert [c.name for c in resources.linked(resource, t.CLUSTER)] == ["shop"]


def test_a_proxy_target_leads_to_its_proxy_through_the_target_group() -> None:
    declared = shop().change("target", db_proxy_name=None)
    resources = Resources(declared.resources())
    assert [p.name for p in resources.linked(resources.of(t.PROXY_TARGET)[0], t.PROXY)] == ["proxy"]


def test_an_equal_pulumi_name_links_nothing() -> None:
    declared = shop().add(t.PROXY, "lonely").add(t.CLUSTER, "lonely-shop", engine="aurora-mysql")
    declared.add(t.PROXY_TARGET, "lonely-target", db_proxy_name="lonely", db_cluster_identifier="lonely-shop")
    resources = Resources(declared.resources())
    target = resources.by_urn[declared.urn("lonely-target")]
    assert resources.linked(target, t.PROXY) == []
    assert resources.linked(target, t.CLUSTER) == []


@pytest.mark.parametrize(
    ("args", "linked"),
    [
        ({"dimensions": {"DBClusterIdentifier": "shop-of-aws"}}, ["shop"]),
        ({"dimensions": {"DBInstanceIdentifier": "shop-1-of-aws"}}, ["shop"]),
        ({"metric_queries": [{"metric": {"dimensions": {"DBClusterIdentifier": "shop-of-aws"}}}]}, ["shop"]),
        ({"metric_queries": [{"metric": {"dimensions": {"DBInstanceIdentifier": "shop-1-of-aws"}}}]}, ["shop"]),
        ({"dimensions": {"DBClusterIdentifier": "shop-of-aws", "Role": Ref("budget")}}, ["shop"]),
        ({"dimensions": {"DBClusterIdentifier": "shop"}}, []),
        ({"dimensions": {"DBClusterIdentifier": "shop-of"}}, []),
        ({"dimensions": {"DBInstanceIdentifier": "shop-of-aws"}}, []),
    ],
)
def test_an_alarm_is_linked_by_the_text_that_aws_knows_a_cluster_or_an_instance_by(
    args: dict[str, Any], linked: list[str]
) -> None:
    declared = shop().change("shop", cluster_identifier="shop-of-aws").change("shop-1", identifier="shop-1-of-aws")
    declared.add(t.ALARM, "extra", **args)
    resources = Resources(declared.resources())
    assert [c.name for c in resources.linked(resources.by_urn[declared.urn("extra")], t.CLUSTER)] == linked


@pytest.mark.parametrize(
    "rule",
    ['ALARM("writer") AND NOT OK(other)', "ALARM( writer )", 'ALARM("arn:aws:cloudwatch:eu-west-1:1:alarm:writer")'],
)
def test_a_composite_alarm_is_linked_to_the_alarms_that_its_rule_names(rule: str) -> None:
    declared = shop().change("writer-critical", name="writer").change("reader-critical", name="writer-2")
    declared.add(t.COMPOSITE_ALARM, "either", alarm_rule=rule)
    resources = Resources(declared.resources())
    found = resources.linked(resources.of(t.COMPOSITE_ALARM)[0], t.ALARM)
    assert [alarm.name for alarm in found] == ["writer-critical"]


@pytest.mark.parametrize(
    ("arn", "linked"),
    [
        ("arn:aws:sns:eu-west-1:123456789012:pages", ["critical"]),
        ("arn:aws:sns:eu-west-1:123456789012:other-pages", []),
        ("arn:aws:lambda:eu-west-1:123456789012:function:pages", []),
        ("pages", []),
    ],
)
def test_a_subscription_is_linked_to_the_topic_whose_name_ends_the_arn(arn: str, linked: list[str]) -> None:
    declared = shop().change("critical", name="pages").change("critical-mail", topic=arn)
    resources = Resources(declared.resources())
    found = resources.linked(resources.by_urn[declared.urn("critical-mail")], t.TOPIC)
    assert [topic.name for topic in found] == linked


def test_a_name_that_two_clusters_have_links_nothing_unless_the_provider_tells_which_one() -> None:
    declared = shop().change("shop", cluster_identifier="shop", provider="here")
    declared.add(t.CLUSTER, "twin", engine="aurora-mysql", cluster_identifier="shop", provider="there")
    for name, provider in (("its-own", "there"), ("nobodys", "elsewhere")):
        declared.add(t.CLUSTER_INSTANCE, name, cluster_identifier="shop", provider=provider)
    resources = Resources.from_message(declared.messages())
    linked = {r.name: [c.name for c in resources.linked(r, t.CLUSTER)] for r in resources.of(t.CLUSTER_INSTANCE)}
    assert linked == {"shop-1": ["shop"], "shop-2": ["shop"], "its-own": ["twin"], "nobodys": []}


def test_a_proxy_called_as_every_target_group_is_linked_to_nobody_elses_target() -> None:
    declared = shop().change("target", db_proxy_name="elsewhere", target_group_name="default")
    declared.change("proxy", name="default")
    resources = Resources(declared.resources())
    assert resources.linked(resources.of(t.PROXY_TARGET)[0], t.PROXY) == []


def test_ancestors_are_nearest_first_and_end_above_everything() -> None:
    declared = shop()
    resources = Resources(declared.resources())
    assert list(resources.ancestors(declared.urn("shop"))) == [declared.urn("stack"), ""]
