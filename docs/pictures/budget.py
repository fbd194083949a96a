"""Draws budget.svg: where the connections of the worked stack go. `make golden` runs it."""

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from headroom.budget import Budget, evaluate
from headroom.budget.model import Role
from headroom.budget.result import Line
from headroom.settings import load

HERE = Path(__file__).parent
PICTURE = HERE / "budget.svg"
WORKED = HERE.parent / "examples" / "worked.yaml"

# Light -> dark: the picture follows the reader's colour scheme. Text on a coloured area stays as it is.
PAPER, INK, FAINT = "#ffffff", "#1f2328", "#59636e"
DIRECT, POOL, USED, FREE, RESERVED = "#d4a72c", "#b6d8ff", "#0969da", "#eaeef2", "#afb8c1"
PEAK, WARNING, CRITICAL, CPU = "#1a7f37", "#9a6700", "#cf222e", "#8250df"
DARK = {
    PAPER: "#0d1117", INK: "#e6edf3", FAINT: "#9198a1",
    POOL: "#24476f", USED: "#1f6feb", FREE: "#1c2128", RESERVED: "#565e67",
    PEAK: "#3fb950", WARNING: "#e3b341", CRITICAL: "#ff7b72", CPU: "#b392f0",
}  # fmt: skip
MIDDLE = 0.61  # of a bar's text, above the thresholds' lines
ON_BLUE, ON_AMBER = "#fdfdfd", "#1b1b1b"

STYLE: Any = {
    "svg.hashsalt": "headroom",  # the same picture has the same ids
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
}


def svg() -> str:
    """The picture's text: the same budget gives the same picture, byte for byte."""
    budget = evaluate(load(WORKED).stack("worked"))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 5), facecolor=PAPER)
        figure.text(0.03, 0.94, "Where the connections go when it is tightest", fontsize=13, weight="bold")
        margins = {"left": 0.03, "right": 0.97, "top": 0.77, "bottom": 0.12, "hspace": 1.35}
        axes = figure.subplots(2, 1, sharex=True, gridspec_kw=margins)
        for role, ax in zip(Role, axes, strict=True):
            _bar(ax, budget, role)
        file = io.StringIO()
        figure.savefig(file, format="svg", facecolor=PAPER, metadata={"Date": None, "Creator": None})
    return _following_the_scheme(file.getvalue())


def _bar(ax: Axes, budget: Budget, role: Role) -> None:
    """One instance's ceiling, divided; beneath it the alarms' thresholds, above it the CPU cap."""
    line = min((line for line in budget.lines if line.role is role), key=lambda line: line.headroom)
    limits, thresholds = line.capacity, budget.thresholds.role(role)
    left = _direct(ax, line)
    _segment(ax, left, limits.pool, POOL, "")
    _segment(ax, left, line.proxied, USED, f"{line.proxied} proxied", ON_BLUE)
    ax.text(left + limits.pool - 0.8, MIDDLE, f"pool of {limits.pool}", ha="right", va="center", color=INK)
    left += limits.pool
    _segment(ax, left, limits.usable - left, FREE, f"{limits.usable - left} free", FAINT)
    _segment(ax, limits.usable, limits.reserved, RESERVED, f"reserved\n{limits.reserved}")
    ax.set_title(
        f"{role} ({line.instance}): {line.situation}", loc="left", fontsize=10.5, color=INK, weight="bold", pad=30
    )
    ax.text(limits.ceiling.low, 1.16, f"max_connections {limits.ceiling}", ha="right", color=FAINT)
    _mark(ax, limits.cpu_cap, 0.86, 1.12, CPU)
    ax.text(limits.cpu_cap, 1.16, f"CPU cap {limits.cpu_cap}: {line.busy:.1f} busy", color=CPU, ha="center")
    if thresholds is not None:
        marks = (
            ("peak", thresholds.accepted_peak_connections, PEAK),
            ("warning", thresholds.warning_connections, WARNING),
            ("critical", thresholds.critical_connections, CRITICAL),
            ("limit", thresholds.limit_connections, INK),
        )
        for name, connections, colour in marks:
            _mark(ax, connections, -0.16, 0.36, colour)
            ax.text(connections, -0.24, f"{name}\n{connections}", color=colour, ha="center", va="top")
    ax.set_xlim(0, limits.ceiling.high)
    ax.set_ylim(0, 1)
    ax.set_axis_off()
    for artist in (*ax.lines, *ax.texts):
        artist.set_clip_on(False)


def _direct(ax: Axes, line: Line) -> int:
    """The direct pools from the left, service by service; where they end."""
    left = 0
    for pool in line.demand:
        if pool.open:
            _segment(ax, left, pool.open, DIRECT, f"{pool.service.name}\n{pool.open} direct", ON_AMBER)
            left += pool.open
    return left


def _mark(ax: Axes, connections: int, low: float, high: float, colour: str) -> None:
    """A line that is seen on every area: it has an edge of paper."""
    ax.plot([connections] * 2, [low, high], color=PAPER, linewidth=5, solid_capstyle="butt")
    ax.plot([connections] * 2, [low, high], color=colour, linewidth=2.2, solid_capstyle="butt")


def _segment(ax: Axes, left: float, width: float, colour: str, text: str, text_colour: str = INK) -> None:
    ax.barh(0.5, width, left=left, height=1, color=colour, edgecolor=PAPER, linewidth=1)
    ax.text(left + width / 2, MIDDLE, text, ha="center", va="center", color=text_colour)


def _following_the_scheme(text: str) -> str:
    """Every light colour, by the reader's wish, as its dark one."""
    rules = "".join(
        f'[style*="{kind}: {light}"]{{{kind}:{dark}!important}}'
        for light, dark in DARK.items()
        for kind in ("fill", "stroke")
    )
    head, tag, rest = text.partition("<defs>")
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>\n "
    return "\n".join(line.rstrip() for line in f"{head}{style}{tag}{rest}".splitlines()) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(svg(), encoding="utf-8")
