"""The report: one HTML file that needs nothing else, the results as JSON, a summary as Markdown."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

from headroom.drill.alarms import Verdict
from headroom.drill.results import SCHEMA_VERSION, DrillResult, PhaseResult, SideResult
from headroom.drill.scenario import SIZE_CONNECTIONS
from headroom.errors import UserError


def html(result: DrillResult) -> str:
    """The page."""
    from jinja2 import Environment, StrictUndefined

    from headroom.drill.figure import as_svg

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update({"num": _number, "failed": _failed, "error": _error, "so": _so})
    template = environment.from_string((resources.files("headroom.drill") / "report.html.jinja").read_text())
    from markupsafe import Markup

    return template.render(
        r=result,
        svg=Markup(as_svg(result)),  # noqa: S704 - our own picture
        services=len(result.scenario.services),
        rules=any(side.verdicts for side in result.sides),
        size=SIZE_CONNECTIONS,
    )


def write(result: DrillResult, path: Path) -> None:
    """Write the page to `path`.

    Raises:
        UserError: that isn't possible.
    """
    try:
        path.write_text(html(result))
    except OSError as error:
        raise UserError(f"{path}: the report can't be written: {error.strerror}") from None


def markdown(result: DrillResult) -> str:
    """A summary for a pull request's comment."""
    lines = [
        f"### {result.scenario.title}",
        "",
        f"{'✅' if result.as_expected else '❌'} {result.verdict}",
        "",
        "| side | phase | ok % | p95 ms | open | at work | how the others ended |",
        "|---|---|---|---|---|---|---|",
    ]
    for side in result.sides:
        lines += [
            f"| {side.name} | {p.name} | {_number(p.ok_percent, 1)} | {_number(p.p95_ms, 0)} | {_number(p.open, 0)} | "
            f"{_number(p.busy, 1)} | {_failed(p.outcomes)} |"
            for p in side.phases
        ]
    lines.append("")
    lines += [
        f"- {side.name}: {c.text}: {_number(c.measured, 2)}, {_judged(c.holds)}"
        for side in result.sides
        for c in side.checks
    ]
    lines += [f"- {side.name}: cut short: {side.broken}" for side in result.sides if side.broken]
    if result.ended_early:
        lines.append(f"- {result.ended_early}")
    lines += [f"- {line}" for line in result.limits.describe()]
    lines.append(f"- seed {result.seed}; " + ", ".join(f"{k} {v}" for k, v in result.versions.items()))
    return "\n".join(lines) + "\n"


def as_json(result: DrillResult) -> dict[str, Any]:
    """Everything, the raw rows included. Times in seconds, latencies in milliseconds, counts in connections."""
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": result.scenario.model_dump(mode="json", exclude_none=True),
        "stack": result.limits.source,
        "scale": result.limits.scale,
        "max_connections": result.limits.max_connections,
        "usable_connections": result.limits.usable_connections,
        "pool_connections": result.limits.pool_connections,
        "seed": result.seed,
        "versions": result.versions,
        "command": result.command,
        "as_expected": result.as_expected,
        "verdict": result.verdict,
        "ended_early": result.ended_early,
        "sides": [_side(side) for side in result.sides],
    }


def dumps(result: DrillResult) -> str:
    """The same as text; numbers that don't exist are null, never NaN."""
    return json.dumps(as_json(result), allow_nan=False)


def _side(side: SideResult) -> dict[str, Any]:
    return {
        "name": side.name,
        "path": side.path,
        "proxy": side.proxy,
        "broken": side.broken,
        "notes": side.notes,
        "role_limits": side.role_limits,
        "calibration": side.calibration,
        "as_expected": side.as_expected,
        "generator_bound": side.generator_bound,
        "lag_p95_seconds": side.lag_p95_seconds,
        "lag_max_seconds": side.lag_max_seconds,
        "recovery_seconds": side.recovery_seconds,
        "reconnect_seconds": side.reconnect_seconds,
        "first_refusal_seconds": side.first_refusal_seconds,
        "phases": [_phase(p) for p in side.phases],
        "checks": [vars_of(c) for c in side.checks],
        "alarms": [
            {**vars_of(v.rule), "fired_at": v.fired_at, "first_refusal_at": v.first_refusal_at, "lead": v.lead_seconds}
            for v in side.verdicts
        ],
        "requests": {name: [round(float(x), 6) for x in column] for name, column in side.columns.items()},
        "samples": {
            "at": [round(t, 4) for t in side.times],
            "open": side.open,
            "busy": side.busy,
            "open_by_role": side.by_role,
        },
    }


def _phase(phase: PhaseResult) -> dict[str, Any]:
    return {
        **vars_of(phase),
        "active_percent": phase.active_percent,
        "prediction": None if phase.prediction is None else vars_of(phase.prediction),
    }


def vars_of(value: object) -> dict[str, Any]:
    """A dataclass's fields, not copied in depth."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}  # type: ignore[attr-defined]


def _judged(holds: bool | None) -> str:
    return {True: "holds", False: "**fails**", None: "not judged: the generator was late itself"}[holds]


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _failed(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in outcomes.items() if name != "ok")


def _error(predicted: float, measured: float | None) -> str:
    return "-" if not measured else f"{100 * (predicted - measured) / measured:+.0f} %"


def _so(verdict: Verdict) -> str:
    if verdict.fired_at is None:
        refused = "" if verdict.first_refusal_at is None else ", although clients were refused"
        return "it stays silent" + refused
    if verdict.fired_at == 0:
        return "it rings in the steady state already, before anything happens"
    lead = verdict.lead_seconds
    if lead is None:
        return "it warns, and nobody is refused"
    return f"{abs(lead):.1f} min {'before' if lead > 0 else 'AFTER'} the first refusal"
