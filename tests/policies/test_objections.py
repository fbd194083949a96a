import re
from pathlib import Path

import headroom.budget
from policies import objections
from policies.objections import CAPACITY, FAILOVER, OWNERS
from policies.pack import all_rules
from policies.reading import types as t
from policies.rule import Finding
from tests.policies.declared import CHECKOUT, GREEDY, Declared, Ref, demand_of, second_proxy, serverless, shop

BUDGET = Path(headroom.budget.__path__[0])


def codes() -> set[str]:
    """Every code that the budget's modules can give a finding."""
    text = "\n".join(path.read_text() for path in BUDGET.glob("*.py"))
    named = re.findall(r"(?:_error|_warning)\(\s*\"([\w-]+)\"", text) + re.findall(r"code=\"([\w-]+)\"", text)
    return {*named, *re.findall(r"_Check\(\s*\"([\w-]+)\"", text)}


def test_every_code_of_the_budget_has_exactly_one_rule_that_reports_it() -> None:
    assert set(OWNERS) == codes()
    assert {*OWNERS.values(), FAILOVER} <= {rule.id for rule in all_rules()}
    assert set(CAPACITY) <= codes()


def said_of_the_budget(declared: Declared) -> list[str]:
    """Each of the budget's sentences, as often as a rule of `OWNERS` says it."""
    reading = declared.reading()
    (cluster,) = reading.clusters
    assert cluster.budget is not None
    sentences = {objection.message for objection in cluster.budget.findings}
    found: list[Finding] = [
        f for rule in all_rules() if rule.id in {*OWNERS.values(), FAILOVER} for f in rule.find(reading)
    ]
    return sorted(f.found for f in found if f.found in sentences)


#: What a rule finds by itself, without a budget, and says in its own words.
OWN_WORDS = {
    "no-reader-to-scale": "scal-total-readers",
    "reader-count": "scal-total-readers",
    "proxy-percent-sum": "conn-pool-sum",
    "serverless-autoscaling": "scal-serverless-writer",
}
BROKEN = {
    "direct pools": shop().change("budget", demand=demand_of(CHECKOUT, GREEDY)),
    "no proxy": shop().drop("proxy", "pool", "target", "read-only", "pool-use", "borrow-latency"),
    "no target group": shop().drop("pool").change("target", target_group_name="default"),
    "no readers": shop().drop("shop-2"),
    "two proxies": second_proxy(80),
    "serverless, autoscaled": serverless(1, 16).add(
        t.SCALING_TARGET,
        "readers",
        resource_id=Ref("shop"),
        scalable_dimension="rds:cluster:ReadReplicaCount",
        min_capacity=1,
        max_capacity=2,
    ),
    "mysql, autoscaled, with a limit": shop()
    .change("shop", engine="aurora-mysql", db_cluster_parameter_group_name=None)
    .change("shop-1", db_parameter_group_name="default.aurora-mysql8.0"),
}


def test_what_the_budget_objects_to_is_said_once() -> None:
    for name, declared in BROKEN.items():
        (cluster,) = declared.reading().clusters
        assert cluster.budget is not None, name
        said = said_of_the_budget(declared)
        assert len(said) == len(set(said)), name
        for error in cluster.budget.errors:
            owner = objections.owner(cluster.budget, error)
            assert error.message in said or OWN_WORDS[error.code] == owner, name
            assert [rule for rule in all_rules() if rule.id == owner and rule.find(declared.reading())], name


def test_what_fits_until_something_is_lost_is_one_rules() -> None:
    for budget in (c.budget for d in BROKEN.values() for c in d.reading().clusters):
        assert budget is not None
        for objection in budget.findings:
            owners = [rule.id for rule in all_rules() if objection in objections.of(budget, rule.id)]
            assert owners == [objections.owner(budget, objection)]
