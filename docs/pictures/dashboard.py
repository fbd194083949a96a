"""Draws dashboard.svg: the dashboard of prod on sample data, from the JSON that CloudWatch would get.

`make golden` runs it. The data is the alarm table's own model of a load: a sale's traffic rises, then the database
slows down, as in the incident: thirty minutes from a normal day to the limit. No value in it was measured.
"""

import io
import runpy
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from components.dashboard import COLUMNS, body
from components.measures import Names
from headroom.budget import Budget, evaluate
from headroom.budget.alarms import alarm_table
from headroom.budget.alarms.evaluator import State, alarm_states
from headroom.budget.alarms.expression import evaluate as evaluate_expression
from headroom.budget.alarms.lead import first_harm
from headroom.budget.alarms.model import Metric, Symbol
from headroom.budget.alarms.series import Minute, Samples, supply
from headroom.budget.model import Role
from headroom.settings import load

HERE = Path(__file__).parent
PICTURE = HERE / "dashboard.svg"
ROOT = HERE.parents[1]
budget_picture = runpy.run_path(str(HERE / "budget.py"))
PAPER, INK, FAINT, STYLE = (budget_picture[name] for name in ("PAPER", "INK", "FAINT", "STYLE"))

STACK = "headroom-prod"
QUIET, RAMP, AFTER = 20, 30, 15  # minutes: a normal day, the rise to the limit, and what comes then
TRAFFIC_RISES = 10  # minutes of the ramp
LINES = ("#0969da", "#8250df", "#1a7f37", "#bf8700")
BAND = "#eaeef2"
STATES = {State.OK: "#1a7f37", State.ALARM: "#cf222e", State.INSUFFICIENT_DATA: "#59636e"}


