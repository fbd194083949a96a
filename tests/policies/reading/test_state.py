from typing import Any

import pytest

from policies.reading import types as t
from policies.reading.aurora import Reading
from policies.reading.field import MISSING
from policies.reading.state import SECRET as SHOWN
from policies.reading.state import StateError, environment_of, read_state
from tests.policies.declared import NOW, shop
from tests.policies.deployed_state import SECRET, SIGNATURE, deployed


def cluster(state: dict[str, Any]) -> dict[str, Any]:
    resources: list[dict[str, Any]] = state["deployment"]["resources"]
    return next(r for r in resources if r["type"] == t.CLUSTER)


def test_a_deployed_stack_is_read_as_it_was_declared() -> None:
    (found,) = Reading(read_state(deployed(shop())), NOW).clusters
    (declared,) = shop().reading().clusters
    assert found.budget == declared.budget
    assert [i.urn for i in found.instances] == [i.urn for i in declared.instances]
    assert [a.urn for a in found.alarms] == [a.urn for a in declared.alarms]


def test_a_state_file_of_the_backend_is_read_too() -> None:
    state = deployed(shop())
    checkpoint = {"version": 3, "checkpoint": {"stack": "prod", "latest": state["deployment"]}}
    assert read_state(checkpoint).by_urn.keys() == read_state(state).by_urn.keys()


def test_what_waits_for_its_deletion_is_gone() -> None:
    state = deployed(shop())
    cluster(state)["delete"] = True
    assert read_state(state).of(t.CLUSTER) == []


def test_a_secret_is_given_and_nothing_more_is_known_of_it() -> None:
    state = deployed(shop())
    plain = {SIGNATURE: SECRET[SIGNATURE], "plaintext": '"known"'}
    cluster(state)["inputs"]["masterPassword"] = SECRET
    cluster(state)["outputs"] = {"masterPassword": SECRET, "nested": [SECRET], "engineVersion": plain, "port": 5432.0}
    (read,) = read_state(state).of(t.CLUSTER)
    assert read.field("masterPassword") == SHOWN
    assert read.field("nested") == [SHOWN]
    assert read.field("engineVersion") == "known"
    assert read.field("port") == 5432
    assert isinstance(read.field("port"), int)


def test_an_empty_secret_of_the_providers_was_never_given() -> None:
    state = deployed(shop())
    cluster(state)["outputs"] = {"masterPassword": SECRET}  # of nothing
    (read,) = read_state(state).of(t.CLUSTER)
    assert read.field("masterPassword") is MISSING


def test_what_the_provider_does_not_report_is_what_was_declared() -> None:
    state = deployed(shop())
    cluster(state)["outputs"] = {"storageEncrypted": False}
    (read,) = read_state(state).of(t.CLUSTER)
    assert (read.field("storageEncrypted"), read.field("engine")) == (False, "aurora-postgresql")


def test_a_stack_without_resources_has_none() -> None:
    assert read_state({"version": 3, "deployment": {"manifest": {}}}).by_urn == {}


@pytest.mark.parametrize("document", [None, [], "text", {}, {"version": 3}, {"resources": []}, {"deployment": None}])
def test_what_is_no_state_is_refused(document: object) -> None:
    with pytest.raises(StateError, match="has no deployment: it must be what `pulumi stack export` writes"):
        read_state(document)


@pytest.mark.parametrize("resource", [None, {}, {"urn": 3, "type": "x"}, {"urn": "urn:x"}])
def test_what_is_no_resource_is_refused_with_its_place(resource: object) -> None:
    with pytest.raises(StateError) as refused:
        read_state({"deployment": {"resources": [{"urn": "urn:y", "type": "z"}, resource]}})
    assert str(refused.value) == "deployment.resources[1] has no urn and type: it isn't a resource of a stack"


@pytest.mark.parametrize(
    ("part", "value", "what"),
    [
        ("inputs", 5, "an object"),
        ("outputs", ["secret"], "an object"),
        ("parent", {}, "text"),
        ("provider", 5, "text"),
        ("delete", "no", "true or false"),
        ("external", 1, "true or false"),
        ("dependencies", "urn:x", "a list of texts"),
        ("dependencies", [5], "a list of texts"),
        ("ignoreChanges", [None], "a list of texts"),
        ("propertyDependencies", [], "an object of lists of texts"),
        ("propertyDependencies", {"a": "urn:x"}, "an object of lists of texts"),
    ],
)
def test_a_part_of_another_shape_is_refused_with_its_place_and_without_its_value(
    part: str, value: object, what: str
) -> None:
    resource = {"urn": "urn:x", "type": t.CLUSTER, part: value}
    with pytest.raises(StateError) as refused:
        read_state({"deployment": {"resources": [resource]}})
    assert str(refused.value) == f"deployment.resources[0].{part} must be {what}"


@pytest.mark.parametrize("part", ["inputs", "outputs", "parent", "dependencies", "propertyDependencies", "provider"])
def test_a_part_that_is_null_is_left_out(part: str) -> None:
    assert len(read_state({"deployment": {"resources": [{"urn": "urn:x", "type": t.CLUSTER, part: None}]}}).by_urn) == 1


def test_of_many_errors_five_are_named_and_the_others_counted() -> None:
    with pytest.raises(StateError) as refused:
        read_state({"deployment": {"resources": [5] * 7}})
    lines = str(refused.value).splitlines()
    assert [line.partition(" ")[0] for line in lines[:-1]] == [f"deployment.resources[{index}]" for index in range(5)]
    assert lines[-1] == "and 2 more of its resources' parts"


def test_a_secret_that_is_not_what_the_engine_writes_is_refused() -> None:
    state = deployed(shop())
    cluster(state)["inputs"]["masterPassword"] = {SIGNATURE: SECRET[SIGNATURE], "plaintext": "no JSON"}
    with pytest.raises(StateError, match="holds a secret whose plaintext isn't JSON"):
        read_state(state)


@pytest.mark.parametrize("mark", [[], {}, None, 5, "unknown"])
def test_an_object_whose_mark_is_not_the_engines_is_an_object(mark: object) -> None:
    state = deployed(shop())
    cluster(state)["inputs"]["tags"] = {SIGNATURE: mark, "value": "x"}
    cluster(state)["outputs"] = {"kmsKeyId": {SIGNATURE: mark, "value": "y"}}
    (read,) = read_state(state).of(t.CLUSTER)
    assert (read.field("tags.value"), read.field("kmsKeyId.value")) == ("x", "y")


def test_values_nested_without_end_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(StateError, match="nested too deeply"):
        read_state({"deployment": {"resources": [{"urn": "urn:x", "type": t.CLUSTER, "inputs": {"port": deep}}]}})


def test_parents_that_go_in_circles_are_walked_once() -> None:
    state = deployed(shop())
    for resource in state["deployment"]["resources"]:
        resource["parent"] = resource["urn"]
    (found,) = Reading(read_state(state), NOW).clusters
    assert found.demand is None


def test_a_cluster_that_is_only_read_is_not_the_stacks_own() -> None:
    state = deployed(shop())
    cluster(state)["external"] = True
    assert Reading(read_state(state), NOW).clusters == []


def test_the_environment_is_our_components() -> None:
    assert environment_of(read_state(deployed(shop()))) is None
    declared = shop().change("budget", environment="staging")
    assert environment_of(read_state(deployed(declared))) == "staging"
