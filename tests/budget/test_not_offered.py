from dataclasses import replace

import pytest

from headroom.budget import evaluate
from headroom.budget.facts import instance_class
from headroom.budget.model import Cluster, Engine, InstanceClass, Stack
from headroom.budget.not_offered import not_offered
from headroom.budget.offers import Offer
from headroom.budget.offers import instance_class as offered
from headroom.budget.remedies import remedies
from headroom.budget.result import Severity
from tests.budget.shop import shop


def cluster(version: str = "16.15", region: str = "eu-west-1", name: str = "db.r6g.large") -> Cluster:
    known = InstanceClass(name=name, vcpus=2, memory_gib=16)
    whole = shop().cluster
    instances = tuple(replace(i, instance_class=known) for i in whole.instances)
    return replace(whole, engine=Engine.POSTGRESQL, engine_version=version, region=region, instances=instances)


def said(of: Cluster) -> dict[str, str]:
    found = list(not_offered(of))
    assert {f.severity for f in found} <= {Severity.WARNING}
    return {f.code: f.message for f in found}


def test_what_aws_offers_is_not_mentioned() -> None:
    assert said(cluster()) == {}


def test_what_isnt_known_is_not_judged() -> None:
    assert said(cluster(version="", region="", name="db.r9g.large")) == {}


def test_a_retired_version_is_worth_knowing() -> None:
    assert said(cluster("16.6")) == {
        "engine-version": (
            "16.6 can't be created any more (list of 2026-10-20): a cluster that runs it goes on until AWS upgrades "
            "it, a new or restored one is refused; 16.15 is the newest that can be created"
        )
    }


@pytest.mark.parametrize(
    ("of", "code", "message"),
    [
        (
            cluster("16.99"),
            "engine-version",
            "16.99 isn't on the list of 2026-10-20, and is later than what is: whether AWS has it can't be told here",
        ),
        (
            cluster(name="db.r9g.large"),
            "instance-class",
            "db.r9g.large isn't on the list of 2026-10-20 in any region: whether AWS has it can't be told here",
        ),
        (
            cluster(region="eu-north-9"),
            "instance-class",
            "eu-north-9 isn't on the list of 2026-10-20, nor what it has of db.r6g.large: whether AWS has it can't be "
            "told here",
        ),
    ],
)
def test_what_is_newer_than_the_lists_is_worth_knowing(of: Cluster, code: str, message: str) -> None:
    assert said(of) == {code: message}


def test_the_budget_says_it_and_fits_all_the_same() -> None:
    stack = shop()
    old = replace(stack, cluster=replace(stack.cluster, engine_version="16.6"))
    before, after = evaluate(stack), evaluate(old)
    assert after.fits == before.fits
    assert [f.code for f in after.findings if f not in before.findings] == ["engine-version"]


def too_small(region: str) -> Stack:
    stack = shop()
    small = tuple(replace(i, instance_class=instance_class("db.r8g.xlarge")) for i in stack.cluster.instances)
    return replace(stack, cluster=replace(stack.cluster, instances=small, engine_version="16.15", region=region))


def test_no_way_out_is_a_class_that_the_region_doesnt_have() -> None:
    classes = {
        region: {i.instance_class.name for way in remedies(too_small(region)) for i in way.stack.cluster.instances}
        - {"db.r8g.xlarge"}
        for region in ("", "eu-west-1", "af-south-1")
    }
    assert classes[""] == classes["eu-west-1"] != set()
    assert {offered(Engine.POSTGRESQL, name, region="af-south-1").offer for name in classes[""]} == {Offer.NO}
    assert classes["af-south-1"] == set()