def svg() -> str:
    """The picture's text: the same stack file gives the same picture, byte for byte."""
    stack_budget = evaluate(load(ROOT / "Pulumi.prod.yaml").stack(STACK))
    minutes = _minutes(stack_budget)
    samples, usual = Samples(stack_budget, minutes), Samples(stack_budget, [Minute()] * len(minutes))
    table = alarm_table(stack_budget)
    instances = {instance.name: instance.name for instance in stack_budget.stack.cluster.instances}
    symbols = {
        Symbol.CLUSTER: STACK,
        Symbol.PROXY: STACK,
        Symbol.READER_ENDPOINT: f"{STACK}-read-only",
        Symbol.NAMESPACE: f"Headroom/{STACK}",
    }
    widgets = body(table, Names(symbols=symbols, instances=instances), ["arn"], "eu-west-1")["widgets"]
    states = {alarm.name: alarm_states(alarm, samples.of(alarm.measure))[-1] for alarm in table.alarms}
    with mpl.rc_context(STYLE | {"font.size": 7.5}):
        rows = max(w["y"] + w["height"] for w in widgets)
        figure = Figure(figsize=(12, 0.36 * rows + 0.5), facecolor=PAPER)
        figure.text(0.02, 1 - 0.3 / figure.get_figheight(), "SAMPLE DATA", fontsize=11, weight="bold", color="#cf222e")
        figure.text(
            0.14, 1 - 0.3 / figure.get_figheight(),
            f"{STACK}, {QUIET + RAMP + AFTER} minutes: a sale, then a database that slows down. Nothing was measured.",
            fontsize=9,
        )  # fmt: skip
        height = 1 - 0.45 / figure.get_figheight()
        for widget in widgets:
            box = (
                widget["x"] / COLUMNS,
                height * (1 - (widget["y"] + widget["height"]) / rows),
                widget["width"] / COLUMNS,
                height * widget["height"] / rows,
            )
            match widget["type"]:
                case "alarm":
                    _alarms(figure, box, states)
                case "text":
                    text = widget["properties"]["markdown"].replace("**", "").replace("`", "")
                    figure.text(box[0] + 0.02, box[1] + box[3] * 0.3, text.split(" - ")[0], weight="bold", fontsize=10)
                case _:
                    left, bottom, width, tall = box
                    ax = figure.add_axes((left + 0.035, bottom + tall * 0.14, width - 0.05, tall * 0.66))
                    _graph(ax, widget["properties"], samples, usual)
        file = io.StringIO()
        figure.savefig(file, format="svg", facecolor=PAPER, metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _minutes(stack_budget: Budget) -> list[Minute]:
    base = supply(stack_budget, Role.WRITER)
    sale = stack_budget.stack.events[0]
    slowest = (first_harm(stack_budget, base) - base.direct) / (base.scaling * sale.traffic_factor + base.constant)
    found = []
    for minute in range(QUIET + RAMP + AFTER):
        grown = min(1.0, max(0, minute - QUIET) / TRAFFIC_RISES)
        slowed = max(0, minute - QUIET - TRAFFIC_RISES) / (RAMP - TRAFFIC_RISES)
        found.append(
            Minute(
                traffic=(1 + (sale.traffic_factor - 1) * grown) * (0.96 + 0.02 * (minute % 3)),
                hold_factor=1 + (slowest - 1) * slowed,
                readers=sale.readers_min,
            )
        )
    return found


def _alarms(figure: Figure, box: tuple[float, ...], states: dict[str, State]) -> None:
    """The alarm widget: what rings first."""
    left, bottom, width, height = box
    across = 5
    down = -(-len(states) // across)
    order = sorted(states, key=lambda name: (states[name] is not State.ALARM, name))
    for number, name in enumerate(order):
        x = left + 0.02 + (number % across) * (width - 0.03) / across
        y = bottom + height * (0.93 - (number // across) / down)
        mark = "\N{BLACK SQUARE}" if states[name] is State.ALARM else "\N{WHITE SQUARE}"
        figure.text(x, y, f"{mark} {name}", color=STATES[states[name]], va="top", fontsize=7.5)


def _graph(ax: Axes, properties: dict[str, Any], samples: Samples, usual: Samples) -> None:
    """One metric widget: its lines, its thresholds and limit, its anomaly band."""
    values, normal, visible = {}, {}, {}
    for line in properties["metrics"]:
        if len(line) > 1:
            metric = Metric(
                namespace=line[0],
                name=line[1],
                statistic=line[-1]["stat"],
                dimensions=tuple(zip(line[2:-1:2], line[3:-1:2], strict=True)),
            )
            values[line[-1]["id"]], normal[line[-1]["id"]] = samples.of(metric), usual.of(metric)
            visible[line[-1]["id"]] = line[-1].get("visible", True), line[-1].get("label", "")
    for [line] in (line for line in properties["metrics"] if len(line) == 1):
        if "ANOMALY" in line["expression"]:
            middle = [value or 0.0 for value in normal["m0"]]
            spread = 2 * max(middle) ** 0.5
            ax.fill_between(range(len(middle)), [v - spread for v in middle], [v + spread for v in middle], color=BAND)
            continue
        count = len(next(iter(values.values())))
        values[line["id"]] = [
            evaluate_expression(line["expression"], {k: v[i] for k, v in values.items()}) for i in range(count)
        ]
        visible[line["id"]] = True, line["label"]
    scale, unit = _readable(properties["title"])
    for number, name in enumerate(n for n, (shown, _) in visible.items() if shown):
        drawn = [None if value is None else value / scale for value in values[name]]
        ax.plot(drawn, color=LINES[number % len(LINES)], linewidth=1.6, label=visible[name][1])  # type: ignore[arg-type]
    if sum(shown for shown, _ in visible.values()) > 1:
        ax.legend(fontsize=6, frameon=False, loc="upper left", bbox_to_anchor=(0.15, 0.9))
    for mark in properties["annotations"]["horizontal"]:
        value = mark["value"] / scale
        ax.axhline(value, color=mark["color"], linewidth=1, linestyle="-" if mark["label"] == "limit" else "--")
        ax.text(1, value, f"{mark['label']} {value:,.4g}", color=mark["color"], va="bottom", fontsize=6.5)
    ax.set_title(unit, loc="left", fontsize=7.5, color=INK)
    ax.set_ylim(bottom=0)
    ax.margins(x=0, y=0.15)
    ax.tick_params(labelsize=6.5, colors=FAINT)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_facecolor(PAPER)


def _readable(title: str) -> tuple[float, str]:
    """Bytes as GiB, microseconds as milliseconds: what CloudWatch does with a unit by itself."""
    for unit, scale, better in (("(bytes)", 1024.0**3, "(GiB)"), ("(microseconds)", 1000.0, "(milliseconds)")):
        if title.endswith(unit):
            return scale, title.replace(unit, better)
    return 1.0, title


if __name__ == "__main__":
    PICTURE.write_text(svg(), encoding="utf-8")
