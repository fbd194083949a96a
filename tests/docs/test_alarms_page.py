"""docs/alarms.md: its table is the alarm table of prod (`make golden` renews it), and every link leads somewhere."""

import re

import pytest

from headroom.budget import evaluate
from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.model import Alarm, Expression, Metric
from headroom.settings import load
from tests.commands.conftest import ROOT
from tests.golden_files import check_golden

PAGE = ROOT / "docs" / "alarms.md"
BEGINS, ENDS = "<!-- table: prod, and what other stacks have -->\n", "<!-- end of the table -->\n"
STACKS = ("Pulumi.prod.yaml", "docs/examples/mysql.yaml")


def rows() -> list[str]:
    """One for each kind of alarm: the first stack that has it shows it."""
    kinds: dict[str, list[Alarm]] = {}
    for file in STACKS:
        found: dict[str, list[Alarm]] = {}
        for alarm in alarm_table(evaluate(load(ROOT / file).stack("shop"))).alarms:
            found.setdefault(alarm.key, []).append(alarm)
        kinds = {**found, **kinds}
    return [row(key, alarms) for key, alarms in sorted(kinds.items())]


def row(key: str, alarms: list[Alarm]) -> str:
    measures = dict.fromkeys(shown(alarm) for alarm in alarms)
    rules = dict.fromkeys(
        f"{alarm.tier}: {alarm.datapoints_to_alarm} of {alarm.evaluation_periods}" for alarm in alarms
    )
    silence = dict.fromkeys(f"`{alarm.missing}`: {alarm.missing_reason}" for alarm in alarms)
    return f"| [{key}](runbook.md#{key}) | {'; '.join(measures)} | {', '.join(rules)} | {'; '.join(silence)} |"


def shown(alarm: Alarm) -> str:
    if isinstance(alarm.measure, Expression):
        named = ", ".join(f"{name} = {metric.name}" for name, metric in alarm.measure.metrics)
        return f"`{alarm.measure.expression}` ({named}; {alarm.measure.metrics[0][1].statistic})"
    return f"{alarm.measure.name}, {alarm.measure.statistic}, by {dimensions(alarm.measure)}"


def dimensions(metric: Metric) -> str:
    return " + ".join(name for name, _ in metric.dimensions) or "the stack's own namespace"


def test_the_table_of_the_page_is_the_alarm_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGINS)[0], page.split(ENDS)[1]
    head = "| alarm | measure | tier: datapoints of periods | a period without data |\n|---|---|---|---|\n"
    check_golden(PAGE, before + BEGINS + head + "\n".join(rows()) + "\n" + ENDS + after)


@pytest.mark.parametrize("page", ["alarms.md", "runbook.md"])
def test_every_link_of_the_page_leads_somewhere(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s:]*)(?:#([^)\s]+))?\)", text):
        file = ROOT / "docs" / (target or page)
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, anchor
