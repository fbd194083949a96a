from policies.reading import types as t
from policies.reading.field import UNKNOWN, Blank
from policies.reading.ingress import Source, sources
from policies.reading.resources import Resource

GROUP = "urn:pulumi:test::shop::aws:ec2/securityGroup:SecurityGroup::batch"


def rule(**properties: object) -> Resource:
    """A rule whose unknown values come from the group `batch`."""
    unknown = [name for name, value in properties.items() if value is UNKNOWN]
    dependencies = dict.fromkeys(unknown, (GROUP,))
    return Resource(type_=t.INGRESS_RULE, urn="urn::rule", properties=properties, property_dependencies=dependencies)


def read(resource: Resource) -> tuple[set[str], list[str]]:
    found, blanks = sources(resource, resource.properties)
    return {source.name for source in found}, [str(blank) for blank in blanks]


def test_a_group_that_is_made_in_the_same_update_is_followed_to_where_it_comes_from() -> None:
    assert read(rule(referencedSecurityGroupId=UNKNOWN)) == ({GROUP}, [])


def test_a_whole_list_that_is_unknown_may_hold_any_number() -> None:
    assert read(rule(securityGroups=UNKNOWN)) == (set(), ["securityGroups of rule is known only after the update"])


def test_once_it_is_known_the_identifier_is_what_counts() -> None:
    known = Resource(
        type_=t.INGRESS_RULE,
        urn="urn::rule",
        properties={"referencedSecurityGroupId": "sg-1"},
        property_dependencies={"referencedSecurityGroupId": (GROUP,)},
    )
    assert read(known) == ({"sg-1"}, [])


def test_an_unknown_that_comes_from_nowhere_is_a_blank() -> None:
    found, blanks = sources(rule(), {"referencedSecurityGroupId": UNKNOWN})
    assert (found, blanks) == (
        set(),
        [Blank("urn::rule", "referencedSecurityGroupId", "is known only after the update")],
    )


def test_what_is_no_text_is_a_blank_also_beside_what_is_followed() -> None:
    mixed = Resource(
        type_=t.SECURITY_GROUP,
        urn="urn::group",
        properties={},
        property_dependencies={"ingress": (GROUP,)},
    )
    found, blanks = sources(mixed, {"securityGroups": [UNKNOWN, 5, "sg-2"]})
    assert found == {Source(GROUP), Source("sg-2")}
    assert [str(blank) for blank in blanks] == ["securityGroups of group must be text, got 5"]
