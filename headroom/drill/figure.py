"""The report's picture. Its first row alone tells the story: connections against the limit, side by side."""

import io
import logging
import re
from typing import Any

import numpy as np

from headroom.drill.outcome import Outcome
from headroom.drill.results import DrillResult, SideResult

_OPEN, _BUSY, _LIMIT, _BAND = "#4c78a8", "#54a24b", "#c0392b", "#54a24b"
_OK = "#54a24b"
_FAILED = {
    Outcome.REFUSED: ("refused", "#c0392b"),
    Outcome.TIMEOUT: ("timed out", "#f2a65a"),
    Outcome.BORROW_TIMEOUT: ("borrow timeout", "#8e6bbf"),
    Outcome.LOCK_TIMEOUT: ("lock timeout", "#c9a227"),
    Outcome.SHED: ("shed", "#d3b8e0"),
    Outcome.LOST: ("connection lost", "#7f4f24"),
    Outcome.DROPPED: ("dropped", "#999999"),
    Outcome.FAILED: ("failed otherwise", "#444444"),
}
_BIN_SECONDS = 0.25
_GOOD_PERCENT = 95


def as_svg(result: DrillResult) -> str:
    """One SVG, without a file around it; the scatter is rasterised, so that it stays small."""
    import matplotlib as mpl

    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # not: "no home for its cache"
    mpl.use("svg")
    from matplotlib import pyplot as plt

    style: Any = {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "headroom",
    }
    with mpl.rc_context(style):
        count = len(result.sides)
        figure, axes = plt.subplots(
            3,
            count,
            figsize=(5.2 * count + 0.6, 8.6),
            sharex=True,
            sharey="row",
            squeeze=False,
            height_ratios=(1.25, 1, 1),
            layout="constrained",
        )
        for column, side in enumerate(result.sides):
            _connections(axes[0][column], side, result, first=column == 0)
            _throughput(axes[1][column], side, result, first=column == 0)
            _latency(axes[2][column], side, first=column == 0)
            for row in range(3):
                _phases(axes[row][column], result, named=row == 1)
            axes[2][column].set_xlabel("seconds")
        # Failures of any side appear in one legend.
        handles: dict[str, Any] = {}
        for axis in axes[1]:
            for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
        axes[1][-1].legend(
            handles.values(), handles.keys(), loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8
        )
        out = io.StringIO()
        figure.savefig(out, format="svg", dpi=110, metadata={"Date": None})
        plt.close(figure)
    return re.sub(r"^.*?(?=<svg)", "", out.getvalue(), count=1, flags=re.DOTALL)


