from headroom.budget import evaluate, serialize
from headroom.settings import load
from tests.components.program import ROOT, Program


def test_the_budget_is_registered_with_the_demand_that_policies_read(prod: Program) -> None:
    stack = load(ROOT / "Pulumi.prod.yaml").stack("headroom-prod")
    budget = prod.one("headroom:index:Budget")
    assert budget["environment"] == "prod"
    assert serialize.stack_from(budget["demand"], stack.cluster, stack.proxies, "headroom-prod") == stack


def test_its_table_has_the_tightest_line_of_each_situation_and_role(prod: Program) -> None:
    budget = evaluate(load(ROOT / "Pulumi.prod.yaml").stack("headroom-prod"))
    table = prod.outputs["budget"]
    assert len(table) == len({(line.situation, line.role) for line in budget.lines})
    assert "black-friday peak, replicas late, reader: 13% free on headroom-prod-2, bound by cpu" in table
