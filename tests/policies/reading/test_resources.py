import pytest

from policies.reading import types as t
from policies.reading.aurora import Reading
from policies.reading.field import MISSING, UNKNOWN
from policies.reading.resources import Resource, Resources
from tests.policies.declared import COMPUTED, Ref, shop


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
    (sent,) = Reading(Resources.from_message(shop().messages())).clusters
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


def test_ancestors_are_nearest_first_and_end_above_everything() -> None:
    declared = shop()
    resources = Resources(declared.resources())
    assert list(resources.ancestors(declared.urn("shop"))) == [declared.urn("stack"), ""]