def _connections(axis: Any, side: SideResult, result: DrillResult, *, first: bool) -> None:
    limits = result.limits
    times, opened, busy = np.asarray(side.times), np.asarray(side.open), np.asarray(side.busy)
    axis.fill_between(times, opened, color=_OPEN, alpha=0.25, linewidth=0)
    axis.plot(times, opened, color=_OPEN, linewidth=1.6, label="open")
    axis.plot(times, busy, color=_BUSY, linewidth=1.4, label="at work")
    labelled = False
    for phase in side.phases:
        if phase.prediction is not None:
            axis.fill_between(
                [phase.start, phase.start + phase.seconds],
                phase.prediction.busy_low,
                phase.prediction.busy_high,
                color=_BAND,
                alpha=0.18,
                linewidth=0,
                label=None if labelled else "at work, predicted (95 %)",
            )
            labelled = True
    axis.axhline(limits.usable_connections, color=_LIMIT, linewidth=1.6)
    wanted = max((p.prediction.clients for p in side.phases if p.prediction), default=0)
    axis.text(
        0.02,
        limits.usable_connections + 0.6,
        f"limit: {limits.usable_connections} usable connections",
        color=_LIMIT,
        transform=axis.get_yaxis_transform(),
        fontsize=8.5,
        va="bottom",
    )
    if side.proxy:
        axis.axhline(limits.pool_connections, color="#555555", linewidth=1, linestyle="--")
        axis.text(
            0.98,
            limits.pool_connections + 0.5,
            f"the proxy's pool: {limits.pool_connections}",
            color="#555555",
            transform=axis.get_yaxis_transform(),
            fontsize=8,
            va="bottom",
            ha="right",
        )
    axis.set_ylim(0, limits.max_connections * 1.3)
    busiest = side.phases[result.telling_phase]
    ok = "" if busiest.ok_percent is None else f"{busiest.ok_percent:.0f} % ok in the {busiest.name}"
    title = f"{side.name}: {ok}" if ok else side.name
    axis.set_title(
        title,
        fontsize=13,
        fontweight="bold",
        loc="left",
        pad=20,
        parse_math=False,  # a $ in a side's name is a $
        color=_LIMIT if (busiest.ok_percent or 0) < _GOOD_PERCENT else "#2d6a2d",
    )
    subtitle = [f"{wanted} client connections wanted" if wanted else "", side.proxy]
    axis.text(
        0.0,
        1.025,
        " · ".join(s for s in subtitle if s),
        transform=axis.transAxes,
        fontsize=8.5,
        color="#555555",
        va="bottom",
    )
    if first:
        axis.set_ylabel("database connections")
        axis.legend(loc="upper left", ncols=3, frameon=False, fontsize=8, borderaxespad=0.1, columnspacing=1.2)


def _throughput(axis: Any, side: SideResult, result: DrillResult, *, first: bool) -> None:
    edges = np.arange(0, result.scenario.seconds + _BIN_SECONDS / 2, _BIN_SECONDS)
    intended, outcome = side.columns["intended"], side.columns["outcome"]
    bottom = np.zeros(len(edges) - 1)
    series = [(Outcome.OK, ("ok", _OK)), *_FAILED.items()]
    for kind, (label, color) in series:
        counts = np.histogram(intended[outcome == kind], edges)[0] / _BIN_SECONDS
        if counts.any():
            axis.bar(edges[:-1], counts, _BIN_SECONDS * 0.92, bottom=bottom, align="edge", color=color, label=label)
            bottom += counts
    if first:
        axis.set_ylabel("requests a second")


def _latency(axis: Any, side: SideResult, *, first: bool) -> None:
    ok = side.columns["outcome"] == Outcome.OK
    axis.scatter(
        side.columns["intended"][ok],
        np.maximum(side.columns["latency"][ok] * 1000, 0.1),
        s=3,
        color=_OPEN,
        alpha=0.35,
        linewidths=0,
        rasterized=True,
    )
    refused = side.columns["outcome"] == Outcome.REFUSED
    axis.scatter(
        side.columns["intended"][refused],
        np.maximum(side.columns["latency"][refused] * 1000, 0.1),
        s=3,
        color=_LIMIT,
        alpha=0.35,
        linewidths=0,
        rasterized=True,
    )
    if (ok | refused).any():  # a logarithm needs something
        axis.set_yscale("log")
    if first:
        axis.set_ylabel("latency, ms (red: until refused)")


def _phases(axis: Any, result: DrillResult, *, named: bool) -> None:
    at = 0.0
    axis.set_xlim(0, result.scenario.seconds)
    for phase in result.scenario.phases:
        if at:
            axis.axvline(at, color="#999999", linewidth=0.7, linestyle=":")
        if named:
            axis.text(
                at + phase.seconds / 2,
                0.985,
                phase.name,
                transform=axis.get_xaxis_transform(),
                fontsize=8.5,
                color="#777777",
                ha="center",
                va="top",
            )
        at += phase.seconds
    for happening in result.scenario.happenings:
        axis.axvline(happening.at_seconds, color="#222222", linewidth=1)
        if named:
            axis.text(
                happening.at_seconds,
                0.9,
                f" {happening.what}",
                transform=axis.get_xaxis_transform(),
                fontsize=8.5,
                color="#222222",
                ha="left",
                va="top",
            )
